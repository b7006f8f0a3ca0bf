import { describe, expect, test } from "bun:test";
import type { ConflictPolicy } from "../../src/index.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { readIndependently } from "../support/independent-reader.ts";
import { DAY, store, titles } from "../support/small-stores.ts";
import { compare, copyFixture, digestOf, rawRows, run, settle, succeed } from "../support/stores.ts";

/** new, same in both, older and newer and equally old in the target, and without any time; the target has one of its own. */
function pair(folder: TemporaryFolder): { source: string; target: string } {
  const source = store(
    folder.file("source.db"),
    [
      { id: "new" },
      { id: "same", updated: DAY(1) },
      { id: "older there", title: "s", updated: DAY(5) },
      { id: "newer there", title: "s", updated: DAY(5) },
      { id: "as old", title: "s", updated: DAY(5) },
      { id: "timeless", title: "s" },
    ],
    [
      ["r new", "new", "same", 1],
      ["r same", "same", "same", 1],
      ["r older", "same", "same", 1, DAY(5)],
      ["r newer", "same", "same", 1, DAY(5)],
    ],
  );
  const target = store(
    folder.file("target.db"),
    [
      { id: "same", updated: "2024-01-01T00:00:00.000Z" },
      { id: "older there", title: "t", updated: DAY(4) },
      { id: "newer there", title: "t", updated: DAY(6) },
      { id: "as old", title: "t", updated: "2024-01-05T01:00:00+01:00" },
      { id: "timeless", title: "t" },
      { id: "own", title: "t" },
    ],
    [
      ["r same", "same", "same", 1],
      ["r older", "same", "same", 2, DAY(4)],
      ["r newer", "same", "same", 2, DAY(6)],
      ["r own", "own", "own", 1],
    ],
  );
  return { source, target };
}

const EXPECTED: Record<
  Exclude<ConflictPolicy, "fail">,
  { overwritten: string[]; conflicts: string[]; skipped: [number, number] }
> = {
  skip: {
    overwritten: [],
    conflicts: [
      "node as old",
      "node newer there",
      "node older there",
      "node timeless",
      "relationship r newer",
      "relationship r older",
    ],
    skipped: [4, 2],
  },
  overwrite: {
    overwritten: ["as old", "newer there", "older there", "r newer", "r older", "timeless"],
    conflicts: [],
    skipped: [0, 0],
  },
  newest: { overwritten: ["older there", "r older"], conflicts: ["node as old", "node timeless"], skipped: [3, 1] },
};

