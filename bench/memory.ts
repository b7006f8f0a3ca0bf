/**
 * The peak memory of every path at three sizes: migrations, merges that overwrite, their undoing, going on after a kill,
 * verify and inspect, for every kind of store that is there. Promise 5 says that it stays under 256 MB and does not grow
 * with the store. Starts its servers as the tests do; uses dist/memorygraph-migrate: run `npm run build` first.
 *
 *   bun bench/memory.ts [--sizes 5000,20000,80000] [KIND ...]
 */
import { KINDS, start, stop } from "../scripts/servers.ts";
import { inBenchFolder, program } from "./measure.ts";
import { peaksOf, type Store } from "./memory-paths.ts";

const FILES = ["sqlite", "falkordblite", "archive"] as const;

const words = process.argv.slice(2);
const at = words.indexOf("--sizes");
const sizes = (at === -1 ? "5000,20000,80000" : words[at + 1]!).split(",").map(Number);
const wanted = words.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
const isWanted = (kind: string) => wanted.length === 0 || wanted.includes(kind);

await inBenchFolder(async (folder) => {
  Bun.env.SERVERS_RUN = `bench-${process.pid}`;
  try {
    const stores: Store[] = FILES.filter(isWanted).map((kind) => ({ kind }));
    for (const kind of KINDS.filter(isWanted)) {
      try {
        stores.push({ kind, server: (await start(kind))[0]! });
      } catch (error) {
        console.log(`${kind} is not measured: ${error instanceof Error ? error.message : error}`);
      }
    }
    console.log(`peak MiB at ${sizes.join(", ")} memories, with twice as many relationships`);
    console.log(`path | ${sizes.join(" | ")}`);
    for (const store of stores) {
      const columns: Map<string, number>[] = [];
      for (const size of sizes) {
        const tell = (step: string, peak: number) => console.error(`${step}, ${size}: ${peak.toFixed(0)}`);
        columns.push(await peaksOf([program], store, size, folder, tell));
      }
      for (const path of columns[0]!.keys()) {
        console.log([path, ...columns.map((column) => column.get(path)!.toFixed(0))].join(" | "));
      }
    }
  } finally {
    await stop();
  }
});
