/**
 * How long a verified migration from SQLite into each graph server takes, as a ratio to the floor
 * (bench/servers-floor.ts), both as whole processes and in turn, into an empty graph each time. Starts its servers as
 * the tests do; uses dist/memorygraph-migrate: run `npm run build` first.
 *
 *   bun bench/servers.ts [KIND ...]
 */
import { dirname, join } from "node:path";
import { type Instance, KINDS, type Kind, start, stop } from "../scripts/servers.ts";
import { emptyBolt } from "../test/conformance/bolt.ts";
import { emptyFalkor } from "../test/conformance/falkor.ts";
import { generate } from "./generate.ts";
import { inBenchFolder, type Measure, measure, median, program } from "./measure.ts";

const ROUNDS = 5;
const MEMORIES = 10_000;
const floor = join(import.meta.dir, "servers-floor.ts");

async function compare(source: string, server: Instance): Promise<string[]> {
  const { kind, uri, username, password } = server;
  const user = username ?? (password === undefined || kind === "falkordb" ? undefined : "neo4j");
  const to = ["--to", kind, "--to-uri", uri, ...(user === undefined ? [] : ["--to-user", user])];
  const commands = {
    floor: [process.execPath, floor, source, kind, uri, ...(user === undefined ? [] : [user])],
    // Its runs are no business of whoever measures.
    ours: [program, "--from-path", source, ...to, "--state-dir", join(dirname(source), "state"), "--quiet"],
  };
  const empty = () => (kind === "falkordb" ? emptyFalkor(server, "memorygraph") : emptyBolt(server));
  const env = password === undefined ? {} : { MEMORYGRAPH_TO_PASSWORD: password };
  const runs: Record<keyof typeof commands, Measure[]> = { floor: [], ours: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of ["floor", "ours"] as const) {
      await empty();
      const result = await measure(commands[name], env);
      // The first round warms the server.
      if (round > 0) runs[name].push(result);
    }
  }
  await empty();
  const seconds = (name: keyof typeof runs) => median(runs[name].map((run) => run.seconds)).toFixed(2);
  const ratio = median(runs.ours.map((run, at) => run.seconds / runs.floor[at]!.seconds)).toFixed(2);
  const memory = Math.max(...runs.ours.map((run) => run.mebibytes)).toFixed(0);
  return [kind, seconds("floor"), seconds("ours"), ratio, memory];
}

await inBenchFolder(async (folder) => {
  const kinds = process.argv.length > 2 ? (process.argv.slice(2) as Kind[]) : KINDS;
  Bun.env.SERVERS_RUN = `bench-${process.pid}`;
  try {
    const source = join(folder, "source.db");
    generate(source, MEMORIES);
    console.log(`${MEMORIES} memories, ${2 * MEMORIES} relationships; medians of ${ROUNDS} rounds; verified`);
    console.log("target | floor s | ours s | ratio | peak MiB");
    for (const kind of kinds) {
      try {
        const [server] = await start(kind);
        console.log((await compare(source, server!)).join(" | "));
      } catch (error) {
        console.log(`${kind} | not measured: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    await stop();
  }
});
