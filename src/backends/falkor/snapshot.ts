/** A graph of a FalkorDB server, read from a snapshot of the whole server: one moment of it, while it goes on. */
import { join } from "node:path";
import { AccessError } from "../../errors.ts";
import { remove } from "../../support/files.ts";
import type { OpenOptions } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { Finding } from "../description.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { Client } from "./client.ts";
import { type Connected, connectFalkor } from "./connect.ts";
import { DumpSource } from "./dump-source.ts";
import { fetchSnapshot } from "./replica.ts";

export interface Refused {
  readonly location: string;
  /** In the server's own words, where it spoke. */
  readonly reason: string;
}

/** @throws ConnectionError, StoreKindError, AccessError, DamagedStoreError */
export async function openSnapshot(
  config: BackendConfig,
  { signal }: OpenOptions,
): Promise<{ readonly store: DumpSource } | Refused> {
  const connected = await connectFalkor(config, { access: "read", signal });
  const { client } = connected;
  try {
    const writes = await writesToDisk(client);
    // Unasked we leave nothing on anybody's disk.
    if (config.readBy !== "snapshot" && writes !== false) {
      const reason =
        writes === null
          ? "it may write its own dump to make the snapshot, and CONFIG is not allowed"
          : "it would write its own dump to make the snapshot (repl-diskless-sync is off); --read-by snapshot allows that";
      return { location: client.location, reason };
    }
    return await fetched(connected, writes === false ? [] : [ownDump(client.location)], signal);
  } finally {
    client.close();
  }
}

async function fetched(
  { client, address, graph, database, engine }: Connected,
  notes: readonly Finding[],
  signal: AbortSignal | undefined,
): Promise<{ readonly store: DumpSource } | Refused> {
  const { location } = client;
  const folder = temporaryFolder();
  const path = join(folder, "snapshot.rdb");
  let reason: string | null;
  try {
    reason = await fetchSnapshot({ address, location, path, signal });
  } catch (error) {
    remove(folder);
    throw error;
  }
  if (reason !== null) {
    remove(folder);
    return { location, reason };
  }
  const how: Finding = {
    kind: "note",
    what: "read from a snapshot that the server sent",
    count: 1,
    examples: [location],
  };
  const origin = {
    backend: "falkordb",
    location,
    graph,
    database,
    form: null,
    engine,
    notes: [how, ...notes],
  } as const;
  return { store: await DumpSource.ofOwn(origin, folder, path, signal) };
}

/** Null where it does not say. */
async function writesToDisk(client: Client): Promise<boolean | null> {
  const reply = await client.tryCommand("CONFIG", "GET", "repl-diskless-sync");
  const value = Array.isArray(reply) ? reply[1] : undefined;
  return value === "yes" ? false : value === "no" ? true : null;
}

function ownDump(location: string): Finding {
  const what = "the server may have written its own dump to make the snapshot (repl-diskless-sync)";
  return { kind: "note", what, count: 1, examples: [location] };
}

/** For somebody who wants a snapshot and nothing else. */
export function refusal({ location, reason }: Refused): AccessError {
  return new AccessError(`${location} gives no snapshot: ${reason}`, {
    next: "Use a user who may PSYNC (or SYNC) and REPLCONF, or read it by queries: --read-by query.",
  });
}
