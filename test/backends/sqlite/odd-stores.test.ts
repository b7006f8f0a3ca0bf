import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { sqlite } from "../../../src/backends/sqlite/sqlite.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { withCopy } from "../../support/independent-reader.ts";
import { at, createLike, differences, readAll, run, schemaEntries, settle, succeed } from "../../support/stores.ts";

const MEMORY =
  "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES (?, 'fix', 't', 'c', ?, ?)";

describe("rows that break their own table's rules", () => {
  test("a node whose id is NULL or no text is kept, as often as it is there", async () => {
    using folder = temporaryFolder();
    const source = folder.file("source.db");
    const database = createLike("0.12.4", source);
    for (const json of ['{"name": "a", "type": "file"}', '{"name": "a", "type": "file"}', '{"name": "b"}']) {
      database.run("INSERT INTO nodes (id, label, properties) VALUES (NULL, 'Entity', ?)", [json]);
    }
    database.run("INSERT INTO nodes (id, label, properties) VALUES (x'0102', 'Memory', '{\"title\": \"blob id\"}')");
    database.run("INSERT INTO nodes (id, label, properties) VALUES ('m', 'Memory', '{}')");
    database.run(
      "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (NULL, 'm', 'm', 'A', '{}'), (NULL, 'm', 'm', 'A', '{}')",
    );
    database.close();
    settle(source);
    for (const release of ["0.13", "0.12"] as const) {
      const [there, back] = [folder.file(`there-${release}.db`), folder.file(`back-${release}.db`)];
      const { result } = await succeed(source, there, { for: release });
      expect(result.imported).toEqual({ nodes: 5, memories: 2, relationships: 2 });
      await succeed(settle(there), back, { for: "0.12" });
      expect(await differences(source, there)).toEqual([]);
      expect(await differences(source, back)).toEqual([]);
    }
  });

  const NODE = "INSERT INTO nodes (id, label, properties) VALUES ('bad', 'Memory',";
  const RELATIONSHIP = "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('bad',";
  for (const [what, sql, nodes, relationships, kept] of [
    ["a label that is a number", "INSERT INTO nodes (id, label, properties) VALUES ('bad', x'00', '{}')", 1, 0, null],
    ["broken JSON", `${NODE} '{"a": "b", "c": ')`, 2, 0, { a: "b", "columns.properties": '{"a": "b", "c": ' }],
    ["no JSON at all", `${NODE} '')`, 2, 0, { "columns.properties": "" }],
    ["JSON that is no object", `${NODE} '[1]')`, 2, 0, { "columns.properties": "[1]" }],
    ["invalid UTF-8 in its properties", `${NODE} CAST(x'7b2261223a22ff227d' AS TEXT))`, 2, 0, {}],
    ["a surrogate in UTF-8", `${NODE} CAST(x'7b2261223a22eda080227d' AS TEXT))`, 2, 0, {}],
    ["a relationship with broken JSON", `${RELATIONSHIP} 'good', 'good', 'A', '{"x": 1, "y')`, 1, 1, { x: 1n }],
    ["a relationship with bytes for an end", `${RELATIONSHIP} x'ff', 'good', 'A', '{}')`, 1, 0, null],
  ] as const) {
    test(`${what}: refused by its id; with --allow-loss all that can be read of it is there`, async () => {
      using folder = temporaryFolder();
      const source = folder.file("source.db");
      const database = createLike("0.12.4", source);
      database.run("INSERT INTO nodes (id, label, properties) VALUES ('good', 'Memory', '{\"title\": \"\ufffd\"}')");
      database.run(sql);
      database.close();
      settle(source);
      for (const dryRun of [true, false]) {
        const { error } = await run(source, folder.file("new.db"), { dryRun });
        expect(error?.code).toBe("damaged");
        expect(error?.details.join("\n")).toContain("bad");
      }
      for (const release of ["0.12", "0.13"] as const) {
        const target = folder.file(`${release}.db`);
        const { result } = await succeed(source, target, { allowLoss: true, for: release });
        expect(result).toMatchObject({
          complete: false,
          imported: { nodes, relationships },
          losses: [{ count: 1, examples: ["bad"] }],
        });
        const { records, findings } = await readAll(target);
        expect(findings.filter(({ kind }) => kind !== "note")).toEqual([]);
        const bad = records.find(({ properties }) => properties.get("id") === "bad");
        expect(bad === undefined).toBe(kept === null);
        for (const [name, value] of Object.entries(kept ?? {})) expect(bad!.properties.get(name)).toEqual(value);
      }
    });
  }

  test("invalid UTF-8 in an id, a title or a context of the memories layout is never replaced silently", async () => {
    using folder = temporaryFolder();
    for (const column of ["id", "type", "title", "content", "summary", "tags", "created_at", "updated_by", "context"]) {
      const source = folder.file(`${column}.db`);
      const database = createLike("0.13.0", source);
      database.run(MEMORY, ["good", "x", "y"]);
      database.run(MEMORY, ["bad", "x", "y"]);
      database.run(`UPDATE memories SET ${column} = CAST(x'22ff22' AS TEXT) WHERE id = 'bad'`);
      database.close();
      const { error } = await run(settle(source), folder.file(`${column}-new.db`), { for: "0.12" });
      if (error !== null) {
        expect(error.code).toBe("damaged");
        continue;
      }
      await succeed(folder.file(`${column}-new.db`), folder.file(`${column}-back.db`), { for: "0.13" });
      const hex = withCopy(folder.file(`${column}-back.db`), (copy) =>
        copy.query(`SELECT hex(${column}) FROM memories`).values().flat(),
      );
      const bytes = withCopy(folder.file(`${column}-back.db`), (copy) =>
        copy.query("SELECT record FROM memorygraph_migrate_extra").values().flat(),
      );
      expect(hex.join() + bytes.join()).toMatch(/22ff22/i);
      expect(await differences(source, folder.file(`${column}-back.db`))).toEqual([]);
    }
  });

  for (const fixture of ["0.12.4", "0.13.0"] as const) {
    for (const release of ["0.12", "0.13"] as const) {
      test(`columns of ${fixture} that no release knows come along to ${release}, or are named`, async () => {
        using folder = temporaryFolder();
        const source = folder.file("source.db");
        const database = createLike(fixture, source);
        const table = fixture === "0.13.0" ? "memories" : "nodes";
        database.run(`ALTER TABLE ${table} ADD COLUMN mood TEXT`);
        database.run("ALTER TABLE relationships ADD COLUMN weather REAL");
        if (fixture === "0.13.0") database.run(MEMORY, ["m", "x", "y"]);
        else database.run("INSERT INTO nodes (id, label, properties) VALUES ('m', 'Memory', '{}')");
        database.run(`UPDATE ${table} SET mood = 'sunny'`);
        database.close();
        const { error, result } = await run(settle(source), folder.file("new.db"), { for: release });
        const { records } = error === null ? await readAll(folder.file("new.db")) : { records: [] };
        // Never dropped without a word.
        const told = JSON.stringify([error?.details, error?.message, result.losses]);
        expect(records[0]?.properties.get("mood") === "sunny" || told.includes("mood")).toBe(true);
      });
    }
  }

  for (const encoding of ["UTF-16le", "UTF-16be"]) {
    for (const title of ["日本語 🚀", "replaced \ufffd"]) {
      for (const release of ["0.12", "0.13"] as const) {
        test(`a store in ${encoding} that holds ${title} goes to ${release} like any other`, async () => {
          using folder = temporaryFolder();
          createLike("0.12.4", folder.file("model.db")).close();
          const source = folder.file("source.db");
          const database = new Database(source);
          database.run(`PRAGMA encoding = '${encoding}'`);
          for (const { sql, name } of schemaEntries(folder.file("model.db"))) {
            if (sql !== null && !name.includes("_fts_")) database.run(sql);
          }
          database.run("INSERT INTO nodes (id, label, properties) VALUES ('é🚀', 'Memory', ?)", [
            JSON.stringify({ title }),
          ]);
          database.close();
          await succeed(settle(source), folder.file("new.db"), { for: release });
          const { records } = await readAll(folder.file("new.db"));
          expect(records[0]?.properties.get("title")).toBe(title);
          expect(await differences(source, folder.file("new.db"))).toEqual([]);
        });
      }
    }
  }
});

