/** The lines of docs/PERFORMANCE.md: for each what runs, what is the least that an engine itself can do, and the goal. */
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Instance, type Kind, start } from "../scripts/servers.ts";
import { emptyBolt } from "../test/conformance/bolt.ts";
import { emptyFalkor } from "../test/conformance/falkor.ts";
import { generate } from "./generate.ts";
import { measure, program } from "./measure.ts";

/** The floor and our program, each once, in this order and under the same conditions. */
export interface Pair {
  readonly floor: readonly string[];
  readonly ours: readonly string[];
  readonly env: Record<string, string>;
  /** Makes the target what it was, before each. */
  reset(): Promise<void>;
}

export interface Line {
  readonly name: string;
  readonly title: string;
  /** Ours over the floor, by the clock. */
  readonly goal: number;
  /** The size of store that the table shows, in memories; a store has twice as many relationships. */
  readonly memories: number;
  prepare(folder: string, memories: number): Promise<Pair>;
}

const bun = process.execPath;
const script = (name: string) => join(import.meta.dir, name);

function sqliteLine(name: string, title: string, goal: number, how: "same" | "translated"): Line {
  return {
    ...{ name, title, goal, memories: 100_000 },
    prepare: async (folder, memories) => {
      const source = storeOf(folder, memories);
      const target = join(folder, "target.db");
      const to = ["--to", "sqlite", "--to-path", target, ...(how === "translated" ? ["--for", "0.13"] : [])];
      return {
        floor: [bun, script("floor.ts"), how, source, target],
        ours: [program, "--from-path", source, ...to, "--state-dir", join(folder, "state"), "--quiet"],
        env: {},
        reset: async () => rmSync(target, { force: true }),
      };
    },
  };
}

const NAMES: Record<Kind, string> = { neo4j: "Neo4j", falkordb: "FalkorDB", memgraph: "Memgraph" };

function intoServer(kind: Kind): Line {
  return {
    ...{ name: `to-${kind}`, title: `SQLite into ${NAMES[kind]}`, goal: 1.25, memories: 10_000 },
    prepare: async (folder, memories) => {
      const source = storeOf(folder, memories);
      const { server, options, floor, env } = await startedServer(kind);
      return {
        floor: [bun, script("servers-floor.ts"), "fill", source, ...floor],
        ours: [program, "--from-path", source, ...options("to"), "--state-dir", join(folder, "state"), "--quiet"],
        env,
        reset: () => emptied(server),
      };
    },
  };
}

function fromServer(kind: Kind): Line {
  return {
    ...{ name: `from-${kind}`, title: `${NAMES[kind]} into SQLite`, goal: 1.3, memories: 10_000 },
    prepare: async (folder, memories) => {
      const source = storeOf(folder, memories);
      const target = join(folder, "target.db");
      const state = ["--state-dir", join(folder, "state"), "--quiet"];
      const { server, options, floor, env } = await startedServer(kind);
      await emptied(server);
      await measure([program, "--from-path", source, ...options("to"), ...state], env);
      return {
        floor: [bun, script("servers-floor.ts"), "read", "", ...floor],
        ours: [program, ...options("from"), "--to", "sqlite", "--to-path", target, ...state],
        env,
        reset: async () => rmSync(target, { force: true }),
      };
    },
  };
}

export const LINES: readonly Line[] = [
  sqliteLine("sqlite-same", "SQLite, same layout (0.12)", 2.5, "same"),
  sqliteLine("sqlite-other", "SQLite, other layout (0.12 to 0.13)", 2, "translated"),
  ...(["neo4j", "falkordb", "memgraph"] as const).flatMap((kind) => [intoServer(kind), fromServer(kind)]),
];

/** What a process gets to use the first server of that kind, which is started unless it runs. */
async function startedServer(kind: Kind) {
  const server = (await start(kind))[0]!;
  const { uri, password } = server;
  const user = server.username ?? (password === undefined || kind === "falkordb" ? undefined : "neo4j");
  return {
    server,
    floor: [kind, uri, ...(user === undefined ? [] : [user])],
    options: (side: "from" | "to") => [
      ...[`--${side}`, kind, `--${side}-uri`, uri],
      ...(user === undefined ? [] : [`--${side}-user`, user]),
    ],
    env: (password === undefined
      ? {}
      : { MEMORYGRAPH_FROM_PASSWORD: password, MEMORYGRAPH_TO_PASSWORD: password }) as Record<string, string>,
  };
}

function emptied(server: Instance): Promise<void> {
  return server.kind === "falkordb" ? emptyFalkor(server, "memorygraph") : emptyBolt(server);
}

/** The same store for all lines. */
function storeOf(folder: string, memories: number): string {
  const path = join(folder, `source-${memories}.db`);
  if (!existsSync(path) || statSync(path).size === 0) generate(path, memories);
  return path;
}
