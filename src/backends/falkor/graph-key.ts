/**
 * Which graphs a server has, asked of the keys themselves. GRAPH.LIST is no answer (seen on 4.22.1): it names the graphs of
 * all databases by what they call themselves, and forgets some after FLUSHDB, SWAPDB or MOVE.
 */
import { join } from "node:path";
import { RefusedError } from "../../errors.ts";
import { dumpOfPayload } from "../../rdb/dump-payload.ts";
import { scanDump } from "../../rdb/scan.ts";
import { bytesSource, openDumpFile } from "../../rdb/source.ts";
import { remove } from "../../support/files.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { Client } from "./client.ts";

const GRAPH_TYPE = "graphdata";
/** Keys looked at with each command. */
const STEP = "10000";
/** More of them nobody reads. */
const MOST = 1_000;

/** Whether the key holds a graph; null for a user who may not ask. */
export async function isGraph(client: Client, key: string): Promise<boolean | null> {
  const type = await client.tryCommand("TYPE", key);
  return type === null ? null : type === GRAPH_TYPE;
}

/** The graphs of the client's database, up to a thousand; null for a user who may not ask. */
export async function graphsOf(client: Client): Promise<string[] | null> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const reply = await client.tryCommand("SCAN", cursor, "COUNT", STEP, "TYPE", GRAPH_TYPE);
    if (!Array.isArray(reply)) return null;
    cursor = String(reply[0]);
    for (const name of reply[1] as readonly string[]) found.add(name);
  } while (cursor !== "0" && found.size < MOST);
  return [...found].sort();
}

export interface Elsewhere {
  readonly database: number;
  readonly graphs: readonly string[];
}

/** The graphs of the server's other databases, as far as the user may ask. */
export async function graphsElsewhere(client: Client): Promise<Elsewhere[]> {
  const found: Elsewhere[] = [];
  for (const database of await databasesWithKeys(client)) {
    if (database === client.database) continue;
    const graphs = await client.inDatabase(database, graphsOf).catch(() => null);
    if (graphs !== null && graphs.length > 0) found.push({ database, graphs });
  }
  return found;
}

async function databasesWithKeys(client: Client): Promise<number[]> {
  const keyspace = String(await client.tryCommand("INFO", "keyspace"));
  return [...keyspace.matchAll(/^db(\d+):/gm)].map(([, number]) => Number(number));
}

/**
 * Refuses a target in which what is written would not stay, or cannot be written.
 * @throws RefusedError for a key that expires, and for one that is not what the graph calls itself
 */
export async function assertKeeps(client: Client, key: string): Promise<void> {
  const left = Number(await client.tryCommand("PTTL", key));
  if (left > 0) {
    const seconds = Math.ceil(left / 1_000).toLocaleString("en-US");
    throw new RefusedError(
      `${client.location} expires in ${seconds} s, together with everything that is written to it`,
      {
        next: `Remove the expiry (PERSIST ${key} in redis-cli), or choose another graph. Nothing was written.`,
      },
    );
  }
  const inner = await innerName(client, key);
  if (inner === null || inner === key) return;
  throw new RefusedError(
    `${client.location} is the key of a graph that calls itself ${inner}, as RESTORE under another name makes it: FalkorDB does not write to it, and may lose it when it restarts`,
    { next: `Copy it first: migrate from it into another graph of the server. As a source it is read.` },
  );
}

/**
 * What the graph calls itself. Only its dump says so, which may be large: it is asked for where the server's list of such
 * names, which holds those of all databases, leaves a doubt.
 * @returns null where there is no such key, or the user may not ask
 */
async function innerName(client: Client, key: string): Promise<string | null> {
  if ((await isGraph(client, key)) !== true) return null;
  const listed = await client.tryCommand("GRAPH.LIST");
  const isSure = Array.isArray(listed) && listed.includes(key) && (await databasesWithKeys(client)).length < 2;
  if (isSure) return key;
  const dump = await client.tryBytes("DUMP", key);
  return dump === null ? null : nameInDump(dump);
}

async function nameInDump(payload: Uint8Array): Promise<string | null> {
  const folder = temporaryFolder();
  const path = join(folder, "graph.rdb");
  try {
    dumpOfPayload(bytesSource(payload), "", path);
    const source = openDumpFile(path);
    try {
      return (await scanDump(source)).graphs[0]?.nameInData ?? null;
    } finally {
      source.close();
    }
  } finally {
    remove(folder);
  }
}
