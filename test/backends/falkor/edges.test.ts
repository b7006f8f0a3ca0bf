/**
 * What the check before a run says of a value, and what the engine does with it, at the edges of every kind: what is
 * possible is written and read back, what is impossible the engine refuses or changes.
 */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { literal } from "../../../src/backends/falkor/literals.ts";
import { decode } from "../../../src/backends/falkor/reply.ts";
import { unsupported } from "../../../src/backends/falkor/values.ts";
import { Point, Temporal, type Value, Vector } from "../../../src/graph/value.ts";
import type { Command } from "../../conformance/falkor.ts";
import { atLevel } from "../../support/level.ts";
import { createValues, readValues, server, shown, withGraph } from "./support.ts";

/** Values of each kind. */
const VALUES = atLevel({ normal: 300, long: 6_000, full: 60_000 });
/** Each of these is a statement of its own. */
const REFUSALS = atLevel({ normal: 75, long: 750, full: 5_000 });
const PART = 2_000;
const SEED = 27;

const year = fc.oneof(
  fc.constantFrom(
    -999_999_999,
    -10_000,
    -9_999,
    -1,
    0,
    1,
    4,
    1582,
    1899,
    1900,
    1901,
    1969,
    1970,
    2000,
    2037,
    2038,
    2100,
  ),
  fc.constantFrom(9_999, 10_000, 275_760, 275_761, -271_821, -271_822, 292_278_994, 999_999_999, 1_000_000_000),
  fc.integer({ min: -1_000_000_001, max: 1_000_000_001 }),
  fc.integer({ min: 0, max: 9_999 }),
);
const two = (most: number) =>
  fc.oneof(fc.constantFrom(0, 1, most), fc.integer({ min: 0, max: most })).map((part) => String(part).padStart(2, "0"));
const yearText = year.map((y) => `${y < 0 ? "-" : y > 9_999 ? "+" : ""}${String(Math.abs(y)).padStart(4, "0")}`);
/** The 30th of February and its like among them. */
const dateText = fc.oneof(
  fc.tuple(yearText, two(12), two(31)).map((parts) => parts.join("-")),
  fc.constantFrom("1969-12-31", "1970-01-01", "1899-12-31", "1900-02-29", "2000-02-29", "2024-02-29", "2024-03-10"),
);
const fraction = fc.constantFrom("", "", "", "", ".5", ".000000001");
const clockText = fc.oneof(
  fc.tuple(two(23), two(59), two(60)).map((parts) => parts.join(":")),
  fc.constantFrom("23:59:59", "00:00:00", "24:00:00", "02:30:00"),
);
const seconds = fc.oneof(
  fc.constantFrom(
    -1n,
    0n,
    1n,
    86_399n,
    86_400n,
    -86_400n,
    2n ** 24n + 1n,
    2n ** 31n,
    -(2n ** 31n) - 1n,
    2n ** 53n + 1n,
  ),
  fc.bigInt(-(10n ** 11n), 10n ** 11n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);
const bits = new DataView(new ArrayBuffer(8));
const double = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n).map((pattern) => {
    bits.setBigUint64(0, pattern);
    return bits.getFloat64(0);
  }),
  fc.constantFrom(-0, 2 ** 53, 2 ** 53 + 2, 2 ** 63, -(2 ** 63), 1e15, 1e17, 123456789012345.6, 0.1 + 0.2, 1e22),
);
const limits = [2n ** 53n, 2n ** 63n, 2n ** 64n].flatMap((limit) => [limit - 1n, limit, limit + 1n]);
const integer = fc.oneof(
  fc.bigInt(-(2n ** 64n), 2n ** 64n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(0n, -1n, ...limits, ...limits.map((limit) => -limit)),
);
const coordinate = (most: number) =>
  fc.oneof(
    fc.constantFrom(-most, -0, 0, most, most + 1),
    fc.float({ min: -most, max: most, noNaN: true }),
    fc.double(),
  );
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("", " ", "\ufeff", "\u2028", "\\", "'", "\\'", "-1", "1e5", "null", "\ufffd", "a\u0001b", "\r\n"),
);

