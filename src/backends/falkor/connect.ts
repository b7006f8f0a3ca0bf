/** Connects to a graph of a FalkorDB server, and makes sure of what answers. */
import { ConnectionError, RefusedError } from "../../errors.ts";
import type { BackendConfig } from "../config.ts";
import type { ServerOptions } from "../graph-store/server.ts";
import { Client } from "./client.ts";
import { type Place, placeOfGraph } from "./place.ts";
import type { Reply } from "./reply.ts";

/** A connection to a graph that is one, or to the name of none. */
export interface Connected extends Place {
  readonly client: Client;
  readonly engine: string;
}

/** @throws UsageError, ConnectionError, StoreKindError, RefusedError */
export async function connectFalkor(
  config: BackendConfig,
  { access, target = access === "write", signal }: ServerOptions,
): Promise<Connected> {
  signal?.throwIfAborted();
  const place = placeOfGraph(config);
  const client = await Client.connect(place, { access, signal });
  try {
    await assertHoldsData(client);
    await client.takeTime();
    // Also finds out that it is a graph, or that there is none.
    await client.read("RETURN 1");
    await assertServes(client, target);
    return { ...place, client, engine: await engineOf(client) };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** @throws ConnectionError for a sentinel, which only knows where others are */
async function assertHoldsData(client: Client): Promise<void> {
  if (!/^redis_mode:sentinel/m.test(String(await client.tryCommand("INFO", "server")))) return;
  const reply = await client.tryCommand("SENTINEL", "MASTERS");
  const masters = (Array.isArray(reply) ? reply : []).map((fields: Reply) => {
    const list = (fields ?? []) as readonly string[];
    const of = (name: string) => list[list.indexOf(name) + 1];
    return `${of("ip")}:${of("port")}`;
  });
  const address = (master: string) => client.location.replace(/(?<=^\w+:\/\/)[^/]+/, master);
  throw new ConnectionError(`${client.location} is a Redis Sentinel, which holds no data itself`, {
    details: masters.map((master) => `it watches the master ${master}`),
    next:
      masters.length === 0
        ? "Name the master instead; SENTINEL MASTERS in redis-cli lists those that it watches."
        : `Name the master instead: ${address(masters[0]!)}`,
  });
}

/** @throws RefusedError, ConnectionError */
async function assertServes(client: Client, target: boolean): Promise<void> {
  const info = String(await client.tryCommand("INFO", "replication"));
  if (!/^role:slave/m.test(info)) return;
  if (target) {
    throw new RefusedError(`${client.location} is a read-only replica`, { next: "Name the master instead." });
  }
  if (/^master_link_status:up/m.test(info)) return;
  throw new ConnectionError(`${client.location} is a replica that has lost its master, or still copies from it`, {
    next: "Wait until it is in step again, or name the master instead.",
  });
}

async function engineOf(client: Client): Promise<string> {
  const redis = /^redis_version:(.*)$/m.exec(String(await client.tryCommand("INFO", "server")))?.[1]?.trim();
  const modules = await client.tryCommand("MODULE", "LIST");
  const graph = Array.isArray(modules) ? modules.find((module) => module?.[1] === "graph") : undefined;
  const version = Number((graph as readonly Reply[] | undefined)?.[3] ?? 0);
  const spelled =
    version > 0 ? ` ${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}` : "";
  return `FalkorDB${spelled}${redis === undefined ? "" : ` on Redis ${redis}`}`;
}
