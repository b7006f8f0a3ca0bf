/** The data of a graph whose records are all known, in one key. */
import type { Column } from "./columns.ts";
import type { GraphCounts } from "./dump.ts";
import { STATE } from "./header.ts";
import type { Joins, SortedJoins } from "./joins.ts";
import type { LabelSets } from "./label-sets.ts";
import { type Cells, idList, writeDelta } from "./matrix-writer.ts";
import { PackedWriter } from "./packed-writer.ts";
import type { SchemaDraft } from "./schema-draft.ts";
import type { FileSink } from "./sink.ts";
import { openDumpFile } from "./source.ts";

const ID_BYTES = 8;
/** So many deleted ids are of the one length that old engines take for something else (packed-writer.ts). */
const TRAP = 32_000;
const COPIED = 1 << 18;

interface GraphParts {
  readonly name: string;
  readonly counts: GraphCounts;
  readonly schema: SchemaDraft;
  readonly sets: LabelSets;
  /** By node: one more than the number of its label set, 0 for ids that are free. */
  readonly nodes: Column;
  readonly nodeTotal: number;
  readonly joins: Joins;
  /** The file with the records, first all nodes: whole strings of packed data. */
  readonly spool: string;
}

/** A list of deleted ids, and how many of them. */
interface FreeList {
  readonly state: typeof STATE.deletedNodes | typeof STATE.deletedRelationships;
  readonly ids: Uint32Array;
}

/** The key of one graph with all its parts, in the newest encoding. */
export function writeGraph(target: FileSink, parts: GraphParts): void {
  const { counts, schema, nodes, nodeTotal, joins, spool } = parts;
  const writer = new PackedWriter(target);
  const sorted = joins.sorted(nodeTotal, schema.types.length);
  const lists = [
    ...freeLists(STATE.deletedNodes, nodeTotal, counts.deletedNodes, (id) => nodes.get(id) !== 0),
    ...freeLists(STATE.deletedRelationships, joins.total, counts.deletedRelationships, (id) => joins.has(id)),
  ];
  writeHead(writer, parts, sorted);
  schema.write(writer);
  writeDirectory(writer, counts, lists);
  writer.flush();
  copyFile(spool, target);
  for (const { ids } of lists) writeIds(writer, ids);
  writeLabels(writer, parts);
  writeTypes(writer, sorted, schema.types.length);
  writeDelta(writer, sorted.adjacency());
  writeNodeLabels(writer, parts);
  writer.flush();
}

function writeHead(writer: PackedWriter, { name, counts, schema }: GraphParts, sorted: SortedJoins): void {
  const { nodes, relationships, deletedNodes, deletedRelationships } = counts;
  const { labels, types } = schema;
  writer.text(name);
  for (const count of [nodes, relationships, deletedNodes, deletedRelationships]) writer.unsigned(count);
  writer.unsigned(labels.length);
  writer.unsigned(types.length);
  for (const type of types.keys()) writer.unsigned(sorted.hasParallels(type) ? 1 : 0);
  // The number of keys.
  writer.unsigned(1);
}

function writeDirectory(writer: PackedWriter, counts: GraphCounts, lists: readonly FreeList[]): void {
  const directory: (readonly [state: number, count: number])[] = [];
  if (counts.nodes > 0) directory.push([STATE.nodes, counts.nodes]);
  if (counts.relationships > 0) directory.push([STATE.relationships, counts.relationships]);
  for (const { state, ids } of lists) directory.push([state, ids.length]);
  for (const state of [STATE.labels, STATE.types, STATE.adjacency, STATE.nodeLabels]) directory.push([state, 1]);
  writer.unsigned(directory.length);
  for (const [state, count] of directory) {
    writer.unsigned(state);
    writer.unsigned(count);
  }
}

function copyFile(path: string, target: FileSink): void {
  using source = openDumpFile(path);
  const buffer = new Uint8Array(COPIED);
  for (let at = 0; at < source.size; ) {
    const count = source.read(buffer, at);
    target.write(buffer.subarray(0, count));
    at += count;
  }
}

function freeLists(
  state: FreeList["state"],
  total: number,
  count: number,
  isUsed: (id: number) => boolean,
): readonly FreeList[] {
  const ids = new Uint32Array(count);
  let at = 0;
  for (let id = 0; id < total; id++) if (!isUsed(id)) ids[at++] = id;
  const parts = count === TRAP ? [ids.subarray(0, count - 1), ids.subarray(count - 1)] : [ids];
  return parts.filter(({ length }) => length > 0).map((part) => ({ state, ids: part }));
}

function writeIds(writer: PackedWriter, ids: Uint32Array): void {
  const list = new Uint32Array((ids.length * ID_BYTES) / 4);
  for (let at = 0; at < ids.length; at++) list[2 * at] = ids[at]!;
  writer.buffer(new Uint8Array(list.buffer));
}

/** Which nodes have a label: a matrix for each. */
function writeLabels(writer: PackedWriter, { schema, sets, nodes, nodeTotal }: GraphParts): void {
  const counts = schema.labels.map(() => 0);
  for (let node = 0; node < nodeTotal; node++) for (const label of labelsOf(sets, nodes, node)) counts[label]!++;
  const members = counts.map((count) => new Uint32Array(count));
  const filled = counts.map(() => 0);
  for (let node = 0; node < nodeTotal; node++) {
    for (const label of labelsOf(sets, nodes, node)) members[label]![filled[label]!++] = node;
  }
  writer.unsigned(members.length);
  for (const [label, ids] of members.entries()) {
    writer.unsigned(label);
    writeDelta(writer, { size: Math.max(nodeTotal, 1), rows: ids, columns: ids, values: null });
  }
}

const NONE: readonly number[] = [];

function labelsOf(sets: LabelSets, nodes: Column, node: number): readonly number[] {
  const set = nodes.get(node);
  return set === 0 ? NONE : sets.numbersOf(set - 1);
}

function writeTypes(writer: PackedWriter, sorted: SortedJoins, types: number): void {
  for (let type = 0; type < types; type++) {
    const { cells, parallels } = sorted.typeCells(type);
    writer.unsigned(type);
    writeDelta(writer, cells);
    writer.unsigned(parallels.length);
    if (parallels.length === 0) continue;
    writer.unsigned(parallels.length);
    for (const { start, end, ids } of parallels) {
      writer.unsigned(start);
      writer.unsigned(end);
      writer.buffer(idList(ids));
    }
    // Of the changes that were not yet worked in: none.
    writer.unsigned(0);
  }
}

/** The labels of each node, in one matrix, which is as large as the others unless there are more labels than nodes. */
function writeNodeLabels(writer: PackedWriter, { schema, sets, nodes, nodeTotal }: GraphParts): void {
  let count = 0;
  for (let node = 0; node < nodeTotal; node++) count += labelsOf(sets, nodes, node).length;
  const rows = new Uint32Array(count);
  const columns = new Uint32Array(count);
  let at = 0;
  for (let node = 0; node < nodeTotal; node++) {
    for (const label of labelsOf(sets, nodes, node).toSorted((a, b) => a - b)) {
      rows[at] = node;
      columns[at++] = label;
    }
  }
  const cells: Cells = { size: Math.max(nodeTotal, schema.labels.length, 1), rows, columns, values: null };
  writeDelta(writer, cells);
}
