/** The reader of pages gives what SQLite gives, value by value, and names what it cannot read. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { LostPart } from "../../src/sqlite-file/damage.ts";
import { readDeclaration } from "../../src/sqlite-file/declared-table.ts";
import { PageFile } from "../../src/sqlite-file/page-file.ts";
import { readSchema } from "../../src/sqlite-file/schema.ts";
import { setStatementsAside } from "../../src/sqlite-file/set-aside.ts";
import { StoredTable } from "../../src/sqlite-file/table-rows.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";

type Rows = unknown[][];

function bySqlite(path: string, table: string, order = "rowid"): Rows {
  const database = new Database(path, { readonly: true, safeIntegers: true });
  try {
    const columns = database.query(`SELECT name FROM pragma_table_xinfo('${table}') WHERE hidden <> 2`).values().flat();
    return database
      .query(`SELECT ${columns.map((name) => `"${name}"`).join()} FROM ${table} ORDER BY ${order}`)
      .values();
  } finally {
    database.close();
  }
}

function byPages(path: string, table: string): { rows: Rows; lost: LostPart[] } {
  const file = PageFile.open(path)!;
  const lost: LostPart[] = [];
  try {
    const entry = readSchema(file).find(({ name }) => name === table)!;
    const rows = [...StoredTable.of(file, entry)!.rows((part) => lost.push(part))].map(({ values }) => [...values]);
    return { rows, lost };
  } finally {
    file.close();
  }
}

function made(folder: TemporaryFolder, ...statements: string[]): string {
  const path = folder.file("made.db");
  const database = new Database(path);
  for (const sql of statements) database.run(sql);
  database.close();
  return path;
}

const MANY =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, printf('%d-%s', i, hex(zeroblob(i % 400 * 3))), i * 1.0, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN -i WHEN 2 THEN i * 1000000007 WHEN 3 THEN i / 7.0 ELSE x'00ff' END FROM n";

describe("rows read off pages", () => {
  test.each([
    "0.8.3",
    "0.10.0",
    "0.12.4",
    "hybrid-0.12-0.13",
  ] as const)("are those of SQLite in a store of %s", (name) => {
    using folder = temporaryFolder();
    const path = copyFixture(name, folder);
    for (const table of ["nodes", "relationships"]) {
      expect(byPages(path, table)).toEqual({ rows: bySqlite(path, table), lost: [] });
    }
  });

  for (const pageSize of [512, 1024, 4096, 65_536]) {
    for (const encoding of ["UTF-8", "UTF-16le", "UTF-16be"]) {
      test(`are those of SQLite with pages of ${pageSize} bytes in ${encoding}`, () => {
        using folder = temporaryFolder();
        const path = made(
          folder,
          `PRAGMA page_size = ${pageSize}`,
          `PRAGMA encoding = '${encoding}'`,
          "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d)",
          MANY,
          "UPDATE t SET b = 'é🚀' || b WHERE a % 3 = 0",
        );
        expect(byPages(path, "t")).toEqual({ rows: bySqlite(path, "t"), lost: [] });
      });
    }
  }

  test("have their number in an INTEGER PRIMARY KEY, defaults in added columns, and no virtual columns", () => {
    using folder = temporaryFolder();
    const path = made(
      folder,
      "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, v AS (a * 2) VIRTUAL, s AS (a * 3) STORED)",
      "INSERT INTO t VALUES (-5, 'x'), (9007199254740993, 'y')",
      "ALTER TABLE t ADD COLUMN e TEXT DEFAULT 'it''s'",
      "ALTER TABLE t ADD COLUMN f INT DEFAULT -7",
      "ALTER TABLE t ADD COLUMN g",
      "INSERT INTO t (a, b) VALUES (77, 'z')",
    );
    const { rows, lost } = byPages(path, "t");
    expect([rows, lost]).toEqual([bySqlite(path, "t"), []]);
    expect(rows[0]).toEqual([-5n, "x", -15n, "it's", -7n, null]);
  });

  test("come in the order of the key of a table WITHOUT ROWID, with their columns in the declared order", () => {
    using folder = temporaryFolder();
    const path = made(
      folder,
      "PRAGMA page_size = 512",
      "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d, PRIMARY KEY (b, a)) WITHOUT ROWID",
      MANY,
    );
    expect(byPages(path, "t")).toEqual({ rows: bySqlite(path, "t", "b, a"), lost: [] });
  });

  test("come all but those of a page that is overwritten, which is named with the numbers of its rows", () => {
    using folder = temporaryFolder();
    const path = made(folder, "PRAGMA page_size = 1024", "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d)", MANY);
    const whole = bySqlite(path, "t");
    const bytes = readFileSync(path);
    const leaf = [...Array(bytes.length / 1024).keys()].find((page) => page > 20 && bytes[page * 1024] === 13)!;
    bytes.fill(0xa5, leaf * 1024, (leaf + 1) * 1024);
    writeFileSync(path, bytes);
    const { rows, lost } = byPages(path, "t");
    expect(lost).toHaveLength(1);
    const [{ page, first, last }] = lost as [LostPart];
    expect(page).toBe(leaf + 1);
    expect(rows).toEqual(whole.filter(([a]) => (a as bigint) < first! || (a as bigint) > last!));
    expect(rows.length).toBeLessThan(whole.length);
  });

  test("never fail, loop or invent rows, whatever one byte of the file becomes", () => {
    using folder = temporaryFolder();
    const path = made(folder, "PRAGMA page_size = 512", "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d)", MANY);
    const original = readFileSync(path);
    const whole = bySqlite(path, "t").length;
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.from(original);
      const at = 100 + ((round * 7919 * 131) % (bytes.length - 100));
      bytes[at] = (bytes[at]! + 1 + ((round * 37) % 255)) & 255;
      writeFileSync(path, bytes);
      const file = PageFile.open(path)!;
      const lost: LostPart[] = [];
      const entry = readSchema(file, (part) => lost.push(part)).find(({ name }) => name === "t");
      const table = entry === undefined ? null : StoredTable.of(file, entry);
      const rows = table === null ? [] : [...table.rows((part) => lost.push(part))];
      expect(rows.length).toBeLessThanOrEqual(whole);
      file.close();
    }
  }, 60_000);
});

describe("a declaration", () => {
  test("is understood with words that no SQLite knows", () => {
    const declared = readDeclaration(
      `create TABLE IF NOT EXISTS "no""des" (id TEXT[] PRIMARY KEY -- the (id
       , [a b] boolean NOT NULL DEFAULT TRUE, /* , */ \`c\` decimal(10, 2) CHECK (c > 0, 'x)'), tags text array[3] , CONSTRAINT x UNIQUE (id, c)) STRICT, RANDOM ROWID`,
    );
    expect(declared?.columns.map(({ name }) => name)).toEqual(["id", "a b", "c", "tags"]);
    expect(declared).toMatchObject({ withoutRowid: false, key: ["id"], rowidColumn: null });
    expect(declared?.columns[1]?.fallback).toBe(1n);
  });

  test.each([
    ["CREATE TABLE t (i INTEGER PRIMARY KEY, x)", "i"],
    ["CREATE TABLE t (i INTEGER, x, PRIMARY KEY (i))", "i"],
    ["CREATE TABLE t (i INTEGER PRIMARY KEY DESC, x)", null],
    ["CREATE TABLE t (i INT PRIMARY KEY, x)", null],
    ["CREATE TABLE t (i INTEGER PRIMARY KEY, x) WITHOUT ROWID", null],
  ])("tells which column is the row's number: %s", (sql, column) => {
    expect(readDeclaration(sql)?.rowidColumn).toBe(column);
  });
});

test("statements that are set aside are gone for SQLite, and everything else is as before", () => {
  using folder = temporaryFolder();
  const statements = Array.from(
    { length: 60 },
    (_, at) => `CREATE VIEW view_${at} AS SELECT '${"x".repeat(100)}' AS c`,
  );
  const path = made(
    folder,
    "PRAGMA page_size = 1024",
    "CREATE TABLE t (a INTEGER, b TEXT, c REAL, d)",
    MANY,
    ...statements,
  );
  const rows = bySqlite(path, "t");
  const file = PageFile.open(path)!;
  const gone = readSchema(file).filter(({ name }) => /^view_\d*[02468]$/.test(name));
  file.close();
  setStatementsAside(path, new Set(gone.map(({ rowid }) => rowid)));
  const database = new Database(path, { readonly: true });
  const names = database.query("SELECT name FROM sqlite_schema").values().flat();
  database.close();
  expect(names).toEqual(["t", ...statements.map((_, at) => `view_${at}`).filter((_, at) => at % 2 === 1)]);
  expect(bySqlite(path, "t")).toEqual(rows);
});
