/**
 * What an archive costs: making one against reading its source alone, restoring one against a migration into the same kind of
 * store, with what memory; and its size against `zstd -3` of the same lines. Processor seconds are told beside those of the clock,
 * since a busy machine stretches these. Uses dist/memorygraph-migrate (run `npm run build` first) and `zstd`.
 *
 *   bun bench/archive.ts [COUNT ...]
 */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { generate } from "./generate.ts";
import { inBenchFolder, type Measure, measure, median, program } from "./measure.ts";

const ROUNDS = Number(Bun.env.BENCH_ROUNDS ?? 5);
const NAMES = ["read", "archive", "migrate", "restore"] as const;
type Name = (typeof NAMES)[number];

async function compare(folder: string, count: number): Promise<void> {
  const at = (name: string) => join(folder, name);
  const [source, archive, target] = [at("source.db"), at("a.jsonl.zst"), at("target.db")];
  generate(source, count);
  const state = ["--state-dir", at("state"), "--quiet"];
  const commands: Record<Name, readonly string[]> = {
    // Reads every record and digests it.
    read: [program, "inspect", source, "--json"],
    archive: [program, "backup", source, archive, ...state],
    // Into the other layout: record by record, as a restore has to do it.
    migrate: [program, source, target, "--for", "0.13", ...state],
    restore: [program, archive, target, ...state],
  };
  const runs: Record<Name, Measure[]> = { read: [], archive: [], migrate: [], restore: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of NAMES) {
      rmSync(name === "archive" ? archive : target, { force: true });
      const result = await measure([...commands[name]]);
      // The first round only warms the system's caches.
      if (round > 0) runs[name].push(result);
    }
  }
  const ratio = (name: Name, to: Name, what: "seconds" | "cpuSeconds") =>
    median(runs[name].map((run, round) => run[what] / runs[to][round]![what])).toFixed(2);
  const line = (name: Name) => {
    const [seconds, cpu] = [
      median(runs[name].map((run) => run.seconds)),
      median(runs[name].map((run) => run.cpuSeconds)),
    ];
    return `${name}: ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of processor, ${Math.max(...runs[name].map((run) => run.mebibytes)).toFixed(0)} MiB`;
  };
  console.log(`${count} memories, ${2 * count} relationships`);
  for (const name of NAMES) console.log(`  ${line(name)}`);
  console.log(
    `  archive to read: ${ratio("archive", "read", "seconds")} by the clock, ${ratio("archive", "read", "cpuSeconds")} of processor`,
  );
  console.log(
    `  restore to migrate: ${ratio("restore", "migrate", "seconds")} by the clock, ${ratio("restore", "migrate", "cpuSeconds")} of processor`,
  );
  const shell = (command: string) => Number(Bun.spawnSync(["/bin/sh", "-c", command]).stdout.toString());
  const lines = shell(`zstd -dc '${archive}' | wc -c`);
  const zstd = shell(`zstd -dc '${archive}' | zstd -3 | wc -c`);
  const { size } = statSync(archive);
  console.log(`  ${size} bytes, out of ${lines}; zstd -3 of the same lines ${zstd}: ${(size / zstd).toFixed(3)}`);
  for (const file of [archive, target, source]) rmSync(file, { force: true });
}

await inBenchFolder(async (folder) => {
  const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 100_000];
  for (const count of counts) await compare(folder, count);
});
