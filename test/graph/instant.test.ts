import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareInstants, parseInstant } from "../../src/graph/instant.ts";

describe("spellings of one instant", () => {
  const same: [string, string][] = [
    ["2024-01-31T23:59:59Z", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59+00:00", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59-00:00", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59", "2024-01-31T23:59:59Z"],
    ["2024-01-31 23:59:59", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59.000000+00:00", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59.120Z", "2024-01-31T23:59:59.12Z"],
    ["2024-01-31T23:59:59.123456789+00:00", "2024-01-31T23:59:59.123456789Z"],
    ["2024-01-01T00:30:00.000000001+01:00", "2023-12-31T23:30:00.000000001Z"],
    ["2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00Z"],
    ["2023-02-28T23:30:00-01:00", "2023-03-01T00:30:00Z"],
    ["2024-01-01T05:45:00+0545", "2024-01-01T00:00:00Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
    ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
    ["9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"],
  ];
  for (const [text, instant] of same) test(`${text} is ${instant}`, () => expect(parseInstant(text)).toBe(instant));
});

describe("what is no time stays text", () => {
  const none = [
    "",
    "now",
    "2024",
    "2024-01-31",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-10T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T23:60:00Z",
    "2024-01-01T23:59:60Z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.1234567890Z",
    "2024-01-01T00:00:00z",
    "2024-01-01t00:00:00Z",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+01:60",
    "2024-01-01T00:00:00Z ",
    " 2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00Z\n",
    "+2024-01-01T00:00:00Z",
    "9999-12-31T23:59:59-01:00",
    "0000-01-01T00:00:00+01:00",
    "٢٠٢٤-01-01T00:00:00Z",
  ];
  for (const text of none) test(JSON.stringify(text), () => expect(parseInstant(text)).toBeNull());
});

const second = fc.date({
  min: new Date("0001-01-03T00:00:00Z"),
  max: new Date("9999-12-28T00:00:00Z"),
  noInvalidDate: true,
});
const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
const two = (value: number) => String(value).padStart(2, "0");

describe("for any moment", () => {
  test("every offset names the same one, and the platform agrees", () => {
    fc.assert(
      fc.property(second, offset, fc.integer({ min: 0, max: 999_999_999 }), (date, minutes, nanos) => {
        const utc = `${date.toISOString().slice(0, 19)}`;
        const local = new Date(Date.parse(`${utc}Z`) + minutes * 60_000).toISOString().slice(0, 19);
        const fraction = String(nanos).padStart(9, "0");
        const zone = `${minutes < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
        const trimmed = fraction.replace(/0+$/, "");
        expect(parseInstant(`${local}.${fraction}${zone}`)).toBe(`${utc}${trimmed === "" ? "" : `.${trimmed}`}Z`);
      }),
      { numRuns: 1000 },
    );
  });

  test("the order of instants is the order in time, to the nanosecond", () => {
    const nanos = fc.integer({ min: 0, max: 999_999_999 });
    const near = fc.integer({ min: 0, max: 2 }).map((add) => 1_700_000_000 + add);
    fc.assert(
      fc.property(near, nanos, near, nanos, (a, an, b, bn) => {
        const spell = (s: number, n: number) =>
          parseInstant(`${new Date(s * 1000).toISOString().slice(0, 19)}.${String(n).padStart(9, "0")}Z`)!;
        const expected = Math.sign(a === b ? an - bn : a - b);
        expect(Math.sign(compareInstants(spell(a, an), spell(b, bn)))).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("asking for many in turn gives what asking for one gives", () => {
    const texts = Array.from({ length: 9 }, (_, at) =>
      at % 3 === 0 ? `no time ${at}` : `2024-01-0${at}T00:00:00+01:00`,
    );
    const once = texts.map(parseInstant);
    for (let round = 0; round < 5; round++) expect(texts.map(parseInstant)).toEqual(once);
    expect(once).toContain("2023-12-31T23:00:00Z");
  });
});
