// @level normal
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, utimesSync } from "node:fs";
import { fillMemories, fillNodes, STRANGE_IDS, STRANGE_NODES } from "../../support/corpus.ts";
import { exactValue, spell } from "../../support/exact.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { linesOf, readIndependently } from "../../support/independent-reader.ts";
import { createLike, differences, digestOf, rawRows, readAll, settle, succeed } from "../../support/stores.ts";

const CORPORA = [
  ["0.8.3", "0.12"],
  ["0.12.4", "0.12"],
  ["0.13.0", "0.13"],
] as const;

function corpus(name: (typeof CORPORA)[number][0], path: string): string {
  const database = createLike(name, path);
  if (name === "0.13.0") fillMemories(database);
  else fillNodes(database, name !== "0.8.3");
  database.close();
  return settle(path);
}

describe("a store full of strange rows", () => {
  for (const [name, own] of CORPORA) {
    for (const other of ["0.12", "0.13"] as const) {
      test(`of ${name} survives ${other} and back, twice over`, async () => {
        using folder = temporaryFolder();
        const source = corpus(name, folder.file("source.db"));
        let from = source;
        for (const [at, release] of [other, own, other, own].entries()) {
          const to = folder.file(`${at}.db`);
          const { result } = await succeed(from, to, { for: release });
          expect(result).toMatchObject({ success: true, verified: true, losses: [] });
          expect(await differences(source, settle(to))).toEqual([]);
          expect(await digestOf(to)).toBe(await digestOf(source));
          from = to;
        }
      });
    }

    test(`of ${name} is read as plain SQL and JSON.parse read it`, async () => {
      using folder = temporaryFolder();
      const source = corpus(name, folder.file("source.db"));
      // Where Python's NaN, two ids or two times are in play, the platform's parser has no say.
      const beyond = /NaN|Infinity|1e400|strange-(2|3|9|13|15|16)"|DISAGREES|AGREES|OTHER_ID|NUMBERS|TIMES|COLUMN_TIME/;
      const { records } = await readAll(source);
      const ours = linesOf(records).filter((line) => !beyond.test(line));
      const theirs = readIndependently(withoutUnparsable(source, folder.file("parsable.db"))).filter(
        (line) => !beyond.test(line),
      );
      expect(ours.length).toBeGreaterThan(60);
      expect(ours).toEqual(theirs);
    });
  }

  for (const name of ["0.12.4", "0.13.0"] as const) {
    test(`of ${name} keeps every row byte for byte in its own layout`, async () => {
      using folder = temporaryFolder();
      const source = corpus(name, folder.file("source.db"));
      await succeed(source, folder.file("there.db"));
      // A file written a moment ago is copied row by row, one at rest table by table.
      await succeed(folder.file("there.db"), folder.file("back.db"), { allowLoss: true });
      const tables = [name === "0.13.0" ? "memories" : "nodes", "relationships"];
      const rows = (path: string) => rawRows(path, ...tables).filter((row) => !row.includes("'gone'"));
      expect(rows(folder.file("back.db"))).toEqual(rows(source));
    });

    test(`of ${name} with dangling relationships gives the same rows whether it was touched just now or not`, async () => {
      using folder = temporaryFolder();
      const source = corpus(name, folder.file("source.db"));
      await succeed(source, folder.file("rested.db"));
      utimesSync(source, new Date(), new Date());
      await succeed(source, folder.file("touched.db"));
      expect(rawRows(folder.file("touched.db"), "relationships")).toEqual(
        rawRows(folder.file("rested.db"), "relationships"),
      );
    });
  }

  test("holds what was put there: values with their types, by hand", async () => {
    using folder = temporaryFolder();
    const { records } = await readAll(corpus("0.12.4", folder.file("source.db")));
    const shown = (id: string) => {
      const record = records.find(({ properties }) => properties.get("id") === id)!;
      return Object.fromEntries(
        [...record.properties.entries()].map(([key, value]) => [key, spell(exactValue(value))]),
      );
    };
    expect(shown("strange-0")).toMatchObject({
      importance: '"integer 1"',
      confidence: '"float 1"',
      usage_count: '"integer 9007199254740993"',
    });
    expect(shown("strange-2")).toMatchObject({
      usage_count: '"integer 123456789012345678901234567890"',
      importance: '"float 5e-324"',
    });
    expect(shown("strange-3")).toMatchObject({
      importance: '"float NaN"',
      confidence: '"float Infinity"',
      effectiveness: '"float -Infinity"',
    });
    expect(shown("strange-4").title).toBe('"text \\ud800"');
    expect(shown("strange-5")).toEqual({ id: '"text strange-5"' });
    expect(records).toHaveLength(STRANGE_IDS.length * 2 + STRANGE_NODES.length + 4 + 16);
  });

  test("reports ids and times that stand twice and disagree, by id", async () => {
    using folder = temporaryFolder();
    const { findings } = await readAll(corpus("0.12.4", folder.file("source.db")));
    const of = (what: RegExp) =>
      findings.filter((finding) => what.test(finding.what)).flatMap(({ examples }) => examples);
    expect(of(/id in the properties/)).toContain("strange-15");
    expect(of(/id in the properties/)).toContain("strange-16");
    expect(of(/time in the columns/).length).toBeGreaterThan(0);
    expect(findings.every(({ kind }) => kind === "note")).toBe(true);
  });
});

