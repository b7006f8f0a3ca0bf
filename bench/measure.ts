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

export async function measure(command: string[], env: Record<string, string> = {}): Promise<Measure> {
  const start = performance.now();
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe", env: { ...Bun.env, ...env } });
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

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
