// @level normal
/** Threads that read a large file: nothing of them is left when the caller gets its answer, or gives up. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { generate } from "../../../bench/generate.ts";
import { summariseInParallel } from "../../../src/backends/sqlite/parallel.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { digestOf, settle } from "../../support/stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const path = folder.file("large.db");
beforeAll(() => {
  generate(path, 40_000);
  settle(path);
});

/** How often this process has the file open, as Linux tells it; 0 elsewhere. */
function timesOpen(): number {
  if (!existsSync("/proc/self/fd")) return 0;
  const named = readdirSync("/proc/self/fd").map((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`);
    } catch {
      return "";
    }
  });
  return named.filter((name) => name === path).length;
}

test("the answer is that of one thread, and no thread has the file open any more", async () => {
  const { summary } = await summariseInParallel(path, {});
  expect(timesOpen()).toBe(0);
  expect(summary.digest.toString()).toBe(await digestOf(path));
});

test("a caller that gives up half-way finds no thread with the file open", async () => {
  const controller = new AbortController();
  let open = 0;
  const each = () => {
    open = Math.max(open, timesOpen());
    controller.abort(new Error("enough"));
  };
  expect(await summariseInParallel(path, { each }, controller.signal).catch((error: Error) => error.message)).toBe(
    "enough",
  );
  if (existsSync("/proc/self/fd")) expect(open).toBeGreaterThan(0);
  expect(timesOpen()).toBe(0);
});
