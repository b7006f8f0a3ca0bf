/** Makes a Backend of whatever opens a graph server. */
import { lookup } from "node:dns/promises";
import { RefusedError } from "../../errors.ts";
import type { LiveBackend, TargetPreview, WriteRequest } from "../backend.ts";
import { type BackendConfig, type BackendType, withoutCredentials } from "../config.ts";
import { previewOf } from "./preview.ts";
import { openForRollback } from "./rollback.ts";
import type { GraphServer, OpenServer } from "./server.ts";
import { ServerSession } from "./session.ts";
import { ServerSource } from "./source.ts";
import { wantedSchema } from "./target-schema.ts";

/** The backend of a kind of graph server. @param open connects to one */
export function serverBackend(type: BackendType, open: OpenServer): LiveBackend {
  return {
    type,
    target: "live",
    locate: ({ uri }) => withoutCredentials(uri ?? ""),
    freeBytes: () => null,
    openForReading: async (config, options) =>
      ServerSource.over(await open(config, { access: "read", signal: options?.signal }), options),
    assertDistinct: (source, target, signal) => assertDistinct(open, source, target, signal),
    openForWriting: (config, request) => ServerSession.begin(open, config, request),
    preview: (config, request) => preview(open, config, request),
    openForRollback: (config, journals, signal) => openForRollback(open, config, journals, signal),
  };
}

async function assertDistinct(open: OpenServer, source: BackendConfig, target: BackendConfig, signal?: AbortSignal) {
  const opened: GraphServer[] = [];
  try {
    for (const config of [source, target]) opened.push(await open(config, { access: "read", signal }));
    const [from, to] = opened as [GraphServer, GraphServer];
    const [a, b] = [await from.identity(), await to.identity()];
    const same = a !== null && b !== null ? a === b : await sameAddress(from.location, to.location);
    if (same) {
      throw new RefusedError(`source and target are the same store: ${from.location}`, {
        next: "Choose another target; the source is never changed.",
      });
    }
    return { sameServer: a === null || b === null || serverOf(a) === serverOf(b) };
  } finally {
    for (const server of opened) await server.close();
  }
}

/** What a server does not tell of itself, its name and port have to: two names of one machine are one. */
async function sameAddress(from: string, to: string): Promise<boolean> {
  // What has no host, a socket, is on this machine.
  if (/^unix:/.test(from) || /^unix:/.test(to)) return from === to;
  const [a, b] = [partsOf(from), partsOf(to)];
  if (a.port !== b.port || a.path !== b.path) return false;
  if (a.host === b.host) return true;
  const [first, second] = [await addressesOf(a.host), await addressesOf(b.host)];
  return first.some((address) => second.includes(address));
}

function partsOf(location: string): { host: string; port: string; path: string } {
  const [, host = "", port = "", path = ""] = /^[^:]+:\/\/(.*):(\d+)\/?(.*)$/.exec(location) ?? [];
  return { host, port, path };
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host.replace(/^\[|\]$/g, ""), { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** An identity is that of the server, a space, and that of the graph. */
function serverOf(identity: string): string {
  return identity.split(" ")[0]!;
}

async function preview(open: OpenServer, config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  const server = await open(config, { access: "read", target: true, signal: request.signal });
  const source = await ServerSource.over(server, { signal: request.signal, maybeMissing: true });
  try {
    await server.assertKeeps?.();
  } catch (error) {
    await source.close();
    throw error;
  }
  const before = await source.describe();
  const release = request.release ?? before.release ?? request.fallbackRelease;
  return previewOf({
    before,
    release,
    rules: (await server.rules?.()) ?? [],
    notes: wantedSchema(server, release, request.schema ?? []).notes,
    holder: server,
    uniqueIds: await server.uniqueIdLabels(),
    sharedIds: before.nodes === 0 ? [] : await server.sharedIds(),
    sharedRelationshipIds: before.relationships === 0 ? [] : await server.sharedRelationshipIds(),
    read: () => source.read(),
    findings: () => source.findings(),
    close: () => source.close(),
  });
}
