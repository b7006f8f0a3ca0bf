import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { sqlite } from "../../../src/backends/sqlite/sqlite.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, createLike, differences, readAll, settle, succeed } from "../../support/stores.ts";

const SOURCE = [
  `INSERT INTO nodes (id, label, properties) VALUES
     ('m', 'Memory', '{"id": "m", "title": "t", "importance": 1, "unknown": {"a": []}, "created_at": "2024-01-01T00:00:00+00:00"}'),
     ('other', 'Memory', '{"id": "other", "title": "o", "mood": "x"}'),
     ('e', 'Entity', '{"id": "e", "text": "x"}')`,
  `INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES
     ('r', 'm', 'other', 'SOLVES', '{"strength": 1, "mood": "y"}'),
     ('to entity', 'm', 'e', 'MENTIONS', '{}')`,
];

/** A 0.13 store that keeps much beside its tables, changed with what the application would do, and read. */
async function after(...changes: string[]) {
  using folder = temporaryFolder();
  const database = createLike("0.12.4", folder.file("source.db"));
  for (const sql of SOURCE) database.run(sql);
  database.close();
  const target = folder.file("target.db");
  await succeed(settle(folder.file("source.db")), target, { for: "0.13" });
  const application = new Database(target);
  application.run("PRAGMA foreign_keys = ON");
  for (const sql of changes) application.run(sql);
  application.close();
  const { records, findings } = await readAll(target);
  const store = await sqlite.openForReading(at(target));
  const described = (await store.describe("integrity")).findings;
  await store.close();
  const find = (id: string) => records.find(({ properties }) => properties.get("id") === id);
  return { records, find, told: [...described, ...findings] };
}
const NOTED = (id: string) => expect.objectContaining({ kind: "note", examples: expect.arrayContaining([id]) });

describe("what is kept beside a record", () => {
  test("is applied as long as nobody touched the record", async () => {
    const { find, told, records } = await after();
    expect(find("m")!.properties.get("importance")).toBe(1n);
    expect(find("m")!.properties.get("content")).toBeNull();
    expect(find("e")).toMatchObject({ labels: ["Entity"] });
    expect(find("to entity")).toMatchObject({ from: "=m", to: "=e" });
    expect(records).toHaveLength(5);
    expect(told).toEqual([]);
  });

  const changes = [
    "title = 'new'",
    "importance = 0.9",
    "tags = '[\"a\"]'",
    "context = '{}'",
    "usage_count = 1",
    "updated_at = 'x'",
    "last_accessed = 'now'",
    "content = 'c'",
  ];
  for (const change of changes) {
    test(`is not applied once the application set ${change}, and that is reported`, async () => {
      const { find, told } = await after(`UPDATE memories SET ${change} WHERE id = 'm'`);
      expect(find("m")!.properties.get("unknown")).toBeNull();
      expect(find("m")!.properties.get("importance")).toBe(change.startsWith("importance") ? 0.9 : 1);
      expect(find("other")!.properties.get("mood")).toBe("x");
      expect(told).toEqual([NOTED("m")]);
    });
  }

  test("is not applied to a changed relationship", async () => {
    const { find, told } = await after("UPDATE relationships SET strength = 0.1 WHERE id = 'r'");
    expect(find("r")!.properties.get("mood")).toBeNull();
    expect(find("r")!.properties.get("strength")).toBe(0.1);
    expect(told).toEqual([NOTED("r")]);
  });

  test("goes with a deleted record, whose relationships do not come back either", async () => {
    const { find, told, records } = await after("DELETE FROM memories WHERE id = 'm'");
    for (const gone of ["m", "r", "to entity"]) expect(find(gone)).toBeUndefined();
    expect(records).toHaveLength(2);
    const named = told.flatMap(({ examples }) => examples);
    for (const gone of ["m", "r", "to entity"]) expect(named).toContain(gone);
    expect(told.every(({ kind }) => kind === "note")).toBe(true);
  });

  test("gives way to a record that the application made under the same id", async () => {
    const insert =
      "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES ('e', 'fix', 'app', 'c', 'x', 'y')";
    const { find, told, records } = await after(insert);
    expect(find("e")).toMatchObject({ labels: ["Memory"] });
    expect(records.filter(({ properties }) => properties.get("id") === "e")).toHaveLength(1);
    expect(told).toEqual([NOTED("e")]);
  });

  test("gives way to a relationship that the application made under the same id", async () => {
    const { records } = await after(
      `INSERT INTO relationships (id, from_id, to_id, rel_type, created_at, last_validated, valid_from, recorded_at)
         VALUES ('to entity', 'm', 'other', 'FIXES', 'a', 'b', 'c', 'd')`,
    );
    expect(
      records.filter(({ kind, properties }) => kind === "relationship" && properties.get("id") === "to entity"),
    ).toHaveLength(1);
  });

  test("is reported and left out when it cannot be read", async () => {
    const { find, told } = await after(
      "UPDATE memorygraph_migrate_extra SET record = '{' WHERE id IS NULL AND kind = 'node'",
    );
    expect(find("e")).toBeUndefined();
    expect(told).toContainEqual(expect.objectContaining({ kind: "damage" }));
  });

  test("is reported, and the record read without it, when what stands beside a row cannot be read", async () => {
    const { find, told } = await after(`UPDATE memorygraph_migrate_extra SET record = '{"set": 5}' WHERE id = 'm'`);
    expect(find("other")).toBeDefined();
    expect(told).toContainEqual(expect.objectContaining({ examples: ["m"] }));
  });
});

test("a changed store with a side table goes on to another layout and back without a difference", async () => {
  using folder = temporaryFolder();
  const database = createLike("0.12.4", folder.file("source.db"));
  for (const sql of SOURCE) database.run(sql);
  database.close();
  await succeed(settle(folder.file("source.db")), folder.file("a.db"), { for: "0.13" });
  const application = new Database(folder.file("a.db"));
  application.run("UPDATE memories SET title = 'changed' WHERE id = 'm'");
  application.run("DELETE FROM relationships WHERE id = 'r'");
  application.close();
  for (const [from, to, release] of [
    ["a", "b", "0.12"],
    ["b", "c", "0.13"],
    ["a", "d", "0.13"],
  ] as const) {
    await succeed(folder.file(`${from}.db`), folder.file(`${to}.db`), { for: release });
    expect(await differences(folder.file("a.db"), folder.file(`${to}.db`))).toEqual([]);
  }
});
