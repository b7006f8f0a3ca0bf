/** What the rows of a file tell of its records: a row and what stands beside it are all that a record is, where each is told by one. */
import type { Database } from "bun:sqlite";
import { type ContentHash, hashText } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { type Row, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { SIDE_TABLE, spellRow } from "./side-table.ts";
import type { Table } from "./tables.ts";

/** A row that tells a record by itself. */
export interface StoredRow {
  /** The hash of it, as it is read. */
  readonly stored: ContentHash;
  /** The number of the row, and that of what stands beside it. */
  readonly rowid: bigint;
  readonly beside: bigint | null;
}

export interface StoredRecord extends StoredRow {
  readonly record: GraphRecord;
}

/** Of one row, with what stands beside it. */
export function hashStored(table: Table<unknown>, row: Row): ContentHash {
  return hashText(spellStored(table, row));
}

function spellStored({ name, columns }: Table<unknown>, row: Row): string {
  const { length } = columns;
  const spelled = `${name} ${spellRow(row, length)}`;
  // A row with nothing beside it is the same whether the file has a side table or not.
  return hasExtra(row, length) ? `${spelled} ${spellRow(row.slice(length, length + 2))}` : spelled;
}

/** Whether something stands beside a row of so many columns. */
export function hasExtra(row: Row, columns: number): boolean {
  return row.length === columns + 3 && row[columns + 1] !== null;
}

/** Whether each record of the file is told by one row of its tables, whatever the other rows are. */
export function isToldByRows(database: Database, layout: FileLayout): boolean {
  const { nodeTables, doubled, unnumbered, encoding, hasSideTable } = layout;
  // Text in UTF-16 can hold what is no text in UTF-8, by which rows are told apart here.
  if (nodeTables.length !== 1 || doubled.length + unnumbered.length > 0 || encoding !== "UTF-8") return false;
  const whole = `SELECT 1 FROM ${SIDE_TABLE} WHERE kind IN ('node', 'relationship') AND id IS NULL LIMIT 1`;
  return !hasSideTable || rows(database, whole).length === 0;
}
