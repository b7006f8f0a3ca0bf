/** What the driver cannot decode costs that property, by name, and never the store. */
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../../src/backends/bolt/connection.ts";
import { RecordDecoder } from "../../../src/backends/bolt/record-decoder.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { OddityLog } from "../../../src/backends/findings.ts";
import { readRecords } from "../../../src/backends/graph-store/reader.ts";
import type { RecordStore } from "../../../src/backends/graph-store/server.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { withDriver } from "../../conformance/bolt.ts";
import { endOf } from "../../conformance/ends.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { serversOf } from "../../support/servers.ts";

/** Of a type that this release does not know; no server of today has one that it cannot ask for in parts. */
class Unknown {}

const silent = { rowsApart: async () => [] } as unknown as Connection;

test("a property of an unknown type is named, and all else of the record stands", async () => {
  const decoder = new RecordDecoder(silent, "");
  const rows = [[1n, ["Thing"], { id: "a", odd: new Unknown(), odds: ["x", new Unknown()], fine: true }, null]];
  const [node] = await decoder.nodesOf(rows);
  expect([...node!.properties.entries()]).toEqual([
    ["id", "a"],
    ["fine", true],
  ]);
  expect(node!.undecoded!.map(({ name }) => name)).toEqual(["odd", "odds"]);
  const store: RecordStore = {
    sharedIds: async () => [],
    sharedRelationshipIds: async () => [],
    nodes: async function* () {
      yield [node!];
    },
    relationships: async function* () {},
  };
  const findings = new OddityLog();
  for await (const batch of readRecords(store, findings, undefined)) expect(batch.length).toBe(1);
  expect(findings.list().map(({ kind, unit, count, examples }) => [kind, unit, count, examples])).toEqual([
    ["damage", "property", 2, ["a.odd", "a.odds"]],
  ]);
});

const neo4j = (await serversOf("neo4j")).at(-1);

describe.if(neo4j !== undefined)("a date-time by zone name in the year 300,000", () => {
  test("comes out of Neo4j and back, in nodes and relationships, in lists, and as an id", async () => {
    using folder = temporaryFolder();
    const end = endOf(neo4j!);
    await end.empty();
    const far =
      "datetime({year: 300000, month: 7, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 1, timezone: 'Europe/Berlin'})";
    const near = "datetime({year: 2024, timezone: 'Europe/Berlin'})";
    await withDriver(neo4j!, async (run) => {
      await run(
        `CREATE (a:Memory {id: 'm', created_at: ${far}, seen: [${near}, ${far}]}), (b:Thing {id: ${far}, \`__proto__\`: ${far}}) CREATE (a)-[:NEAR {since: ${far}}]->(b)`,
      );
    });
    const all =
      "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN toString(n.created_at), [x IN n.seen | toString(x)], toString(n.`__proto__`), toString(r.since) ORDER BY n.created_at";
    const before = await withDriver(neo4j!, (run) => run(all));
    expect(JSON.stringify(before)).toContain("+300000-07-01T00:00:00.000000001+02:00[Europe/Berlin]");
    const file = new BackendConfig({ type: "sqlite", path: folder.file("a.db") });
    const out = (await runMigration(end.config, file, {}, {})).result;
    expect(out.errors).toEqual([]);
    expect(out.verified).toBe(true);
    await end.empty();
    const back = (await runMigration(file, end.config, {}, {})).result;
    expect(back.errors).toEqual([]);
    expect(await withDriver(neo4j!, (run) => run(all))).toEqual(before);
    await end.empty();
  });
});