describe("a hybrid file with one id in both of its tables", () => {
  const cases = [
    ["2024-01-01T00:00:00+00:00", "2024-01-02T00:00:00.000Z", "t"],
    ["2024-01-03T00:00:00.000001+00:00", "2024-01-03T00:00:00.000Z", "old"],
    ["2024-01-02T00:00:00+01:00", "2024-01-01T23:30:00.000Z", "t"],
  ] as const;
  for (const [old, recent, winner] of cases) {
    test(`the newer wins (${old} in nodes, ${recent} in memories), and the other is kept beside it`, async () => {
      using folder = temporaryFolder();
      const source = folder.file("source.db");
      const database = createLike("hybrid-0.12-0.13", source);
      database.run("INSERT INTO nodes (id, label, properties) VALUES ('both', 'Memory', ?)", [
        `{"id": "both", "title": "old", "updated_at": "${old}"}`,
      ]);
      database.run(MEMORY, ["both", recent, recent]);
      database.run(MEMORY, ["only", recent, recent]);
      database.close();
      settle(source);
      for (const release of ["0.12", "0.13"] as const) {
        const { result } = await succeed(source, folder.file(`${release}.db`), { for: release });
        expect(result).toMatchObject({ complete: true, losses: [], imported: { nodes: 3 } });
        expect(JSON.stringify(result.notes)).toContain("one id in both tables");
        const { records } = await readAll(folder.file(`${release}.db`));
        const titles = records
          .filter(({ kind }) => kind === "node")
          .map((node) => ["key" in node && node.key.charAt(0), node.properties.get("title")]);
        expect(titles).toContainEqual(["=", winner]);
        expect(titles).toContainEqual(["#", winner === "old" ? "t" : "old"]);
        expect(await differences(source, folder.file(`${release}.db`))).toEqual([]);
      }
    });
  }
});

