// @level normal
/** That a target is what a rollback says is proven: in a small file by its records, in a large one by its rows, and by records in doubt. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { readLayout } from "../../src/backends/sqlite/layout.ts";
import { worthParallel } from "../../src/backends/sqlite/parallel.ts";
import { isToldByRows } from "../../src/backends/sqlite/stored-rows.ts";
import { begin, ended, runsOf, standsStill } from "../faults/program.ts";
import { stateAt } from "../faults/targets.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, settle } from "../support/stores.ts";
import { change, counts, merged } from "./merged.ts";

/** What makes a file so large that several threads read it. */
const BALLAST = "CREATE TABLE ballast AS SELECT zeroblob(17000000) AS bytes";

/** What the test is about. */
function expectToldByRows(path: string): void {
  const database = new Database(path, { readonly: true });
  expect([worthParallel(path), isToldByRows(database, readLayout(database))]).toEqual([true, true]);
  database.close();
}

describe.each([
  ["small", []],
  ["large", [BALLAST]],
] as const)("what is undone in a %s file is proven", (size, statements) => {
  const isHere = size === "small" || availableParallelism() > 1;
  const prepared = async (...args: Parameters<typeof merged>) => {
    const made = await merged(...args);
    change(made.target, ...statements);
    if (size === "large") expectToldByRows(made.target);
    return made;
  };

  test.skipIf(!isHere).each([
    ["changes a node", "UPDATE nodes SET label = 'Other' WHERE id = 'm-000003'"],
    [
      "changes one property",
      "UPDATE nodes SET properties = json_set(properties, '$.importance', 0.125) WHERE id = 'm-000003'",
    ],
    [
      "deletes a relationship",
      "DELETE FROM relationships WHERE id = (SELECT min(id) FROM relationships WHERE from_id LIKE 'm-%')",
    ],
    [
      "leads a relationship elsewhere",
      "UPDATE relationships SET to_id = from_id WHERE id = (SELECT min(id) FROM relationships WHERE from_id <> to_id)",
    ],
    ["adds a node", "INSERT OR IGNORE INTO nodes (id, label, properties) VALUES ('theirs', 'Memory', '{}')"],
  ])("before it can be seen: a trigger that %s beside it leaves the target unchanged (7)", async (_, statement) => {
    using folder = temporaryFolder();
    const { target, undo } = await prepared(folder);
    change(target, `CREATE TRIGGER theirs AFTER DELETE ON nodes BEGIN ${statement}; END`);
    const after = await stateAt(at(target));
    const undone = await undo("--yes");
    expect([undone.code, undone.stderr]).toEqual([7, expect.stringContaining("it was left unchanged")]);
    expect([await stateAt(at(target)), (await runsOf(folder))[0]!.status]).toEqual([after, "done"]);
  });

  test.skipIf(process.platform !== "linux" || !isHere)("and afterwards, by reading it anew (7)", async () => {
    using folder = temporaryFolder();
    const { target, run } = await prepared(folder);
    const child = begin(folder, ["rollback", run, "--yes"], { pause: "rolled back#1" });
    await standsStill(child);
    change(target, "DELETE FROM relationships WHERE id = (SELECT min(id) FROM relationships)");
    child.kill("SIGCONT");
    const undone = await ended(child);
    expect([undone.code, undone.stderr]).toEqual([7, expect.stringContaining("is not what it should be without run")]);
  });

  test.skipIf(process.platform !== "linux" || !isHere)(
    "and afterwards, by bytes that changed on the disk (7)",
    async () => {
      using folder = temporaryFolder();
      const { target, run } = await prepared(folder);
      const child = begin(folder, ["rollback", run, "--yes"], { pause: "rolled back#1" });
      await standsStill(child);
      const bytes = readFileSync(target);
      const database = new Database(target, { readonly: true });
      const [[id]] = database.query("SELECT id FROM relationships LIMIT 1").values() as [[string]];
      const [[title]] = database.query("SELECT properties ->> 'title' FROM nodes WHERE id = 'm-000003'").values() as [
        [string],
      ];
      database.close();
      expect(id).toBeString();
      const place = bytes.indexOf(JSON.stringify(title).slice(0, 12));
      expect(place).toBeGreaterThan(0);
      bytes[place + 3]! ^= 1;
      writeFileSync(target, bytes);
      settle(target);
      child.kill("SIGCONT");
      const undone = await ended(child);
      expect([undone.code, undone.stderr]).toEqual([
        7,
        expect.stringContaining("is not what it should be without run"),
      ]);
    },
  );

  test.skipIf(!isHere)("also where triggers keep books of their own, which are no records", async () => {
    using folder = temporaryFolder();
    const { target, before, undo } = await prepared(folder);
    change(
      target,
      "CREATE TABLE seen (id TEXT)",
      "CREATE TRIGGER theirs AFTER DELETE ON nodes BEGIN INSERT INTO seen VALUES (old.id); END",
    );
    const [shown, undone] = [await undo("--dry-run", "--json"), await undo("--yes", "--json")];
    expect([shown.code, undone.code]).toEqual([0, 0]);
    const [planned, done] = [shown, undone].map(({ stdout }) => JSON.parse(stdout));
    expect([done.counts, done.digestAfter]).toEqual([planned.counts, planned.digestAfter]);
    expect(await stateAt(at(target))).toBe(before);
  });

  test.skipIf(!isHere)("with what others have used, added, joined and deleted since", async () => {
    using folder = temporaryFolder();
    const { target, undo } = await prepared(folder);
    change(
      target,
      "UPDATE nodes SET properties = json_set(properties, '$.usage_count', 77) WHERE id = 'old-1'",
      "UPDATE nodes SET properties = json_set(properties, '$.title', 'changed') WHERE id = 'old-2'",
      "DELETE FROM nodes WHERE id = 'm-000007' AND id NOT IN (SELECT from_id FROM relationships UNION SELECT to_id FROM relationships)",
      "INSERT INTO nodes (id, label, properties) VALUES ('theirs', 'Memory', '{\"id\": \"theirs\"}')",
      "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES ('joined-later', 'theirs', 'old-0', 'RELATED_TO', '{}', '2026-01-01', '2026-01-01')",
    );
    const [shown, undone] = [await undo("--dry-run", "--json"), await undo("--yes", "--json")];
    expect([shown.code, undone.code]).toEqual([0, 3]);
    const [planned, done] = [shown, undone].map(({ stdout }) => JSON.parse(stdout));
    expect([done.counts, done.kept, done.digestAfter]).toEqual([planned.counts, planned.kept, planned.digestAfter]);
    expect(done.counts).toMatchObject({ bookkeeping: 1, changed: 1, held: 1 });
    const after = counts(target);
    // Nothing is left to undo, and nothing is changed by trying.
    expect([(await undo("--yes")).code, counts(target)]).toEqual([3, after]);
  });
});
