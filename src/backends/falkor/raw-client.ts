/** The client of Redis's protocol, as much of it as is needed: it has no types for commands that are sent as they are. */
import { createClient } from "redis";
import { ConnectionError } from "../../errors.ts";
import { patience } from "../../support/patience.ts";
import type { Address } from "../graph-store/address.ts";
import { tlsOptions } from "../graph-store/probe.ts";

export interface RawClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  sendCommand(words: readonly string[], options?: object): Promise<unknown>;
  destroy(): void;
}

/** Within the seconds that connecting may take, logging in included. @throws what the client and the server complain about */
export async function connectRaw(address: Address, database: number, location: string): Promise<RawClient> {
  const { scheme, host, port, socket: path, username, password } = address;
  const encrypted = scheme === "rediss" || scheme === "falkors";
  const { connect } = patience();
  // Not FalkorDB.connect: it needs INFO, and where the user may not it leaves a connection open that nobody can close.
  const client = createClient({
    socket: {
      ...(path === undefined ? { host, port } : { path }),
      ...{ connectTimeout: connect, reconnectStrategy: false },
      ...(encrypted && { tls: true, ...tlsOptions(address, false) }),
    } as NonNullable<Parameters<typeof createClient>[0]>["socket"] & object,
    ...(username !== null && username !== "" && { username }),
    ...(password !== null && { password }),
    ...(database !== 0 && { database }),
    disableClientInfo: true,
  });
  // Every failure also reaches whoever waits for an answer.
  client.on("error", () => {});
  const raw = client as unknown as RawClient;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = () =>
      reject(
        new ConnectionError(`${location} took the connection, and did not answer the login`, {
          next: "Check that the server runs, and the network between, then run the same command again.",
        }),
      );
    timer = setTimeout(late, 2 * connect);
  });
  try {
    await Promise.race([raw.connect(), limit]);
    return raw;
  } catch (error) {
    if (raw.isOpen) raw.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
