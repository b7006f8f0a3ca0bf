/** Which tables a SQLite file holds, and so what kind of store it is. */
import type { Database } from "bun:sqlite";
import { columnNames, type LayoutTable, type SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import type { ReleaseLine } from "../../memorygraph/releases/release.ts";
import { type Release, releaseLines, sqliteLayouts } from "../../memorygraph/releases.ts";
import { quoted, rows } from "./database.ts";
import { EXTRA_TABLE } from "./side-table.ts";

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
  readonly hasExtra: boolean;
  /** Tables of MemoryGraph's that are missing, or have not the columns that they should have. */
  readonly unreadableTables: readonly string[];
  /** SQLite's name of how it keeps text. */
  readonly encoding: string;
  readonly indexes: readonly string[];
  /** Tables of a full-text search of MemoryGraph's. */
  readonly searchTables: readonly string[];
  readonly otherTables: readonly string[];
}

export function readLayout(database: Database): FileLayout {
  const names = rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => String(name));
  const layouts = sqliteLayouts();
  const nodeNames = [...new Set(layouts.map(({ nodes }) => nodes.name))];
  const ours = new Set([...nodeNames, ...layouts.map(({ relationships }) => relationships.name), EXTRA_TABLE]);
  // A search index that is damaged keeps nobody from reading the rest: its columns are not asked for.
  const tables = new Map(names.map((name) => [name, ours.has(name) ? columnsOf(database, name) : []]));
  const nodeTables = nodeNames
    .map((name) => bestOf(layouts, ({ nodes }) => (nodes.name === name ? nodes : null), tables))
    .filter((table) => table !== null);
  const relationships = bestOf(layouts, (layout) => layout.relationships, tables);
  const search = searchNames();
  const isSearch = (name: string) => search.some((table) => name === table || name.startsWith(`${table}_`));
  const found = new Set([...nodeTables, relationships].map((table) => table?.name));
  return {
    ...nameOf(nodeTables, relationships, tables.size),
    nodeTables,
    relationships,
    hasExtra: tables.has(EXTRA_TABLE),
    unreadableTables: [...ours].filter(
      (name) => name !== EXTRA_TABLE && !found.has(name) && (tables.has(name) || !nodeNames.includes(name)),
    ),
    encoding: String(rows(database, "PRAGMA encoding")[0]![0]),
    indexes: rows(
      database,
      "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name <> ? ORDER BY name",
      EXTRA_TABLE,
    ).map(([name]) => String(name)),
    searchTables: names.filter((name) => search.includes(name)),
    otherTables: names.filter((name) => !ours.has(name) && !isSearch(name) && !name.startsWith("sqlite_")),
  };
}

/** The table of the layout that has its marks and knows most of the columns that are there. */
function bestOf(
  layouts: readonly SqliteLayout[],
  tableOf: (layout: SqliteLayout) => LayoutTable | null,
  tables: ReadonlyMap<string, readonly string[]>,
): FoundTable | null {
  let best: FoundTable | null = null;
  let known = -1;
  for (const layout of layouts) {
    const table = tableOf(layout);
    const columns = tables.get(table?.name ?? "");
    if (table === null || columns === undefined) continue;
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

function columnsOf(database: Database, table: string): string[] {
  return rows(database, `SELECT name FROM pragma_table_info(${quoted(table)})`).map(([name]) => String(name));
}

function searchNames(): string[] {
  const own = releaseLines().map(({ sqlite }) => sqlite.search);
  return [
    ...new Set([...own, ...sqliteLayouts().map(({ search }) => search)].flatMap((search) => search?.tables ?? [])),
  ];
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

export function hasNewestColumns({ layout, relationships }: FileLayout): boolean {
  return (layout?.addedLater ?? []).every((name) => relationships?.columns.includes(name));
}
