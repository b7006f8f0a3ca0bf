/** One bad field costs that field: the record lives, what was in the field is kept, and it is listed. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { createLike, differences, readAll, settle, succeed } from "../support/stores.ts";

const TIME = "2026-01-02T03:04:05.000Z";
const COLUMNS = "id, type, title, content, tags, context, importance, usage_count, created_at, updated_at";

function memories(path: string, rows: readonly (readonly unknown[])[]): string {
  const database = createLike("0.13.0", path);
  for (const [id, more] of rows as [string, Record<string, unknown>][]) {
    const values = { title: `title of ${id}`, tags: '["a"]', context: null, importance: 0.5, usage_count: 1, ...more };
    database
      .query(`INSERT INTO memories (${COLUMNS}) VALUES (?, 'fix', ?, 'c', ?, ?, ?, ?, ?, ?)`)
      .run(id, values.title, values.tags, values.context, values.importance, values.usage_count, TIME, TIME);
  }
  database.close();
  return settle(path);
}

describe("a field of JSON in the memories layout", () => {
  test("that is empty, null or cut off costs itself alone, in both directions (0)", async () => {
    using folder = temporaryFolder();
    const source = memories(folder.file("source.db"), [
      ["ok", { context: '{"languages":["ts"]}' }],
      ["context empty", { context: "" }],
      ["context cut", { context: '{"languages":["ts"' }],
      ["context no object", { context: "[1]" }],
      ["tags null", { tags: "null" }],
      ["tags empty", { tags: "" }],
      ["tags cut", { tags: '["a", "b' }],
    ]);
    const database = new Database(source);
    database.run(
      `INSERT INTO relationships (id, from_id, to_id, rel_type, created_at, last_validated, valid_from, recorded_at) VALUES ('r', 'ok', 'context cut', 'SOLVES', ?, ?, ?, ?)`,
      [TIME, TIME, TIME, TIME],
    );
    database.close();
    settle(source);
    for (const release of ["0.12", "0.13"] as const) {
      const target = folder.file(`${release}.db`);
      const { result } = await succeed(source, target, { for: release });
      expect(result).toMatchObject({ complete: true, verified: true, imported: { memories: 7, relationships: 1 } });
      const told = JSON.stringify(result.notes);
      for (const id of ["context cut", "context no object", "tags cut"]) expect(told).toContain(id);
      expect(told).not.toContain("empty");
      expect(await differences(source, target)).toEqual([]);
      const { records } = await readAll(target);
      const get = (id: string, name: string) =>
        records.find(({ properties }) => properties.get("id") === id)!.properties.get(name);
      expect(get("context cut", "title")).toBe("title of context cut");
      expect(get("context cut", "columns.context")).toBe('{"languages":["ts"');
      expect(get("tags cut", "columns.tags")).toBe('["a", "b');
      expect(get("tags null", "tags")).toBeNull();
    }
    // What the application opens is a memory with nothing in that field, and the text is in the side table.
    const back = folder.file("back.db");
    await succeed(folder.file("0.12.db"), back, { for: "0.13" });
    const opened = new Database(back, { readonly: true });
    expect(opened.query("SELECT context, tags FROM memories WHERE id = 'context cut'").values()).toEqual([
      [null, '["a"]'],
    ]);
    expect(JSON.stringify(opened.query("SELECT record FROM memorygraph_migrate_extra").values())).toContain(
      "languages",
    );
    opened.close();
  });

  test("that holds a text for a number, or bytes for a text, is read as what it says", async () => {
    using folder = temporaryFolder();
    const source = memories(folder.file("source.db"), [["m", {}]]);
    const database = new Database(source);
    database.run("CREATE TABLE plain AS SELECT * FROM memories");
    database.run("DROP TABLE memories");
    database.run("ALTER TABLE plain RENAME TO memories");
    database.run("UPDATE memories SET id = CAST(id AS BLOB), title = x'c3a9', importance = '0.25', usage_count = '12'");
    database.close();
    settle(source);
    for (const release of ["0.12", "0.13"] as const) {
      const target = folder.file(`${release}.db`);
      await succeed(source, target, { for: release });
      const { records } = await readAll(target);
      const { properties } = records[0]!;
      expect(["id", "title", "importance", "usage_count"].map((name) => properties.get(name))).toEqual([
        "m",
        "é",
        0.25,
        12n,
      ]);
      expect(await differences(source, target)).toEqual([]);
    }
  });
});

test("a whole store of the nodes layout with its texts as bytes is read, ids and ends included", async () => {
  using folder = temporaryFolder();
  const source = folder.file("source.db");
  const database = createLike("0.12.4", source);
  for (let at = 0; at < 180; at++) {
    const json = JSON.stringify({ id: `m${at}`, title: `é ${at}` });
    database.run(
      "INSERT INTO nodes (id, label, properties) VALUES (CAST(? AS BLOB), CAST('Memory' AS BLOB), CAST(? AS BLOB))",
      [`m${at}`, json],
    );
  }
  database.run(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (x'72', x'6d31', 'm2', 'SOLVES', x'7b7d')",
  );
  database.close();
  settle(source);
  for (const release of ["0.12", "0.13"] as const) {
    const { result } = await succeed(source, folder.file(`${release}.db`), { for: release });
    expect(result).toMatchObject({ complete: true, losses: [], imported: { memories: 180, relationships: 1 } });
    expect(await differences(source, folder.file(`${release}.db`))).toEqual([]);
  }
  const { records } = await readAll(folder.file("0.13.db"));
  expect(records.at(-1)).toMatchObject({ kind: "relationship", from: "=m1", to: "=m2" });
});
