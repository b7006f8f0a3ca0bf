/** How the benchmarks measure: whole processes, in turn, and the median of the ratios of each round. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Measure {
  readonly seconds: number;
  /** Of all its threads; on a machine that does much else, what can be compared. */
  readonly cpuSeconds: number;
  readonly mebibytes: number;
}

/** The executable that is measured. */
export const program = join(import.meta.dir, "../dist/memorygraph-migrate");

/** Options with which a run is noted in the folder, and nothing is told. */
export function quietly(folder: string): string[] {
  return ["--state-dir", join(folder, "state"), "--quiet"];
}

/** Runs the benchmark where there is an executable to measure, in a folder that goes with it; else ends with 2. */
export async function inBenchFolder(run: (folder: string) => Promise<void>): Promise<void> {
  if (!existsSync(program)) {
    console.error("dist/memorygraph-migrate does not exist: run `npm run build` first");
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "memorygraph-bench-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function measure(command: readonly string[], env: Record<string, string> = {}): Promise<Measure> {
  const start = performance.now();
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "pipe", env: { ...Bun.env, ...env } });
  const trouble = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed: ${trouble}`);
  const seconds = (performance.now() - start) / 1000;
  const usage = child.resourceUsage();
  return {
    seconds,
    cpuSeconds: Number(usage?.cpuTime.total ?? 0) / 1_000_000,
    mebibytes: (usage?.maxRSS ?? 0) / 2 ** 20,
  };
}

/** What is measured, and beside it the least that the same work can take; without one, `floor` is null. */
export interface Pair {
  readonly floor: readonly string[] | null;
  readonly ours: readonly string[];
  readonly env?: Record<string, string>;
  /** Makes the target what it was, before each. */
  reset?(): Promise<void>;
}

/** One for each round; floor and ours of a round ran one after the other. */
export interface Runs {
  /** As many as ours, or none. */
  readonly floor: readonly Measure[];
  readonly ours: readonly Measure[];
}

/** A round that takes longer is not repeated, and is not preceded by one that warms caches and servers. */
const LONG_ROUND_SECONDS = 45;

export async function inTurn({ floor, ours, env, reset = async () => {} }: Pair, rounds: number): Promise<Runs> {
  const one = async (command: readonly string[]) => {
    await reset();
    return measure(command, env);
  };
  const round = async () => ({ floor: floor === null ? [] : [await one(floor)], ours: [await one(ours)] });
  const first = await round();
  const seconds = [...first.floor, ...first.ours].reduce((sum, run) => sum + run.seconds, 0);
  const all = seconds > LONG_ROUND_SECONDS ? [first] : [];
  while (all.length < rounds && all[0] !== first) all.push(await round());
  await reset();
  return { floor: all.flatMap((runs) => runs.floor), ours: all.flatMap((runs) => runs.ours) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
