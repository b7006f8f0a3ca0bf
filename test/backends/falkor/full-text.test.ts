// @level normal
/** Full-text and vector indexes of FalkorDB with settings of their own: kept by every kind of target, or left out by name. */
import { beforeEach, describe, expect, test } from "bun:test";
import { BackendConfig } from "../../../src/backends/config.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../../src/operations/models.ts";
import { endOf } from "../../conformance/ends.ts";
import { withFalkor } from "../../conformance/falkor.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { serversOf } from "../../support/servers.ts";

const server = (await serversOf("falkordb")).at(-1);
const end = (graph: string) => endOf(server!, graph);

async function ask(graph: string, ...statements: string[]): Promise<string> {
  return withFalkor(server!, async (command) => {
    let last = "";
    for (const statement of statements) last = JSON.stringify(await command("GRAPH.QUERY", graph, statement));
    return last;
  });
}

async function migrated(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) {
  const { error, result } = await runMigration(from, to, options, {});
  expect(error).toBeNull();
  return result;
}

/** What the server tells of the label's indexes, once they are built; only what a person has set. */
async function settings(graph: string, label: string): Promise<string> {
  for (;;) {
    const text = await ask(
      graph,
      `CALL db.indexes() YIELD label, types, options, language, stopwords, status, info WHERE label = '${label}' RETURN types, options, language, stopwords, status, [f IN info.fields | [f.name, f.options, f.textWeight]]`,
    );
    if (text.includes("OPERATIONAL"))
      return text.replace(/"Cached execution.*$/, "").replace(/\["range:[^\]]*\],?/g, "");
    await Bun.sleep(50);
  }
}

const SPECIAL = [
  "CREATE (:Memory {id: 'a', created_at: '2024-01-31T00:00:00+00:00', title: 'x'})-[:SOLVES {note: 'text'}]->(:Doc {t: 'y', u: 'z', w: 'v', v: vecf32([1.0, 2.0])})",
  "CREATE INDEX FOR (n:Doc) ON (n.t)",
  "CREATE FULLTEXT INDEX FOR (n:Doc) ON (n.t) OPTIONS {language: 'german', stopwords: ['der', 'it\\'s'], weight: 2.5, nostem: true}",
  "CREATE FULLTEXT INDEX FOR (n:Doc) ON (n.u) OPTIONS {weight: 1, phonetic: 'dm:en'}",
  "CREATE FULLTEXT INDEX FOR (n:Doc) ON (n.w)",
  "CREATE FULLTEXT INDEX FOR ()-[r:SOLVES]-() ON (r.note) OPTIONS {language: 'french', weight: 0.5}",
  "CREATE VECTOR INDEX FOR (n:Doc) ON (n.v) OPTIONS {dimension: 2, similarityFunction: 'cosine', M: 8, efConstruction: 50, efRuntime: 5}",
];

describe.skipIf(server === undefined)("settings of indexes", () => {
  beforeEach(async () => {
    for (const graph of ["settings", "copy"]) await end(graph).empty();
    await ask("settings", ...SPECIAL);
  });
  const wanted = async () => [await settings("settings", "Doc"), await settings("settings", "SOLVES")];
  const found = async () => [await settings("copy", "Doc"), await settings("copy", "SOLVES")];

  test.each(["query", "snapshot"] as const)("reach another graph of a server, read by %s", async (readBy) => {
    const from = new BackendConfig({ ...end("settings").config, readBy });
    const { schema, notes } = await migrated(from, end("copy").config);
    expect(await found()).toEqual(await wanted());
    expect(schema!.found).toBe(schema!.expected);
    expect(notes.filter(({ what }) => /index/.test(what))).toEqual([]);
  });

  test("go into a FalkorDBLite file and come back", async () => {
    using folder = temporaryFolder();
    const file = new BackendConfig({ type: "falkordblite", path: folder.file("lite.db"), graph: "lite" });
    const there = await migrated(end("settings").config, file);
    expect(there.schema!.found).toBe(there.schema!.expected);
    await migrated(file, end("copy").config);
    expect(await found()).toEqual(await wanted());
  });

  test("that a target with another language cannot have are left out by name, there and in a file", async () => {
    using folder = temporaryFolder();
    const file = new BackendConfig({ type: "falkordblite", path: folder.file("lite.db"), graph: "lite" });
    await ask(
      "copy",
      "CREATE (:Doc {own: 'mine'})",
      "CREATE FULLTEXT INDEX FOR (n:Doc) ON (n.own) OPTIONS {language: 'dutch'}",
    );
    await migrated(end("copy").config, file);
    const leftOut = ({ notes }: MigrationResult) =>
      notes.filter(({ what }) => /one language/.test(what)).flatMap(({ examples }) => examples);
    for (const target of [end("copy").config, file]) {
      const result = await migrated(end("settings").config, target);
      expect(leftOut(result)).toEqual(
        expect.arrayContaining(["t", "u", "w"].map((name) => `full-text index on :Doc(${name})`)),
      );
      expect(result.schema!.found).toBe(result.schema!.expected);
    }
    const after = await settings("copy", "Doc");
    expect(after).toContain('"dutch"');
    expect(after).not.toContain("german");
  });

  test("are compared after a run: what is not as it was is a difference, not a success", async () => {
    const { assertSchema } = await import("../../../src/backends/graph-store/target-schema.ts");
    const { openFalkor } = await import("../../../src/backends/falkor/falkor-server.ts");
    const source = await openFalkor(end("settings").config, { access: "read" });
    await ask(
      "copy",
      "CREATE (:Doc {t: 'y'})",
      "CREATE FULLTEXT INDEX FOR (n:Doc) ON (n.t) OPTIONS {language: 'german'}",
    );
    const target = await openFalkor(end("copy").config, { access: "read" });
    try {
      const expected = (await source.schema()).filter(({ what }) => what === "full-text index on :Doc(t)");
      const made = new Set(expected.map(({ what }) => what));
      const compare = async (schema: ReturnType<typeof target.schema>) =>
        assertSchema("x", { expected, made, schema: await schema });
      expect(await compare(source.schema())).toEqual({ expected: 1, found: 1 });
      const failure = await compare(target.schema()).then(
        () => [],
        (error: { details: string[] }) => error.details,
      );
      expect(failure.join()).toMatch(
        /stopwords is the engine's own, and should be der, it's; weight is 1, and should be 2\.5; nostem is false, and should be true/,
      );
    } finally {
      await source.close();
      await target.close();
    }
  });
});
