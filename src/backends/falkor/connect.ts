/** Connects to a graph of a FalkorDB server, and makes sure of what answers. */
import { ConnectionError, MigrateError, RefusedError } from "../../errors.ts";
import type { BackendConfig } from "../config.ts";
import { placeOf } from "../graph-store/address.ts";
import type { ServerOptions } from "../graph-store/server.ts";
import { Client } from "./client.ts";
import { type Place, placeAt, placeOfGraph } from "./place.ts";
import { ownerOf } from "./refusals.ts";
import type { Reply } from "./reply.ts";

/** A connection to a graph that is one, or to the name of none. */
export interface Connected extends Place {
  readonly client: Client;
  readonly engine: string;
  /** How it was found from what was named; empty where that is it. */
  readonly referrals: readonly string[];
}

/** A server that was asked and holds no such graph, and the one that it names in its place. */
interface Referral {
  readonly node: Pick<Place["address"], "host" | "port">;
  readonly how: string;
}

/** Nodes that name each other in a circle would keep us for ever. */
const MOST_REFERRALS = 5;

/**
 * What was named need not be the server that holds the graph: any node of a cluster names the one that owns it, a sentinel its
 * master. Each new connection asks again, so that a run that was stopped by a change goes on after it.
 * @throws UsageError, ConnectionError, StoreKindError, RefusedError
 */
export async function connectFalkor(
  config: BackendConfig,
  { access, target = access === "write", signal }: ServerOptions,
): Promise<Connected> {
  signal?.throwIfAborted();
  let place = placeOfGraph(config);
  const referrals: string[] = [];
  for (;;) {
    const found = await connectTo(place, { access, signal }).catch((error) => {
      throw referrals.length === 0 ? error : notReached(error, referrals);
    });
    if (found instanceof Client) {
      assertServes(found, target);
      return { ...place, referrals, client: found, engine: found.info.engine };
    }
    referrals.push(found.how);
    if (referrals.length > MOST_REFERRALS) {
      throw new ConnectionError(`${place.location} redirects from node to node in a loop`, {
        details: referrals,
        next: "Wait until the cluster or the sentinels agree again, then run the same command again.",
      });
    }
    place = placeAt(place, found.node);
  }
}

async function connectTo(
  place: Place,
  { access, signal }: Pick<ServerOptions, "access" | "signal">,
): Promise<Client | Referral> {
  const client = await connectAsAllowed(place, { access, signal });
  try {
    const master = await masterOf(client);
    if (master !== null) {
      client.close();
      return { node: master, how: `${client.location} is a Redis Sentinel; ${placeOf(master)} is its master` };
    }
    await client.takeTime();
    // Also finds out that it is a graph, or that there is none.
    await client.read("RETURN 1");
    return client;
  } catch (error) {
    client.close();
    const owner = ownerOf(error, place.address.host);
    if (owner === null) throw error;
    return { node: owner, how: `${place.location} is one node of a cluster; ${placeOf(owner)} owns the graph` };
  }
}

/** A sentinel need not know its master's login, and has no databases: it is asked without. */
async function connectAsAllowed(place: Place, options: Pick<ServerOptions, "access" | "signal">): Promise<Client> {
  try {
    return await Client.connect(place, options);
  } catch (error) {
    if (!(error instanceof MigrateError) || !/without any password|unknown command/i.test(String(error.cause)))
      throw error;
    const address = { ...place.address, username: null, password: null };
    const client = await Client.connect({ ...place, address, database: 0 }, options);
    if (isSentinel(client)) return client;
    client.close();
    throw error;
  }
}

/** Servers know each other by names that need not lead there from here. */
function notReached(error: unknown, referrals: readonly string[]): unknown {
  if (!(error instanceof ConnectionError)) return error;
  return new ConnectionError(error.message, {
    details: [...referrals, ...error.details],
    next: `${error.next} If that server has another address on this network, use that address.`,
    cause: error,
  });
}

function isSentinel({ info }: Client): boolean {
  return info.mode === "sentinel";
}

/**
 * The one master that a sentinel watches, which holds no data itself; null for what is none.
 * @throws ConnectionError where it watches none, several, or one that is down
 */
async function masterOf(client: Client): Promise<Referral["node"] | null> {
  if (!isSentinel(client)) return null;
  const reply = await client.tryCommand("SENTINEL", "MASTERS");
  const masters = (Array.isArray(reply) ? reply : []).map((fields: Reply) => {
    const list = (fields ?? []) as readonly string[];
    const of = (name: string) => list[list.indexOf(name) + 1] ?? "";
    return { name: of("name"), host: of("ip"), port: Number(of("port")), isDown: /\bo_down\b/.test(of("flags")) };
  });
  const [first, ...others] = masters;
  if (first !== undefined && others.length === 0 && !first.isDown) return first;
  const address = (master: Referral["node"]) => placeAt(client.place, master).location;
  throw new ConnectionError(`${client.location} is a Redis Sentinel, which holds no data itself`, {
    details: masters.map(
      (master) => `it watches the master ${master.name}, ${placeOf(master)}${master.isDown ? ", which is down" : ""}`,
    ),
    next:
      first === undefined
        ? "Name the master instead; SENTINEL MASTERS in redis-cli lists those that it watches."
        : others.length === 0
          ? "Wait until the sentinels have made another server the master, then run the same command again."
          : `Name the master that you meant instead, such as ${address(first)}`,
  });
}

/** Closes what does not serve. @throws RefusedError, ConnectionError */
function assertServes(client: Client, target: boolean): void {
  const { isReplica, hasMaster } = client.info;
  if (!isReplica || (hasMaster && !target)) return;
  client.close();
  if (target) {
    throw new RefusedError(`${client.location} is a read-only replica`, { next: "Name the master instead." });
  }
  throw new ConnectionError(`${client.location} is a replica that has lost its master, or is still syncing with it`, {
    next: "Wait until it has caught up, or name the master instead.",
  });
}
