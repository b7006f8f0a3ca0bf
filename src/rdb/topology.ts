/**
 * Who is joined to whom, and which labels a node has. From version 17 on that stands in matrices, apart from the records;
 * every live relationship must come out with exactly one start, end and type.
 */

import { readBlob } from "./blob.ts";
import { Cursor } from "./cursor.ts";
import { damageAt } from "./damage.ts";
import { DELTA_SINCE, readDelta, visitDelta } from "./delta.ts";
import type { GraphIndex } from "./graph-index.ts";
import { STATE } from "./header.ts";
import { LabelSets } from "./label-sets.ts";
import { SEVERAL, visitCells } from "./matrix.ts";
import { payloadAt } from "./packed-reader.ts";
import type { Payload } from "./payload.ts";

/** Bytes that an array of a serialized matrix can have beside what the ids need. */
const SLACK = 1 << 20;

/** Labels of nodes and ends of relationships, out of the matrices of a graph. */
export class Topology {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** One more than the number of the type; 0 for ids that are not in use. */
  readonly types: Uint16Array | Uint32Array;
  /** By node: the number of its label set. */
  readonly labelSets: Uint32Array;
  readonly sets: LabelSets;
  readonly #index: GraphIndex;
  readonly #limit: number;
  #assigned = 0;

  private constructor(index: GraphIndex) {
    const { relationshipIds, nodeIds, graph } = index;
    const { types, labels } = graph.schema;
    this.#index = index;
    this.#limit = SLACK + 64 * (nodeIds.total + relationshipIds.total);
    this.starts = new Uint32Array(relationshipIds.total);
    this.ends = new Uint32Array(relationshipIds.total);
    this.types =
      types.length < 2 ** 16 - 1 ? new Uint16Array(relationshipIds.total) : new Uint32Array(relationshipIds.total);
    this.labelSets = new Uint32Array(nodeIds.total);
    this.sets = new LabelSets(labels.map(({ name }) => name));
  }

  static read(index: GraphIndex): Topology {
    const topology = new Topology(index);
    topology.#read(STATE.types, (payload) => topology.#readTypes(payload));
    topology.#read(STATE.nodeLabels, (payload) => topology.#readNodeLabels(payload));
    topology.#read(STATE.labels, (payload) => topology.#checkLabels(payload));
    const { relationships } = index.graph.counts;
    if (topology.#assigned !== relationships) {
      throw damageAt(
        index.source,
        index.matrices.get(STATE.types)!.position.offset,
        `${relationships - topology.#assigned} relationships without ends`,
      );
    }
    return topology;
  }

  #read(state: number, read: (payload: Payload) => void): void {
    const { key, position } = this.#index.matrices.get(state)!;
    const payload = payloadAt(new Cursor(this.#index.source, key.payload), this.#index.graph.encoding);
    payload.seek(position);
    read(payload);
  }

  #readTypes(payload: Payload): void {
    const { encoding, schema } = this.#index.graph;
    const seen = new Set<number>();
    for (const _type of schema.types) {
      const type = payload.unsigned();
      if (type >= schema.types.length || seen.has(type)) payload.fail(`the relationships of type ${type} again`);
      seen.add(type);
      const delta = readDelta(payload, encoding, this.#limit);
      let several = 0;
      visitDelta(payload, delta, (start, end, id) => {
        if (id === SEVERAL) several++;
        else this.#join(payload, id, start, end, type);
      });
      const lists = this.#readLists(payload, type);
      if (lists !== several) payload.fail(`${lists} lists of parallel relationships instead of ${several}`);
    }
  }

  /** Returns for how many pairs of nodes there was one. */
  #readLists(payload: Payload, type: number): number {
    const hasGroups = this.#index.graph.encoding >= DELTA_SINCE;
    let lists = 0;
    const announced = hasGroups ? payload.unsigned() : 0;
    if (hasGroups && announced === 0) return 0;
    for (let group = hasGroups ? 2 : 1; group > 0; group--) {
      for (let left = payload.unsigned(); left > 0; left--, lists++) {
        const start = payload.unsigned();
        const end = payload.unsigned();
        const ids = readBlob(payload, this.#limit);
        visitCells(payload, ids, (row, column) => {
          this.#join(payload, ids.isByColumn ? row : column, start, end, type);
        });
      }
    }
    if (hasGroups && lists !== announced)
      payload.fail(`${lists} lists of parallel relationships instead of ${announced}`);
    return lists;
  }

  #join(payload: Payload, id: number, start: number, end: number, type: number): void {
    const { nodeIds, relationshipIds } = this.#index;
    if (id < 0 || !relationshipIds.live.has(id)) payload.fail(`ends for relationship ${id}, which is not there`);
    if (!nodeIds.live.has(start) || !nodeIds.live.has(end)) {
      payload.fail(`relationship ${id} from node ${start} to node ${end}, which are not both there`);
    }
    if (this.types[id] !== 0) payload.fail(`relationship ${id} for the second time`);
    this.starts[id] = start;
    this.ends[id] = end;
    this.types[id] = type + 1;
    this.#assigned++;
  }

  #readNodeLabels(payload: Payload): void {
    const { graph, nodeIds } = this.#index;
    const labels = graph.schema.labels.length;
    visitDelta(payload, readDelta(payload, graph.encoding, this.#limit), (node, label) => {
      if (!nodeIds.live.has(node)) payload.fail(`labels of node ${node}, which is not there`);
      if (label >= labels) payload.fail(`label ${label}, which is not there, of node ${node}`);
      const set = this.sets.with(this.labelSets[node]!, label);
      this.labelSets[node] = set ?? payload.fail(`label ${label} twice, of node ${node}`);
    });
  }

  /** Which nodes have a label stands there a second time, the other way round. */
  #checkLabels(payload: Payload): void {
    const { graph } = this.#index;
    const expected = this.#labelCounts();
    const count = payload.unsigned();
    if (count !== expected.length) payload.fail(`the nodes of ${count} labels instead of ${expected.length}`);
    for (let left = count; left > 0; left--) {
      const label = payload.unsigned();
      let nodes = 0;
      visitDelta(payload, readDelta(payload, graph.encoding, this.#limit), () => nodes++);
      if (nodes !== expected[label]) {
        payload.fail(`${nodes} nodes with label ${label}, but ${expected[label] ?? 0} that have it themselves`);
      }
    }
  }

  #labelCounts(): number[] {
    const bySet: number[] = [];
    for (const set of this.labelSets) bySet[set] = (bySet[set] ?? 0) + 1;
    const counts = this.#index.graph.schema.labels.map(() => 0);
    for (const [set, nodes] of bySet.entries()) {
      for (const label of nodes === undefined ? [] : this.sets.numbersOf(set)) counts[label]! += nodes!;
    }
    return counts;
  }
}
