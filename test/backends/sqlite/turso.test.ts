/** The local file of MemoryGraph's Turso backend, made by the statements of 0.12.4 (backends/turso.py): read, never written. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { inspectStore } from "../../../src/operations/inspect.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, differences, readAll, run, settle, succeed } from "../../support/stores.ts";

const SCHEMA = [
  "CREATE TABLE nodes (id TEXT PRIMARY KEY, type TEXT NOT NULL, title TEXT NOT NULL, content TEXT, summary TEXT, context TEXT, importance REAL DEFAULT 0.5, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, tags TEXT)",
  "CREATE TABLE relationships (id TEXT PRIMARY KEY, from_id TEXT NOT NULL, to_id TEXT NOT NULL, type TEXT NOT NULL, context TEXT, strength REAL DEFAULT 0.5, confidence REAL DEFAULT 0.8, created_at TEXT NOT NULL, FOREIGN KEY (from_id) REFERENCES nodes(id) ON DELETE CASCADE, FOREIGN KEY (to_id) REFERENCES nodes(id) ON DELETE CASCADE)",
  "CREATE INDEX idx_nodes_type ON nodes(type)",
  "CREATE VIRTUAL TABLE nodes_fts USING fts5(id UNINDEXED, title, content, summary, content='nodes', content_rowid='rowid')",
  "CREATE TRIGGER nodes_fts_insert AFTER INSERT ON nodes BEGIN INSERT INTO nodes_fts(rowid, id, title, content, summary) VALUES (new.rowid, new.id, new.title, new.content, new.summary); END",
  "CREATE TRIGGER nodes_fts_update AFTER UPDATE ON nodes BEGIN UPDATE nodes_fts SET title = new.title, content = new.content, summary = new.summary WHERE rowid = new.rowid; END",
  "CREATE TRIGGER nodes_fts_delete AFTER DELETE ON nodes BEGIN DELETE FROM nodes_fts WHERE rowid = old.rowid; END",
];
const WHEN = "2026-01-02T03:04:05.678901+00:00";

function make(path: string): string {
  const database = new Database(path, { create: true });
  for (const sql of SCHEMA) database.run(sql);
  const node = database.prepare("INSERT INTO nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  node.run(
    "a",
    "solution",
    "A",
    "first",
    null,
    '{"project_path":"/p","languages":["ts"]}',
    0.7,
    WHEN,
    WHEN,
    '["x","y"]',
  );
  node.run("b", "problem", "B", null, "short", "seen in the log", 0.5, WHEN, WHEN, "x, y");
  const relationship = database.prepare("INSERT INTO relationships VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  relationship.run("r", "a", "b", "SOLVES", "why", 0.9, 0.8, WHEN);
  relationship.run("s", "a", "a", "RELATED_TO", null, null, null, WHEN);
  for (const statement of [node, relationship]) statement.finalize();
  database.close();
  return settle(path);
}

test("every column of every row is read, and what is no JSON stays text", async () => {
  using folder = temporaryFolder();
  const { records, findings } = await readAll(make(folder.file("turso.db")));
  expect(findings).toEqual([]);
  expect(records.map((record) => Object.fromEntries(record.properties.entries()))).toEqual([
    {
      ...{
        id: "a",
        type: "solution",
        title: "A",
        content: "first",
        importance: 0.7,
        created_at: WHEN,
        updated_at: WHEN,
      },
      ...{ tags: ["x", "y"], context_project_path: "/p", context_languages: ["ts"] },
    },
    {
      ...{ id: "b", type: "problem", title: "B", summary: "short", context: "seen in the log", importance: 0.5 },
      ...{ created_at: WHEN, updated_at: WHEN, tags: "x, y" },
    },
    { id: "r", context: "why", strength: 0.9, confidence: 0.8, created_at: WHEN },
    { id: "s", created_at: WHEN },
  ]);
  const ends = records.flatMap((record) =>
    record.kind === "relationship" ? [`${record.from} ${record.type} ${record.to}`] : [],
  );
  expect(ends).toEqual(["=a SOLVES =b", "=a RELATED_TO =a"]);
});

test.each([
  "0.12",
  "0.13",
  "0.14",
])("it becomes a store of %s whole, and the file itself is not touched", async (release) => {
  using folder = temporaryFolder();
  const source = make(folder.file("turso.db"));
  const before = readFileSync(source);
  const { result } = await succeed(source, folder.file("new.db"), { for: release });
  expect([result.verified, result.complete, result.imported.nodes, result.imported.relationships]).toEqual([
    true,
    true,
    2,
    2,
  ]);
  expect(await differences(source, folder.file("new.db"))).toEqual([]);
  expect(readFileSync(source).equals(before)).toBe(true);
});

test("inspect names its layout, and no release that sees it; as a target it is refused untouched", async () => {
  using folder = temporaryFolder();
  const turso = make(folder.file("turso.db"));
  const { store, readableBy, notes, count } = await inspectStore(at(turso), () => {});
  expect([store.layout, store.release, readableBy, notes, count.memories]).toEqual(["turso", null, [], [], 2]);
  const before = readFileSync(turso);
  await succeed(turso, folder.file("new.db"));
  const { error } = await run(folder.file("new.db"), turso);
  expect(error?.message).toContain("turso");
  expect(readFileSync(turso).equals(before)).toBe(true);
});
