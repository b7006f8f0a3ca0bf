// @level normal
/**
 * Every command, when its line to a server falls silent: before the first byte, and in the middle of what the server answers.
 * Each ends by itself in time, says what it waited for, and its exit code tells what is left; at a signal it ends sooner.
 * The limits of a release are tried in the long level. silence.test.ts has the phases of a run.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { runMigration } from "../../src/operations/migrate.ts";
import { endsOfAllKinds, type ServerEnd } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { addressOf, type Proxy as Line, proxyTo } from "../support/proxy.ts";
import { manyMemories } from "../support/stores.ts";
import { begin, type Ending, ended, program, runsOf } from "./program.ts";

const SHORT = {
  ...{ connect: 1_500, voice: 400, probeEvery: 400, probe: 1_500, silence: 2_000 },
  ...{ lastAnswers: 800, comeBack: 1_000, close: 500 },
} as const;
/** From the silence to the end, in milliseconds: by the limits above, and as it is promised to people. */
const LIMITS = atLevel({
  normal: [{ patience: SHORT, longest: 12_000 }],
  long: [
    { patience: SHORT, longest: 12_000 },
    { patience: {}, longest: 180_000 },
  ],
});
/** From the first signal on. */
const STOPPED = 30_000;
/** What a busy machine adds: many commands run side by side. */
const SLACK = 15_000;
const MEMORIES = 3_000;
const WORD = /no answer from|has not answered|does not answer|did not answer|cannot be reached/;
const LEFT = /error: (undoing )?run \w+ was stopped part-way: .* could not be undone/;

/** Of what the server answers, and when the command is told to stop, in milliseconds from the silence on. */
const PLACES: readonly { readonly place: number; readonly stopAfter: number | null }[] = [
  { place: 0.5, stopAfter: null },
  ...atLevel({
    normal: [],
    long: [
      { place: 0, stopAfter: null },
      { place: 0.5, stopAfter: 500 },
    ],
  }),
];
/** By the limits of a release as well: by short ones, connecting has ended before a signal could come. */
const STOPS = [
  { place: 0, stopAfter: 2_000 },
  { place: 0.1, stopAfter: 500 },
  { place: 0.9, stopAfter: 500 },
];
/** As many programs start at a time as a busy machine starts before they give up connecting. */
const AT_ONCE = 10;

/** Of what the server answers to a run: connecting, looking, reading or writing, the schema, verifying. */
const PHASES = atLevel({ normal: [0.35], long: [0, 0.02, 0.05, 0.15, 0.35, 0.55, 0.75, 0.85, 0.95] });

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it may end with by itself. */
  readonly codes: readonly number[];
}

interface Silence {
  /** Of what the server answers until then, in bytes. */
  readonly after: number;
  readonly patience: object;
  /** When the command is told to stop, in milliseconds from the silence on; null for never. */
  readonly stopAfter: number | null;
}

interface Came extends Ending {
  readonly what: string;
  readonly codes: readonly number[];
  /** From the silence, or from the signal, to the end, in milliseconds; NaN where the line did not fall silent. */
  readonly waited: number;
  readonly longest: number;
}

const ends = await endsOfAllKinds();

function optionsOf(side: "from" | "to", { kind, config }: ServerEnd, line: Line): string[] {
  const graph = config.graph === undefined ? [] : [`--${side}-graph`, config.graph];
  return [`--${side}`, kind, `--${side}-uri`, uriThrough(line, config.uri!), ...graph];
}

