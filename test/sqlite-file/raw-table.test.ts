/** Rows as bytes: every one of them, in large tables too, and nothing of a table that is not whole. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { DamagedPageError } from "../../src/sqlite-file/damage.ts";
import { PageFile } from "../../src/sqlite-file/page-file.ts";
import { RawTable, textAt } from "../../src/sqlite-file/raw-table.ts";
import { temporaryFolder } from "../support/folder.ts";

const ROWS = 5_000;

/** A table whose pages lie between those of another one, with some rows that go on elsewhere. */
function make(path: string): number {
  const database = new Database(path);
  for (const name of ["t", "other"]) database.run(`CREATE TABLE ${name} (n INTEGER, id TEXT, body TEXT)`);
  database.run("BEGIN");
  for (let at = 0; at < ROWS; at++) {
    const row = [at, `id-${at} é`, "x".repeat(at % 100 === 0 ? 20_000 : at % 300)];
    for (const name of ["t", "other"]) database.run(`INSERT INTO ${name} VALUES (?, ?, ?)`, row);
  }
  database.run("COMMIT");
  database.run("DELETE FROM t WHERE n % 7 = 0");
  const [[root]] = database.query("SELECT rootpage FROM sqlite_schema WHERE name = 't'").values() as [[number]];
  database.close();
  return root;
}

function idsIn(file: PageFile, root: number): (string | null)[] {
  const table = new RawTable(file, root);
  const ids: (string | null)[] = [];
  for (const leaf of table.leaves()) for (const cell of leaf.cells) ids.push(textAt(table.payload(leaf, cell), 1));
  return ids;
}

test("all rows of a table are given in order, each found by its number, texts as they are", () => {
  using folder = temporaryFolder();
  const path = folder.file("t.db");
  const root = make(path);
  const file = PageFile.open(path)!;
  const kept = Array.from({ length: ROWS }, (_, at) => at).filter((at) => at % 7 !== 0);
  expect(idsIn(file, root)).toEqual(kept.map((at) => `id-${at} é`));
  const table = new RawTable(file, root);
  for (const at of [1, 100, 2_500, 4_999]) expect(textAt(table.payloadAt(BigInt(at + 1))!, 1)).toBe(`id-${at} é`);
  expect([table.payloadAt(1n), table.payloadAt(6_000n)]).toEqual([null, null]);
  expect([0, 2, 9].map((column) => textAt(table.payloadAt(3n)!, column))).toEqual([null, "xx", null]);
  file.close();
});

test.each([
  ["is of another kind", 0, 10],
  ["has a row that is nowhere", 8, 0],
])("a table of which a page %s is given to nobody", (_, at, byte) => {
  using folder = temporaryFolder();
  const path = folder.file("t.db");
  const root = make(path);
  const file = PageFile.open(path)!;
  const leaves = [...new RawTable(file, root).leaves()].map(({ number }) => number);
  file.close();
  const bytes = readFileSync(path);
  const page = 4096 * (leaves[leaves.length >> 1]! - 1);
  bytes[page + at] = byte;
  if (at > 0) bytes[page + at + 1] = 1;
  writeFileSync(path, bytes);
  const damaged = PageFile.open(path)!;
  expect(() => idsIn(damaged, root)).toThrow(DamagedPageError);
  damaged.close();
});
