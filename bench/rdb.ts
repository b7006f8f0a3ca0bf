/**
 * How long a dump takes to be read and written, beside what FalkorDB itself takes to load and save the same graph, and
 * how much memory. Each measurement is a process of its own; the engine is that of the tests (scripts/servers.ts). Told are
 * seconds on the clock, and seconds of the processor, which other work on the machine does not change: of the engine those
 * of its main thread, which is the one that loads and saves; ours all threads, with what Bun needs to collect garbage.
 *
 *   bun bench/rdb.ts [NODES]
 */
import { mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
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

interface Times {
  readonly clock: number;
  readonly processor: number;
}

interface Measure extends Times {
  readonly mebibytes: number;
}

async function measure(verb: string, ...args: string[]): Promise<Measure> {
  const start = performance.now();
  const child = Bun.spawn([process.execPath, import.meta.path, verb, ...args], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error(`${verb} failed`);
  const usage = child.resourceUsage()!;
  return {
    clock: (performance.now() - start) / 1000,
    processor: Number(usage.cpuTime.total) / 1e6,
    mebibytes: usage.maxRSS / 2 ** 20,
  };
}

/** Loads the file, and saves it again. */
async function engine(folder: string, file: string): Promise<{ load: Times; save: Times; version: string }> {
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
    const clock = (performance.now() - start) / 1000;
    const saved = await processor();
    client.destroy();
    const text = readFileSync(log, "utf8");
    return {
      load: { clock: Number(/DB loaded from disk: ([\d.]+) seconds/.exec(text)![1]), processor: loaded },
      save: { clock, processor: saved - loaded },
      version: /FalkorDB version ([\d.]+\d)/.exec(text)![1]!,
    };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function main(nodes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "memorygraph-bench-"));
  try {
    const path = join(folder, "dump.rdb");
    await measure("generate", path, String(nodes));
    const { version } = await engine(folder, "dump.rdb");
    console.log(`FalkorDB ${version} saves it in ${(statSync(path).size / 1e6).toFixed(1)} MB`);
    const empty = await measure("nothing");
    const rounds: { load: Times; save: Times; read: Measure; rewrite: Measure }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { load, save } = await engine(folder, "dump.rdb");
      rounds.push({ load, save, read: await measure("read", path), rewrite: await measure("rewrite", path) });
    }
    console.log(`${nodes} nodes, ${nodes * DEGREE} relationships; medians of ${ROUNDS} rounds`);
    for (const unit of ["clock", "processor"] as const) {
      const seconds = (what: "load" | "save" | "read" | "rewrite") => median(rounds.map((round) => round[what][unit]));
      // Starting Bun is no part of either, nor is reading of writing.
      const reading = seconds("read") - empty[unit];
      const writing = seconds("rewrite") - seconds("read");
      const told = (name: string, ours: number, verb: "load" | "save") =>
        `${name} ${ours.toFixed(2)} s, the engine ${seconds(verb).toFixed(2)} s: ratio ${(ours / seconds(verb)).toFixed(2)}`;
      console.log(`${unit}: ${told("read", reading, "load")}; ${told("written", writing, "save")}`);
    }
    const peak = (what: "read" | "rewrite") => Math.max(...rounds.map((round) => round[what].mebibytes)).toFixed(0);
    const size = (statSync(`${path}.rewritten`).size / 1e6).toFixed(1);
    console.log(
      `peak MiB: read ${peak("read")}, read and written ${peak("rewrite")}, Bun alone ${empty.mebibytes.toFixed(0)}`,
    );
    console.log(`our file ${size} MB`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [verb = "100000", path = "", count = ""] = process.argv.slice(2);
if (verb === "generate") await generate(path, Number(count));
else if (verb === "read") await read(path);
else if (verb === "rewrite") await rewrite(path);
else if (verb !== "nothing") await main(Number(verb));