function uriThrough(line: Line, uri: string): string {
  return uri.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${line.port}`);
}

/** As MemoryGraph's clients name their server. */
function clientOf({ kind, config }: ServerEnd, line: Line): Record<string, string> {
  if (kind !== "falkordb") return { [`MEMORY_${kind.toUpperCase()}_URI`]: uriThrough(line, config.uri!) };
  return { MEMORY_FALKORDB_HOST: "127.0.0.1", MEMORY_FALKORDB_PORT: String(line.port) };
}

const READINGS: readonly ((end: ServerEnd, line: Line) => Case)[] = [
  (end, line) => ({ name: "inspect", args: ["inspect", ...optionsOf("from", end, line)], codes: [5] }),
  (end, line) => ({
    name: "verify, of its source",
    args: ["verify", ...optionsOf("from", end, line), "--to", "sqlite", "--to-path", "a.db"],
    codes: [5],
  }),
  (end, line) => ({
    name: "verify, of its target",
    args: ["verify", "--from", "sqlite", "--from-path", "a.db", ...optionsOf("to", end, line)],
    codes: [5],
  }),
  (end, line) => ({
    name: "a dry run",
    args: ["migrate", "--dry-run", ...optionsOf("from", end, line), "--to", "sqlite", "--to-path", "new.db"],
    codes: [5],
  }),
  // A server that does not answer is something to be done.
  (end, line) => ({
    name: "doctor",
    args: ["doctor"],
    env: { MEMORY_BACKEND: end.kind, ...clientOf(end, line) },
    codes: [9],
  }),
];

/** How many bytes the server answers when nothing happens. */
async function answeredTo(folder: TemporaryFolder, line: Line, { args, env = {} }: Case): Promise<number> {
  const before = line.received();
  await program(folder, args, { env });
  return line.received() - before;
}

async function silenced(
  folder: TemporaryFolder,
  line: Line,
  { name, args, env = {}, codes }: Case,
  { after, patience, stopAfter }: Silence,
): Promise<Omit<Came, "longest">> {
  const begun = { accepted: line.accepted(), received: line.received() };
  let since = Number.NaN;
  // Where it is silent from the first byte, that is when somebody comes: a busy machine takes seconds to start a program.
  if (after === 0) line.silence("all");
  const fall = () => {
    const isThere = after > 0 || line.accepted() > begun.accepted;
    if (!Number.isNaN(since) || !isThere || line.received() - begun.received < after) return;
    since = performance.now();
    line.silence("all");
  };
  const child = begin(folder, args, { env: { ...env, PATIENCE: JSON.stringify(patience) } });
  const ending = ended(child);
  const watch = setInterval(fall, 1);
  if (stopAfter !== null) {
    while (Number.isNaN(since) && child.exitCode === null) await Bun.sleep(5);
    await Bun.sleep(stopAfter);
    since = performance.now();
    child.kill("SIGTERM");
  }
  const outcome = await ending;
  clearInterval(watch);
  const what = `${name}, silent after ${after} bytes${stopAfter === null ? "" : ", stopped"}`;
  return { ...outcome, what, codes: stopAfter === null ? codes : [...codes, 143], waited: performance.now() - since };
}

/** Whether it says what it waited for; one that is stopped before anybody was told of a wait says what is left. */
function isTold({ what, stdout, stderr }: Came): boolean {
  return WORD.test(stdout + stderr) || (what.endsWith(", stopped") && LEFT.test(stderr));
}

function judge(all: readonly Came[]): void {
  const longestOf = (some: readonly Came[]) => Math.max(0, ...some.map(({ waited }) => Math.round(waited / 100) / 10));
  const stopped = all.filter(({ what }) => what.endsWith(", stopped"));
  const told = stopped.length === 0 ? "" : `; after a signal, of ${stopped.length}, ${longestOf(stopped)} s`;
  console.log(`${all.length} commands; the longest wait ${longestOf(all)} s${told}`);
  const tooLong = all.filter(({ waited, longest }) => !(waited < longest + SLACK));
  // Who is stopped at once may end before anything was to be told.
  const wordless = all.filter((came) => came.code !== 143 && !isTold(came));
  const otherwise = all.filter(({ code, codes }) => !codes.includes(code ?? -1));
  expect({ tooLong, wordless, otherwise }).toEqual({ tooLong: [], wordless: [], otherwise: [] });
}

describe.each(ends.map((end) => ({ name: end.kind, end })))("the line to $name falls silent", ({ end }) => {
  test.each(LIMITS)("under commands that only read", async ({ patience, longest }) => {
    using folder = temporaryFolder();
    await using lines = new AsyncDisposableStack();
    await end.empty();
    const source = manyMemories(folder.file("a.db"), MEMORIES, 1_000);
    expect((await runMigration(source, end.config, {}, {})).error).toBeNull();
    const places = patience === SHORT ? PLACES : [...PLACES, ...STOPS];
    const rows = READINGS.flatMap((of) => places.map((place) => ({ of, ...place })));
    const one = async ({ of, place, stopAfter }: (typeof rows)[number]) => {
      const line = lines.use(await proxyTo(addressOf(end.server.uri)));
      const command = of(end, line);
      const after = place === 0 ? 0 : Math.floor(place * (await answeredTo(folder, line, command)));
      const came = await silenced(folder, line, command, { after, patience, stopAfter });
      return { ...came, longest: stopAfter === null ? longest : STOPPED };
    };
    const all: Came[] = [];
    for (let first = 0; first < rows.length; first += AT_ONCE) {
      all.push(...(await Promise.all(rows.slice(first, first + AT_ONCE).map(one))));
    }
    judge(all);
  }, 1_800_000);

  test.each(LIMITS)("under what goes on with a run, or undoes it", async ({ patience, longest }) => {
    using folder = temporaryFolder();
    await using line = await proxyTo(addressOf(end.server.uri));
    manyMemories(folder.file("a.db"), MEMORIES, 1_000);
    const migration = ["migrate", "--from-path", "a.db", ...optionsOf("to", end, line), "--yes", "--quiet"];
    /** The program is killed in the middle of writing. */
    const broken = async () => {
      await end.empty();
      await program(folder, migration, { stop: "batch answered#2" });
      const [run] = await runsOf(folder);
      return run!.id;
    };
    const caseOf = (name: string, run: string): Case => {
      return { name, args: [name, run, ...(name === "rollback" ? ["--yes"] : [])], codes: [5, 6] };
    };
    const all: Came[] = [];
    for (const name of ["resume", "rollback"]) {
      const answered = await answeredTo(folder, line, caseOf(name, await broken()));
      for (const { place, stopAfter } of PLACES) {
        const run = await broken();
        const after = Math.floor(place * answered);
        const came = await silenced(folder, line, caseOf(name, run), { after, patience, stopAfter });
        // Before the first byte nothing has been touched, nor while `resume` still reads.
        const codes = place === 0 ? [5] : came.codes;
        all.push({ ...came, codes, longest: stopAfter === null ? longest : STOPPED });
        await line.mend();
        const undone = await program(folder, ["rollback", run, "--yes"]);
        expect({ what: came.what, code: undone.code, stderr: undone.stderr }).toMatchObject({ code: 0 });
        expect((await end.read()).nodes.length).toBe(0);
      }
    }
    judge(all);
  }, 1_800_000);

  // Stopping takes as long by any limits, but for those that say how long it may take.
  test("under a run that is stopped, in each phase", async () => {
    using folder = temporaryFolder();
    await using line = await proxyTo(addressOf(end.server.uri));
    const source = manyMemories(folder.file("a.db"), MEMORIES, 1_000);
    const into = ["migrate", "--from-path", "a.db", ...optionsOf("to", end, line), "--yes"];
    const outOf = ["migrate", ...optionsOf("from", end, line), "--to", "sqlite", "--to-path", "new.db"];
    const all: Came[] = [];
    for (const [name, args] of Object.entries({ "into it": into, "out of it": outOf })) {
      const prepare = async () => {
        await line.mend();
        await end.empty();
        rmSync(folder.file("new.db"), { force: true });
        if (args === outOf) expect((await runMigration(source, end.config, {}, {})).error).toBeNull();
      };
      // What could not be undone in time stays, and is told of.
      const command: Case = { name, args, codes: args === into ? [6] : [] };
      await prepare();
      const answered = await answeredTo(folder, line, command);
      for (const place of PHASES) {
        await prepare();
        const after = Math.floor(place * answered);
        const came = await silenced(folder, line, command, { after, patience: {}, stopAfter: 500 });
        all.push({ ...came, longest: STOPPED });
        if (args === outOf) expect(existsSync(folder.file("new.db"))).toBe(false);
        if (came.code !== 6) continue;
        await line.mend();
        const [run] = (await runsOf(folder)).filter(({ can }) => can.includes("rollback"));
        expect(came.stderr).toContain(`memorygraph-migrate rollback ${run!.id}`);
        const undone = await program(folder, ["rollback", run!.id, "--yes"]);
        expect({ what: came.what, code: undone.code, stderr: undone.stderr }).toMatchObject({ code: 0 });
        expect((await end.read()).nodes.length).toBe(0);
      }
    }
    judge(all);
  }, 1_800_000);
});
