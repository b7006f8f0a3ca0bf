/**
 * Measures the lines of docs/PERFORMANCE.md, each against the least that an engine itself can do, prints one table and writes the page
 * with its plots. Whole processes, floor and ours in turn, after one round that warms caches and servers; a round of more than 45 s
 * is not repeated. Every size of every line is kept as it ends, in the place of an earlier measurement of it, so that lines can be
 * measured one by one. Starts its servers as the tests do; uses dist/memorygraph-migrate: run `npm run build` first.
 *
 *   bun bench/performance.ts [--quick] [--rounds 5] [--memories N[,N]] [LINE ...]
 *
 * --quick measures three rounds, nothing above 100,000 memories in files and 10,000 in servers: some 20 minutes on two cores
 * that do nothing else; all of it takes an hour. --page only writes the page anew.
 */
import { parseArgs } from "node:util";
import { KINDS, stop } from "../scripts/servers.ts";
import { LINES, type Line } from "./lines.ts";
import { inBenchFolder } from "./measure.ts";
import { table, writePage } from "./page.ts";
import { keep, load, readResults, resultOf } from "./results.ts";

const QUICK = { rounds: 3, file: 100_000, server: 10_000 };

const { values, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    rounds: { type: "string" },
    memories: { type: "string" },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds ?? (values.quick ? QUICK.rounds : 5));
const unknown = positionals.filter((name) => !LINES.some((line) => line.name === name));

function sizesOf({ name, goals, sizes }: Line): number[] {
  if (values.memories !== undefined) return values.memories.split(",").map(Number);
  const all = [...new Set([...goals.map(({ memories }) => memories), ...sizes])].sort((a, b) => a - b);
  const most = KINDS.some((kind) => name.endsWith(`-${kind}`)) ? QUICK.server : QUICK.file;
  return values.quick ? all.filter((memories) => memories <= most) : all;
}

async function measureLine(line: Line, folder: string): Promise<void> {
  for (const memories of sizesOf(line)) {
    const busy = load();
    const { floor, ours } = await line.measure(folder, memories, rounds);
    const result = resultOf({ line: line.name, memories, load: busy }, floor, ours);
    writePage(keep(result));
    console.error(`${line.name}, ${memories}: ${JSON.stringify(result)}`);
  }
}

if (unknown.length > 0) {
  console.error(`no such line: ${unknown.join(", ")}; there are ${LINES.map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
} else if (values.page) {
  writePage(readResults());
} else {
  await inBenchFolder(async (folder) => {
    Bun.env.SERVERS_RUN = `bench-${process.pid}`;
    try {
      for (const line of LINES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
        try {
          await measureLine(line, folder);
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
