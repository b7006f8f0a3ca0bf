/** Which tables a SQLite file holds, and so what kind of store it is. */
import type { Database } from "bun:sqlite";
import type { Release } from "../../memorygraph/releases.ts";
import { quoted, rows } from "./database.ts";
import { EXTRA_TABLE } from "./side-table.ts";

export type LayoutName = "empty" | "nodes" | "memories" | "hybrid" | "turso" | "foreign";

export interface FileLayout {
  readonly name: LayoutName;
  /** Column names of the tables that are there; null for those that are not. */
  readonly nodes: readonly string[] | null;
  readonly memories: readonly string[] | null;
  readonly relationships: { readonly style: "nodes" | "memories"; readonly columns: readonly string[] } | null;
  readonly hasExtra: boolean;
  /** Tables of MemoryGraph's that are missing, or have not the columns that they should have. */
  readonly unreadableTables: readonly string[];
  /** SQLite's name of how it keeps text. */
  readonly encoding: string;
  readonly indexes: readonly string[];
  readonly otherTables: readonly string[];
}

export function readLayout(database: Database): FileLayout {
  const names = rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => String(name));
  const ours = new Set(["nodes", "memories", "relationships", EXTRA_TABLE]);
  // A search index that is damaged keeps nobody from reading the rest: its columns are not asked for.
  const tables = new Map(names.map((name) => [name, ours.has(name) ? columnsOf(database, name) : []]));
  const having = (table: string, ...columns: string[]) => {
    const found = tables.get(table);
    return found !== undefined && columns.every((column) => found.includes(column)) ? found : null;
  };
  const nodes = having("nodes", "id", "label", "properties");
  const memories = having("memories", "id", "type", "title", "content");
  const layout = {
    nodes,
    memories,
    relationships: relationshipsOf(having),
    hasExtra: tables.has(EXTRA_TABLE),
    encoding: String(rows(database, "PRAGMA encoding")[0]![0]),
    indexes: rows(
      database,
      "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name <> ? ORDER BY name",
      EXTRA_TABLE,
    ).map(([name]) => String(name)),
    otherTables: names.filter((name) => !ours.has(name) && !/^(nodes_fts|sqlite_)/.test(name)),
  };
  const unreadableTables = ["nodes", "memories", "relationships"].filter(
    (name) => layout[name as "nodes"] === null && (tables.has(name) || name === "relationships"),
  );
  return { name: nameOf(layout, tables, having), unreadableTables, ...layout };
}

type Having = (table: string, ...columns: string[]) => readonly string[] | null;

function relationshipsOf(having: Having): FileLayout["relationships"] {
  const ends = ["id", "from_id", "to_id", "rel_type"];
  const flat = having("relationships", ...ends, "properties");
  if (flat !== null) return { style: "nodes", columns: flat };
  const wide = having("relationships", ...ends, "strength");
  return wide === null ? null : { style: "memories", columns: wide };
}

function nameOf(
  layout: Pick<FileLayout, "nodes" | "memories" | "relationships">,
  tables: ReadonlyMap<string, readonly string[]>,
  having: Having,
): LayoutName {
  if (layout.nodes !== null && layout.memories !== null) return "hybrid";
  if (layout.nodes !== null) return "nodes";
  if (layout.memories !== null) return layout.relationships?.style === "nodes" ? "hybrid" : "memories";
  if (having("nodes", "type", "title", "content") !== null) return "turso";
  return tables.size === 0 ? "empty" : "foreign";
}

function columnsOf(database: Database, table: string): string[] {
  return rows(database, `SELECT name FROM pragma_table_info(${quoted(table)})`).map(([name]) => String(name));
}

/** The line of releases whose layout it is; a hybrid file was last opened by 0.13. */
export function releaseOfLayout(name: LayoutName): Release | null {
  if (name === "nodes") return "0.12";
  return name === "memories" || name === "hybrid" ? "0.13" : null;
}
