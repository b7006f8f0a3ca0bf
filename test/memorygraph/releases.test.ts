import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseInstant } from "../../src/graph/instant.ts";
import { Properties } from "../../src/graph/properties.ts";
import { Point, Temporal, Vector } from "../../src/graph/value.ts";
import { toPlain } from "../../src/memorygraph/plain.ts";
import { RELEASES } from "../../src/memorygraph/releases.ts";
import { respell, spellInstant, spellTimestamp } from "../../src/memorygraph/spelling.ts";
import { node } from "../graph/records.ts";

describe("timestamps for a release", () => {
  const cases: [string, "0.12" | "0.13", string][] = [
    ["2024-01-31T23:59:59.123456+00:00", "0.13", "2024-01-31T23:59:59.123456Z"],
    ["2024-01-31T23:59:59.123456+00:00", "0.12", "2024-01-31T23:59:59.123456+00:00"],
    ["2024-01-31T23:59:59.123Z", "0.12", "2024-01-31T23:59:59.123000+00:00"],
    ["2024-01-31T23:59:59Z", "0.13", "2024-01-31T23:59:59Z"],
    ["2024-01-31T23:59:59", "0.13", "2024-01-31T23:59:59.000Z"],
    ["2024-01-31 23:59:59", "0.12", "2024-01-31 23:59:59"],
    ["2024-02-01T01:59:59.000000001+02:00", "0.13", "2024-01-31T23:59:59.000000001Z"],
    ["yesterday", "0.13", "yesterday"],
    ["2023-02-29T00:00:00+00:00", "0.13", "2023-02-29T00:00:00+00:00"],
  ];
  for (const [text, release, spelled] of cases) {
    test(`${text} for ${release} is ${spelled}`, () => expect(spellTimestamp(text, release).text).toBe(spelled));
  }

  test("every respelling means the same instant, and respelling again changes nothing", () => {
    const date = fc.date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true });
    fc.assert(
      fc.property(
        date,
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.constantFrom("", "Z", "+00:00", "+05:30"),
        (day, nanos, zone) => {
          const text = `${day.toISOString().slice(0, 19)}.${String(nanos).padStart(9, "0")}${zone}`;
          for (const release of RELEASES) {
            const once = spellTimestamp(text, release).text;
            expect(parseInstant(once)).toBe(parseInstant(text));
            expect(spellTimestamp(once, release).text).toBe(once);
            expect(parseInstant(spellInstant(parseInstant(text)!, release))).toBe(parseInstant(text));
          }
        },
      ),
    );
  });

  test("only timestamp fields are respelled, and the number of them is told", () => {
    const text = "2024-01-31T23:59:59+00:00";
    const record = node("n", {
      created_at: text,
      context_timestamp: text,
      title: text,
      context_session_id: text,
      updated_at: "x",
    });
    const { record: spelled, respelled } = respell(record, "0.13");
    expect(respelled).toBe(2);
    expect(
      ["created_at", "context_timestamp", "title", "context_session_id", "updated_at"].map((name) =>
        spelled.properties.get(name),
      ),
    ).toEqual(["2024-01-31T23:59:59.000Z", "2024-01-31T23:59:59.000Z", text, text, "x"]);
    expect(record.properties.get("created_at")).toBe(text);
  });
});

describe("values for stores that hold JSON", () => {
  test("a native date-time in a timestamp field says the same as text; elsewhere it does not", () => {
    const when = new Temporal("date-time", "2024-02-01T00:59:59.5+01:00[Europe/Berlin]");
    expect(toPlain("created_at", when, "0.13")).toEqual({ value: "2024-01-31T23:59:59.500Z", exact: true });
    expect(toPlain("created_at", when, "0.12")).toEqual({ value: "2024-01-31T23:59:59.500000+00:00", exact: true });
    expect(toPlain("title", when, "0.13").exact).toBe(false);
    expect(toPlain("created_at", new Temporal("date", "2024-01-31"), "0.13").exact).toBe(false);
  });
  test("what JSON has no word for is never called exact, at any depth", () => {
    for (const value of [new Uint8Array([1]), new Point(1, 2, 3), new Vector([1]), new Temporal("duration", "P1D")]) {
      expect(toPlain("x", value, "0.12").exact).toBe(false);
      expect(toPlain("x", [[value]], "0.12").exact).toBe(false);
      expect(toPlain("x", new Map([["a", [value]]]), "0.12").exact).toBe(false);
    }
    for (const value of [null, true, 1n, 1, "", [], new Map()])
      expect(toPlain("x", value, "0.12")).toEqual({ value, exact: true });
  });
});

test("properties: the last of two equal keys counts, null is absence, and a change makes a new one", () => {
  const properties = Properties.of(["a", "b", "a"], [1n, null, 2n]);
  expect([...properties.entries()]).toEqual([["a", 2n]]);
  expect(properties.get("b")).toBeNull();
  const changed = properties.with("a", 3n).with("c", 4n);
  expect([[...changed.entries()], [...properties.entries()]]).toEqual([
    [
      ["a", 3n],
      ["c", 4n],
    ],
    [["a", 2n]],
  ]);
});
