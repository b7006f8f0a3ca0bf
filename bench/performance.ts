/**
 * Measures the lines of docs/PERFORMANCE.md, each against the least that an engine itself can do, prints one table and writes the page
 * with its plots. Whole processes, floor and ours in turn, after one round that warms caches and servers. Lines that are not named
 * keep what was measured before. Starts its servers as the tests do; uses dist/memorygraph-migrate: run `npm run build` first.
 *
 *   bun bench/performance.ts [--rounds 5] [--memories N] [LINE ...]
 */
import { parseArgs } from "node:util";
import { stop } from "../scripts/servers.ts";
import { LINES, type Line } from "./lines.ts";
import { inBenchFolder, type Measure, measure } from "./measure.ts";
import { table, writePage } from "./page.ts";
import { keep, readResults, resultOf } from "./results.ts";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, memories: { type: "string" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !LINES.some((line) => line.name === name));

async function measureLine(line: Line, folder: string, memories: number): Promise<void> {
  const { floor, ours, env, reset } = await line.prepare(folder, memories);
  const runs: Record<"floor" | "ours", Measure[]> = { floor: [], ours: [] };
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [name, command] of [
      ["floor", floor],
      ["ours", ours],
    ] as const) {
      await reset();
      const result = await measure([...command], env);
      if (round > 0) runs[name].push(result);
    }
  }
  await reset();
  writePage(keep(resultOf(line.name, memories, runs.floor, runs.ours)));
}

if (unknown.length > 0) {
  console.error(`no such line: ${unknown.join(", ")}; there are ${LINES.map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
} else {
  await inBenchFolder(async (folder) => {
    Bun.env.SERVERS_RUN = `bench-${process.pid}`;
    try {
      for (const line of LINES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
        try {
          await measureLine(line, folder, values.memories === undefined ? line.memories : Number(values.memories));
        } catch (error) {
          console.error(`${line.name} is not measured: ${error instanceof Error ? error.message : error}`);
        }
      }
      console.log(table(readResults()));
    } finally {
      await stop();
    }
  });
}
