/** A graph of a dump, opened: proven whole, and its records in batches as often as they are wanted. */
import { breathe } from "../support/time.ts";
import { Cursor } from "./cursor.ts";
import type { DumpGraph, DumpNode, DumpRelationship, DumpScan } from "./dump.ts";
import { type GraphIndex, type Ids, indexGraph, type Section } from "./graph-index.ts";
import { PACKED_SINCE } from "./header.ts";
import { LabelSets } from "./label-sets.ts";
import { payloadAt } from "./packed-reader.ts";
import type { Payload } from "./payload.ts";
import { NodeHeads, RelationshipHeads } from "./records.ts";
import { Topology } from "./topology.ts";
import { PropertiesReader } from "./value-reader.ts";

const BATCH_RECORDS = 1_000;
/** Decompressed bytes after which a batch is closed. */
const BATCH_BYTES = 1 << 20;

interface Options {
  readonly signal?: AbortSignal | undefined;
  /** Keep the order in which ids were freed, for `ids`. */
  readonly keepsFreed?: boolean;
}

/** Told of a record of which properties were left out, since their text is not UTF-8. */
export type LeftOutObserver = (record: DumpNode | DumpRelationship, properties: readonly string[]) => void;

/**
 * Walks over the graph once; nothing of it is kept but where it lies and who is joined to whom.
 * @throws DamagedStoreError where the graph is not whole
 */
export async function openGraph(scan: DumpScan, graph: DumpGraph, options: Options = {}): Promise<GraphReader> {
  const index = await indexGraph(scan.source, graph, options);
  return new GraphReader(index, graph.encoding >= PACKED_SINCE ? Topology.read(index) : null, options.signal);
}

/** Records of one graph in a dump, in batches, as often as needed. @throws DamagedStoreError */
export class GraphReader {
  readonly graph: DumpGraph;
  readonly #index: GraphIndex;
  /** Null where the records themselves tell. */
  readonly #topology: Topology | null;
  readonly #signal: AbortSignal | undefined;
  readonly #types: readonly string[];

  constructor(index: GraphIndex, topology: Topology | null, signal: AbortSignal | undefined) {
    this.graph = index.graph;
    this.#index = index;
    this.#topology = topology;
    this.#signal = signal;
    this.#types = index.graph.schema.types.map(({ name }) => name);
  }

  /** Of nodes and of relationships. */
  get ids(): { readonly nodes: Ids; readonly relationships: Ids } {
    return { nodes: this.#index.nodeIds, relationships: this.#index.relationshipIds };
  }

  /**
   * In the order of the dump.
   * @param onLeftOut told of properties with text that is not UTF-8, which are left out then
   * @throws DamagedStoreError for a value that cannot be read; without `onLeftOut` for text that is not UTF-8, too
   */
  nodes(onLeftOut: LeftOutObserver | null = null): AsyncGenerator<readonly DumpNode[]> {
    const { encoding, schema } = this.graph;
    const names = schema.labels.map(({ name }) => name);
    const sets = this.#topology?.sets ?? new LabelSets(names);
    const labelSets = this.#topology?.labelSets;
    return this.#batches(this.#index.nodes, (payload) => {
      const heads = new NodeHeads(payload, encoding, sets, names.length);
      const properties = new PropertiesReader(payload, schema.attributes, onLeftOut !== null);
      return () => {
        heads.next();
        const { id } = heads;
        const node = { id, labels: sets.namesOf(labelSets?.[id] ?? heads.labels), properties: properties.read() };
        if (properties.leftOut.length > 0) onLeftOut?.(node, properties.leftOut);
        return node;
      };
    });
  }

  /** As `nodes`. */
  relationships(onLeftOut: LeftOutObserver | null = null): AsyncGenerator<readonly DumpRelationship[]> {
    const { encoding, schema } = this.graph;
    const topology = this.#topology;
    const types = this.#types;
    return this.#batches(this.#index.relationships, (payload) => {
      const heads = new RelationshipHeads(payload, encoding, types.length);
      const properties = new PropertiesReader(payload, schema.attributes, onLeftOut !== null);
      return () => {
        heads.next();
        const { id } = heads;
        const [type, start, end] =
          topology === null
            ? [heads.type, heads.start, heads.end]
            : [topology.types[id]! - 1, topology.starts[id]!, topology.ends[id]!];
        const relationship = { id, type: types[type]!, start, end, properties: properties.read() };
        if (properties.leftOut.length > 0) onLeftOut?.(relationship, properties.leftOut);
        return relationship;
      };
    });
  }

  async *#batches<R>(
    sections: readonly Section[],
    reader: (payload: Payload) => () => R,
  ): AsyncGenerator<readonly R[]> {
    const { source, graph } = this.#index;
    if (sections.length === 0) return;
    const cursor = new Cursor(source, sections[0]!.key.payload);
    let batch: R[] = [];
    let passed = 0;
    for (const { key, position, count } of sections) {
      cursor.seek(key.payload);
      const payload = payloadAt(cursor, graph.encoding);
      payload.seek(position);
      const read = reader(payload);
      let before = payload.passed;
      for (let left = count; left > 0; left--) {
        batch.push(read());
        passed += payload.passed - before;
        before = payload.passed;
        if (batch.length < BATCH_RECORDS && passed < BATCH_BYTES) continue;
        this.#signal?.throwIfAborted();
        yield batch;
        await breathe();
        batch = [];
        passed = 0;
      }
    }
    if (batch.length > 0) yield batch;
  }
}
