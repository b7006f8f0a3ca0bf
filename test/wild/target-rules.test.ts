/** Rules of a target that would refuse what comes: found by the dry run, with the memories, the names and the way. */
import { beforeEach, describe, expect, test } from "bun:test";
import type { TargetSession } from "../../src/backends/backend.ts";
import { RANGE_KEY_BYTES, rangeKeyBytes, TEXT_KEY_BYTES } from "../../src/backends/bolt/index-limits.ts";
import type { BackendConfig } from "../../src/backends/config.ts";
import type { SchemaItem } from "../../src/backends/description.ts";
import { loadTarget } from "../../src/backends/registry.ts";
import { RefusedError, VerificationError } from "../../src/errors.ts";
import { Point, Temporal, type Value } from "../../src/graph/value.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../src/operations/models.ts";
import { withDriver } from "../conformance/bolt.ts";
import { endOf, type ServerEnd } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { at, createLike, settle } from "../support/stores.ts";

const WHEN = "2024-01-31T23:59:59.123456+00:00";
const neo4j = (await serversOf("neo4j")).at(-1);
const falkordb = (await serversOf("falkordb")).at(-1);
const memgraph = (await serversOf("memgraph")).at(-1);

function fileWith(path: string, ...memories: Record<string, unknown>[]): BackendConfig {
  const database = createLike("0.12.4", path);
  for (const memory of memories) {
    const json = JSON.stringify({ type: "general", created_at: WHEN, updated_at: WHEN, ...memory });
    database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)", [String(memory.id), json]);
  }
  database.close();
  return at(settle(path));
}

async function run(
  from: BackendConfig,
  to: BackendConfig,
  options: MigrationOptionsInput = {},
): Promise<MigrationResult> {
  return (await runMigration(from, to, options, {})).result;
}

async function opened(config: BackendConfig, schema: readonly SchemaItem[]): Promise<TargetSession> {
  return (await loadTarget(config)).openForWriting(config, { release: null, fallbackRelease: "0.12", schema });
}

/** Refused alike by the dry run and the run; gives what was said. */
async function refused(from: BackendConfig, end: ServerEnd): Promise<string> {
  const before = await end.read();
  let said = "";
  for (const dryRun of [true, false]) {
    const { errors } = await run(from, end.config, { dryRun });
    expect(errors.map(({ code }) => code)).toEqual(["refused"]);
    const [{ message, details, next }] = errors as [MigrationResult["errors"][number]];
    said = [message, ...details, next].join("\n");
  }
  expect((await end.read()).nodes.length).toBe(before.nodes.length);
  return said;
}

