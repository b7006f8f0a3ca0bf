/** A Neo4j store that MemoryGraph 0.12.4 wrote, with all that it keeps beside memories, taken everywhere and back. */
import { Database } from "bun:sqlite";
import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput } from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serversOf, type TestServer } from "../support/servers.ts";
import { withDriver } from "./bolt.ts";
import type { PlainGraph } from "./corpus.ts";
import { endOf, serverEnds } from "./ends.ts";
import { graphOfTruth, isReadBy013, isTime, linesOf, plainJson, timesOf } from "./graph.ts";

const FIXTURE = join(import.meta.dir, "../fixtures/neo4j-0.12.4");
const truth = graphOfTruth(`${FIXTURE}.truth.jsonl`);
const [first, second] = await serversOf("neo4j");
const ends = (await serverEnds()).second;
const others = ends.filter(({ server }) => server.kind !== "neo4j");

async function move(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}): Promise<void> {
  const { result } = await runMigration(from, to, options, {});
  expect(result.errors).toEqual([]);
  expect([result.complete, result.verified]).toEqual([true, true]);
}

/** Of each property that is a native date-time, and no text: the record and its name. */
function nativeTimes({ nodes, relationships }: PlainGraph): string[] {
  return [...nodes, ...relationships]
    .flatMap((record) => {
      const name = "type" in record ? record.type : record.labels.join();
      const times = Object.entries(record.properties).filter(([, value]) => isTime(value));
      return times.map(([key]) => `${name}.${key}`);
    })
    .sort();
}

/** Memories have their times as text unless a version made them: which of them that was, text does not tell. */
function withoutMemories(graph: PlainGraph): string[] {
  return nativeTimes(graph).filter((time) => !time.startsWith("Memory."));
}

if (first !== undefined && second !== undefined)
  describe("a Neo4j store of MemoryGraph 0.12.4", () => suite(first, second));

function suite(first: TestServer, second: TestServer): void {
  const source = endOf(first);
  const back = endOf(second);
  const lines = linesOf(truth);

  beforeAll(async () => {
    await source.empty();
    await withDriver(first, async (run) => {
      for (const statement of readFileSync(`${FIXTURE}.cypher`, "utf8").trimEnd().split(";\n")) await run(statement);
    });
  });

  test("is, as plain driver calls see it, what the fixture is said to be", async () => {
    expect(linesOf(await source.read())).toEqual(lines);
    expect(nativeTimes(await source.read())).toEqual(nativeTimes(truth));
  });

  test("goes into another Neo4j with every date-time native", async () => {
    await back.empty();
    await move(source.config, back.config);
    const there = await back.read();
    expect([linesOf(there), nativeTimes(there)]).toEqual([lines, nativeTimes(truth)]);
  });

  test.each(others.map((end) => ({ name: end.server.kind, end })))("goes to $name and back", async ({ end }) => {
    await end.empty();
    await back.clear();
    await move(source.config, end.config);
    expect(linesOf(await end.read())).toEqual(lines);
    await move(end.config, back.config);
    const there = await back.read();
    expect([linesOf(there), withoutMemories(there)]).toEqual([lines, withoutMemories(truth)]);
    await end.empty();
  });

  test.each(["0.12", "0.13"] as const)("goes into a SQLite file of %s and back", async (release) => {
    using folder = temporaryFolder();
    const path = folder.file("store.db");
    await back.clear();
    await move(source.config, new BackendConfig({ type: "sqlite", path }), { for: release });
    expect(memoriesIn(path)).toEqual(truth.nodes.filter(({ labels }) => labels.includes("Memory")).length);
    await move(new BackendConfig({ type: "sqlite", path }), back.config, { for: "0.12" });
    const there = await back.read();
    expect([linesOf(there), withoutMemories(there)]).toEqual([lines, withoutMemories(truth)]);
  });

  test("stands in the nodes of a SQLite file as it is, but for the one without an id", async () => {
    using folder = temporaryFolder();
    const path = folder.file("store.db");
    await move(source.config, new BackendConfig({ type: "sqlite", path }));
    const named = truth.nodes.filter(({ properties }) => properties.id !== undefined);
    expect(named.length).toBe(truth.nodes.length - 1);
    expect(linesOf({ nodes: nodesOf(path), relationships: [] })).toEqual(linesOf({ nodes: named, relationships: [] }));
  });

  test.each(
    ends.map((end) => ({ name: end.server.kind, end })),
  )("for 0.13 has on $name only timestamps that 0.13 accepts, and the same instants", async ({ end }) => {
    await end.clear();
    await move(source.config, end.config, { for: "0.13" });
    const graph = await end.read();
    const times = timesOf(graph);
    expect(times.length).toBe(timesOf(truth).length);
    expect(times.filter((time) => !isReadBy013(time))).toEqual([]);
    expect(linesOf(graph)).toEqual(lines);
    await end.clear();
  });

  test("with values that the target cannot hold is refused, and each is named", async () => {
    const odd =
      "CREATE (:Memory {id: 'odd', when: datetime('2026-01-02T03:04:05.123456789Z'), span: duration('P1M'), " +
      "place: point({x: 1, y: 2, z: 3}), days: [date('2026-01-02')]})";
    await withDriver(first, (run) => run(odd));
    try {
      for (const end of others) {
        await end.empty();
        const names = (await hasPlaces(end.server)) ? ["odd.span", "odd.when"] : ["odd.place", "odd.span", "odd.when"];
        const refused = await runMigration(source.config, end.config, {}, {});
        expect(refused.error?.code).toBe("refused");
        expect(
          refused.error?.details
            .filter((line) => line.startsWith("  odd"))
            .map((line) => line.trim())
            .sort(),
        ).toEqual(names);
        expect(linesOf(await end.read())).toEqual([]);
        const { result } = await runMigration(source.config, end.config, { allowLoss: true }, {});
        expect([result.errors, result.complete, result.verified]).toEqual([[], false, true]);
        expect(result.losses.flatMap(({ examples }) => examples).sort()).toEqual(names);
        expect((await end.read()).nodes.length).toBe(truth.nodes.length + 1);
        await end.empty();
      }
    } finally {
      await withDriver(first, (run) => run("MATCH (m:Memory {id: 'odd'}) DELETE m"));
    }
  });
}

/** Points with a height: FalkorDB has none, Memgraph only newer ones, as they say themselves. */
async function hasPlaces(server: TestServer): Promise<boolean> {
  if (server.kind !== "memgraph") return false;
  const asked = withDriver(server, (run) => run("RETURN point({x: 1, y: 2, z: 3})"));
  return asked.then(
    () => true,
    () => false,
  );
}

function withFile<T>(path: string, work: (database: Database) => T): T {
  using database = new Database(path, { readonly: true });
  return work(database);
}

function memoriesIn(path: string): number {
  return withFile(path, (database) => {
    const tables = database.query("SELECT name FROM sqlite_master WHERE type = 'table'").values().flat();
    const from = tables.includes("memories") ? "memories" : "nodes WHERE label = 'Memory'";
    return Number(database.query(`SELECT count(*) FROM ${from}`).values()[0]![0]);
  });
}

function nodesOf(path: string): PlainGraph["nodes"] {
  const rows = withFile(path, (database) => database.query("SELECT id, label, properties FROM nodes").values());
  return (rows as string[][]).map(([id, label, json]) => ({
    name: id!,
    labels: [label!],
    properties: { ...(plainJson(json!) as object), id: id! },
  }));
}
