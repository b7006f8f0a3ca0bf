/** A layout of MemoryGraph's SQLite files as data: what its tables hold, and what creates them. */

/** Of a column with one field of a record. `tags`: a JSON list of texts. `context`: a JSON object of `context_` fields. */
export type ColumnKind = "text" | "real" | "integer" | "tags" | "context";

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Of tags and context: a text that is none of the kind is kept as text, and does not make the row unreadable. */
  readonly orText?: true;
  /** What the layout demands where the record has nothing: a value, or the first of these fields that is there. */
  readonly otherwise?: string | number | bigint | { readonly firstOf: readonly string[] };
}

/**
 * How a record is a row. `properties`: identity in columns, all properties as one JSON text. `columns`: a column for
 * each field.
 */
export type RowStyle = "properties" | "columns";

export interface LayoutTable {
  readonly name: string;
  /** Its columns in their order; the first ones hold the identity: a node's id; a relationship's id, ends and type. */
  readonly columns: readonly Column[];
  /** The columns by which a table is recognised as one of this layout. */
  readonly recognisedBy: readonly string[];
  /** How many columns tell whether the application changed a row; all of them where this is absent. */
  readonly hashed?: number;
}

/** A full-text search: its virtual tables (SQLite adds others that begin with their names) and what keeps them in step. */
export interface SearchIndex {
  readonly tables: readonly string[];
  readonly triggers: readonly string[];
  /** What creates and fills them in a new file, once the rows are there; none where the tables of the layout do. */
  readonly statements: readonly string[];
}

export interface SqliteLayout {
  /** As messages and JSON call it. */
  readonly name: string;
  readonly style: RowStyle;
  readonly nodes: LayoutTable;
  readonly relationships: LayoutTable;
  /** Columns of `relationships` that a release added, and that later ones cannot do without; null where there are none. */
  readonly addedLater: { readonly since: string; readonly columns: readonly string[] } | null;
  /** Whether relationships can only join rows of the table of nodes. */
  readonly enforcesEnds: boolean;
  /** What creates the tables, to the letter of the newest release that writes them. */
  readonly tables: readonly string[];
  /** After the rows, which is faster; the application does not mind the order. */
  readonly indexes: readonly string[];
  /** What every release that writes this layout has; a release with another one names its own. */
  readonly search: SearchIndex | null;
  readonly writeAheadLog: boolean;
  /** False for a layout that is only read. */
  readonly writable: boolean;
}

/** The names of a table's columns, in their order. */
export function columnNames({ columns }: LayoutTable): string[] {
  return columns.map(({ name }) => name);
}

/** @param otherwise what the layout demands where a record has nothing */
export function column(name: string, kind: ColumnKind, otherwise?: Column["otherwise"]): Column {
  return otherwise === undefined ? { name, kind } : { name, kind, otherwise };
}
