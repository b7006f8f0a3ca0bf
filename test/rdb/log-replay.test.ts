/** Append-only logs followed without the engine, against the engine itself: random writes, and what it has after a restart. */
import { describe, expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UnreadableLog } from "../../src/rdb/effect-reader.ts";
import { dumpOfLog } from "../../src/rdb/log-replay.ts";
import { bytesSource, openDumpFile } from "../../src/rdb/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { spellGraph } from "./expected.ts";
import { mutated, Random } from "./mutate.ts";
import { readFile } from "./read.ts";

const kinds = await engines();
const newest = kinds.at(-1);
/** Histories; more of them with RUNS=100. */
const ROUNDS = Number(Bun.env.RUNS ?? 3);
const SEED = Number(Bun.env.RDB_SEED ?? 1);

const VALUES = [
  "1",
  "-9007199254740993",
  "0.1",
  "-0.0",
  "1e300",
  "true",
  "'text'",
  "'Zürich 🚀'",
  "''",
  "[1, 'two', 3.5, [true, []]]",
  "point({latitude: 1.5, longitude: -2.25})",
  "vecf32([1.5, -2.5])",
  "localdatetime('2024-01-01T00:00:00')",
  "date('1960-02-29')",
  "localtime('03:04:05')",
  "duration('P1DT2H')",
];

/** One query that changes something, most often. */
function change(random: Random): string {
  const pick = (name: string) => `MATCH (${name}) WHERE id(${name}) % 23 = ${random.below(23)}`;
  const value = () => random.pick(VALUES);
  const label = () => random.pick(["Memory", "Other", "Third", "`two words`"]);
  const type = () => random.pick(["R", "S", "`a b`"]);
  const property = () => random.pick(["a", "b", "c", "d", "e"]);
  switch (random.below(14)) {
    case 0:
    case 1:
      return `UNWIND range(1, ${1 + random.below(6)}) AS i CREATE (:${label()}:${random.pick(["X", "Y"])} {${property()}: ${value()}, n: i})`;
    case 2:
      return `CREATE ({${property()}: ${value()}})-[:${type()} {${property()}: ${value()}}]->(:${label()})`;
    case 3:
    case 4:
      return `${pick("a")} ${pick("b")} CREATE (a)-[:${type()} {${property()}: ${value()}}]->(b)`;
    case 5:
      return `${pick("a")} SET a.${property()} = ${value()}, a.${property()} = ${value()}`;
    case 6:
      return `${pick("a")} SET a.${property()} = null`;
    case 7:
      return `${pick("a")} SET a = {${property()}: ${value()}, only: 1}`;
    case 8:
      return `${pick("a")} SET a:${label()}:Later`;
    case 9:
      return `${pick("a")} REMOVE a:${label()}`;
    case 10:
      return `MATCH ()-[r]->() WHERE id(r) % 7 = ${random.below(7)} SET r.${property()} = ${value()}`;
    case 11:
      return `MATCH ()-[r]->() WHERE id(r) % 11 = ${random.below(11)} DELETE r`;
    case 12:
      return `${pick("a")} DELETE a`;
    default:
      return `MATCH (a) WHERE id(a) % 13 = ${random.below(13)} DELETE a CREATE (:${label()} {${property()}: ${value()}})`;
  }
}

/** The files of the log in a folder of data, in their order. */
function logOf(folder: string): { base: string; increments: string[] } {
  const path = join(folder, "appendonlydir");
  const names = readFileSync(join(path, "appendonly.aof.manifest"), "utf8").split("\n");
  const of = (type: string) =>
    names.filter((line) => line.includes(` type ${type}`)).map((line) => line.split(" ")[1]!);
  return { base: join(path, of("b")[0]!), increments: of("i").map((name) => join(path, name)) };
}

async function followed(folder: string, path: string): Promise<void> {
  const { base, increments } = logOf(folder);
  using source = openDumpFile(base);
  const logs = increments.map((name) => bytesSource(readFileSync(name)));
  await dumpOfLog({ base: source, increments: logs, graph: "memorygraph", database: 0 }, path);
}

describe.if(newest !== undefined)("an append-only log", () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => SEED + round))("of random writes %d", async (seed) => {
    using folder = temporaryFolder();
    const random = new Random(seed);
    let live: Awaited<ReturnType<Engine["read"]>> | undefined;
    {
      await using engine = await Engine.start(newest!.module, folder.path, "dump.rdb", [
        ...["--appendonly", "yes", "--appendfsync", "always"],
      ]);
      for (let done = 0; done < 150; done++) {
        await engine.query("memorygraph", change(random)).catch((error) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
        if (done === 40) await engine.query("memorygraph", "CREATE INDEX FOR (m:Memory) ON (m.a)");
        if (done === 50) await engine.query("memorygraph", "CREATE FULLTEXT INDEX FOR (m:Other) ON (m.b)");
        if (done === 60) {
          // From here on the log begins with a dump that has ids to give out again.
          await engine.command("BGREWRITEAOF");
          while (String(await engine.command("INFO", "persistence")).includes("aof_rewrite_in_progress:1")) {
            await Bun.sleep(10);
          }
        }
        // So many that their vector has another form.
        if (done === 70) await engine.query("memorygraph", "UNWIND range(1, 2000) AS i CREATE (:Bulk {i: i})");
        if (done === 75) await engine.query("memorygraph", "MATCH (b:Bulk) WHERE b.i % 10 < 9 SET b:Later");
        if (done === 80) await engine.query("memorygraph", "MATCH (b:Bulk) WHERE b.i % 10 < 8 DELETE b");
        if (done === 100) await engine.query("memorygraph", "DROP INDEX FOR (m:Memory) ON (m.a)");
      }
      live = await engine.read("memorygraph");
    }
    await followed(folder.path, folder.file("followed.rdb"));
    using copy = temporaryFolder();
    cpSync(folder.file("appendonlydir"), copy.file("appendonlydir"), { recursive: true });
    await using again = await Engine.start(newest!.module, copy.path, "dump.rdb", ["--appendonly", "yes"]);
    const ours = await readFile(folder.file("followed.rdb"));
    expect(spellGraph(ours)).toEqual(spellGraph(live!));
    expect(spellGraph(ours)).toEqual(spellGraph(await again.read("memorygraph")));
    expect(ours.nodes.length).toBeGreaterThan(100);
    expect(ours.relationships.length).toBeGreaterThan(0);
    const indexed = ours.graph.schema.labels.filter(({ index }) => index !== null).map(({ name }) => name);
    expect(indexed).toEqual(["Other"]);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".spool"))).toEqual([]);
  });
});

