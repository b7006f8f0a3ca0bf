/** The FalkorDB server backend. */
import type { LiveBackend, OpenOptions, SharedIds, SourceStore } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { ForwardedSource } from "../forwarded-source.ts";
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
  return new NotedSource(await queried.openForReading(config, options), {
    kind: "note",
    what: `read by queries, since the server gives no snapshot: ${opened.reason}`,
    count: 1,
    examples: [opened.location],
  });
}

class NotedSource extends ForwardedSource {
  readonly sharedIds?: () => Promise<SharedIds>;
  readonly #note: Finding;

  constructor(source: SourceStore, note: Finding) {
    super(source);
    this.#note = note;
    if (source.sharedIds !== undefined) this.sharedIds = () => source.sharedIds!();
  }

  override async describe(depth: DescriptionDepth): Promise<StoreDescription> {
    const description = await this.source.describe(depth);
    return { ...description, findings: [...description.findings, this.#note] };
  }
}
