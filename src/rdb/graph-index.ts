/**
 * The walk over all keys of a graph that proves its figures and finds where each kind of data begins. Only after it are
 * the graph's own counts believed, as every record that they count has been seen.
 */
import { breathe } from "../support/time.ts";
import { Bits } from "./bits.ts";
import { Cursor } from "./cursor.ts";
import { damageAt } from "./damage.ts";
import { DELTA_SINCE, skipDelta } from "./delta.ts";
import type { ByteSource, DumpGraph, GraphKey } from "./dump.ts";
import { type GraphHeader, PACKED_SINCE, readHeader, STATE } from "./header.ts";
import { LabelSets } from "./label-sets.ts";
import { LZF_MAX_RATIO } from "./lzf.ts";
import { payloadAt } from "./packed-reader.ts";
import type { Payload, ReadPosition } from "./payload.ts";
import { NodeHeads, RelationshipHeads } from "./records.ts";
import { skipProperties } from "./value-reader.ts";

/** What an id takes at least, decompressed: as a deleted one. */
const ID_BYTES = 8;
const MOST_IDS = 2 ** 32 - 2;
/** Records between two pauses. */
const STRETCH = 1 << 14;
const MATRICES: readonly number[] = [STATE.labels, STATE.types, STATE.adjacency, STATE.nodeLabels];

/** Where data of one kind begin. */
export interface Section {
  readonly key: GraphKey;
  readonly position: ReadPosition;
  readonly count: number;
  /** The first id there; records stand in ascending order. */
  readonly first: number;
}

/** The ids that are in use, and how many there are with those that are free. */
export interface Ids {
  readonly live: Bits;
  readonly total: number;
  /** Those that are free, in the order of the dump, where that was asked for. */
  readonly freed: readonly number[];
}

interface IndexOptions {
  readonly signal?: AbortSignal | undefined;
  /** Keep the order in which ids were freed: an engine gives them out again from the last on. */
  readonly keepsFreed?: boolean;
}

export interface GraphIndex {
  readonly source: ByteSource;
  readonly graph: DumpGraph;
  readonly nodes: readonly Section[];
  readonly relationships: readonly Section[];
  readonly matrices: ReadonlyMap<number, Section>;
  readonly nodeIds: Ids;
  readonly relationshipIds: Ids;
}

/** Where everything of a graph is in its dump, without reading records. @throws DamagedStoreError */
export async function indexGraph(
  source: ByteSource,
  graph: DumpGraph,
  options: IndexOptions = {},
): Promise<GraphIndex> {
  const indexer = new Indexer(source, graph, options);
  for (const key of graph.keys) await indexer.read(key);
  return indexer.finish();
}

class Indexer {
  readonly #source: ByteSource;
  readonly #graph: DumpGraph;
  readonly #signal: AbortSignal | undefined;
  readonly #cursor: Cursor;
  readonly #sets: LabelSets;
  readonly #nodes: Section[] = [];
  readonly #relationships: Section[] = [];
  readonly #matrices = new Map<number, Section>();
  readonly #nodeIds: IdLedger;
  readonly #relationshipIds: IdLedger;

