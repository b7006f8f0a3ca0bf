/** Which backups the rules keep, case by case as restic's own documentation and code decide them. */
import { describe, expect, test } from "bun:test";
import { archiveName, archiveOfNote, noteNameOf, timeOfName } from "../../../src/operations/backup/names.ts";
import { applyPolicy, type KeepPolicy } from "../../../src/operations/backup/retention.ts";

const at = (text: string) => ({ at: new Date(`${text.length === 10 ? `${text}T12:00` : text}:00Z`), text });
const kept = (times: readonly string[], policy: KeepPolicy) =>
  applyPolicy(times.map(at), policy).keep.map(({ item }) => item.text);

const CASES: readonly (readonly [
  what: string,
  times: readonly string[],
  policy: KeepPolicy,
  stays: readonly string[],
])[] = [
  ["no rule keeps everything", ["2026-01-02", "2026-01-01"], {}, ["2026-01-02", "2026-01-01"]],
  ["the last two", ["2026-01-01", "2026-01-03", "2026-01-02"], { last: 2 }, ["2026-01-03", "2026-01-02"]],
  ["more than there are", ["2026-01-01"], { last: 9 }, ["2026-01-01"]],
  [
    "the newest of each of two days, not of two calendar days back",
    ["2026-01-09T23:00", "2026-01-09T01:00", "2026-01-02T08:00", "2026-01-02T07:00", "2026-01-01T07:00"],
    { daily: 2 },
    ["2026-01-09T23:00", "2026-01-02T08:00"],
  ],
  [
    "hours",
    ["2026-01-01T10:59", "2026-01-01T10:01", "2026-01-01T09:59", "2026-01-01T08:00"],
    { hourly: 2 },
    ["2026-01-01T10:59", "2026-01-01T09:59"],
  ],
  [
    "the oldest as well, where fewer days have one than were asked for",
    ["2026-01-02T12:00", "2026-01-02T11:00", "2026-01-02T10:00"],
    { daily: 3 },
    ["2026-01-02T12:00", "2026-01-02T10:00"],
  ],
  [
    "not the oldest, where enough have one",
    ["2026-01-02T12:00", "2026-01-01T11:00", "2026-01-01T10:00"],
    { daily: 2 },
    ["2026-01-02T12:00", "2026-01-01T11:00"],
  ],
  [
    "weeks are those of ISO 8601: Sunday ends one, and a year may begin in that of the year before",
    ["2027-01-04", "2027-01-03", "2026-12-28", "2026-12-27", "2026-12-20"],
    { weekly: 3 },
    ["2027-01-04", "2027-01-03", "2026-12-27"],
  ],
  [
    "months and years",
    ["2026-03-01", "2026-02-28", "2026-02-01", "2025-12-31", "2025-01-01", "2024-05-05", "2023-05-05"],
    { monthly: 2, yearly: 2 },
    ["2026-03-01", "2026-02-28", "2025-12-31"],
  ],
  [
    "what any rule keeps stays",
    ["2026-01-05T12:00", "2026-01-05T11:00", "2026-01-04", "2026-01-03", "2025-06-01"],
    { last: 2, daily: 2, monthly: 2 },
    ["2026-01-05T12:00", "2026-01-05T11:00", "2026-01-04", "2025-06-01"],
  ],
  ["none of one kind does not end another", ["2026-01-02", "2026-01-01"], { last: 0, daily: 1 }, ["2026-01-02"]],
];

describe("retention", () => {
  test.each(CASES)("%s", (_, times, policy, stays) => {
    expect(kept(times, policy)).toEqual([...stays]);
    // Whatever order a place lists them in.
    expect(kept(times.toReversed(), policy)).toEqual([...stays]);
  });

  test("says which rules keep each, and what goes", () => {
    const times = ["2026-01-03T12:00", "2026-01-03T11:00", "2026-01-02"].map(at);
    const { keep, remove } = applyPolicy(times, { last: 1, daily: 2 });
    expect(keep.map(({ by }) => by)).toEqual([["last", "daily"], ["daily"]]);
    expect(remove.map(({ text }) => text)).toEqual(["2026-01-03T11:00"]);
  });

  test("always keeps the newest, for any policy that keeps something", () => {
    const times = ["2026-01-03T12:00", "2026-01-03T11:00", "2026-01-02", "2025-01-01"];
    for (const period of ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const) {
      expect(kept(times, { [period]: 1 })[0]).toBe("2026-01-03T12:00");
    }
  });
});

describe("names", () => {
  test("are of UTC, sort by time, and have no colon", () => {
    const early = archiveName(new Date("2026-09-30T23:59:59.900Z"), false);
    const late = archiveName(new Date("2026-10-01T00:00:00Z"), true);
    expect(early).toMatch(/^memorygraph-2026-09-30T235959Z-[0-9a-f]{6}\.jsonl\.zst$/);
    expect(late).toMatch(/^memorygraph-2026-10-01T000000Z-[0-9a-f]{6}\.jsonl\.zst\.age$/);
    expect([late, early].toSorted()).toEqual([early, late]);
    expect(timeOfName(early)).toEqual(new Date("2026-09-30T23:59:59Z"));
    expect(archiveOfNote(noteNameOf(late))).toBe(late);
  });

  test("of others are not taken for ours", () => {
    expect(timeOfName("memorygraph-2026-13-45T000000Z-aaaaaa.jsonl.zst")).toBeNull();
    expect(timeOfName("holiday.jsonl.zst")).toBeNull();
    expect(archiveOfNote("notes.json")).toBeNull();
  });
});
