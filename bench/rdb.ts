/**
 * How long a dump takes to be read and written, beside what FalkorDB itself takes to load and save the same graph, and
 * how much memory. Each measurement is a process of its own; the engine is that of the tests (scripts/servers.ts). Told are
 * seconds on the clock, and seconds of the processor, which other work on the machine does not change: of the engine those
 * of its main thread, which is the one that loads and saves; ours all threads, with what Bun needs to collect garbage.
 *
 *   bun bench/rdb.ts [NODES]
 */
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { falkorBinaries } from "../scripts/engines/falkordb.ts";
import { freePort } from "../scripts/engines/ready.ts";
import { Properties } from "../src/graph/properties.ts";
import { GraphDraft } from "../src/rdb/draft.ts";
import { type GraphSchema, INDEX } from "../src/rdb/dump.ts";
import { openGraph } from "../src/rdb/graph.ts";
import { findGraph, scanDump } from "../src/rdb/scan.ts";
import { openDumpFile } from "../src/rdb/source.ts";
import { writeDump } from "../src/rdb/write.ts";
import { type Measure, measure, median, type Runs } from "./measure.ts";

const ROUNDS = 3;
const DEGREE = 3;
const GRAPH = "memorygraph";
const WORDS = "cache retry timeout index shard naïve backoff vector pool leak token lock graph 日本語 schema".split(
  " ",
);
const TYPES = ["SOLVES", "RELATED_TO", "CAUSES", "FOLLOWS", "DEPENDS_ON"];
const NODE_KEYS = ["id", "type", "title", "content", "importance", "usage_count", "tags", "created_at", "updated_at"];
const RELATIONSHIP_KEYS = ["id", "strength", "confidence", "evidence_count", "created_at"];
const SCHEMA: GraphSchema = {
  attributes: [],
  labels: [
    {
      name: "Memory",
      index: {
        language: "english",
        stopWords: [],
        fields: ["id", "type", "created_at"].map((property) => ({
          property,
          ...{ kinds: INDEX.range, weight: 1, nostem: false, phonetic: "no", vector: null },
        })),
      },
      constraints: [{ kind: "unique", properties: ["id"] }],
    },
  ],
  types: [],
};

