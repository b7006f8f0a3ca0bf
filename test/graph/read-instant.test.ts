import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseInstant } from "../../src/graph/instant.ts";
import { readAnyInstant, readIsoInstant } from "../../src/graph/read-instant.ts";

describe("ISO 8601 in all its forms", () => {
  const same: [string, string][] = [
    ["2026-03-29", "2026-03-29T00:00:00Z"],
    ["20260329", "2026-03-29T00:00:00Z"],
    ["2026-03-29T02:30:00+05", "2026-03-28T21:30:00Z"],
    ["20260329T023000Z", "2026-03-29T02:30:00Z"],
    ["20260329T0230Z", "2026-03-29T02:30:00Z"],
    ["2026-03-29T02:30:00,123+00:00", "2026-03-29T02:30:00.123Z"],
    ["2026-W13-7", "2026-03-29T00:00:00Z"],
    ["2026W137T10:00Z", "2026-03-29T10:00:00Z"],
    ["2026-W13", "2026-03-23T00:00:00Z"],
    ["2020-W53-7", "2021-01-03T00:00:00Z"],
    ["2026-088", "2026-03-29T00:00:00Z"],
    ["2026088T10Z", "2026-03-29T10:00:00Z"],
    ["2024-366", "2024-12-31T00:00:00Z"],
    ["2030-01-01T00:00Z", "2030-01-01T00:00:00Z"],
    ["2030-01-01T00Z", "2030-01-01T00:00:00Z"],
    ["2030-01-01t00:00:00z", "2030-01-01T00:00:00Z"],
    ["2024-01-01T24:00:00Z", "2024-01-02T00:00:00Z"],
    ["2024-01-01T10.5Z", "2024-01-01T10:30:00Z"],
    ["2024-01-01T10:30,25Z", "2024-01-01T10:30:15Z"],
    ["2024-01-01 10:00:00 +0000", "2024-01-01T10:00:00Z"],
    ["2024-01-01 10:00:00 UTC", "2024-01-01T10:00:00Z"],
    ["2024-01-01T10:00:00\u221205:00", "2024-01-01T15:00:00Z"],
    ["2024-01-01T00:00:00+01:02:03", "2023-12-31T22:57:57Z"],
    ["2024-01-01T10:00:00+02:00[Europe/Berlin]", "2024-01-01T08:00:00Z"],
  ];
  for (const [text, instant] of same)
    test(`${text} is ${instant}`, () => expect(readIsoInstant(text)).toEqual({ instant, exact: true }));

  test("more than nine digits are cut, and that is said", () => {
    const cut = { instant: "2026-03-29T02:30:00.123456789Z", exact: false };
    expect(readIsoInstant("2026-03-29T02:30:00.123456789123+00:00")).toEqual(cut);
    expect(readIsoInstant("2026-03-29T02:30:00.123456789000Z")).toEqual({ ...cut, exact: true });
  });

  test("every day of two centuries is the same as a calendar, ordinal and week date", () => {
    const day = fc.integer({ min: Date.UTC(1900, 0, 1) / 86_400_000, max: Date.UTC(2100, 0, 1) / 86_400_000 });
    fc.assert(
      fc.property(day, (number) => {
        const date = new Date(number * 86_400_000);
        const iso = date.toISOString().slice(0, 10);
        const year = date.getUTCFullYear();
        const ordinal = number - Date.UTC(year, 0, 1) / 86_400_000 + 1;
        // The year of a week is that of its Thursday.
        const weekday = date.getUTCDay() || 7;
        const thursday = new Date((number + 4 - weekday) * 86_400_000);
        const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
        const week = Math.floor((thursday.getTime() - first) / 86_400_000 / 7) + 1;
        for (const text of [
          iso,
          iso.replaceAll("-", ""),
          `${year}-${String(ordinal).padStart(3, "0")}`,
          `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}-${weekday}`,
        ]) {
          expect(readIsoInstant(text)?.instant).toBe(`${iso}T00:00:00Z`);
        }
      }),
    );
  });
});

describe("what is no time, or could be something else, is not read as one", () => {
  const none = [
    ...["", "now", "12", "2026088", "2024-02-30", "2024-W54-1", "2021-W53-1", "2026-W13-8", "2023-366", "2026-000"],
    ...["2024-01-01T24:00:01Z", "2024-01-01T10:60Z", "2024-01-01T10:00:60Z", "2024-01-01T10:00+24:00", "not a time"],
    ...[
      "9999-12-31T23:59-01",
      "0000-01-01T00:00:00+01",
      "2024-01-01T",
      "2024-1-1",
      `2024-01-01T00:00:00.${"1".repeat(99)}Z`,
    ],
  ];
  for (const text of none) test(JSON.stringify(text), () => expect(readAnyInstant(text)).toBeNull());

  test("no text at all makes it fail, and what the digest reads is read the same", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d\-+:TWZ., ]{0,40}$/)), (text) => {
        const strict = parseInstant(text);
        const found = readAnyInstant(text);
        if (strict !== null) expect(found?.instant).toBe(strict);
        if (found !== null) expect(parseInstant(found.instant)).toBe(found.instant);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("for decisions, what else people and programs write", () => {
  const same: [string, string][] = [
    ["2030", "2030-01-01T00:00:00Z"],
    ["2030-02", "2030-02-01T00:00:00Z"],
    ["1893456000", "2030-01-01T00:00:00Z"],
    ["1893456000.5", "2030-01-01T00:00:00.5Z"],
    ["1893456000123", "2030-01-01T00:00:00.123Z"],
    ["1893456000123456", "2030-01-01T00:00:00.123456Z"],
    ["1893456000123456789", "2030-01-01T00:00:00.123456789Z"],
    ["Tue, 01 Jan 2030 00:00:00 GMT", "2030-01-01T00:00:00Z"],
    ["1 Jan 2030 00:00:00 EST", "2030-01-01T05:00:00Z"],
    ["Tue, 1 Jan 2030 01:00 +0100 (CET)", "2030-01-01T00:00:00Z"],
  ];
  for (const [text, instant] of same) {
    test(`${text} is ${instant}`, () => {
      expect(readAnyInstant(text)).toEqual({ instant, exact: true });
      expect(readIsoInstant(text)).toBeNull();
    });
  }
});
