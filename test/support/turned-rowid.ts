/** A file of SQLite in which a row bears another row's number, as a turned bit leaves it. */
import { Database } from "bun:sqlite";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Writes another number over that of one row, in the page itself, so that it stands out of order there.
 * @param path a database at rest
 */
export function turnRowid(path: string, table: string, rowid: number, into: number): void {
  const database = new Database(path, { readonly: true });
  const [size] = database.query("PRAGMA page_size").values().flat() as [number];
  const query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'";
  const pages = database.query(query).values(table).flat() as number[];
  database.close();
  const bytes = readFileSync(path);
  for (const start of pages.map((page) => (page - 1) * size)) {
    for (let cell = 0; cell < bytes.readUInt16BE(start + 3); cell++) {
      const [, key] = readVarint(bytes, start + bytes.readUInt16BE(start + 8 + 2 * cell));
      const [found, end] = readVarint(bytes, key);
      if (found !== rowid) continue;
      // In as many bytes as before: all but the last have the upper bit.
      for (let at = end - 1, rest = into; at >= key; at--, rest >>= 7)
        bytes[at] = (rest & 0x7f) | (at < end - 1 ? 0x80 : 0);
      writeFileSync(path, bytes);
      return;
    }
  }
  throw new Error(`no row ${rowid} in ${table}`);
}

/** Its value, and where it ends. */
function readVarint(bytes: Buffer, from: number): [value: number, end: number] {
  for (let at = from, value = 0; ; at++) {
    value = (value << 7) | (bytes[at]! & 0x7f);
    if (bytes[at]! < 0x80) return [value, at + 1];
  }
}
