// @level normal
/** The list of runs, with what each wrote and keeps, and how a person gets rid of those that nobody needs. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import * as v from "valibot";
import { ForgetResultSchema, type ListedRun, RunListSchema } from "../../src/operations/run-models.ts";
import { begin, program as breakable, ended, standsStill } from "../faults/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { has } from "../support/system.ts";
import { document, expectError, program } from "./program.ts";

const MIGRATE = ["--from-path", "source.db", "--to-path"];

function home(): TemporaryFolder {
  const folder = temporaryFolder();
  copyFixture("0.12.4", folder, "source.db");
  return folder;
}

async function migrated(folder: TemporaryFolder, target: string): Promise<ListedRun> {
  expect(await program(folder, [...MIGRATE, target, "--quiet"])).toMatchObject({ code: 0 });
  return (await runsOf(folder))[0]!;
}

async function runsOf(folder: TemporaryFolder, ...args: string[]): Promise<ListedRun[]> {
  const { code, stdout, stderr } = await program(folder, ["runs", "--json", ...args]);
  expect([code, stderr]).toEqual([0, ""]);
  return v.parse(RunListSchema, document(stdout)).runs;
}

/** As if the run had begun so many days ago. */
function age(folder: TemporaryFolder, id: string, days: number): void {
  using list = new Database(folder.file("state", "memorygraph-migrate", "runs.db"));
  const started = new Date(Date.now() - days * 86_400_000).toISOString();
  expect(list.run("UPDATE run SET started = ? WHERE id = ?", [started, id]).changes).toBe(1);
}

describe("the list", () => {
  test("has what each run wrote, how long it took, and what its journal takes up", async () => {
    using folder = home();
    const run = await migrated(folder, "first.db");
    expect(run).toMatchObject({ status: "done", written: { nodes: 60, relationships: 120 } });
    expect(run.durationSeconds).toBeGreaterThan(0);
    expect(run.durationSeconds).toBeLessThan(60);
    expect(run.journalBytes).toBe(statSync(run.journal!).size);
    const { stdout } = await program(folder, ["runs"]);
    expect(stdout).toMatch(/done, wrote 60 nodes and 120 relationships in \d+\.\d\d s\n/);
    expect(/^ {2}journal {2}\d+\.\d KiB, (.*)$/m.exec(stdout)?.[1]).toBe(run.journal!);
    expect(stdout).toMatch(/\n1 run, whose journals take up [^\n]+"memorygraph-migrate runs prune"/);
  });

  test("tells a run that wrote nothing and keeps nothing", async () => {
    using folder = home();
    await migrated(folder, "first.db");
    const second = await migrated(folder, "first.db");
    expect(second).toMatchObject({ written: { nodes: 0, relationships: 0 }, journal: null, journalBytes: 0, can: [] });
    expect((await program(folder, ["runs"])).stdout).toContain("done, wrote nothing\n");
  });

  test("of one file has those that were undone or wrote nothing, too", async () => {
    using folder = home();
    const first = await migrated(folder, "first.db");
    const nothing = await migrated(folder, "first.db");
    await migrated(folder, "second.db");
    expect(await program(folder, ["rollback", first.id, "--confirm", "./first.db"])).toMatchObject({ code: 0 });
    expect(await runsOf(folder, "--to-path", "first.db")).toMatchObject([
      { id: nothing.id, status: "done" },
      { id: first.id, status: "rolled back", can: [] },
    ]);
  });

  test("is one line each with --quiet, the name first", async () => {
    using folder = home();
    const { id } = await migrated(folder, "first.db");
    const { stdout } = await program(folder, ["runs", "--quiet"]);
    expect(stdout).toMatch(new RegExp(`^${id}\tdone, [^\n]+first\\.db\n$`));
  });
});