test("an id in both tables of a hybrid file is compared by what its rows mean, not by how they are stored", async () => {
  using folder = temporaryFolder();
  const source = folder.file("source.db");
  const database = createLike("hybrid-0.12-0.13", source);
  const now = "2024-01-02T00:00:00.000Z";
  database.run(MEMORY, ["both", now, now]);
  // Bytes that are text, as other programs leave them.
  database.run("INSERT INTO nodes (id, label, properties) VALUES ('both', 'Memory', CAST(? AS BLOB))", [
    '{"id": "both", "title": "old", "updated_at": "2024-01-03T00:00:00.000Z"}',
  ]);
  database.close();
  settle(source);
  const { records } = await readAll(source);
  const titles = records.map((node) => ["key" in node && node.key.charAt(0), node.properties.get("title")]);
  expect(titles.toSorted()).toEqual([
    ["#", "t"],
    ["=", "old"],
  ]);
});

test("describing tells dangling relationships by id, and they are kept", async () => {
  using folder = temporaryFolder();
  const source = folder.file("source.db");
  const database = createLike("0.12.4", source);
  database.run(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('hangs', 'a', 'b', 'A', '{}')",
  );
  database.close();
  const store = await sqlite.openForReading(at(source));
  const { findings } = await store.describe("links");
  await store.close();
  expect(findings).toMatchObject([{ kind: "note", count: 1, examples: ["hangs"] }]);
  for (const release of ["0.12", "0.13"] as const) {
    await succeed(source, folder.file(`${release}.db`), { for: release });
    expect(await differences(source, folder.file(`${release}.db`))).toEqual([]);
  }
});