test.each(kinds.slice(0, -1))("the log of FalkorDB $version is not read, since it has queries in it", async ({
  module,
}) => {
  using folder = temporaryFolder();
  {
    const options = ["--appendonly", "yes", "--appendfsync", "always"];
    await using engine = await Engine.start(module, folder.path, "dump.rdb", options);
    await engine.query("memorygraph", "CREATE (:Memory {id: randomUUID()})");
    await engine.query("memorygraph", "UNWIND range(1, 500) AS i CREATE (:Memory {id: 'm'+toString(i)})");
  }
  await expect(followed(folder.path, folder.file("followed.rdb"))).rejects.toBeInstanceOf(UnreadableLog);
});

test.if(newest !== undefined)("a damaged log is read or refused, and ends in nothing else", async () => {
  using folder = temporaryFolder();
  const random = new Random(SEED);
  {
    const options = ["--appendonly", "yes", "--appendfsync", "always"];
    await using engine = await Engine.start(newest!.module, folder.path, "dump.rdb", options);
    for (let done = 0; done < 60; done++) await engine.query("memorygraph", change(random));
  }
  const log = readFileSync(logOf(folder.path).increments[0]!);
  const seen = { read: 0, refused: 0 };
  for (let round = 0; round < 150; round++) {
    const increments = [bytesSource(mutated(log, random))];
    const request = { base: null, increments, graph: "memorygraph", database: 0 };
    try {
      await dumpOfLog(request, folder.file("followed.rdb"));
      seen.read++;
    } catch (error) {
      if (!(error instanceof UnreadableLog)) throw new Error(`seed ${SEED}, round ${round}`, { cause: error });
      seen.refused++;
    }
  }
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
});

describe("a log that cannot be followed", () => {
  const commands = (...all: string[][]) =>
    bytesSource(
      Buffer.from(
        all
          .map((words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`)
          .join(""),
        "latin1",
      ),
    );

  test.each([
    [["GRAPH.QUERY", "memorygraph", "CREATE (:Memory)"], "the command GRAPH.QUERY"],
    [["GRAPH.EFFECT", "memorygraph", "\x03"], "effects of version 3"],
    [["GRAPH.EFFECT", "memorygraph", "\x02\x63\0\0\0"], "an effect of the unknown kind 99"],
    [["GRAPH.EFFECT", "memorygraph", "\x02\x05\0\0\0"], "a truncated effect"],
    [["GRAPH.EFFECT", "memorygraph", `\x02\x05\0\0\0${"\0".repeat(8)}`], "a change of node 0, which is not there"],
    [["RENAME", "other", "memorygraph"], "the command RENAME"],
    [["SWAPDB", "0", "1"], "the command SWAPDB"],
    [["PEXPIREAT", "memorygraph", "4000000000000"], "the command PEXPIREAT"],
  ] as const)("has %p", async (words, why) => {
    using folder = temporaryFolder();
    const log = commands([...words]);
    const following = dumpOfLog(
      { base: null, increments: [log], graph: "memorygraph", database: 0 },
      folder.file("dump.rdb"),
    );
    await expect(following).rejects.toThrow(why);
    await expect(following).rejects.toBeInstanceOf(UnreadableLog);
  });

  test("has no harm in what is not the graph's, in a cut end, or in a transaction that did not end", async () => {
    using folder = temporaryFolder();
    const node = `\x02\x03\0\0\0\0\0\0\0`;
    const whole = commands(
      ["SELECT", "1"],
      ["GRAPH.QUERY", "memorygraph", "CREATE (:Memory)"],
      ["SELECT", "0"],
      ["XADD", "telemetry{memorygraph}", "*", "q", "memorygraph"],
      ["GRAPH.QUERY", "other", "CREATE (:Memory)"],
      ["MULTI"],
      ["GRAPH.EFFECT", "memorygraph", node],
      ["EXEC"],
      ["GRAPH.EFFECT", "memorygraph", node],
      ["MULTI"],
      ["GRAPH.EFFECT", "memorygraph", node],
    );
    const bytes = Buffer.alloc(whole.size);
    whole.read(bytes, 0);
    for (const end of ["", "*3\r\n$12\r\nGRAPH.EFF", "#TS:1700000000\r\n*1"]) {
      const log = bytesSource(Buffer.concat([bytes, Buffer.from(end)]));
      const path = folder.file("dump.rdb");
      await dumpOfLog({ base: null, increments: [log], graph: "memorygraph", database: 0 }, path);
      expect((await readFile(path)).nodes.length).toBe(2);
    }
  });
});
