/** What one store is and holds, by reading all of it. */

import type { SourceStore } from "../backends/backend.ts";
import { BackendConfig } from "../backends/config.ts";
import type { Finding, StoreDescription } from "../backends/description.ts";
import { loadBackend } from "../backends/registry.ts";
import { StoreKindError, UsageError } from "../errors.ts";
import { compareInstants, type Instant } from "../graph/instant.ts";
import { type GraphNode, type GraphRecord, hasDuplicateId, nameWithoutId } from "../graph/record.ts";
import { GRAPH_NAME } from "../memorygraph/fields.ts";
import { FOREIGN_MEMORIES, isForeignMemory, isMemory } from "../memorygraph/memory.ts";
import { Showing } from "../memorygraph/showing.ts";
import { Summary } from "../memorygraph/summary.ts";
import { instantOf } from "../memorygraph/times.ts";
import type { InspectionResult, OnProgress } from "./models.ts";
import { finding, notShown, statistics } from "./reported.ts";

/** @throws MigrateError when the store cannot be opened; unreadable records are in the result. */
export async function inspectStore(
  config: BackendConfig,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<InspectionResult> {
  const { store, notes } = await opened(config, signal);
  try {
    const description = await store.describe("integrity");
    const total = description.nodes + description.relationships;
    const census = new Census(description);
    let done = 0;
    for await (const batch of store.read()) {
      for (const record of batch) census.add(record);
      done += batch.length;
      onProgress({ phase: "check", done, total, unit: "records" });
    }
    await store.assertUnchanged();
    const findings = [...notes, ...description.findings, ...store.findings()];
    return {
      store: statistics(description),
      ...census.result(),
      indexes: [...description.indexes],
      dump: description.dump === undefined ? null : { ...description.dump, graphs: [...description.dump.graphs] },
      damage: findings.filter(({ kind }) => kind === "damage").map(finding),
      losses: findings.filter(({ kind }) => kind === "loss").map(finding),
      notes: [...findings.filter(({ kind }) => kind === "note").map(finding), ...census.notes()],
    };
  } finally {
    await store.close();
  }
}

interface Opened {
  readonly store: SourceStore;
  readonly notes: readonly Finding[];
}

/** Where nobody named a graph, MemoryGraph's is not there, and there is a single other one, that is looked at. */
async function opened(config: BackendConfig, signal?: AbortSignal): Promise<Opened> {
  const backend = await loadBackend(config);
  try {
    return { store: await backend.openForReading(config, { signal }), notes: [] };
  } catch (error) {
    const only = error instanceof StoreKindError ? error.onlyGraph : null;
    if (only === null || config.graph !== undefined) throw error;
    const other = new BackendConfig({ ...config, graph: only });
    const store = await backend.openForReading(other, { signal }).catch((failure) => {
      // The address itself names a graph.
      throw failure instanceof UsageError ? error : failure;
    });
    const what = `there is no graph ${GRAPH_NAME}: this is ${only}, the only one that is there`;
    return { store, notes: [{ kind: "note", what, count: 1, examples: [] }] };
  }
}

const LISTED = 10;

class Census {
  readonly #summary = new Summary();
  readonly #showings: readonly Showing[];
  readonly #labels = new Map<string, number>();
  readonly #memoryTypes = new Map<string, number>();
  readonly #relationshipTypes = new Map<string, number>();
  readonly #months = new Map<string, number>();
  readonly #foreign: string[] = [];
  #foreignCount = 0;
  #earliest: Instant | null = null;
  #latest: Instant | null = null;

  constructor({ readableBy, backend }: StoreDescription) {
    this.#showings = readableBy.map((release) => new Showing(release, backend));
  }

  add(record: GraphRecord): void {
    this.#summary.add(record);
    if (record.kind === "relationship") {
      increment(this.#relationshipTypes, record.type);
      return;
    }
    increment(this.#labels, record.labels.join(":") || "(none)");
    if (isForeignMemory(record)) this.#addForeign(record);
    if (!isMemory(record)) return;
    for (const showing of this.#showings) showing.add(record.stored ?? record.properties, hasDuplicateId(record));
    const type = record.properties.get("type");
    increment(this.#memoryTypes, typeof type === "string" ? type : "(none)");
    const created = instantOf(record.properties.get("created_at"));
    if (created !== null) increment(this.#months, created.slice(0, 7));
    for (const name of ["created_at", "updated_at"]) this.#see(instantOf(record.properties.get(name)));
  }

  result(): Pick<
    InspectionResult,
    | "openedBy"
    | "readableBy"
    | "notShown"
    | "count"
    | "digest"
    | "labels"
    | "memoryTypes"
    | "relationshipTypes"
    | "months"
    | "earliest"
    | "latest"
  > {
    const { counts } = this.#summary;
    const shown = this.#showings.filter(({ count }) => count === 0);
    return {
      openedBy: this.#showings.filter(({ isClosed }) => !isClosed).map(({ release }) => release),
      // Where there are nodes and none is a memory, MemoryGraph shows nothing.
      readableBy: counts.nodes > 0 && counts.memories === 0 ? [] : shown.map(({ release }) => release),
      notShown: this.#showings
        .filter(({ count }) => count > 0)
        .map((showing) => ({ release: showing.release, ...notShown(showing) })),
      count: counts,
      digest: this.#summary.digest.toString(),
      labels: plain(this.#labels),
      memoryTypes: plain(this.#memoryTypes),
      relationshipTypes: plain(this.#relationshipTypes),
      months: plain(this.#months),
      earliest: this.#earliest,
      latest: this.#latest,
    };
  }

  /** What is odd about the nodes themselves. */
  notes(): InspectionResult["notes"] {
    const count = this.#foreignCount;
    return count === 0 ? [] : [{ what: FOREIGN_MEMORIES, count, examples: this.#foreign }];
  }

  #addForeign(node: GraphNode): void {
    this.#foreignCount++;
    if (this.#foreign.length < LISTED) this.#foreign.push(nameWithoutId(node));
  }

  #see(instant: Instant | null): void {
    if (instant === null) return;
    if (this.#earliest === null || compareInstants(instant, this.#earliest) < 0) this.#earliest = instant;
    if (this.#latest === null || compareInstants(instant, this.#latest) > 0) this.#latest = instant;
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** `__proto__` is a possible label like any other. */
function plain(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(counts);
}