describe("runs forget", () => {
  test("asks, saying what is lost, and without an answer deletes nothing", async () => {
    using folder = home();
    const { id, journal } = await migrated(folder, "first.db");
    const refused = await program(folder, ["runs", "forget", id]);
    expectError(refused, 4, `Forget run ${id} on ${folder.file("first.db")} and free`);
    expect(refused.stderr).toContain("It can then no longer be undone.");
    expect(existsSync(journal!)).toBe(true);
    expect(await runsOf(folder)).toHaveLength(1);
  });

  test("deletes the journal and the line, and says what that freed", async () => {
    using folder = home();
    const run = await migrated(folder, "first.db");
    const kept = await migrated(folder, "second.db");
    const planned = await program(folder, ["runs", "forget", run.id, "--dry-run"]);
    expect(planned.stdout).toMatch(new RegExp(`^Would forget run ${run.id} and free [^\n]+; nothing was deleted`));
    expect(existsSync(run.journal!)).toBe(true);
    const { code, stdout } = await program(folder, ["runs", "forget", run.id, "--yes", "--json"]);
    expect(code).toBe(0);
    expect(v.parse(ForgetResultSchema, document(stdout))).toMatchObject({
      ...{ dryRun: false, forgotten: [{ id: run.id }], bytesFreed: run.journalBytes, warnings: [] },
    });
    expect(existsSync(run.journal!)).toBe(false);
    expect((await runsOf(folder)).map(({ id }) => id)).toEqual([kept.id]);
    expectError(await program(folder, ["rollback", run.id, "--yes"]), 2, `there is no run ${run.id}`);
    expect(await program(folder, ["rollback", kept.id, "--yes"])).toMatchObject({ code: 0 });
  });

  test("finds a run beside a target that came from another machine", async () => {
    using folder = home();
    const { id, journal } = await migrated(folder, "first.db");
    const away = ["--state-dir", folder.file("another")];
    expectError(await program(folder, ["runs", "forget", id, "--yes", ...away]), 2, `there is no run ${id}`);
    const found = await program(folder, ["runs", "forget", id, "--yes", "--to-path", "first.db", ...away]);
    expect(found).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(journal!)).toBe(false);
  });

  test.skipIf(!has.signals)("refuses a run that was interrupted, and one that is under way", async () => {
    using folder = home();
    await breakable(folder, [...MIGRATE, "first.db"], { stop: "verified#1" });
    const [stopped] = await runsOf(folder);
    const refused = await program(folder, ["runs", "forget", stopped!.id, "--yes"]);
    expectError(refused, 4, `run ${stopped!.id} was stopped part-way`);
    expect(refused.stderr).toContain(`memorygraph-migrate rollback ${stopped!.id} undoes it`);
    expect(await program(folder, ["rollback", stopped!.id, "--yes"])).toMatchObject({ code: 0 });

    const child = begin(folder, [...MIGRATE, "second.db"], { pause: "verified#1" });
    await standsStill(child);
    const running = (await runsOf(folder)).find(({ status }) => status === "running");
    const busy = await program(folder, ["runs", "forget", running!.id, "--yes"]);
    child.kill("SIGCONT");
    expectError(busy, 10, `run ${running!.id} is still under way`);
    expect(await ended(child)).toMatchObject({ code: 0 });
  });

  test("wants to know which, and knows no other", async () => {
    using folder = home();
    expectError(await program(folder, ["runs", "forget"]), 2, "RUN is missing");
    expectError(await program(folder, ["runs", "forget", "0000000000"]), 2, "there is no run 0000000000");
    expectError(await program(folder, ["runs", "prune", "0000000000"]), 2, 'unexpected argument "0000000000"');
    expectError(await program(folder, ["runs", "purge"]), 2, "Did you mean prune?");
    expectError(await program(folder, ["runs", "--older-than", "3"]), 2, "--older-than belongs to runs prune");
    expectError(
      await program(folder, ["runs", "prune", "--older-than", "3w"]),
      2,
      '"3w" is not a whole number of days',
    );
  });
});

describe("runs prune", () => {
  test("forgets what is old and has ended, and leaves all else", async () => {
    using folder = home();
    await breakable(folder, [...MIGRATE, "stopped.db"], { stop: "verified#1" });
    const [stopped] = await runsOf(folder);
    const old = await migrated(folder, "old.db");
    const undone = await migrated(folder, "undone.db");
    expect(await program(folder, ["rollback", undone.id, "--yes"])).toMatchObject({ code: 0 });
    const young = await migrated(folder, "young.db");
    for (const { id } of [stopped!, old, undone]) age(folder, id, 45);

    expectError(await program(folder, ["runs", "prune"]), 4, "Forget 2 runs and free");
    expect((await program(folder, ["runs", "prune", "--older-than", "60"])).stdout).toStartWith("Nothing to forget");
    const { code, stdout } = await program(folder, ["runs", "prune", "--yes"]);
    expect(code).toBe(0);
    expect(stdout).toStartWith("Forgot 2 runs and freed");
    expect(stdout).toContain(`${old.id}`);
    expect(existsSync(old.journal!)).toBe(false);
    expect((await runsOf(folder)).map(({ id }) => id).sort()).toEqual([stopped!.id, young.id].sort());
    expect((await program(folder, ["runs", "prune", "--older-than", "0", "--yes"])).stdout).toStartWith(
      `Forgot run ${young.id} and freed`,
    );
    expect((await runsOf(folder)).map(({ id }) => id)).toEqual([stopped!.id]);
  });
});