describe("a filled target", () => {
  for (const [policy, { overwritten, conflicts, skipped }] of Object.entries(EXPECTED)) {
    test(`under ${policy}: what is imported, present, left and overwritten, and in which rows`, async () => {
      using folder = temporaryFolder();
      const { source, target } = pair(folder);
      const before = await titles(target);
      const { result } = await succeed(source, target, { onConflict: policy as ConflictPolicy });
      expect(result).toMatchObject({
        verified: true,
        imported: { nodes: 1, memories: 1, relationships: 1 },
        present: { nodes: 1, relationships: 1 },
        skipped: { nodes: skipped[0], relationships: skipped[1] },
        overwritten: {
          nodes: overwritten.filter((id) => !id.startsWith("r ")).length,
          relationships: overwritten.filter((id) => id.startsWith("r ")).length,
        },
        complete: skipped[0] + skipped[1] === 0,
      });
      expect([...result.conflicts.ids].sort()).toEqual(conflicts);
      expect(result.conflicts.count).toBe(conflicts.length);
      expect(result.validation.warnings.join()).toContain("6 nodes and 4 relationships");
      const theirs = await titles(source);
      const after: Record<string, unknown> = { ...before, new: "t", "r new": 1n };
      for (const id of overwritten) after[id] = theirs[id];
      expect(await titles(target)).toEqual(after);
      expect(result.verification?.untouched?.records).toBe(2);
      expect(result.verification?.untouched?.after).toBe(result.verification!.untouched!.before);
    });

    test(`under ${policy}: the rows that were to be left are the same to the byte, and a second run finds nothing to do`, async () => {
      using folder = temporaryFolder();
      const { source, target } = pair(folder);
      const rows = () => rawRows(target, "nodes", "relationships");
      const kept = rows().filter((row) => ![...overwritten, "new"].some((id) => row.includes(`'${id}'`)));
      await succeed(source, target, { onConflict: policy as ConflictPolicy });
      expect(rows()).toEqual(expect.arrayContaining(kept));
      const first = [listing(folder.path), await digestOf(target)];
      const { result } = await succeed(settle(source), target, { onConflict: policy as ConflictPolicy });
      expect([result.imported.nodes, result.overwritten.nodes, result.overwritten.relationships]).toEqual([0, 0, 0]);
      expect([await digestOf(target)]).toEqual(first.slice(1) as string[]);
    });

    test(`under ${policy}: a dry run predicts exactly what the run then does, and writes nothing`, async () => {
      using folder = temporaryFolder();
      const { source, target } = pair(folder);
      const before = listing(folder.path);
      const dry = (await succeed(source, target, { onConflict: policy as ConflictPolicy, dryRun: true })).result;
      expect(listing(folder.path)).toEqual(before);
      const real = (await succeed(source, target, { onConflict: policy as ConflictPolicy })).result;
      for (const key of [
        "imported",
        "present",
        "skipped",
        "overwritten",
        "conflicts",
        "release",
        "respelledTimestamps",
        "defaulted",
        "setAside",
        "losses",
        "notes",
      ] as const) {
        expect([key, dry[key]]).toEqual([key, real[key]]);
      }
      expect([dry.dryRun, dry.complete, dry.verified, dry.target?.after]).toEqual([true, false, false, null]);
    });
  }

  test("under fail: refused with the conflicts by id, and not a byte written", async () => {
    using folder = temporaryFolder();
    const { source, target } = pair(folder);
    const before = listing(folder.path);
    for (const options of [
      { onConflict: "fail" },
      { skipDuplicates: false },
      { onConflict: "fail", dryRun: true },
    ] as const) {
      const { error, result } = await run(source, target, options);
      expect(error?.code).toBe("refused");
      expect(error?.details.join()).toContain("older there");
      expect(result).toMatchObject({ success: false, conflicts: { count: 6 } });
      expect(listing(folder.path)).toEqual(before);
    }
  });

  test("under fail, with only equal records: everything is present", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.13.0", folder);
    await succeed(source, folder.file("new.db"), { for: "0.12" });
    const { result } = await succeed(source, folder.file("new.db"), { onConflict: "fail" });
    expect(result).toMatchObject({
      complete: true,
      verified: true,
      present: { nodes: 30, relationships: 60 },
      imported: { nodes: 0, relationships: 0 },
    });
  });

  for (const [from, to] of [
    ["0.13.0", "0.12.4"],
    ["0.12.4", "0.13.0"],
    ["0.8.3", "0.10.0"],
    ["hybrid-0.12-0.13", "0.8.3"],
    ["0.12.4", "0.8.3"],
    ["0.13.0", "0.8.3"],
  ] as const) {
    test(`${from} into ${to}: as the dry run said, nothing of either is lost`, async () => {
      using folder = temporaryFolder();
      const [source, target] = [copyFixture(from, folder, "source.db"), copyFixture(to, folder, "target.db")];
      const own = readIndependently(target);
      const dry = (await succeed(source, target, { dryRun: true })).result;
      const real = (await succeed(source, target)).result;
      for (const key of [
        "imported",
        "present",
        "skipped",
        "conflicts",
        "respelledTimestamps",
        "defaulted",
        "setAside",
        "losses",
        "notes",
      ] as const) {
        expect([key, dry[key]]).toEqual([key, real[key]]);
      }
      expect(readIndependently(target)).toEqual(expect.arrayContaining(own));
      const { missing, extra, changed } = await compare(source, settle(target));
      expect([missing, changed]).toEqual([0, real.conflicts.count]);
      expect(extra).toBe(own.length - (real.present.nodes + real.present.relationships + real.conflicts.count));
    });
  }
});
