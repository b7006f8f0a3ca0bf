/** What is said beforehand of times and places is what a Memgraph here does with them, asked by plain driver calls. */
import { describe, expect, test } from "bun:test";
import neo4j from "neo4j-driver";
import { openerOf } from "../../../src/backends/bolt/open.ts";
import { Point, Temporal } from "../../../src/graph/value.ts";
import { withDriver } from "../../conformance/bolt.ts";
import { endOf } from "../../conformance/ends.ts";
import { serversOf, type TestServer } from "../../support/servers.ts";

const servers = (await serversOf("memgraph")).slice(0, 1);
const { Date: Day, DateTime, Duration, LocalDateTime, LocalTime, Point: Place } = neo4j.types;

/** The value of the neutral model, and the same for the driver. */
const VALUES: readonly (readonly [Temporal | Point, unknown])[] = [
  [new Temporal("date", "0000-01-01"), new Day(0n, 1n, 1n)],
  [new Temporal("date", "1969-12-31"), new Day(1969n, 12n, 31n)],
  [new Temporal("date", "9999-12-31"), new Day(9999n, 12n, 31n)],
  [new Temporal("date", "-0001-12-31"), new Day(-1n, 12n, 31n)],
  [new Temporal("date", "+10000-01-01"), new Day(10_000n, 1n, 1n)],
  [new Temporal("local-time", "23:59:59.999999"), new LocalTime(23n, 59n, 59n, 999_999_000n)],
  [new Temporal("local-date-time", "1970-01-01T00:00:00.000001"), new LocalDateTime(1970n, 1n, 1n, 0n, 0n, 0n, 1_000n)],
  [new Temporal("local-date-time", "1900-02-28T00:00:00"), new LocalDateTime(1900n, 2n, 28n, 0n, 0n, 0n, 0n)],
  [new Temporal("local-date-time", "1969-07-20T20:17:40"), new LocalDateTime(1969n, 7n, 20n, 20n, 17n, 40n, 0n)],
  [new Temporal("local-date-time", "+10000-01-01T00:00:00"), new LocalDateTime(10_000n, 1n, 1n, 0n, 0n, 0n, 0n)],
  [new Temporal("date-time", "1969-07-20T20:17:40Z"), new DateTime(1969n, 7n, 20n, 20n, 17n, 40n, 0n, 0n)],
  [
    new Temporal("date-time", "2024-01-01T12:00:00.000001-05:30"),
    new DateTime(2024n, 1n, 1n, 12n, 0n, 0n, 1_000n, -19_800n),
  ],
  [
    new Temporal("date-time", "2024-10-27T02:30:00+01:00[Europe/Berlin]"),
    new DateTime(2024n, 10n, 27n, 2n, 30n, 0n, 0n, 3_600n, "Europe/Berlin"),
  ],
  [new Temporal("date-time", "1930-01-01T00:00:00+00:19:32"), new DateTime(1930n, 1n, 1n, 0n, 0n, 0n, 0n, 1_172n)],
  [new Temporal("duration", "P0M0DT-0.5S"), new Duration(0n, 0n, -1n, 500_000_000n)],
  [new Temporal("duration", "P0M1DT86399.999999S"), new Duration(0n, 1n, 86_399n, 999_999_000n)],
  [new Temporal("duration", "P0M-3DT-4.5S"), new Duration(0n, -3n, -5n, 500_000_000n)],
  [new Temporal("duration", "P0M106751990DT0S"), new Duration(0n, 106_751_990n, 0n, 0n)],
  [new Temporal("duration", "P0M200000000DT0S"), new Duration(0n, 200_000_000n, 0n, 0n)],
  [new Temporal("duration", "P0M0DT90000S"), new Duration(0n, 0n, 90_000n, 0n)],
  [new Temporal("duration", "P0M1DT-5S"), new Duration(0n, 1n, -5n, 0n)],
  [new Temporal("duration", "P0M-1DT0.5S"), new Duration(0n, -1n, 0n, 500_000_000n)],
  [new Temporal("duration", "P1M0DT0S"), new Duration(1n, 0n, 0n, 0n)],
  [new Point(7203, -0.5, 1e300), new Place(7203n, -0.5, 1e300)],
  [new Point(4979, 1, 2, 3), new Place(4979n, 1, 2, 3)],
];

async function isKept(server: TestServer, value: unknown): Promise<boolean> {
  return withDriver(server, async (run) => {
    try {
      const [row] = await run("CREATE (n:Kept) SET n.value = $value RETURN id(n)", { value });
      const [kept] = await run("MATCH (n:Kept) WHERE id(n) = $id RETURN n.value", { id: row![0] });
      return String(kept![0]) === String(value);
    } catch {
      return false;
    }
  });
}

describe.each(servers.map((server) => ({ name: server.kind, server })))("$name", ({ server }) => {
  const named = VALUES.map(([value, wire]) => {
    const name = value instanceof Temporal ? `${value.kind} ${value.text}` : `point of ${value.srid}`;
    return { name, value, wire };
  });

  test.each(named)("keeps the $name, or is known not to", async ({ value, wire }) => {
    const { config, clear } = endOf(server);
    await clear();
    const graph = await openerOf("memgraph")(config, { access: "read" });
    const why = graph.unsupported(value);
    await graph.close();
    const kept = await isKept(server, wire);
    await clear();
    expect({ kept, why }).toEqual({ kept, why: kept ? null : expect.any(String) });
  });
});
