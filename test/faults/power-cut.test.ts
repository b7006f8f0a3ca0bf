// @level normal
/**
 * What has to be on the disk before the next step, so that a power cut finds the old or the new. No test can cut the power: the
 * system's calls are read instead, from the program as it runs.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment, PROGRAM, program } from "../cli/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { hasTracer, type SystemCall, systemCalls } from "../support/system-calls.ts";
import { runsOf } from "./program.ts";

if (!hasTracer) console.warn("SKIPPED: nothing shows what is flushed to the disk: there is no strace here");

const isWrite = ({ name }: SystemCall) => /^(pwrite64|write|ftruncate)$/.test(name);
const isFlush = ({ name }: SystemCall) => /^f(data)?sync$/.test(name);

/** Of what was written to files of that name before the call at that place, all has been flushed, by whichever thread. */
function expectFlushed(calls: readonly SystemCall[], path: RegExp, before: number): void {
  const of = ({ paths: [first = ""] }: SystemCall) => path.test(first);
  const written = calls.slice(0, before).findLastIndex((call) => isWrite(call) && of(call));
  const flushed = calls.slice(0, before).findLastIndex((call) => isFlush(call) && of(call));
  expect([path.source, written]).not.toEqual([path.source, -1]);
  expect([path.source, flushed > written]).toEqual([path.source, true]);
}

/** The thread that gives the file its name has flushed it before, and its folder afterwards. */
function expectPublished(calls: readonly SystemCall[], target: string): number {
  const at = calls.findIndex(({ name, paths }) => /^(link|rename)/.test(name) && paths.at(-1) === target);
  expect([target, at]).not.toEqual([target, -1]);
  const { thread, paths } = calls[at]!;
  const [temporary = ""] = paths;
  const flushes = (path: string, from: number, to: number) =>
    calls.slice(from, to).some((call) => call.thread === thread && isFlush(call) && call.paths[0] === path);
  const written = new Map<string, number>();
  for (const [index, call] of calls.slice(0, at).entries()) {
    const [path = ""] = call.paths;
    if (isWrite(call) && (path === temporary || path.startsWith(`${temporary}/`))) written.set(path, index);
  }
  // A folder has its files' names in it.
  const folders = [...written].filter(([path]) => path !== temporary).map(([, last]) => [temporary, last] as const);
  for (const [path, last] of [...written, ...folders]) expect([path, flushes(path, last, at)]).toEqual([path, true]);
  expect([written.size > 0, flushes(dirname(target), at, calls.length)]).toEqual([true, true]);
  return at;
}

function migration(folder: TemporaryFolder, source: string, kind: string, target: string): Promise<SystemCall[]> {
  const to = ["--to", kind, "--to-path", target, "--on-conflict", "overwrite", "--yes", "--quiet"];
  const command = [...PROGRAM, "migrate", "--from", "sqlite", "--from-path", source, ...to];
  return systemCalls(command, environment(folder));
}

describe.skipIf(!hasTracer)("before a power cut", () => {
  test.each([
    ["0.12.4", "sqlite", "new.db"],
    ["0.13.0", "sqlite", "new.db"],
    ["0.12.4", "falkordblite", "new.db"],
    ["0.13.0", "falkordblite", "folder"],
  ] as const)("a store of %s is on the disk before it gets its name: %s, %s", async (release, kind, name) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const target = folder.file("target", name);
    const calls = await migration(folder, copyFixture(release, folder), kind, target);
    const published = expectPublished(calls, target);
    // The journal knows that it may be there from now on.
    expectFlushed(calls, /\/target\/\.(new|folder).*memorygraph-migrate-\w+\.db-wal$/, published);
    expectFlushed(calls, /\/runs\.db$/, published);
  });

  test("a FalkorDBLite store that is replaced is on the disk before the old one loses its name", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const target = folder.file("target", "t.rdb");
    const first = ["migrate", "--from-path", copyFixture("0.8.3", folder), "--to", "falkordblite", "--to-path", target];
    expect((await program(folder, [...first, "--quiet"])).code).toBe(0);
    const calls = await migration(folder, copyFixture("0.12.4", folder), "falkordblite", target);
    const published = expectPublished(calls, target);
    expectFlushed(calls, /\/target\/\.t.*memorygraph-migrate-\w+\.db-wal$/, published);
    const [run] = await runsOf(folder);
    const undone = await systemCalls([...PROGRAM, "rollback", run!.id, "--yes"], environment(folder));
    const back = undone.findIndex(({ name, paths }) => name.startsWith("rename") && paths.at(-1) === target);
    expect(undone.slice(back).some((call) => isFlush(call) && call.paths[0] === dirname(target))).toBe(true);
    expectFlushed(undone, /\/target\/\.t.*memorygraph-migrate-\w+\.db-wal$/, back);
  });

  test("a SQLite file is changed once SQLite's journal and the run's are on the disk, and flushed before the run is done", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const target = copyFixture("0.12.4", folder, "target/t.db");
    const database = new Database(target);
    database.run("PRAGMA journal_mode = DELETE");
    database.close();
    const calls = await migration(folder, copyFixture("0.8.3", folder), "sqlite", target);
    const first = calls.findIndex((call) => isWrite(call) && call.paths[0] === target);
    expectFlushed(calls, /\/target\/t\.db-journal$/, first);
    expectFlushed(calls, /\/target\/\.t.*memorygraph-migrate-\w+\.db-wal$/, first);
    expectFlushed(calls, /\/target\/t\.db$/, calls.length);
  });

  test("what a run notes before it writes to a server is on the disk when noting it returns", async () => {
    using folder = temporaryFolder();
    const script = join(import.meta.dir, "noting.ts");
    const calls = await systemCalls([process.execPath, script, folder.path], environment(folder));
    const at = (name: string) => calls.findIndex(({ paths }) => paths.at(-1) === folder.file(name));
    for (const name of ["schema", "batch", "images", "state"]) {
      const [begun, done] = [at(`${name}-begun`), at(`${name}-noted`)];
      expect([name, begun >= 0 && done > begun]).toEqual([name, true]);
      expectFlushed(calls.slice(begun), /\/run\.db-wal$/, done - begun);
    }
  });
});