  constructor(source: ByteSource, graph: DumpGraph, { signal, keepsFreed = false }: IndexOptions) {
    const { counts, schema, keys } = graph;
    this.#source = source;
    this.#graph = graph;
    this.#signal = signal;
    this.#cursor = new Cursor(source, keys[0]!.payload);
    this.#sets = new LabelSets(schema.labels.map(({ name }) => name));
    this.#nodeIds = new IdLedger(counts.nodes, counts.deletedNodes, keepsFreed);
    this.#relationshipIds = new IdLedger(counts.relationships, counts.deletedRelationships, keepsFreed);
    for (const { total } of [this.#nodeIds, this.#relationshipIds]) {
      if (total > MOST_IDS || total * ID_BYTES > source.size * LZF_MAX_RATIO) {
        this.#fail(`the graph declares ${total} ids, more than memory can hold`);
      }
    }
  }

  async read(key: GraphKey): Promise<void> {
    const { encoding } = this.#graph;
    this.#cursor.seek(key.payload);
    const payload = payloadAt(this.#cursor, encoding);
    const header = readHeader(payload, encoding);
    this.#assertSame(header, payload);
    for (const { state, count } of header.directory) {
      const position = payload.position();
      const section = (first: number): Section => ({ key, position, count, first });
      if (state === STATE.nodes) this.#nodes.push(section(await this.#readNodes(payload, count)));
      else if (state === STATE.relationships) {
        this.#relationships.push(section(await this.#readRelationships(payload, count)));
      } else if (state === STATE.deletedNodes) await this.#readDeleted(payload, count, this.#nodeIds);
      else if (state === STATE.deletedRelationships) await this.#readDeleted(payload, count, this.#relationshipIds);
      else if (state === STATE.pathIndexes) {
        payload.skipRest();
        return;
      } else {
        if (encoding < PACKED_SINCE || !MATRICES.includes(state)) payload.fail(`data of the unknown kind ${state}`);
        if (this.#matrices.has(state)) payload.fail(`data of kind ${state} for the second time`);
        this.#matrices.set(state, section(0));
        this.#skipMatrices(payload, state);
      }
      payload.subject = "";
    }
    payload.assertEnd();
  }

  finish(): GraphIndex {
    const { keys, keyCount, encoding } = this.#graph;
    if (keys.length !== keyCount) {
      this.#fail(`of the graph's ${keyCount} keys there are ${keys.length}`);
    }
    for (const [what, ids] of [["nodes", this.#nodeIds] as const, ["relationships", this.#relationshipIds] as const]) {
      const wrong = ids.mismatch();
      if (wrong !== null) this.#fail(`${wrong} ${what}`);
    }
    if (encoding >= PACKED_SINCE) {
      for (const state of MATRICES) {
        if (!this.#matrices.has(state)) this.#fail(`the graph has no data of kind ${state}`);
      }
    }
    const ascending = (sections: Section[]) => sections.sort((a, b) => a.first - b.first);
    return {
      source: this.#source,
      graph: this.#graph,
      nodes: ascending(this.#nodes),
      relationships: ascending(this.#relationships),
      matrices: this.#matrices,
      nodeIds: this.#nodeIds,
      relationshipIds: this.#relationshipIds,
    };
  }

  #assertSame({ name, counts, keys }: GraphHeader, payload: Payload): void {
    const graph = this.#graph;
    const same =
      JSON.stringify([name, counts, keys]) === JSON.stringify([graph.nameInData, graph.counts, graph.keyCount]);
    if (!same) payload.fail("a key of the graph whose counts differ from the first one");
  }

  async #readNodes(payload: Payload, count: number): Promise<number> {
    const heads = new NodeHeads(payload, this.#graph.encoding, this.#sets, this.#graph.schema.labels.length);
    let first = 0;
    for (let done = 0; done < count; done++) {
      heads.next();
      if (done === 0) first = heads.id;
      this.#nodeIds.addLive(payload, heads.id);
      skipProperties(payload);
      if (done % STRETCH === STRETCH - 1) await this.#pause();
    }
    return first;
  }

  async #readRelationships(payload: Payload, count: number): Promise<number> {
    const heads = new RelationshipHeads(payload, this.#graph.encoding, this.#graph.schema.types.length);
    let first = 0;
    for (let done = 0; done < count; done++) {
      heads.next();
      if (done === 0) first = heads.id;
      this.#relationshipIds.addLive(payload, heads.id);
      skipProperties(payload);
      if (done % STRETCH === STRETCH - 1) await this.#pause();
    }
    heads.finish();
    return first;
  }

  async #readDeleted(payload: Payload, count: number, ids: IdLedger): Promise<void> {
    if (this.#graph.encoding >= PACKED_SINCE) {
      const list = payload.buffer((bytes) => bytes.length === count * ID_BYTES);
      if (list.length !== count * ID_BYTES) payload.fail(`${count} deleted ids in ${list.length} bytes`);
      const view = new DataView(list.buffer, list.byteOffset, list.length);
      for (let at = 0; at < list.length; at += ID_BYTES) {
        ids.addDeleted(payload, view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true));
      }
      return;
    }
    for (let done = 0; done < count; done++) {
      ids.addDeleted(payload, payload.unsigned());
      if (done % STRETCH === STRETCH - 1) await this.#pause();
    }
  }

  /** Their data are decoded once the ids in them can be checked. */
  #skipMatrices(payload: Payload, state: number): void {
    const { encoding, schema } = this.#graph;
    if (state === STATE.labels) {
      for (let left = payload.unsigned(); left > 0; left--) {
        payload.unsigned();
        skipDelta(payload, encoding);
      }
    } else if (state === STATE.types) {
      for (const _type of schema.types) {
        payload.unsigned();
        skipDelta(payload, encoding);
        skipLists(payload, encoding);
      }
    } else skipDelta(payload, encoding);
  }

  async #pause(): Promise<void> {
    this.#signal?.throwIfAborted();
    await breathe();
  }

  #fail(what: string): never {
    throw damageAt(this.#source, this.#graph.keys[0]!.payload, what);
  }
}

/** The lists of parallel relationships, in one group or two. */
function skipLists(payload: Payload, encoding: number): void {
  const hasGroups = encoding >= DELTA_SINCE;
  if (hasGroups && payload.unsigned() === 0) return;
  for (let group = hasGroups ? 2 : 1; group > 0; group--) {
    for (let left = payload.unsigned(); left > 0; left--) {
      payload.unsigned();
      payload.unsigned();
      payload.skipBuffer();
    }
  }
}

/** Which ids there are: each below the total comes once, in use or free. */
class IdLedger implements Ids {
  readonly live = new Bits();
  readonly total: number;
  readonly freed: number[] = [];
  readonly #keepsFreed: boolean;
  readonly #free = new Bits();
  readonly #announced: number;
  #liveCount = 0;
  #freeCount = 0;

  constructor(live: number, free: number, keepsFreed: boolean) {
    this.#keepsFreed = keepsFreed;
    this.#announced = live;
    this.total = live + free;
  }

  addLive(payload: Payload, id: number): void {
    if (id >= this.total) payload.fail(`id ${id}, but there are only ${this.total}`);
    if (!this.live.add(id)) payload.fail(`id ${id} for the second time`);
    this.#liveCount++;
  }

  addDeleted(payload: Payload, id: number): void {
    if (id >= this.total) payload.fail(`the deleted id ${id}, but there are only ${this.total}`);
    if (!this.#free.add(id)) payload.fail(`the deleted id ${id} for the second time`);
    if (this.live.has(id)) payload.fail(`id ${id} both as deleted and in use`);
    this.#freeCount++;
    if (this.#keepsFreed) this.freed.push(id);
  }

  /** What of the announced figures is not so; null where they hold. */
  mismatch(): string | null {
    if (this.#liveCount !== this.#announced) return `${this.#liveCount} instead of ${this.#announced}`;
    const free = this.total - this.#announced;
    return this.#freeCount === free ? null : `${this.#freeCount} instead of ${free} deleted`;
  }
}
