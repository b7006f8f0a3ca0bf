/** The tables of a file as the reader sees them: which columns, and what their rows mean. */
import type { Properties } from "../../graph/properties.ts";
import type { GraphRecord, NativeRow } from "../../graph/record.ts";
import { columnNames, type LayoutTable, type SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { quoted, type Row, type SqlValue } from "./database.ts";
import type { FileLayout, FoundTable } from "./layout.ts";
import { ColumnRows } from "./memories-layout.ts";
import { type DecodedNode, type DecodedRelationship, PropertyRows } from "./nodes-layout.ts";
import type { Note } from "./row.ts";
import { SIDE_TABLE } from "./side-table.ts";

/** The columns of a native row; `extra` is the side table's text about it. */
export interface SqliteNative extends NativeRow {
  readonly columns: readonly SqlValue[];
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
  /** Whether its rows are beside the records of the same id, and identified by what they hold. */
  readonly aside: boolean;
  /** How each of the columns is read where what it holds is of another type than it should be. */
  readonly readings: readonly Reading[];
  decode(row: Row, note: Note): D;
}

/** `name`: a text that identifies something, so that a number there is its digits. */
export type Reading = "name" | "text" | "real" | "integer" | "any";

/** What rows of that layout are called where they travel with records. */
export function nativeOf({ name }: SqliteLayout): string {
  return `sqlite-${name}`;
}

/** Nodes come from one table, or from both in a hybrid file. */
export function nodeTablesOf({ nodeTables, doubled }: FileLayout): Table<DecodedNode>[] {
  return nodeTables.flatMap((found) =>
    withDoubles(
      tableOf(found, "node", found.layout.nodes, 1, (rows) => (row, note) => rows.decodeNode(row, note)),
      doubled,
    ),
  );
}

/** None where the file has no table of relationships; two where several rows share an id. */
export function relationshipTablesOf(layout: FileLayout): Table<DecodedRelationship>[] {
  const table = relationshipTableOf(layout);
  return table === null ? [] : withDoubles(table, layout.doubled);
}

function withDoubles<D>(table: Table<D>, doubled: readonly string[]): Table<D>[] {
  if (!doubled.includes(table.name)) return [table];
  return [table, { ...table, name: doublesOf(table.name), verbatim: false, aside: true }];
}

/** Where the rows are, in a rebuilt copy, that are not the record of their id. */
export function doublesOf(table: string): string {
  return `memorygraph_migrate_doubles_of_${table}`;
}

/** Without the rows that are not the record of their id. */
export function relationshipTableOf({ relationships: found }: FileLayout): Table<DecodedRelationship> | null {
  if (found === null) return null;
  return tableOf(
    found,
    "relationship",
    found.layout.relationships,
    4,
    (rows) => (row, note) => rows.decodeRelationship(row, note),
  );
}

/** @param first how many leading columns hold the identity */
function tableOf<D extends { readonly properties: Properties }>(
  { layout, name, columns: present }: FoundTable,
  kind: GraphRecord["kind"],
  table: LayoutTable,
  first: number,
  decoderOf: (rows: PropertyRows | ColumnRows) => Table<D>["decode"],
): Table<D> {
  const known = columnNames(table);
  const base = { name, kind, present, native: nativeOf(layout), aside: false };
  const readingsOf = (columns: readonly string[]) => columns.map((column) => readingOf(column, table, first));
  if (layout.style === "properties") {
    const unknown = present.filter((column) => !known.includes(column));
    const columns = [...known, ...unknown];
    const decode = decoderOf(new PropertyRows());
    return {
      ...base,
      columns,
      readings: readingsOf(columns),
      hashed: table.hashed ?? columns.length,
      verbatim: unknown.length === 0,
      decode: (row, note) => withUnknown(decode(row, note), row, known.length, unknown),
    };
  }
  const identity = known.slice(0, first);
  const columns = [...identity, ...present.filter((column) => !identity.includes(column))];
  return {
    ...base,
    columns,
    readings: readingsOf(columns),
    hashed: columns.length,
    verbatim: layout.writable && columns.join() === known.join(),
    decode: decoderOf(new ColumnRows(table, columns)),
  };
}

function readingOf(name: string, { columns }: LayoutTable, first: number): Reading {
  const at = columns.findIndex((known) => known.name === name);
  if (at === -1) return "any";
  if (at < first) return "name";
  const { kind } = columns[at]!;
  return kind === "real" || kind === "integer" ? kind : "text";
}

/** Everything up to WHERE; what stands in the side table about a row comes after its columns, its number last. */
export function selectFrom<D>(table: Table<D>, withExtra: boolean): string {
  const columns = table.columns.map((name) => (table.present.includes(name) ? `t.${quoted(name)}` : "NULL"));
  // Rows beside others of the same id are in no relation to what is kept about those.
  if (!withExtra || table.aside) return `SELECT ${columns.join(", ")}, t.rowid FROM ${quoted(table.name)} t`;
  return (
    `SELECT ${columns.join(", ")}, e.row_hash, e.record, t.rowid FROM ${quoted(table.name)} t ` +
    `LEFT JOIN ${SIDE_TABLE} e ON e.kind = '${table.kind}' AND e.id = t.id`
  );
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
