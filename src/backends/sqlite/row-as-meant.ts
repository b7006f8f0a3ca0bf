/** Rows with every value of the type that its column should have, where that says the same. */
import type { Database } from "bun:sqlite";
import { quoted, type Row, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { isOdd, REPLACED, readAs } from "./readings.ts";
import type { Table } from "./tables.ts";

/** Nearly always the row itself. */
export function rowAsMeant(database: Database, encoding: FileLayout["encoding"], table: Table<unknown>, row: Row): Row {
  if (!isOdd(row, table.readings)) return row;
  const exact = row.some((value) => typeof value === "string" && value.includes(REPLACED));
  const values = exact ? exactTexts(database, encoding, table, row) : row;
  return values.map((value, at) => readAs(table.readings[at] ?? "any", value));
}

/** Text that is not valid UTF-8 reads as U+FFFD without a word: such a column is marked unreadable instead. */
function exactTexts(database: Database, encoding: FileLayout["encoding"], table: Table<unknown>, row: Row): Row {
  const columns = table.columns.filter((name) => table.present.includes(name));
  const select = columns.map((name) => `CAST(${quoted(name)} AS BLOB)`).join(", ");
  const [bytes] = rows(database, `SELECT ${select} FROM ${quoted(table.name)} WHERE rowid = ?`, row.at(-1)!);
  const decoder = new TextDecoder(encoding.toLowerCase() as "utf-8", { fatal: true, ignoreBOM: true });
  return row.map((value, at) => {
    const raw = bytes?.[columns.indexOf(table.columns[at] ?? "")];
    if (typeof value !== "string" || !(raw instanceof Uint8Array)) return value;
    try {
      return decoder.decode(raw);
    } catch {
      return raw;
    }
  });
}