/** Numbers that look random and are the same each time. */
function randomness(): (below: number) => number {
  let state = 42;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Some 250 bytes of text a node, as memories have. */
async function generate(path: string, nodes: number): Promise<void> {
  const random = randomness();
  const text = (words: number) => Array.from({ length: words }, () => WORDS[random(WORDS.length)]).join(" ");
  const time = () => `2024-0${1 + random(9)}-1${random(10)}T0${random(10)}:00:00.${100_000 + random(900_000)}+00:00`;
  using draft = new GraphDraft(`${path}.spool`, { name: GRAPH, schema: SCHEMA });
  for (let id = 0; id < nodes; id++) {
    const tags = [WORDS[random(WORDS.length)]!, WORDS[random(WORDS.length)]!];
    const values = [
      `memory-${id}`,
      "solution",
      text(5),
      text(30),
      random(1000) / 999,
      BigInt(random(50)),
      tags,
      time(),
      time(),
    ];
    draft.addNode({ id, labels: ["Memory"], properties: Properties.of(NODE_KEYS, values) });
  }
  for (let id = 0; id < nodes * DEGREE; id++) {
    const values = [Bun.hash(String(id)).toString(16), random(1000) / 999, 0.8, BigInt(random(9)), time()];
    const properties = Properties.of(RELATIONSHIP_KEYS, values);
    draft.addRelationship({
      id,
      type: TYPES[random(TYPES.length)]!,
      start: random(nodes),
      end: random(nodes),
      properties,
    });
  }
  await writeDump(path, draft);
}

/** Every record as the rest of the program gets it. */
async function read(path: string): Promise<void> {
  using source = openDumpFile(path);
  const scan = await scanDump(source);
  const reader = await openGraph(scan, findGraph(scan, GRAPH)!);
  let records = 0;
  for await (const batch of reader.nodes()) records += batch.length;
  for await (const batch of reader.relationships()) records += batch.length;
  const { nodes, relationships } = reader.graph.counts;
  if (records !== nodes + relationships) throw new Error(`${records} records`);
}

/** Reads one dump and writes another of it: what a migration into a file does. */
async function rewrite(path: string): Promise<void> {
  using source = openDumpFile(path);
  const scan = await scanDump(source);
  const graph = findGraph(scan, GRAPH)!;
  const reader = await openGraph(scan, graph);
  using draft = new GraphDraft(`${path}.spool`, { name: GRAPH, schema: graph.schema });
  for await (const batch of reader.nodes()) for (const node of batch) draft.addNode(node);
  for await (const batch of reader.relationships()) for (const one of batch) draft.addRelationship(one);
  await writeDump(`${path}.rewritten`, draft, { keep: scan });
}

/** Runs this program again, as a process of its own, with that verb. */
function verbAlone(verb: string, ...args: string[]): Promise<Measure> {
  return measure([process.execPath, import.meta.path, verb, ...args]);
}

interface EngineRun {
  readonly load: Measure;
  readonly save: Measure;
  readonly version: string;
}

/** Loads the file, and saves it again. Its memory is not measured. */
async function engine(folder: string, file: string): Promise<EngineRun> {
  const port = await freePort();
  const log = join(folder, "log");
  const { server, module } = falkorBinaries();
  const child = Bun.spawn(
    [server, "--port", String(port), "--save", "", "--dir", folder, "--dbfilename", file, "--loadmodule", module],
    { stdout: openSync(log, "w"), stderr: "ignore" },
  );
  try {
    for (let waited = 0; !readFileSync(log, "utf8").includes("Ready to accept"); waited++) {
      if (waited > 1_200 || child.exitCode !== null) throw new Error(readFileSync(log, "utf8").slice(-1_000));
      await Bun.sleep(50);
    }
    const client = createClient({ socket: { host: "127.0.0.1", port } });
    await client.connect();
    const processor = async (): Promise<number> => {
      const info = String(await client.sendCommand(["INFO", "cpu"]));
      return Number(/user_main_thread:([\d.]+)/.exec(info)![1]) + Number(/sys_main_thread:([\d.]+)/.exec(info)![1]);
    };
    const loaded = await processor();
    const start = performance.now();
    await client.sendCommand(["SAVE"]);
    const seconds = (performance.now() - start) / 1000;
    const saved = await processor();
    client.destroy();
    const text = readFileSync(log, "utf8");
    const loading = Number(/DB loaded from disk: ([\d.]+) seconds/.exec(text)![1]);
    return {
      load: { seconds: loading, cpuSeconds: loaded, mebibytes: 0 },
      save: { seconds, cpuSeconds: saved - loaded, mebibytes: 0 },
      version: /FalkorDB version ([\d.]+\d)/.exec(text)![1]!,
    };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** The engine as the floor of each. */
interface DumpRuns {
  readonly read: Runs;
  readonly write: Runs;
  readonly engine: string;
}

const measured = new Map<string, Promise<DumpRuns>>();

/** Once for each size, whoever asks: what is read is what is written. */
export function measureDump(nodes: number, rounds: number): Promise<DumpRuns> {
  const key = `${nodes} ${rounds}`;
  const runs = measured.get(key) ?? inRounds(nodes, rounds);
  measured.set(key, runs);
  return runs;
}

async function inRounds(nodes: number, rounds: number): Promise<DumpRuns> {
  const folder = mkdtempSync(join(tmpdir(), "memorygraph-bench-"));
  try {
    const path = join(folder, "dump.rdb");
    await verbAlone("generate", path, String(nodes));
    // It saves it in its own way, and everything is warm afterwards.
    const { version } = await engine(folder, "dump.rdb");
    const empty = await verbAlone("nothing");
    const all: { load: Measure; save: Measure; read: Measure; write: Measure }[] = [];
    for (let round = 0; round < rounds; round++) {
      const { load, save } = await engine(folder, "dump.rdb");
      const [read, rewritten] = [await verbAlone("read", path), await verbAlone("rewrite", path)];
      // Starting Bun is no part of either, nor is reading of writing.
      all.push({ load, save, read: without(read, empty), write: without(rewritten, read) });
    }
    return {
      read: { floor: all.map(({ load }) => load), ours: all.map(({ read }) => read) },
      write: { floor: all.map(({ save }) => save), ours: all.map(({ write }) => write) },
      engine: version,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function without(whole: Measure, part: Measure): Measure {
  const { seconds, cpuSeconds, mebibytes } = whole;
  return { seconds: seconds - part.seconds, cpuSeconds: cpuSeconds - part.cpuSeconds, mebibytes };
}

async function main(nodes: number): Promise<void> {
  const { read, write, engine } = await measureDump(nodes, ROUNDS);
  console.log(`FalkorDB ${engine}; ${nodes} nodes, ${nodes * DEGREE} relationships; medians of ${ROUNDS} rounds`);
  for (const [name, { floor, ours }] of Object.entries({ read, written: write })) {
    const told = (["seconds", "cpuSeconds"] as const).map((unit) => {
      const [own, least] = [ours, floor].map((runs) => median(runs.map((run) => run[unit])));
      const what = unit === "seconds" ? "by the clock" : "of processor";
      return `${own!.toFixed(2)} s ${what}, the engine ${least!.toFixed(2)} s: ratio ${(own! / least!).toFixed(2)}`;
    });
    const peak = Math.max(...ours.map((run) => run.mebibytes)).toFixed(0);
    console.log(`${name}: ${told.join("; ")}; peak ${peak} MiB`);
  }
}

if (import.meta.main) {
  const [verb = "100000", path = "", count = ""] = process.argv.slice(2);
  if (verb === "generate") await generate(path, Number(count));
  else if (verb === "read") await read(path);
  else if (verb === "rewrite") await rewrite(path);
  else if (verb !== "nothing") await main(Number(verb));
}
