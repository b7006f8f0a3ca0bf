/** When a silent line counts as dead, by what the server says on another connection. */
import { afterEach, expect, test } from "bun:test";
import { ALIVE, LineWatch, type WaitOptions } from "../../../src/backends/graph-store/line-watch.ts";
import { onWait, shortenPatience } from "../../../src/support/patience.ts";

const LIMITS = { voice: 40, probeEvery: 40, probe: 200, silence: 300 };
afterEach(() => {
  shortenPatience(null);
  onWait(null);
});

/** What becomes of a question whose answer never comes, and what a person is told meanwhile; null after a second of waiting. */
async function asked(activity: () => string | null, options: Partial<WaitOptions> = {}) {
  shortenPatience(LIMITS);
  const told: string[] = [];
  onWait((text) => told.push(text));
  const heartbeat = { activity: async () => activity(), close: async () => {} };
  const watch = new LineWatch("the server", undefined, heartbeat);
  const answer = watch.wait({ what: "reading", statement: "s", ...options }, () => new Promise<never>(() => {}));
  const error = await Promise.race([answer.catch((error: Error) => error.message), Bun.sleep(1_000).then(() => null)]);
  await watch.close();
  return { error, told: told.join("\n") };
}

test("a server that only lives, and cannot say whether it works on the statement, is not waited for without an end", async () => {
  for (const isStream of [false, true]) {
    const { error, told } = await asked(() => ALIVE, { isStream });
    expect(error).toContain("has not answered for");
    expect(told).toContain("no answer from the server");
    expect(told).not.toContain("has been working on this");
  }
});

test("a server that runs the statement is waited for", async () => {
  const { error, told } = await asked(() => "listed");
  expect(error).toBeNull();
  expect(told).toContain("the server has been working on this for");
});

test("a server that holds a stream which nobody takes is not at work, one whose figures change is", async () => {
  expect((await asked(() => "listed", { isStream: true })).error).toContain("makes no progress");
  let figures = 0;
  expect((await asked(() => String(figures++), { isStream: true })).error).toBeNull();
});

test("a server that no longer knows the statement has lost its answer", async () => {
  expect((await asked(() => null)).error).toContain("its result was lost in the network");
});
