/** What the driver cannot decode costs that property, by name, and never the store. */
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../../src/backends/bolt/connection.ts";
import { openerOf } from "../../../src/backends/bolt/open.ts";
import { RecordDecoder } from "../../../src/backends/bolt/record-decoder.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { FindingLog } from "../../../src/backends/findings.ts";
import { readRecords } from "../../../src/backends/graph-store/reader.ts";
import type { RecordStore } from "../../../src/backends/graph-store/server.ts";
import type { Temporal } from "../../../src/graph/value.ts";
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
  const findings = new FindingLog();
  for await (const batch of readRecords(store, findings, undefined)) expect(batch.length).toBe(1);
  expect(findings.list().map(({ kind, unit, count, examples }) => [kind, unit, count, examples])).toEqual([
    ["damage", "property", 2, ["a.odd", "a.odds"]],
  ]);
});

const neo4j = (await serversOf("neo4j")).at(-1);

describe.if(neo4j !== undefined)("a date-time by zone name at the end of JavaScript's calendar", () => {
  // Not those that the driver makes of them by JavaScript's calendar.
  test("has the parts that the server says", async () => {
    const end = endOf(neo4j!);
    await end.empty();
    const years = [9_999, 10_000, 200_000, 275_700, 275_719, 275_720, 275_759, 275_760, -271_821, -10_000];
    const statement =
      "UNWIND $years AS y CREATE (n:V {t: datetime({year: y, month: 9, day: 13, hour: 1, minute: 2, second: 3, timezone: 'Europe/Berlin'})})";
    await withDriver(neo4j!, (run) => run(statement, { years: years.map(BigInt) }));
    const server = await openerOf("neo4j")(end.config, { access: "read" });
    try {
      const read: string[] = [];
      for await (const batch of server.nodes()) {
        for (const { properties } of batch) read.push((properties.get("t") as Temporal).text.replace(/T.*/, ""));
      }
      const texts = years.map((year) => {
        const sign = year < 0 ? "-" : year > 9_999 ? "+" : "";
        return `${sign}${String(Math.abs(year)).padStart(4, "0")}-09-13`;
      });
      expect(read.sort()).toEqual(texts.sort());
    } finally {
      await server.close();
      await end.empty();
    }
  });
});

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
