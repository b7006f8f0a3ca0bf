/** The lines of docs/PERFORMANCE.md that need a graph server. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Instance, type Kind, start } from "../scripts/servers.ts";
import { emptyBolt } from "../test/conformance/bolt.ts";
import { emptyFalkor } from "../test/conformance/falkor.ts";
import { storeOf } from "./generate.ts";
import type { Line } from "./lines.ts";
import { inTurn, measure, program, quietly } from "./measure.ts";

const NAMES: Record<Kind, string> = { neo4j: "Neo4j", falkordb: "FalkorDB", memgraph: "Memgraph" };
const SIZES = [1_000, 100_000];
const SHOWN = 10_000;
const floorScript = join(import.meta.dir, "servers-floor.ts");

export function intoServer(kind: Kind): Line {
  return {
    ...{ name: `to-${kind}`, title: `SQLite into ${NAMES[kind]}`, sizes: SIZES },
    goals: [{ memories: SHOWN, ratio: 1.25, mebibytes: 256 }],
    measure: async (folder, memories, rounds) => {
      const source = await storeOf(folder, memories);
      const { server, options, floor, env } = await startedServer(kind);
      const pair = {
        floor: [process.execPath, floorScript, "fill", source, ...floor],
        ours: [program, "--from-path", source, ...options("to"), ...quietly(folder)],
        env,
        reset: () => emptied(server),
      };
      return inTurn(pair, rounds);
    },
  };
}

export function fromServer(kind: Kind): Line {
  return {
    ...{ name: `from-${kind}`, title: `${NAMES[kind]} into SQLite`, sizes: SIZES },
    goals: [{ memories: SHOWN, ratio: 1.3, mebibytes: 256 }],
    measure: async (folder, memories, rounds) => {
      const source = await storeOf(folder, memories);
      const target = join(folder, "target.db");
      const { server, options, floor, env } = await startedServer(kind);
      await emptied(server);
      await measure([program, "--from-path", source, ...options("to"), ...quietly(folder)], env);
      const pair = {
        floor: [process.execPath, floorScript, "read", "", ...floor],
        ours: [program, ...options("from"), "--to", "sqlite", "--to-path", target, ...quietly(folder)],
        env,
        reset: async () => rmSync(target, { force: true }),
      };
      const runs = await inTurn(pair, rounds);
      await emptied(server);
      return runs;
    },
  };
}

/** What a process gets to use the first server of that kind, which is started unless it runs. */
export async function startedServer(kind: Kind) {
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

export function emptied(server: Instance): Promise<void> {
  return server.kind === "falkordb" ? emptyFalkor(server, "memorygraph") : emptyBolt(server);
}
