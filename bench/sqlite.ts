/**
 * How long a verified SQLite migration takes, as a ratio to the floor (bench/floor.ts), both as whole processes and in
 * turn, and how much memory it needs. Uses dist/memorygraph-migrate; run `npm run build` first.
 *
 *   bun bench/sqlite.ts [COUNT ...]
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./generate.ts";
import { inBenchFolder, type Measure, measure, median, program } from "./measure.ts";

const ROUNDS = 5;
const floor = join(import.meta.dir, "floor.ts");

async function compare(folder: string, count: number): Promise<string[]> {
  const source = join(folder, "source.db");
  const target = join(folder, "target.db");
  generate(source, count);
  const state = ["--state-dir", join(folder, "state")];
  const endpoints = ["--from-path", source, "--to", "sqlite", "--to-path", target, ...state];
  const commands = {
    floor: [process.execPath, floor, source, target],
    same: [program, ...endpoints, "--quiet"],
    upgrade: [program, ...endpoints, "--for", "0.13", "--quiet"],
  };
  const names = ["floor", "same", "upgrade"] as const;
  const runs: Record<keyof typeof commands, Measure[]> = { floor: [], same: [], upgrade: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      rmSync(target, { force: true });
      const result = await measure(commands[name]);
      // The first round only warms the system's caches.
      if (round > 0) runs[name].push(result);
    }
  }
  rmSync(target, { force: true });
  const ratio = (name: "same" | "upgrade") =>
    median(runs[name].map(({ seconds }, at) => seconds / runs.floor[at]!.seconds)).toFixed(2);
  const seconds = (name: keyof typeof runs) => median(runs[name].map((run) => run.seconds)).toFixed(2);
  const memory = (name: keyof typeof runs) => Math.max(...runs[name].map((run) => run.mebibytes)).toFixed(0);
  return [
    String(count),
    seconds("floor"),
    seconds("same"),
    ratio("same"),
    memory("same"),
    seconds("upgrade"),
    ratio("upgrade"),
    memory("upgrade"),
  ];
}

await inBenchFolder(async (folder) => {
  const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000];
  console.log("memories, with twice as many relationships; medians of 5 rounds; migrations are verified");
  console.log("memories | floor s | same layout s | ratio | peak MiB | to 0.13 s | ratio | peak MiB");
  for (const count of counts) console.log((await compare(folder, count)).join(" | "));
});
