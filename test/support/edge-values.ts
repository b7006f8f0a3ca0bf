/**
 * Values at the edges of every kind, for tests against engines: the last and first of each range, days and seconds that there
 * are not, numbers where doubles end and 64 bits do, and the wide middle at random.
 */
import * as fc from "fast-check";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";

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

/** What every engine with such kinds of values is tried with, possible or not. */
export const KINDS: Record<string, fc.Arbitrary<Value>> = {
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

/** Offsets that are none, and the longest there are, among them. */
const offset = fc.oneof(
  fc.constantFrom("Z", "+18:00", "-18:00", "+18:01", "+05:30", "-00:01", "+00:00:01", "-12:34:56"),
  fc.integer({ min: -18 * 60, max: 18 * 60 }).map((minutes) => {
    const size = Math.abs(minutes);
    const part = (number: number) => String(number).padStart(2, "0");
    // Engines spell none at all as Z.
    return minutes === 0 ? "Z" : `${minutes < 0 ? "-" : "+"}${part(Math.floor(size / 60))}:${part(size % 60)}`;
  }),
);

/** Kinds that engines have which keep offsets, more parts of a duration, and more systems of coordinates. */
export const FINER_KINDS: Record<string, fc.Arbitrary<Value>> = {
  "times of day with an offset": fc
    .tuple(clockText, fraction, offset)
    .map((parts) => new Temporal("time", parts.join(""))),
  "date-times with an offset": fc
    .tuple(dateText, clockText, fraction, offset)
    .map(([date, clock, rest, by]) => new Temporal("date-time", `${date}T${clock}${rest}${by}`)),
  "durations of months and days": fc
    .tuple(seconds, seconds, seconds, fraction)
    .map(([months, days, s, rest]) => new Temporal("duration", `P${months}M${days}DT${s}${s < 0n ? "" : rest}S`)),
  "points in space": fc
    .tuple(fc.constantFrom(4979, 9157, 7203, 4326), double, double, fc.option(double, { nil: undefined }))
    .map(([srid, x, y, z]) => new Point(srid, x, y, z)),
};

/** Tells 1 from 1n, 0 from -0, and so on. */
export function shown(value: Value): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : `${value}f`;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(shown).join()}]`;
  if (value instanceof Vector) return `vector ${value.elements.map(shown).join()}`;
  if (value instanceof Point)
    return ["point", value.srid, ...[value.x, value.y, value.z ?? []].flat().map(shown)].join(" ");
  return value instanceof Temporal ? `${value.kind} ${value.text}` : JSON.stringify(value);
}