describe.if(neo4j !== undefined)("an index of Neo4j", () => {
  const end = neo4j === undefined ? (undefined as never) : endOf(neo4j);
  const cypher = (statement: string, parameters: object = {}) =>
    withDriver(neo4j!, (run) => run(statement, parameters));

  beforeEach(() => end.empty());

  test("that MemoryGraph has made refuses long tags and paths; dropping it is the way that works", async () => {
    using folder = temporaryFolder();
    expect((await run(fileWith(folder.file("base.db"), { id: "a" }), end.config)).errors).toEqual([]);
    const source = fileWith(
      folder.file("long.db"),
      { id: "big", tags: Array.from({ length: 300 }, (_, number) => `tag-${number}-${"x".repeat(30)}`) },
      { id: "long", context_project_path: `/very/${"long/".repeat(2_500)}` },
      { id: "fits", context_project_path: "x".repeat(8_164) },
    );
    const said = await refused(source, end);
    expect(said).toContain("would refuse 2 records");
    expect(said).toMatch(
      /memory_tags_index, index on :Memory\(tags\): 1\n {2}big: [\d,]+ bytes; the index can hold 8,175/,
    );
    expect(said).toMatch(/memory_project_path_index, index on :Memory\(context_project_path\): 1\n {2}long: /);
    for (const [statement] of said.matchAll(/DROP INDEX `\w+`/g)) await cypher(statement!);
    const done = await run(source, end.config);
    expect(done.errors).toEqual([]);
    expect(done.verified).toBe(true);
    // Made anew, filled, found impossible, and said.
    expect(
      done.notes.filter(({ what }) => what.startsWith("index not created")).flatMap(({ examples }) => examples),
    ).toEqual(expect.arrayContaining(["index on :Memory(tags)", "index on :Memory(context_project_path)"]));
    expect(done.schema!.found).toBe(done.schema!.expected);
  });

  test("takes what the sizes here say, to the byte", async () => {
    await cypher("CREATE INDEX one FOR (n:X) ON (n.a)");
    await cypher("CREATE INDEX two FOR (n:Y) ON (n.a, n.b)");
    await cypher("CREATE TEXT INDEX text FOR (n:T) ON (n.a)");
    await cypher("CALL db.awaitIndexes(60)");
    const many = <T extends Value>(count: number, item: T): Value => Array.from({ length: count }, () => item);
    const server = await (await import("../../src/backends/bolt/open.ts")).openerOf("neo4j")(end.config, {
      access: "write",
    });
    const { Properties } = await import("../../src/graph/properties.ts");
    /** The largest number of pieces that fit by our account, and one more. */
    const edge = async (
      label: string,
      make: (count: number) => Record<string, Value>,
      size: (count: number) => number,
      most: number,
    ) => {
      let count = 1;
      while (size(count + 1) <= most) count++;
      const create = (number: number) =>
        server.writer.createNodes({ labels: [label], rows: [Properties.from(Object.entries(make(number)))] });
      await create(count);
      await expect(create(count + 1)).rejects.toThrow();
    };
    const values: Record<string, (count: number) => Value> = {
      text: (count) => "é".repeat(count),
      texts: (count) => many(count, "abc"),
      integers: (count) => many(count, 2n ** 53n),
      floats: (count) => many(count, 0.5),
      truths: (count) => many(count, true),
      bytes: (count) => new Uint8Array(count),
      dates: (count) => many(count, new Temporal("date", "2024-01-31")),
      "date-times": (count) => many(count, new Temporal("date-time", "2024-01-31T00:00:00[Europe/Berlin]")),
      durations: (count) => many(count, new Temporal("duration", "P1M1DT1S")),
      points: (count) => many(count, new Point(4979, 1, 2, 3)),
    };
    try {
      for (const make of Object.values(values)) {
        await edge(
          "X",
          (count) => ({ a: make(count) }),
          (count) => rangeKeyBytes([make(count)]),
          RANGE_KEY_BYTES,
        );
      }
      for (const other of ["x", 1n, 1.5, false, new Temporal("time", "10:00:00Z"), new Point(7203, 1, 2)]) {
        const both = (count: number) => ({ a: "x".repeat(count), b: other });
        await edge("Y", both, (count) => rangeKeyBytes(Object.values(both(count))), RANGE_KEY_BYTES);
      }
      await edge(
        "T",
        (count) => ({ a: "x".repeat(count) }),
        (count) => count,
        TEXT_KEY_BYTES,
      );
    } finally {
      await server.close();
    }
  });

  test("that is unique refuses what the target, or another memory of the source, has already", async () => {
    using folder = temporaryFolder();
    await cypher("CREATE CONSTRAINT titles FOR (n:Memory) REQUIRE n.title IS UNIQUE");
    await cypher("CREATE (:Memory {id: 'there', title: 'taken'})");
    const source = fileWith(
      folder.file("a.db"),
      { id: "a", title: "taken" },
      { id: "b", title: "twice" },
      { id: "c", title: "twice" },
      { id: "d", title: "free" },
      { id: "there", title: "taken" },
    );
    const said = await refused(source, end);
    expect(said).toContain(
      "titles, unique constraint on :Memory(title): 2\n  a: another record has the same title\n  c: ",
    );
    expect(said).toContain("DROP CONSTRAINT `titles`");
  });

  test("of a person that has MemoryGraph's name: ours gets another one, and the run says so", async () => {
    using folder = temporaryFolder();
    await cypher("CREATE INDEX memory_id_unique FOR (n:Other) ON (n.x)");
    const done = await run(fileWith(folder.file("a.db"), { id: "a" }), end.config);
    expect(done.errors).toEqual([]);
    const note = done.notes.find(({ what }) => what.includes("memory_id_unique is taken"));
    expect(note?.what).toContain("is called memory_id_unique_2");
    const rows = await cypher(
      "SHOW CONSTRAINTS YIELD name, labelsOrTypes WHERE labelsOrTypes = ['Memory'] RETURN name",
    );
    expect(rows).toEqual([["memory_id_unique_2"]]);
  });

  test("of an older Neo4j is translated, left out or made, and never ends the run", async () => {
    await cypher("CREATE (:Thing {name: 'text'})-[:USES {how: 'text'}]->(:Count {number: 1})");
    const btree = (what: string, name: string, on: string): SchemaItem => ({
      ...{ backend: "neo4j", kind: "index", own: false, type: "BTREE", what },
      statement: `CREATE BTREE INDEX \`${name}\` ${on} OPTIONS {indexConfig: {}, indexProvider: 'native-btree-1.0'}`,
    });
    const session = await opened(end.config, [
      btree("index on :Count(number)", "counts", "FOR (n:`Count`) ON (n.`number`)"),
      btree("index on -[:USES]-(how)", "uses", "FOR ()-[r:`USES`]-() ON (r.`how`)"),
      btree("index on :Thing(name, other)", "both", "FOR (n:`Thing`) ON (n.`name`, n.`other`)"),
      {
        ...{ backend: "neo4j", kind: "index", own: false, type: "BTREE", what: "index on :Thing(name)" },
        statement:
          "CREATE BTREE INDEX `things` FOR (n:`Thing`) ON (n.`name`) OPTIONS {indexConfig: {`spatial.cartesian.max`: [1000000.0, 1000000.0]}, indexProvider: 'native-btree-1.0'}",
      },
      {
        ...{
          backend: "neo4j",
          kind: "constraint",
          own: false,
          type: "NODE_PROPERTY_EXISTENCE",
          what: "existence constraint on :Thing(name)",
        },
        statement: "CREATE CONSTRAINT `must` FOR (n:`Thing`) REQUIRE (n.`name`) IS NOT NULL",
      },
      {
        ...{ backend: "neo4j", kind: "index", own: false, type: "ODD", what: "odd index on :Thing(name)" },
        statement: "CREATE ODD INDEX `odd` FOR (n:`Thing`) ON (n.`name`)",
      },
    ]);
    await session.finish();
    const after = await session.describe();
    await session.commit();
    const ours = after.indexes.filter((what) => /Thing|Count|USES/.test(what)).sort();
    // RANGE has no answer to what a text contains, or ends with.
    expect(ours).toEqual([
      "index on -[:USES]-(how)",
      "index on :Count(number)",
      "index on :Thing(name)",
      "index on :Thing(name, other)",
      "text index on -[:USES]-(how)",
      "text index on :Thing(name)",
    ]);
    expect(after.indexes.filter((what) => /must|odd|existence/.test(what))).toEqual([]);
    const notes = session.report.notes ?? [];
    expect(notes.map(({ what }) => what.split(":")[0])).toEqual([
      "a constraint of the source that the target cannot have",
      "index not created",
    ]);
    expect(session.report.schema!.found).toBe(session.report.schema!.expected);
  });

  test("that somebody drops before the run ends is missed", async () => {
    const session = await opened(end.config, []);
    await session.finish();
    await cypher("DROP CONSTRAINT memory_id_unique");
    const failure = await session.describe().catch((error: unknown) => error);
    await session.rollback();
    expect(failure).toBeInstanceOf(VerificationError);
    expect((failure as VerificationError).details).toEqual(["unique constraint on :Memory(id): missing"]);
  });
});

