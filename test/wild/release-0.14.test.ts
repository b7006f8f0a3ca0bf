/** A SQLite store as MemoryGraph 0.14 and 0.100 make it: the tables of 0.13, a full-text table, three triggers. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { inspectStore } from "../../src/operations/inspect.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, createLike, differences, settle, succeed } from "../support/stores.ts";

const INSERT =
  "insert into memories_fts(id,title,content,summary,tags) values(new.id,new.title,new.content,coalesce(new.summary,''),new.tags);";
const SEARCH = [
  "create virtual table memories_fts using fts5(id unindexed,title,content,summary,tags,tokenize='porter unicode61')",
  `create trigger trg_memories_ai after insert on memories begin ${INSERT} end`,
  `create trigger trg_memories_au after update on memories when old.title is not new.title or old.content is not new.content or old.summary is not new.summary or old.tags is not new.tags begin delete from memories_fts where id=old.id; ${INSERT} end`,
  "create trigger trg_memories_ad after delete on memories begin delete from memories_fts where id=old.id; end",
];
const Z = "2026-09-10T08:09:10.123Z";

function make(path: string, prefix: string, count = 30): string {
  const store = createLike("0.13.0", path);
  for (const sql of SEARCH) store.run(sql);
  const memory = store.prepare(
    `INSERT INTO memories (id, type, title, content, tags, created_at, updated_at, context) VALUES (?, 'solution', ?, 'c', '["t1"]', '${Z}', '${Z}', '{"visibility":"project"}')`,
  );
  for (let at = 0; at < count; at++) memory.run(`${prefix}${at}`, `${prefix} rollout guide ${at}`);
  memory.finalize();
  store.close();
  return settle(path);
}

function found(path: string, word: string): number {
  using database = new Database(path, { readonly: true });
  return database.query("SELECT count(*) FROM memories_fts WHERE memories_fts MATCH ?").values(word)[0]![0] as number;
}

/** Each memory once, with the text that it has. */
function inStep(path: string): boolean {
  using database = new Database(path, { readonly: true });
  const rows = (sql: string) => JSON.stringify(database.query(sql).values());
  const columns = "title, content, coalesce(summary, ''), tags";
  return (
    rows(`SELECT id, ${columns} FROM memories ORDER BY id`) ===
    rows("SELECT id, title, content, summary, tags FROM memories_fts ORDER BY id")
  );
}

test("is known for what it is, its search index included", async () => {
  using folder = temporaryFolder();
  const { store, readableBy, notes } = await inspectStore(at(make(folder.file("s.db"), "a")), () => {});
  expect([store.layout, store.release, readableBy, notes]).toEqual(["memories", "0.14", ["0.13", "0.14", "0.100"], []]);
});

describe.each(["0.14", "0.100"])("--for %s", (release) => {
  test.each([
    "0.12.4",
    "0.13.0",
  ] as const)("makes a file with a search index in step out of one of %s", async (name) => {
    using folder = temporaryFolder();
    const source = copyFixture(name, folder);
    const { result } = await succeed(source, folder.file("o.db"), { for: release });
    expect([result.verified, result.release, result.visible]).toEqual([true, release, true]);
    expect(await differences(source, folder.file("o.db"))).toEqual([]);
    expect(inStep(folder.file("o.db"))).toBe(true);
    const { store } = await inspectStore(at(folder.file("o.db")), () => {});
    expect(store.release).toBe("0.14");
  });

  test("a file of its own layout is merged into, with the index kept in step by its triggers", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), "a");
    const target = make(folder.file("t.db"), "b");
    const { result } = await succeed(source, target, { for: release });
    expect([result.imported.nodes, result.verified, result.release]).toEqual([30, true, release]);
    expect([found(target, "rollout"), inStep(target)]).toEqual([60, true]);
  });
});

test("what was made for it takes what the application writes afterwards", async () => {
  using folder = temporaryFolder();
  await succeed(make(folder.file("s.db"), "a"), folder.file("o.db"));
  using database = new Database(folder.file("o.db"));
  database.run("UPDATE memories SET title = 'renamed' WHERE id = 'a1'");
  database.run("DELETE FROM memories WHERE id = 'a2'");
  database.run(
    `INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES ('new', 'solution', 'added', 'c', '${Z}', '${Z}')`,
  );
  const ids = (word: string) =>
    database.query("SELECT id FROM memories_fts WHERE memories_fts MATCH ?").values(word).flat();
  expect([ids("renamed"), ids("added"), ids("rollout").length]).toEqual([["a1"], ["new"], 28]);
});
