/**
 * Values at the edges of what Neo4j holds, judged by the server itself: it makes them out of their parts, our reader reads
 * them, our writer writes them, and the server says whether the two are the same. RUNS=1000 tries so many lists of them.
 */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { wantedVersion } from "../../scripts/engines/versions.ts";
import { openerOf } from "../../src/backends/bolt/open.ts";
import type { ServerNode } from "../../src/backends/graph-store/server.ts";
import { Properties } from "../../src/graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";
import { atLevel } from "../support/level.ts";
import { serversOf } from "../support/servers.ts";
import { withDriver } from "./bolt.ts";
import { endOf } from "./ends.ts";

const server = (await serversOf("neo4j")).at(-1);
const RUNS = Number(Bun.env.RUNS ?? atLevel({ normal: 2, long: 10, full: 100 }));
const EACH = 60;

const integer = fc.oneof(
  fc.constantFrom(0n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const float = fc.oneof(
  fc.constantFrom(0, -0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2 ** 53),
  fc.double({ noNaN: true }),
);
const year = fc.oneof(
  fc.constantFrom(
    -999_999_999,
    999_999_999,
    -1,
    0,
    1,
    4,
    1582,
    1900,
    1969,
    1970,
    2000,
    2024,
    2037,
    2038,
    9_999,
    10_000,
  ),
  fc.constantFrom(275_760, 275_761, -271_821, -271_822, 292_278_994),
  fc.integer({ min: -999_999_998, max: 999_999_998 }),
);
const date = fc
  .record({
    year,
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.oneof(fc.constantFrom(28, 29, 30, 31), fc.integer({ min: 1, max: 28 })),
  })
  .map(({ year: y, month, day }) => {
    const isLeap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
    const last = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
    return { year: BigInt(y), month: BigInt(month), day: BigInt(Math.min(day, last)) };
  });
const part = (most: number) => fc.oneof(fc.constantFrom(0, most), fc.integer({ min: 0, max: most })).map(BigInt);
const clock = fc.record({
  ...{ hour: part(23), minute: part(59), second: part(59) },
  nanosecond: fc.oneof(fc.constantFrom(0n, 1n, 999_999_999n, 1_000n, 999_999_000n), part(999_999_999)),
});
const offset = fc.oneof(
  fc.constantFrom("Z", "+18:00", "-18:00", "+05:30", "-00:01", "+00:00:01", "-12:34:56"),
  fc.integer({ min: -18 * 60, max: 18 * 60 }).map((minutes) => {
    const size = Math.abs(minutes);
    return `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
  }),
);
const zone = fc.constantFrom(
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "UTC",
  "Africa/Monrovia",
  "Pacific/Apia",
);
/** By what makes them in Cypher. */
const kinds: Record<string, { readonly make: string; readonly parts: fc.Arbitrary<unknown> }> = {
  integer: { make: "toInteger(r)", parts: integer.map(String) },
  float: { make: "toFloat(r)", parts: float.map((value) => (Object.is(value, -0) ? "-0.0" : String(value))) },
  date: { make: "date(r)", parts: date },
  "local time": { make: "localtime(r)", parts: clock },
  time: { make: "time(r)", parts: fc.record({ clock, offset }).map((of) => ({ ...of.clock, timezone: of.offset })) },
  "local date-time": {
    make: "localdatetime(r)",
    parts: fc.record({ date, clock }).map((of) => ({ ...of.date, ...of.clock })),
  },
  "date-time by offset": {
    make: "datetime(r)",
    parts: fc.record({ date, clock, offset }).map((of) => ({ ...of.date, ...of.clock, timezone: of.offset })),
  },
  // In the gap of a change to summer time the server itself moves on.
  "date-time by zone": {
    make: "datetime(r)",
    parts: fc.record({ date, clock, zone }).map((of) => ({ ...of.date, ...of.clock, timezone: of.zone })),
  },
  duration: {
    make: "duration(r)",
    parts: fc.record({
      months: fc.oneof(fc.constantFrom(0n, -1n, 2n ** 62n), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })),
      days: fc.oneof(fc.constantFrom(0n, -1n, -(2n ** 62n)), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })),
      seconds: fc.oneof(fc.constantFrom(0n, -1n), fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n })),
      nanoseconds: fc.oneof(
        fc.constantFrom(0n, 1n, -1n, 999_999_999n),
        fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
      ),
    }),
  },
  point: {
    make: "point(r)",
    parts: fc.oneof(
      fc.record({ x: float, y: float, srid: fc.constant(7203n) }),
      fc.record({ x: float, y: float, z: float, srid: fc.constant(9157n) }),
      fc.record({
        longitude: fc.double({ min: -180, max: 180, noNaN: true }),
        latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      }),
    ),
  },
};
const lists = ["integer", "float", "date", "date-time by zone", "duration", "point"];

/** Since 5.13 the server names the type of a value; before, it can compare, and points have no text. */
const [major = 0, minor = 0] = wantedVersion("neo4j").version.split(".").map(Number);
const HAS_TYPES = major > 5 || (major === 5 && minor >= 13);

/** A condition: 1 and 1.0 are equal, and have other texts. */
function sameText(one: string, other: string, isList: boolean, isPoint: boolean): string {
  const text = (of: string) => (isPoint && !HAS_TYPES ? of : `toString(${of})`);
  const each = (of: string) => (isList ? `[x IN ${of} | ${text("x")}]` : text(of));
  return `${each(one)} = ${each(other)}`;
}

describe.if(server !== undefined)("a value of Neo4j comes back as it was", () => {
  const end = server === undefined ? (undefined as never) : endOf(server);
  const cypher = (statement: string, parameters: object = {}) =>
    withDriver(server!, (run) => run(statement, parameters));

  beforeEach(() => end.clear());
  afterAll(() => end?.empty());

  async function copied(
    make: string,
    parts: readonly unknown[],
    { isPoint, isList = false }: { isPoint: boolean; isList?: boolean },
  ): Promise<unknown[][]> {
    await cypher("MATCH (n) DETACH DELETE n");
    // One by one where the server refuses one of them, such as a time at the very end of its years in another offset.
    await cypher(`UNWIND range(0, size($rows) - 1) AS k WITH k, $rows[k] AS r CREATE (n:V {k: k}) SET n.v = ${make}`, {
      rows: parts,
    }).catch(async () => {
      for (const [k, r] of parts.entries()) {
        await cypher(`WITH $k AS k, $r AS r CREATE (n:V {k: k}) SET n.v = ${make}`, { k: BigInt(k), r }).catch(
          () => {},
        );
      }
    });
    const reading = await openerOf("neo4j")(end.config, { access: "write" });
    try {
      const nodes: ServerNode[] = [];
      for await (const batch of reading.nodes()) nodes.push(...batch);
      expect(nodes.length).toBeGreaterThan(0);
      expect(nodes.flatMap(({ undecoded = [] }) => undecoded)).toEqual([]);
      const values = nodes.flatMap(({ properties }) => [...properties.entries()]).filter(([name]) => name === "v");
      expect(values.map(([, value]) => reading.unsupported(value)).filter((why) => why !== null)).toEqual([]);
      await reading.writer.createNodes({ labels: ["W"], rows: nodes.map(({ properties }) => properties) });
    } finally {
      await reading.close();
    }
    const same = HAS_TYPES
      ? `valueType(n.v) = valueType(m.v) AND ${sameText("n.v", "m.v", isList, isPoint)}`
      : `n.v = m.v AND ${sameText("n.v", "m.v", isList, isPoint)}`;
    return cypher(
      `MATCH (n:V) OPTIONAL MATCH (m:W {k: n.k}) WITH n, m WHERE m IS NULL OR NOT coalesce(${same}, false) RETURN n.v, m.v`,
    );
  }

  test.each(Object.keys(kinds))(
    "%s",
    async (kind) => {
      const { make, parts } = kinds[kind]!;
      await fc.assert(
        fc.asyncProperty(fc.array(parts, { minLength: EACH, maxLength: EACH }), async (rows) => {
          expect(await copied(make, rows, { isPoint: kind === "point" })).toEqual([]);
        }),
        { numRuns: RUNS },
      );
    },
    RUNS * 20_000,
  );

  test.each(lists)(
    "list of %s",
    async (kind) => {
      const { make, parts } = kinds[kind]!;
      const list = `[x IN r | ${make.replace("(r)", "(x)")}]`;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(parts, { maxLength: 5 }), { minLength: EACH, maxLength: EACH }),
          async (rows) => {
            expect(await copied(list, rows, { isPoint: kind === "point", isList: true })).toEqual([]);
          },
        ),
        { numRuns: RUNS },
      );
    },
    RUNS * 20_000,
  );

  test("and what is said to be impossible is refused, or becomes something else", async () => {
    const impossible: Value[] = [
      ...[new Map([["a", 1n]]), [[1n], [2n]], [1n, null], [1n, "a"], [1n, 1.5], 2n ** 64n, "a\ud800"],
      ...[new Point(1, 1, 2), new Vector([1, 2])],
      ...[
        new Temporal("date", "2023-02-29"),
        new Temporal("time", "10:00:00+18:01"),
        new Temporal("local-time", "24:00:00"),
      ],
      new Temporal("duration", `P${2n ** 63n}M0DT0S`),
    ];
    const writing = await openerOf("neo4j")(end.config, { access: "write" });
    try {
      for (const [at, value] of impossible.entries()) {
        expect([at, writing.unsupported(value) !== null]).toEqual([at, true]);
        const rows = [Properties.from([["v", value]])];
        const ids = await writing.writer.createNodes({ labels: ["X"], rows }).catch(() => null);
        if (ids === null) continue;
        const [node] = await writing.nodesById(ids);
        expect([at, Bun.deepEquals(node?.properties.get("v"), value, true)]).toEqual([at, false]);
      }
    } finally {
      await writing.close();
    }
  });
});