describe("many relationships", () => {
  for (const [name, other] of [
    ["0.12.4", "0.13"],
    ["0.13.0", "0.12"],
  ] as const) {
    test(`10,000 on one node of ${name}`, async () => {
      using folder = temporaryFolder();
      const source = folder.file("source.db");
      const database = createLike(name, source);
      database.run(
        name === "0.13.0"
          ? "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES ('hub', 'fix', 't', 'c', 'x', 'y')"
          : `INSERT INTO nodes (id, label, properties) VALUES ('hub', 'Memory', '{"id": "hub"}')`,
      );
      const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)";
      database.run(
        name === "0.13.0"
          ? `INSERT INTO relationships (id, from_id, to_id, rel_type, created_at, last_validated, valid_from, recorded_at) ${numbers} SELECT 'r' || i, 'hub', 'hub', 'SOLVES', 'a', 'b', 'c', 'd' FROM n`
          : `INSERT INTO relationships (id, from_id, to_id, rel_type, properties) ${numbers} SELECT 'r' || i, 'hub', 'hub', 'SOLVES', '{"strength": ' || (i / 7.0) || '}' FROM n`,
      );
      database.close();
      const { result } = await succeed(settle(source), folder.file("there.db"), { for: other });
      expect(result.imported).toEqual({ nodes: 1, memories: 1, relationships: 10_000 });
      await succeed(settle(folder.file("there.db")), folder.file("back.db"), {
        for: name === "0.13.0" ? "0.13" : "0.12",
      });
      expect(await differences(source, folder.file("back.db"))).toEqual([]);
    });
  }
});

/** A copy whose JSON the platform can parse: the tokens that only Python knows become null. */
function withoutUnparsable(source: string, path: string): string {
  copyFileSync(source, path);
  const database = new Database(path);
  for (const { name } of database
    .query("SELECT name FROM sqlite_master WHERE name IN ('nodes', 'memories', 'relationships')")
    .all() as { name: string }[]) {
    for (const column of ["properties", "tags"]) {
      const there =
        database.query(`SELECT 1 FROM pragma_table_info('${name}') WHERE name = '${column}'`).values().length > 0;
      if (there)
        database.run(
          `UPDATE ${name} SET ${column} = replace(replace(replace(${column}, '-Infinity', 'null'), 'Infinity', 'null'), 'NaN', 'null')`,
        );
    }
  }
  database.close();
  return path;
}
