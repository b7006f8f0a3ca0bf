/** A connection to one FalkorDB server by the falkordb client, as much of it as is needed: commands are sent as they are. */
import { createClient } from "@redis/client";
import { FalkorDB } from "falkordb";
import { ConnectionError } from "../../errors.ts";
import { patience } from "../../support/patience.ts";
import type { Address } from "../graph-store/address.ts";
import { tlsOptions } from "../graph-store/probe.ts";
import { isForbidden, isUnknownCommand } from "./errors.ts";
import { serverInfo } from "./server-info.ts";

export interface RawClient {
  readonly isOpen: boolean;
  sendCommand(words: readonly string[], options?: object): Promise<unknown>;
  destroy(): void;
}

export interface RawConnection {
  readonly client: RawClient;
  /** What the server answers to INFO; null where the user may not ask. */
  readonly info: string | null;
  /** The number by which the server knows the connection; null where the user may not ask. */
  readonly id: string | null;
}

type Options = NonNullable<Parameters<typeof createClient>[0]>;

/**
 * Within the seconds that connecting may take, logging in and what is asked first included.
 *
 * FalkorDB.connect asks INFO itself, to find clusters and sentinels. Where the user may not, it throws and leaves a connection
 * open; of a cluster it gives a node at random, which need not hold the graph; behind a sentinel it reconnects by itself, prints
 * what went wrong, and ends the process when the master is away. So the client beneath it asks first, and stays the connection
 * of all but the usual one server. The node that a cluster or a sentinel names is connected to as one server (connect.ts).
 * @throws what the client and the server complain about
 */
export async function connectRaw(address: Address, database: number, location: string): Promise<RawConnection> {
  return within(location, async (signal) => {
    const options = optionsFor(address, database, signal);
    let client = await connectBeneath(options);
    const info = await allowed(client, "INFO");
    if (info !== null && serverInfo(info).mode === "standalone") {
      client.destroy();
      client = await connectFalkorDB(options);
    }
    return { client, info, id: await allowed(client, "CLIENT", "ID") };
  });
}

/** @param signal closes the connection: the only hold on one that FalkorDB.connect has not given away yet */
function optionsFor(address: Address, database: number, signal: AbortSignal): Options {
  const { scheme, host, port, socket: path, username, password } = address;
  const encrypted = scheme === "rediss" || scheme === "falkors";
  const socket = {
    ...(path === undefined ? { host, port } : { path }),
    ...{ connectTimeout: patience().connect, reconnectStrategy: false, signal },
    ...(encrypted && { tls: true, ...tlsOptions(address, false) }),
  };
  return {
    socket: socket as NonNullable<Options["socket"]>,
    ...(username !== null && username !== "" && { username }),
    ...(password !== null && { password }),
    ...(database !== 0 && { database }),
    disableClientInfo: true,
  };
}

/** The client that falkordb is made of; package.json pins it to falkordb's own copy. */
async function connectBeneath(options: Options): Promise<RawClient> {
  const client = createClient(options);
  // Every failure also reaches whoever waits for an answer.
  client.on("error", () => {});
  await client.connect();
  return client as unknown as RawClient;
}

async function connectFalkorDB(options: Options): Promise<RawClient> {
  const database = await FalkorDB.connect(options as Parameters<typeof FalkorDB.connect>[0]);
  return (await database.connection) as unknown as RawClient;
}

/**
 * FalkorDB passes the errors of its connection on as events, from before anybody can listen: one without a listener would
 * end the process. Every failure also reaches whoever waits for an answer.
 */
FalkorDB.prototype.emit = function (this: FalkorDB, event: string | symbol, ...details: unknown[]): boolean {
  if (event === "error" && this.listenerCount(event) === 0) return false;
  return Object.getPrototypeOf(FalkorDB.prototype).emit.call(this, event, ...details);
};

/** What the server answers; null where the user may not ask. */
async function allowed(client: RawClient, ...words: readonly string[]): Promise<string | null> {
  try {
    return String(await client.sendCommand(words));
  } catch (error) {
    if (isForbidden(error) || isUnknownCommand(error)) return null;
    throw error;
  }
}

/** What `connect` gives; a connection that is too late, or fails on the way, is closed by the signal. */
async function within<T>(location: string, connect: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abandoned = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = () =>
      reject(
        new ConnectionError(`${location} accepted the connection, and did not answer the login`, {
          next: "Check the server and the network, then run the same command again.",
        }),
      );
    timer = setTimeout(late, 2 * patience().connect);
  });
  try {
    return await Promise.race([connect(abandoned.signal), limit]);
  } catch (error) {
    abandoned.abort();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
