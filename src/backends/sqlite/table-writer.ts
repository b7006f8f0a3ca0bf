/** The statement that puts a row into a table of a layout, as a file really has it. */
import { columnNames, type LayoutTable } from "../../memorygraph/layouts/layout.ts";
import { quoted } from "./database.ts";

export interface TableWriter {
  readonly name: string;
  readonly columns: readonly string[];
  /** The positions among `columns` of those that the table really has. */
  readonly present: readonly number[];
  /** Whether that is all of them; files from before 0.10 have no temporal columns. */
  readonly whole: boolean;
  readonly insert: string;
  readonly hashed: number;
}

/** @param existing the columns of a table that is there; null for one that is made anew */
export function tableWriter(known: LayoutTable, existing: readonly string[] | null): TableWriter {
  const { name, hashed } = known;
  const columns = columnNames(known);
  const present = columns.map((_, at) => at).filter((at) => existing === null || existing.includes(columns[at]!));
  const names = present.map((at) => quoted(columns[at]!));
  const insert = `INSERT INTO ${name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
  return { name, columns, present, whole: present.length === columns.length, insert, hashed: hashed ?? columns.length };
}
