/** The FalkorDB server backend. */
import type { Finding, LiveBackend, OpenOptions, SourceStore } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { serverBackend } from "../graph-store/backend.ts";
import { openFalkor } from "./falkor-server.ts";
import { openSnapshot, refusal } from "./snapshot.ts";

const queried = serverBackend("falkordb", openFalkor);

export const falkordb: LiveBackend = { ...queried, openForReading };

/**
 * By queries, unless a snapshot is wanted: that needs rights that applications have no use for, a fork of the server,
 * and room here for everything that it holds, other graphs included. Where the graph changes while it is read, only a
 * snapshot is one moment of it: then it is tried first, and where the server refuses it the readings are compared.
 */
async function openForReading(config: BackendConfig, options: OpenOptions = {}): Promise<SourceStore> {
  const { readBy } = config;
  if (readBy === "query" || (readBy === undefined && options.isolate !== true)) {
    return queried.openForReading(config, options);
  }
  const opened = await openSnapshot(config, options);
  if ("store" in opened) return opened.store;
  if (readBy === "snapshot") throw refusal(opened);
  return noted(await queried.openForReading(config, options), {
    kind: "note",
    what: `read by queries, since the server gives no snapshot: ${opened.reason}`,
    count: 1,
    examples: [opened.location],
  });
}

function noted(store: SourceStore, note: Finding): SourceStore {
  const describe: SourceStore["describe"] = async (depth) => {
    const description = await store.describe(depth);
    return { ...description, findings: [...description.findings, note] };
  };
  return {
    describe,
    ...(store.others !== undefined && { others: () => store.others!() }),
    ...(store.sharedIds !== undefined && { sharedIds: () => store.sharedIds!() }),
    read: () => store.read(),
    summarise: (options) => store.summarise(options),
    findings: () => store.findings(),
    assertUnchanged: () => store.assertUnchanged(),
    close: () => store.close(),
  };
}
