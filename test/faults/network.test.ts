// @level normal
/** Lines that break in the middle of an answer, in every phase, of a run and of going on with it or undoing it. */
import { describe, expect, test } from "bun:test";
import { runMigration } from "../../src/operations/migrate.ts";
import { edited } from "../cli/stores.ts";
import { endOf, type ServerEnd } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { addressOf, BREAKS, type Break, proxyTo } from "../support/proxy.ts";
import { faultServers } from "../support/servers.ts";
import { at, copyFixture } from "../support/stores.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";
import { type Broken, expectPromise } from "./promise.ts";
import { randomFrom } from "./random.ts";
import { stateAt } from "./targets.ts";

const ends = (await faultServers()).map((server) => endOf(server, "network"));
/** NETWORK_ROUNDS=50 breaks the line so often in each place, FAULT_SEED elsewhere. */
const ROUNDS = Number(Bun.env.NETWORK_ROUNDS ?? atLevel({ normal: 1, long: 2, full: 3 }));
const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_124);
const FILLINGS = ["empty", "filled"] as const;
/** Where a line stays down, a run waits half a minute for the server to come back: many rounds have the time for it. */
const WHILE_RUNNING = ROUNDS > 1 ? BREAKS : BREAKS.filter((how) => how !== "stays down");

interface Line extends Broken, AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly proxy: Awaited<ReturnType<typeof proxyTo>>;
  readonly isFalkor: boolean;
  reset(): Promise<void>;
  /** Bytes that the server answers until all is written, and until the end. */
  readonly written: number;
  readonly whole: number;
}

/** A run onto a server behind a proxy; what it comes to, and how many bytes each part of it takes. */
async function lineTo(end: ServerEnd, filling: (typeof FILLINGS)[number]): Promise<Line> {
  const folder = temporaryFolder();
  const proxy = await proxyTo(addressOf(end.server.uri));
  const uri = end.config.uri!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`);
  const graph = end.config.graph === undefined ? [] : ["--to-graph", end.config.graph];
  const source = copyFixture("0.12.4", folder, "source.db");
  const to = ["--to", end.kind, "--to-uri", uri, ...graph];
  const migration = ["migrate", "--from-path", source, ...to, "--on-conflict", "overwrite", "--yes", "--quiet"];
  const theirs = edited(folder, "theirs.db", (store) => {
    for (let number = 0; number < 60; number += 2) {
      store.change(`m-0000${String(number).padStart(2, "0")}`, { title: "as it was" });
    }
    store.run("DELETE FROM relationships WHERE rowid % 3 = 0").add("own", { title: "own" });
  });
  const reset = async () => {
    await proxy.mend();
    await end.empty();
    if (filling === "filled") expect((await runMigration(at(theirs), end.config, {}, {})).error).toBeNull();
  };
  const state = () => stateAt(end.config);
  await reset();
  const before = await state();
  const start = proxy.received();
  const child = begin(folder, migration, { pause: "written#1" });
  await standsStill(child);
  const written = proxy.received() - start;
  child.kill("SIGCONT");
  expect((await ended(child)).code).toBe(0);
  const whole = proxy.received() - start;
  const close = async () => {
    await proxy[Symbol.asyncDispose]();
    await end.empty();
    folder[Symbol.dispose]();
  };
  const complete = await state();
  return {
    ...{ isFalkor: end.kind === "falkordb" },
    ...{ folder, proxy, env: {}, migration, state, before, complete, reset, written, whole },
    [Symbol.asyncDispose]: close,
  };
}

/** A first signal ends every run within so long, whatever the server does. */
const STOPPED_MS = 30_000;

/** Runs a command while the line breaks once in this way; one that stalls is interrupted. */
async function breaking(line: Line, args: readonly string[], bytes: number, how: Break) {
  line.proxy.breakAfter(bytes, how);
  const child = begin(line.folder, args, { env: line.env });
  const ending = ended(child);
  if (how === "stalls") {
    while (!line.proxy.isBroken() && child.exitCode === null) await Bun.sleep(20);
    await Bun.sleep(300);
    child.kill("SIGINT");
    // FalkorDB's line has nobody yet who gives it up.
    const wait = line.isFalkor ? 1_000 : STOPPED_MS;
    const patient = await Promise.race([ending, Bun.sleep(wait)]);
    if (patient === undefined && wait === STOPPED_MS) throw new Error("the first signal did not end it");
    if (patient === undefined) child.kill("SIGINT");
  }
  const done = await ending;
  await line.proxy.mend();
  return done;
}

describe.each(ends.map((end, turn) => ({ name: end.kind, end, turn })))("behind a line to $name", ({ end, turn }) => {
  describe.each(
    FILLINGS.map((filling, at) => [filling, 2 * turn + at] as const),
  )("with a graph that is %s", (filling, first) => {
    test("a run that it breaks for leaves one of the three promised states", async () => {
      await using line = await lineTo(end, filling);
      const random = randomFrom(SEED + first);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [at, part] of ["transfer", "verification"].entries()) {
          const how = WHILE_RUNNING[(first + round + 2 * at) % WHILE_RUNNING.length]!;
          const [from, to] = part === "transfer" ? [0, line.written] : [line.written, line.whole];
          const bytes = Math.floor(from + (to - from) * random()) + 1;
          await line.reset();
          const ending = await breaking(line, line.migration, bytes, how);
          const told = `round ${round}: ${how} in the ${part} after ${bytes} bytes`;
          await saying(told, () => expectPromise(line, ending, random()));
        }
      }
    }, 600_000);

    // One of the two in either filling; in many rounds both.
    const commands = ["resume", "rollback"].filter((_, at) => ROUNDS > 1 || at === first % 2);
    test.each(commands)("%s that it breaks for can be repeated", async (command) => {
      await using line = await lineTo(end, filling);
      const random = randomFrom(SEED + first);
      for (let round = 0; round < ROUNDS; round++) {
        const how = BREAKS[(first + round + (command === "resume" ? 0 : 2)) % BREAKS.length]!;
        await line.reset();
        const stop = random() < 0.5 ? "batch answered#3" : "written#1";
        expect((await program(line.folder, line.migration, { stop })).code).toBeNull();
        const [run] = await runsOf(line.folder);
        const args = [command, run!.id, ...(command === "rollback" ? ["--yes"] : [])];
        const bytes = Math.floor((line.whole / 2) * random()) + 1;
        const ending = await breaking(line, args, bytes, how);
        await saying(`round ${round}: after ${stop}, ${how} after ${bytes} bytes`, () =>
          expectPromise(line, ending, random(), args),
        );
      }
    }, 600_000);
  });
});

async function saying<T>(what: string, work: () => Promise<T>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`FAULT_SEED=${SEED}, ${what}: ${error instanceof Error ? error.message : error}`);
  }
}