const KINDS: Record<string, fc.Arbitrary<Value>> = {
  integers: integer,
  doubles: double,
  texts: text,
  dates: dateText.map((spelled) => new Temporal("date", spelled)),
  "times of day": fc.tuple(clockText, fraction).map((parts) => new Temporal("local-time", parts.join(""))),
  "local date-times": fc
    .tuple(dateText, clockText, fraction)
    .map(([date, clock, rest]) => new Temporal("local-date-time", `${date}T${clock}${rest}`)),
  durations: fc.oneof(
    seconds.map((s) => new Temporal("duration", `P0M0DT${s}S`)),
    seconds.map((s) => new Temporal("duration", `P0M${s / 86_400n}DT${s % 86_400n}S`)),
  ),
  points: fc.tuple(coordinate(180), coordinate(90)).map(([x, y]) => new Point(4326, x, y)),
  vectors: fc.array(fc.oneof(fc.float(), fc.double()), { maxLength: 4 }).map((elements) => new Vector(elements)),
};
const kinds: [string, fc.Arbitrary<Value>][] = [
  ...Object.entries(KINDS),
  ["lists", fc.array(fc.oneof(...Object.values(KINDS)), { maxLength: 4 })],
];

describe.skipIf(server === undefined)("at its edges FalkorDB holds exactly what the check calls possible", () => {
  test.each(kinds)(
    "%s",
    (_, values) =>
      withGraph(async (graph) => {
        const possible = fc
          .sample(values, { numRuns: VALUES, seed: SEED })
          .filter((value) => unsupported(value) === null);
        expect(possible.length).toBeGreaterThan(VALUES / 20);
        for (let at = 0; at < possible.length; at += PART) {
          await createValues(graph, possible.slice(at, at + PART), at);
        }
        expect((await readValues(graph)).map(shown)).toEqual(possible.map(shown));
      }),
    600_000,
  );
});

/** The engine keeps points and vectors of what is no number, which the check refuses all the same: indexes compare them. */
function hasOnlyNumbers(value: Value): boolean {
  if (value instanceof Point) return Number.isFinite(value.x) && Number.isFinite(value.y);
  return !(value instanceof Vector) || value.elements.every(Number.isFinite);
}

/** As somebody would write it who does not know what the engine holds. */
function spellingsOf(value: Value): string[] {
  if (!(value instanceof Temporal)) return [literal(value, "statement")];
  const { kind, text: spelled } = value;
  const call = kind.replaceAll("-", "");
  const [, y, m, d] = /^([+-]?\d+)-(\d\d)-(\d\d)/.exec(spelled) ?? [];
  const [, hour, minute, second] = /(\d\d):(\d\d):(\d\d)/.exec(spelled) ?? [];
  const parts = [
    ...(y === undefined ? [] : [`year: ${Number(y)}, month: ${Number(m)}, day: ${Number(d)}`]),
    ...(hour === undefined ? [] : [`hour: ${Number(hour)}, minute: ${Number(minute)}, second: ${Number(second)}`]),
  ];
  return [`${call}('${spelled}')`, ...(parts.length === 0 ? [] : [`${call}({${parts.join(", ")}})`])];
}

async function answerTo(raw: Command, graph: string, expression: string): Promise<Value | "refused"> {
  try {
    const statement = `CREATE (n:X) SET n.v = ${expression} RETURN n.v`;
    const reply = (await raw("GRAPH.QUERY", graph, statement, "--compact")) as never as [unknown, [[[string, string]]]];
    return decode(reply[1][0][0]);
  } catch {
    return "refused";
  }
}

describe.skipIf(server === undefined)("what the check calls impossible FalkorDB refuses or changes", () => {
  const tried = Object.entries(KINDS).filter(([kind]) => !["doubles", "texts"].includes(kind));
  test.each(tried)(
    "%s",
    (_, values) =>
      withGraph(async (__, raw, name) => {
        const impossible = fc
          .sample(values, { numRuns: REFUSALS, seed: SEED })
          .filter((value) => unsupported(value) !== null && hasOnlyNumbers(value));
        expect(impossible.length).toBeGreaterThan(0);
        for (const value of impossible) {
          for (const spelling of spellingsOf(value)) {
            const answer = await answerTo(raw, name, spelling);
            expect([spelling, answer === "refused" ? answer : shown(answer)]).not.toEqual([spelling, shown(value)]);
          }
        }
      }),
    600_000,
  );
});

test.skipIf(server === undefined)("infinities and what is no number are read in vectors as they are", () =>
  withGraph(async (graph, raw, name) => {
    await raw(
      "GRAPH.QUERY",
      name,
      "CREATE (:Value {number: 0, value: vecf32([(1.0/0.0), (-1.0/0.0), (0.0/0.0), 1.5])})",
    );
    expect((await readValues(graph)).map(shown)).toEqual(["vector Infinityf,-Infinityf,NaNf,1.5f"]);
  }),
);