describe.if(falkordb !== undefined)("a FalkorDB graph", () => {
  const end = falkordb === undefined ? (undefined as never) : endOf(falkordb);
  const command = (...words: string[]) => withFalkor(falkordb!, (send) => send(...words));
  const { graph = "" } = end?.config ?? {};

  beforeEach(() => end.empty());

  test("with constraints of a person refuses what they refuse, by name, and what is advised lifts them", async () => {
    using folder = temporaryFolder();
    await command("GRAPH.QUERY", graph, "CREATE (:Memory {id: 'there', title: 'taken', summary: 's'})");
    await command("GRAPH.QUERY", graph, "CREATE INDEX FOR (n:Memory) ON (n.title)");
    const constraints = [
      ["UNIQUE", "NODE", "Memory", "PROPERTIES", "1", "title"],
      ["MANDATORY", "NODE", "Memory", "PROPERTIES", "1", "summary"],
    ];
    for (const words of constraints) await command("GRAPH.CONSTRAINT", "CREATE", graph, ...words);
    const states = "CALL db.constraints() YIELD status RETURN collect(status)";
    while (JSON.stringify(await command("GRAPH.QUERY", graph, states)).includes("CONSTRUCTION")) await Bun.sleep(20);
    const source = fileWith(
      folder.file("a.db"),
      { id: "a", title: "taken", summary: "s" },
      { id: "b", title: "free" },
      { id: "there", title: "taken", summary: "s" },
    );
    const said = await refused(source, end);
    expect(said).toContain("unique constraint on :Memory(title): 1\n  a: another record has the same title");
    expect(said).toContain("existence constraint on :Memory(summary): 1\n  b: it has no summary");
    for (const words of constraints) {
      expect(said).toContain(["redis-cli GRAPH.CONSTRAINT DROP", graph, ...words].join(" "));
      await command("GRAPH.CONSTRAINT", "DROP", graph, ...words);
    }
    const { errors, verified } = await run(source, end.config, { skipDuplicates: true });
    expect([errors, verified]).toEqual([[], true]);
  });
});

