/** Which tables a SQLite file holds, and so what kind of store it is. */
import type { Database } from "bun:sqlite";
import {
  columnNames,
  type LayoutTable,
  type SearchIndex,
  type SqliteLayout,
} from "../../memorygraph/layouts/layout.ts";
import type { ReleaseLine } from "../../memorygraph/releases/release.ts";
import { type Release, releaseLines, sqliteLayouts } from "../../memorygraph/releases.ts";
import { quoted, rows } from "./database.ts";
import { SIDE_TABLE } from "./side-table.ts";

/** A table of the file that has the columns of a layout of MemoryGraph's. */
export interface FoundTable {
  readonly layout: SqliteLayout;
  readonly name: string;
  readonly columns: readonly string[];
}

export interface FileLayout {
  /** `empty`, `foreign`, `hybrid` for tables of two layouts, else the layout's own name. */
  readonly name: string;
  /** The layout that the file has; null where it has none or two. */
  readonly layout: SqliteLayout | null;
  /** Where nodes are: one table, or two in a hybrid file, the older layout first. */
  readonly nodeTables: readonly FoundTable[];
  readonly relationships: FoundTable | null;
  readonly hasSideTable: boolean;
  /** Tables of MemoryGraph's that are missing, or have not the columns that they should have. */
  readonly unreadableTables: readonly string[];
  /** SQLite's name of how it keeps text. */
  readonly encoding: string;
  readonly indexes: readonly string[];
  /** Tables of a full-text search of MemoryGraph's. */
  readonly searchTables: readonly string[];
  readonly otherTables: readonly string[];
  /** Views and triggers that no MemoryGraph made, each with its kind: `view recent`. */
  readonly added: readonly string[];
  /** Columns of our tables that others are computed into and that MemoryGraph does not know: `nodes.title`. */
  readonly generated: readonly string[];
  /** Our tables whose rows have no number by which they could be read in parts. */
  readonly unnumbered: readonly string[];
  /** Our tables with rows beside them whose id another row has as well; only in a rebuilt copy. */
  readonly doubled: readonly string[];
}

/** What a file says of itself, whoever reads it out. */
interface FileSchema {
  readonly entries: readonly {
    readonly type: string;
    readonly name: string;
    readonly table: string;
    readonly own: boolean;
  }[];
  readonly encoding: string;
  tableNamed(name: string): FileTable;
}

interface FileTable {
  readonly columns: readonly string[];
  /** Those of the columns that are computed from others. */
  readonly generated: readonly string[];
  readonly withoutRowid: boolean;
}

/** Which tables of which layout a file has, by its schema alone. */
export function readLayout(database: Database): FileLayout {
  const entries = rows(database, "SELECT type, name, tbl_name, sql IS NOT NULL FROM sqlite_master");
  return layoutOf({
    entries: entries.map(([type, name, table, own]) => ({
      type: String(type),
      name: String(name),
      table: String(table),
      own: own === 1n,
    })),
    encoding: String(rows(database, "PRAGMA encoding")[0]![0]),
    tableNamed: (name) => tableOf(database, name),
  });
}

/** As readLayout, of a schema that was read in another way. */
export function layoutOf({ entries, encoding, tableNamed }: FileSchema): FileLayout {
  const named = (...types: string[]) => entries.filter(({ type }) => types.includes(type)).map(({ name }) => name);
  const names = named("table");
  const layouts = sqliteLayouts();
  const nodeNames = [...new Set(layouts.map(({ nodes }) => nodes.name))];
  const ours = new Set([...nodeNames, ...layouts.map(({ relationships }) => relationships.name), SIDE_TABLE]);
  // A search index that is damaged keeps nobody from reading the rest: its columns are not asked for.
  const tables = new Map(names.filter((name) => ours.has(name)).map((name) => [name, tableNamed(name)]));
  const nodeTables = nodeNames
    .map((name) => bestOf(layouts, ({ nodes }) => (nodes.name === name ? nodes : null), tables))
    .filter((table) => table !== null);
  const relationships = bestOf(layouts, (layout) => layout.relationships, tables);
  const search = searchNames();
  const isSearch = (name: string) => search.some((table) => name === table || name.startsWith(`${table}_`));
  const read = new Map([...nodeTables, relationships].map((table) => [table?.name, table?.columns]));
  return {
    ...nameOf(nodeTables, relationships, names.length),
    nodeTables,
    relationships,
    hasSideTable: tables.has(SIDE_TABLE),
    unreadableTables: [...ours].filter(
      (name) => name !== SIDE_TABLE && !read.has(name) && (tables.has(name) || !nodeNames.includes(name)),
    ),
    encoding,
    indexes: entries
      .filter(({ type, own, table }) => type === "index" && own && table !== SIDE_TABLE)
      .map(({ name }) => name)
      .sort(),
    searchTables: names.filter((name) => search.includes(name)),
    otherTables: names.filter((name) => !ours.has(name) && !isSearch(name) && !name.startsWith("sqlite_")),
    added: entries
      .filter(({ type, name }) => type === "view" || (type === "trigger" && !searchTriggers().includes(name)))
      .map(({ type, name }) => `${type} ${name}`),
    generated: [...tables].flatMap(([name, { generated }]) =>
      generated.filter((column) => !read.get(name)?.includes(column)).map((column) => `${name}.${column}`),
    ),
    unnumbered: [...tables].filter(([, table]) => hasNoRowid(table)).map(([name]) => name),
    doubled: [],
  };
}

