// @level normal
/** What undoing a run has to get right in more records than one page of them, and in a file that was there, but empty. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import { generate } from "../../bench/generate.ts";
import type { TargetSession } from "../../src/backends/backend.ts";
import { loadTarget } from "../../src/backends/registry.ts";
import { RollbackError } from "../../src/errors.ts";
import { type BackendConfigFields, migrate, rollback, verify } from "../../src/index.ts";
import { rollBackAfterFailure } from "../../src/operations/after-failure.ts";
import { summarise } from "../../src/operations/compare.ts";
import { parseOptions } from "../../src/operations/models.ts";
import { Outcome } from "../../src/operations/outcome.ts";
import { ProgressReporter, type Run } from "../../src/operations/run.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, createLike, settle } from "../support/stores.ts";

async function succeed(stateDir: string, from: BackendConfigFields, to: BackendConfigFields, more = {}) {
  const result = await migrate(from, to, more, undefined, undefined, { stateDir });
  expect([result.errors, result.verified]).toEqual([[], true]);
  return result.run!;
}

test.each([
  ["as before is proven to be so", null, "proved by digest"],
  [
    "another is not called undone (7)",
    "UPDATE nodes SET properties = json_set(properties, '$.title', 'x') WHERE rowid = 7",
    null,
  ],
] as const)("what a failed run leaves %s", async (_, theirs, step) => {
  using folder = temporaryFolder();
  const to = at(copyFixture("0.12.4", folder));
  const backend = await loadTarget(to);
  const store = await backend.openForReading(to);
  const { digest: before } = await summarise(store);
  await store.close();
  const options = parseOptions({});
  const outcome = new Outcome(options);
  const cause = new Error("why it failed");
  // The real one takes everything back: here somebody else comes between that and the proof.
  const session = {
    kind: "staged",
    before: { layout: "nodes", location: to.path },
    async rollback() {
      if (theirs === null) return;
      const database = new Database(to.path!);
      database.run(theirs);
      database.close();
    },
  } as unknown as TargetSession;
  const progress = Object.assign(new ProgressReporter({}), { phase: "verify" });
  const run = { options, outcome, progress, hooks: {} } as unknown as Run;
  const ended = rollBackAfterFailure(run, session, backend, to, before, cause);
  if (step === null) await expect(ended).rejects.toBeInstanceOf(RollbackError);
  else expect([await ended, outcome.result.rollback.join()]).toEqual([cause, expect.stringContaining(step)]);
});

describe.each([
  ["sqlite", "small", []],
  // So large that several threads read it.
  ["sqlite", "large", ["CREATE TABLE ballast AS SELECT zeroblob(17000000) AS bytes"]],
  ["falkordblite", "small", []],
] as const)("a run onto a file of %s, a %s one,", (type, _, more) => {
  test("that overwrote and created more than a page of records is undone to the last of them", async () => {
    using folder = temporaryFolder();
    const stateDir = folder.file("state");
    const [source, theirs] = [folder.file("source.db"), folder.file("theirs.db")];
    generate(source, 1_502);
    copyFileSync(source, theirs);
    const database = new Database(theirs);
    database.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'as it was') WHERE rowid % 3 > 0");
    database.run("DELETE FROM relationships");
    database.run("DELETE FROM nodes WHERE rowid % 3 = 0");
    database.close();
    for (const path of [source, theirs]) settle(path);
    const before = { type: "sqlite", path: theirs } as const;
    const target = { type, path: folder.file("target.db") };
    await succeed(stateDir, before, target);
    const run = await succeed(stateDir, { type: "sqlite", path: source }, target, { onConflict: "overwrite" });
    if (more.length > 0) {
      const grown = new Database(target.path);
      for (const statement of more) grown.run(statement);
      grown.close();
      settle(target.path);
    }
    const undone = await rollback(run, { stateDir });
    expect([undone.exact, undone.left]).toEqual([true, []]);
    expect((await verify(before, target)).identical).toBe(true);
  }, 60_000);

  test("goes as a whole only where the run has made the file", async () => {
    using folder = temporaryFolder();
    const stateDir = folder.file("state");
    const source = folder.file("source.db");
    generate(source, 10);
    const [made, empty] = [folder.file("made.db"), folder.file("empty.db")];
    if (type === "sqlite") createLike("0.12.4", empty).close();
    else {
      const nothing = folder.file("nothing.db");
      createLike("0.12.4", nothing).close();
      await succeed(stateDir, { type: "sqlite", path: settle(nothing) }, { type, path: empty }, { allowEmpty: true });
    }
    for (const path of [made, empty]) {
      const run = await succeed(stateDir, { type: "sqlite", path: settle(source) }, { type, path });
      expect((await rollback(run, { stateDir })).exact).toBe(true);
    }
    expect([existsSync(made), existsSync(empty)]).toEqual([false, true]);
  });
});
