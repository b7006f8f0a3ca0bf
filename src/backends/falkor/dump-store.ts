/** One graph of a dump as records are read from it: by the same keys as from a server. */
import type { Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import type { DumpNode, DumpRelationship } from "../../rdb/dump.ts";
import type { GraphReader, LeftOutObserver } from "../../rdb/graph.ts";
import { openScratch } from "../../support/scratch.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import type { RecordStore, ServerNode, ServerRelationship } from "../graph-store/server.ts";

const CACHE_KILOBYTES = 4_000;

/** Records of a graph in a dump, as the reader of graph servers takes them; without records where there is no graph. */
export class DumpStore implements RecordStore {
  /** Null for a graph that is not there yet. */
  readonly #reader: GraphReader | null;
  #nodeIds: NodeIds | null = null;
  #sharedRelationshipIds: string[] | null = null;
  readonly #leftOut: { nodes: FindingLog; relationships: FindingLog } = {
    nodes: new FindingLog(),
    relationships: new FindingLog(),
  };

  constructor(reader: GraphReader | null) {
    this.#reader = reader;
  }

  /** The records as the dump has them, to be written again. @throws DamagedStoreError for text that is not UTF-8 */
  get raw(): {
    nodes(): AsyncIterable<readonly DumpNode[]>;
    relationships(): AsyncIterable<readonly DumpRelationship[]>;
  } {
    return { nodes: () => this.#nodes(null), relationships: () => this.#relationships(null) };
  }

  /** What the last reading of nodes and of relationships had to leave out. */
  findings(): readonly Finding[] {
    const names = this.#reader?.graph.replacedNames ?? [];
    const what = "a label, type or property name that is not UTF-8; its invalid bytes become U+FFFD";
    return [
      ...(names.length > 0
        ? [{ kind: "damage", what, count: names.length, examples: names.slice(0, 10) } as const]
        : []),
      ...this.#leftOut.nodes.list(),
      ...this.#leftOut.relationships.list(),
    ];
  }

  async sharedIds(): Promise<string[]> {
    return (await this.#ids()).shared;
  }

  async sharedRelationshipIds(): Promise<string[]> {
    this.#sharedRelationshipIds ??= await sharedAmong(this.#relationships());
    return this.#sharedRelationshipIds;
  }

  /** `created_at` and `updated_at` of up to so many memories, nulls left out. */
  async sampleTimes(memories: number): Promise<Value[]> {
    const times: Value[] = [];
    let left = memories;
    for await (const batch of this.#nodes()) {
      for (const { labels, properties } of batch) {
        if (!labels.includes(MEMORY_LABEL) || properties.get("id") === null || left-- <= 0) continue;
        times.push(properties.get("created_at"), properties.get("updated_at"));
      }
      if (left <= 0) break;
    }
    return times.filter((time) => time !== null);
  }

  async *nodes(signal?: AbortSignal): AsyncGenerator<readonly ServerNode[]> {
    this.#leftOut.nodes = new FindingLog();
    for await (const batch of this.#nodes(noting("node", this.#leftOut.nodes))) {
      signal?.throwIfAborted();
      yield batch.map((node) => ({ ...node, id: BigInt(node.id) }));
    }
  }

  async *relationships(signal?: AbortSignal): AsyncGenerator<readonly ServerRelationship[]> {
    const ids = await this.#ids();
    this.#leftOut.relationships = new FindingLog();
    for await (const batch of this.#relationships(noting("relationship", this.#leftOut.relationships))) {
      signal?.throwIfAborted();
      yield batch.map(({ id, type, start, end, properties }) => ({
        ...{ id: BigInt(id), from: BigInt(start), to: BigInt(end), type, properties },
        ...{ fromId: ids.of(start), toId: ids.of(end) },
      }));
    }
  }

  close(): void {
    this.#nodeIds?.close();
  }

  async #ids(): Promise<NodeIds> {
    if (this.#nodeIds !== null) return this.#nodeIds;
    const ids = new NodeIds();
    for await (const batch of this.#nodes()) ids.add(batch);
    ids.settle();
    this.#nodeIds = ids;
    return ids;
  }

  async *#nodes(onLeftOut: LeftOutObserver | null = ignore): AsyncGenerator<readonly DumpNode[]> {
    if (this.#reader !== null) yield* this.#reader.nodes(onLeftOut);
  }

  async *#relationships(onLeftOut: LeftOutObserver | null = ignore): AsyncGenerator<readonly DumpRelationship[]> {
    if (this.#reader !== null) yield* this.#reader.relationships(onLeftOut);
  }
}

/** For a look at a few properties only. */
const ignore: LeftOutObserver = () => {};

function noting(kind: string, log: FindingLog): LeftOutObserver {
  const what = `a text of a ${kind} that is not UTF-8; its property is left out`;
  return ({ id, properties }, names) => {
    const own = properties.get("id");
    const record = typeof own === "string" ? own : `${kind} ${id} of the dump`;
    for (const name of names) log.add("damage", what, `${record}: ${name}`, "property");
  };
}

/** The property `id` of every node, by its number: relationships know only that. */
class NodeIds {
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE named (internal INTEGER PRIMARY KEY, id TEXT NOT NULL)",
    CACHE_KILOBYTES,
  );
  readonly #put = this.#scratch.prepare("INSERT INTO named VALUES (?, ?)");
  readonly #get = this.#scratch.prepare("SELECT id FROM named WHERE internal = ?");
  shared: string[] = [];

  add(nodes: readonly DumpNode[]): void {
    for (const { id: internal, properties } of nodes) {
      const id = properties.get("id");
      if (typeof id === "string") this.#put.run(internal, id);
    }
  }

  settle(): void {
    const repeated = this.#scratch.query("SELECT id FROM named GROUP BY id HAVING count(*) > 1");
    this.shared = (repeated.values() as [string][]).map(([id]) => id);
  }

  of(internal: number): string | null {
    const [row] = this.#get.values(internal) as [string][];
    return row?.[0] ?? null;
  }

  close(): void {
    this.#put.finalize();
    this.#get.finalize();
    this.#scratch.close();
  }
}

async function sharedAmong(relationships: AsyncIterable<readonly DumpRelationship[]>): Promise<string[]> {
  const scratch = openScratch("CREATE TEMP TABLE given (id TEXT NOT NULL)", CACHE_KILOBYTES);
  const put = scratch.prepare("INSERT INTO given VALUES (?)");
  try {
    for await (const batch of relationships) {
      for (const { properties } of batch) {
        const id = properties.get("id");
        if (typeof id === "string") put.run(id);
      }
    }
    const repeated = scratch.query("SELECT id FROM given GROUP BY id HAVING count(*) > 1");
    return (repeated.values() as [string][]).map(([id]) => id);
  } finally {
    put.finalize();
    scratch.close();
  }
}