/** What is computed from other columns is read only where MemoryGraph itself has a column of that name. */
function readable({ columns, generated }: FileTable, table: LayoutTable): string[] {
  const known = columnNames(table);
  return columns.filter((column) => !generated.includes(column) || known.includes(column));
}

/** A column of that name hides the row's number. */
function hasNoRowid({ columns, withoutRowid }: FileTable): boolean {
  return withoutRowid || columns.some((name) => name.toLowerCase() === "rowid");
}

/** The table of the layout that has its marks and knows most of the columns that are there. */
function bestOf(
  layouts: readonly SqliteLayout[],
  tableOf: (layout: SqliteLayout) => LayoutTable | null,
  tables: ReadonlyMap<string, FileTable>,
): FoundTable | null {
  let best: FoundTable | null = null;
  let known = -1;
  for (const layout of layouts) {
    const table = tableOf(layout);
    const found = tables.get(table?.name ?? "");
    if (table === null || found === undefined) continue;
    const columns = readable(found, table);
    if (!table.recognisedBy.every((name) => columns.includes(name))) continue;
    const shared = columnNames(table).filter((name) => columns.includes(name)).length;
    if (shared > known) [best, known] = [{ layout, name: table.name, columns }, shared];
  }
  return best;
}

/** Relationships that are rows of another style than the nodes cannot be joined to them by the application. */
function nameOf(
  nodeTables: readonly FoundTable[],
  relationships: FoundTable | null,
  tables: number,
): Pick<FileLayout, "name" | "layout"> {
  const [nodes] = nodeTables;
  if (nodes === undefined) return { name: tables === 0 ? "empty" : "foreign", layout: null };
  const { layout } = nodes;
  const mixed = layout.style === "columns" && relationships?.layout.style === "properties";
  return nodeTables.length > 1 || mixed ? { name: "hybrid", layout: null } : { name: layout.name, layout };
}

function tableOf(database: Database, table: string): FileTable {
  const name = quoted(table);
  const columns = rows(database, `SELECT name, hidden FROM pragma_table_xinfo(${name})`);
  const [kind] = rows(database, "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", table);
  return {
    columns: columns.map(([column]) => String(column)),
    // Hidden is 2 for what is computed when it is read, 3 for what is stored.
    generated: columns.filter(([, hidden]) => hidden === 2n || hidden === 3n).map(([column]) => String(column)),
    withoutRowid: kind?.[0] === 1n,
  };
}

function searchTriggers(): string[] {
  return searches().flatMap(({ triggers }) => triggers);
}

function searchNames(): string[] {
  return [...new Set(searches().flatMap(({ tables }) => tables))];
}

function searches(): SearchIndex[] {
  const own = releaseLines().map(({ sqlite }) => sqlite.search);
  return [...own, ...sqliteLayouts().map(({ search }) => search)].filter((search) => search !== null);
}

/** The lines of releases whose layout it is, the oldest first. */
export function releasesOf(file: FileLayout): Release[] {
  return linesOf(file).map(({ name }) => name);
}

function linesOf({ layout, nodeTables }: FileLayout): ReleaseLine[] {
  // A hybrid file was last opened by the newer of the two.
  return releaseLines().filter(({ sqlite }) => sqlite.layout === (layout ?? nodeTables.at(-1)?.layout));
}

/** The line that wrote the file: the oldest of those with most of the search tables that are there; null for none. */
export function releaseOf(file: FileLayout): Release | null {
  const searched = ({ sqlite: { search } }: ReleaseLine) =>
    (search?.tables ?? []).filter((name) => file.searchTables.includes(name)).length;
  return linesOf(file).toSorted((a, b) => searched(b) - searched(a))[0]?.name ?? null;
}

/** The columns that a later release added are there. */
export function hasNewestColumns({ layout, relationships }: FileLayout): boolean {
  return (layout?.addedLater?.columns ?? []).every((name) => relationships?.columns.includes(name));
}

/** What a hybrid file is, as in "a 0.12 file that 0.13 opened"; and the releases by their roles. */
export function describeHybrid({ nodeTables, relationships }: FileLayout) {
  const layouts = [...nodeTables, ...(relationships === null ? [] : [relationships])].map(({ layout }) => layout);
  const lines = releaseLines().filter(({ sqlite }) => layouts.includes(sqlite.layout));
  const older = lines[0]!;
  const newer = lines.find(({ sqlite }) => sqlite.layout !== older.sqlite.layout) ?? older;
  return { what: `a ${older.name} file that ${newer.name} opened`, older, newer };
}
