/** What was measured so far: docs/performance/results.json, one entry a line of the table and size of store. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { type Measure, median } from "./measure.ts";

const FOLDER = join(import.meta.dir, "../docs/performance");
const FILE = join(FOLDER, "results.json");

/** Medians of all rounds, but for the peak, which is the highest. */
export interface Result {
  readonly line: string;
  readonly memories: number;
  readonly rounds: number;
  /** When it was measured: YYYY-MM-DD. */
  readonly day: string;
  readonly machine: string;
  /** Processes that wanted to run in the minute before; absent where it was not noted. */
  readonly load?: number;
  /** Null where there is no floor, as are the ratio and the floor's processor time. */
  readonly floorSeconds: number | null;
  readonly seconds: number;
  /** Median of the ratios of each round, by the clock. */
  readonly ratio: number | null;
  readonly floorCpuSeconds: number | null;
  readonly cpuSeconds: number;
  /** The highest of ours. */
  readonly mebibytes: number;
}

/** One round after the other; `floor` and `ours` of a round ran in turn. */
export function resultOf(
  what: Pick<Result, "line" | "memories" | "load">,
  floor: readonly Measure[],
  ours: readonly Measure[],
): Result {
  const middle = (runs: readonly Measure[], part: "seconds" | "cpuSeconds") =>
    runs.length === 0 ? null : rounded(median(runs.map((run) => run[part])));
  const ratios = floor.map(({ seconds }, at) => ours[at]!.seconds / seconds);
  return {
    ...what,
    rounds: ours.length,
    day: new Date().toISOString().substring(0, 10),
    machine: machine(),
    floorSeconds: middle(floor, "seconds"),
    seconds: middle(ours, "seconds")!,
    ratio: ratios.length === 0 ? null : rounded(median(ratios)),
    floorCpuSeconds: middle(floor, "cpuSeconds"),
    cpuSeconds: middle(ours, "cpuSeconds")!,
    mebibytes: Math.round(Math.max(...ours.map((run) => run.mebibytes))),
  };
}

/** What else the machine has to do, as uptime tells it; one process is the benchmark itself. */
export function load(): number {
  return rounded(loadavg()[0]!);
}

export function readResults(): Result[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Result[]) : [];
}

/** In the place of an earlier measurement of the same line and size. */
export function keep(result: Result): Result[] {
  const others = readResults().filter(({ line, memories }) => line !== result.line || memories !== result.memories);
  const all = [...others, result].sort((a, b) =>
    a.line === b.line ? a.memories - b.memories : a.line < b.line ? -1 : 1,
  );
  writeBeside("results.json", `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

/** A file in docs/performance. */
export function writeBeside(name: string, text: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, name), text);
}

function machine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? "an unknown processor"}, ${gibibytes} GiB, ${process.platform} ${process.arch}, Bun ${Bun.version}`;
}

function rounded(value: number): number {
  return Number(value.toFixed(value < 10 ? 3 : 1));
}