describe.if(memgraph !== undefined)("a Memgraph", () => {
  const end = memgraph === undefined ? (undefined as never) : endOf(memgraph);
  const cypher = (statement: string) => withDriver(memgraph!, (run) => run(statement));

  beforeEach(() => end.empty());

  test("with constraints of a person refuses what they refuse, by name", async () => {
    using folder = temporaryFolder();
    await cypher("CREATE CONSTRAINT ON (n:Memory) ASSERT EXISTS (n.title)");
    const said = await refused(fileWith(folder.file("a.db"), { id: "a" }), end);
    expect(said).toContain("existence constraint on :Memory(title): 1\n  a: it has no title");
  });

  test("with a trigger says so beforehand", async () => {
    using folder = temporaryFolder();
    await cypher("CREATE TRIGGER counting ON CREATE AFTER COMMIT EXECUTE MATCH (n) RETURN count(n)");
    try {
      const { validation } = await run(fileWith(folder.file("a.db"), { id: "a" }), end.config, { dryRun: true });
      expect(validation.warnings.join("\n")).toContain("counting");
      const source = fileWith(folder.file("asked.db"), { id: "a" });
      const confirm = (question: string) =>
        Promise.reject(new RefusedError(`not confirmed: ${question}`, { next: "Add --yes." }));
      const { error } = await runMigration(source, end.config, {}, { confirm });
      expect(error?.message).toMatch(/^not confirmed: .*counting/);
      expect((await end.read()).nodes).toEqual([]);
    } finally {
      await cypher("DROP TRIGGER counting");
    }
  });
});
