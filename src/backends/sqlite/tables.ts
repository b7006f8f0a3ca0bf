/** The tables of a file as the reader sees them: which columns, and what their rows mean. */
import type { Properties } from "../../graph/properties.ts";
import type { GraphRecord, NativeRow } from "../../graph/record.ts";
import { quoted, type Row, type SqlValue } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { MEMORY_COLUMNS, MemoriesLayout, WIDE_RELATIONSHIP_COLUMNS } from "./memories-layout.ts";
import {
  type DecodedNode,
  type DecodedRelationship,
  NODE_COLUMNS,
  NODE_HASHED,
  NodesLayout,
  RELATIONSHIP_COLUMNS,
} from "./nodes-layout.ts";
import { EXTRA_TABLE } from "./side-table.ts";

export const NODES_NATIVE = "sqlite-nodes";
export const MEMORIES_NATIVE = "sqlite-memories";

/** The columns of a native row, and the side table's text about it. */
export interface SqliteNative extends NativeRow {
  readonly columns: readonly SqlValue[];
  readonly extra: string | null;
}

export interface Table<D> {
  readonly name: string;
  readonly kind: GraphRecord["kind"];
  readonly columns: readonly string[];
  /** Which of them the table really has; the others read as NULL. */
  readonly present: readonly string[];
  readonly hashed: number;
  readonly native: string;
  /** Whether its rows fit a table of the newest release as they are. */
  readonly verbatim: boolean;
  decode(row: Row, note: (what: string) => void): D;
}

/** Nodes come from one table, or from both in a hybrid file. */
export function nodeTablesOf({ nodes, memories }: FileLayout): Table<DecodedNode>[] {
  const nodesLayout = new NodesLayout();
  const memoriesLayout = new MemoriesLayout();
  const tables: Table<DecodedNode>[] = [];
  if (nodes !== null) {
    const unknown = unknownAmong(nodes, NODE_COLUMNS);
    tables.push({
      name: "nodes",
      kind: "node",
      columns: [...NODE_COLUMNS, ...unknown],
      present: nodes,
      hashed: NODE_HASHED,
      native: NODES_NATIVE,
      verbatim: unknown.length === 0,
      decode: (row, note) => withUnknown(nodesLayout.decodeNode(row, note), row, NODE_COLUMNS.length, unknown),
    });
  }
  if (memories !== null) {
    const columns = idFirst(memories);
    tables.push({
      name: "memories",
      kind: "node",
      columns,
      present: memories,
      hashed: columns.length,
      native: MEMORIES_NATIVE,
      verbatim: columns.join() === MEMORY_COLUMNS.join(),
      decode: (row) => memoriesLayout.decodeMemory(row, columns),
    });
  }
  return tables;
}

export function relationshipTableOf({ relationships: found }: FileLayout): Table<DecodedRelationship> | null {
  if (found === null) return null;
  const nodesLayout = new NodesLayout();
  const memoriesLayout = new MemoriesLayout();
  const flat = found.style === "nodes";
  const unknown = flat ? unknownAmong(found.columns, RELATIONSHIP_COLUMNS) : [];
  const columns = flat ? [...RELATIONSHIP_COLUMNS, ...unknown] : endsFirst(found.columns);
  return {
    name: "relationships",
    kind: "relationship",
    columns,
    present: found.columns,
    hashed: columns.length,
    native: flat ? NODES_NATIVE : MEMORIES_NATIVE,
    verbatim: flat ? unknown.length === 0 : columns.join() === WIDE_RELATIONSHIP_COLUMNS.join(),
    decode: flat
      ? (row, note) => withUnknown(nodesLayout.decodeRelationship(row, note), row, RELATIONSHIP_COLUMNS.length, unknown)
      : (row, note) => memoriesLayout.decodeRelationship(row, columns, note),
  };
}

/** Everything up to WHERE; what stands in the side table about a row comes after its columns, its number last. */
export function selectFrom<D>(table: Table<D>, withExtra: boolean): string {
  const columns = table.columns.map((name) => (table.present.includes(name) ? `t.${quoted(name)}` : "NULL"));
  if (!withExtra) return `SELECT ${columns.join(", ")}, t.rowid FROM ${quoted(table.name)} t`;
  return (
    `SELECT ${columns.join(", ")}, e.row_hash, e.record, t.rowid FROM ${quoted(table.name)} t ` +
    `LEFT JOIN ${EXTRA_TABLE} e ON e.kind = '${table.kind}' AND e.id = t.id`
  );
}

function unknownAmong(columns: readonly string[], known: readonly string[]): string[] {
  return columns.filter((name) => !known.includes(name));
}

/** Columns that no release knows come along as properties; where there is one of that name, under another one. */
function withUnknown<D extends { readonly properties: Properties }>(
  decoded: D,
  row: Row,
  from: number,
  unknown: readonly string[],
): D {
  let { properties } = decoded;
  unknown.forEach((name, at) => {
    const value = row[from + at] ?? null;
    if (value === null) return;
    properties = properties.with(properties.get(name) === null ? name : `columns.${name}`, value);
  });
  return unknown.length === 0 ? decoded : { ...decoded, properties };
}

function idFirst(columns: readonly string[]): string[] {
  return ["id", ...columns.filter((name) => name !== "id")];
}

function endsFirst(columns: readonly string[]): string[] {
  const first = ["id", "from_id", "to_id", "rel_type"];
  return [...first, ...columns.filter((name) => !first.includes(name))];
}
