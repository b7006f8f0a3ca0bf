/**
 * What a file says of its own tables, looked at: that ids are unique, and that the index over them matches the rows.
 * Engines that keep no index, or not all of them, leave files in which neither is so.
 */
import { type Database, SQLiteError } from "bun:sqlite";
import { count, quoted, type Row, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";

export interface Claims {
  /** Tables with several rows of one id. */
  readonly doubled: readonly string[];
  /** Tables whose index over the ids does not match the rows. */
  readonly stale: readonly string[];
}

/**
 * @param thorough compares every row; else only what the index shows by itself and what was added without it
 * @throws SQLite's error for a damaged table
 */
export function checkClaims(database: Database, layout: FileLayout, thorough: boolean): Claims {
  const names = [...layout.nodeTables, ...(layout.relationships === null ? [] : [layout.relationships])].map(
    ({ name }) => name,
  );
  const checked = names.map((name) => ({ name, ...checkTable(database, name, thorough) }));
  return {
    doubled: checked.filter(({ isDoubled }) => isDoubled).map(({ name }) => name),
    stale: checked.filter(({ isStale }) => isStale).map(({ name }) => name),
  };
}

function checkTable(database: Database, table: string, thorough: boolean): { isDoubled: boolean; isStale: boolean } {
  const index = idIndexOf(database, table);
  const isStale = index !== null && !matches(database, table, index, thorough);
  const exact = thorough || isStale || index === null || hasIdsThatAreNoText(database, table, index);
  return { isStale, isDoubled: exact && hasDoubles(database, table) };
}

/** The index that is to keep ids unique; null where the table has none. */
export function idIndexOf(database: Database, table: string): string | null {
  const unique = rows(
    database,
    'SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0 ORDER BY name DESC',
    table,
  );
  for (const [name] of unique) {
    const columns = rows(database, "SELECT name FROM pragma_index_info(?)", name!).map(([column]) => column);
    if (columns.length === 1 && columns[0] === "id") return String(name);
  }
  return null;
}

/** How many rows a table has: by the index over its ids where that shows no difference, since that is much shorter. */
export function countRows(database: Database, table: string): number {
  const index = idIndexOf(database, table);
  const entries = index === null ? null : entriesOf(database, table, index);
  return entries ?? count(database, `SELECT count(*) FROM ${quoted(table)} NOT INDEXED`);
}

/** How many rows an index names; null where it does not know the last one, or cannot be read. */
function entriesOf(database: Database, table: string, index: string): number | null {
  try {
    const [entries, last] = figures(database, table, "count(*), max(rowid)", `INDEXED BY ${quoted(index)}`);
    return last === figures(database, table, "max(rowid)", "NOT INDEXED")[0] ? Number(entries) : null;
  } catch (error) {
    // One that cannot be read, or that compares by what only another program knows.
    if (error instanceof SQLiteError) return null;
    throw error;
  }
}

function matches(database: Database, table: string, index: string, thorough: boolean): boolean {
  if (entriesOf(database, table, index) === null) return false;
  if (!thorough) return true;
  const what = "count(*), total(rowid)";
  const [left, right] = [`INDEXED BY ${quoted(index)}`, "NOT INDEXED"].map((by) =>
    figures(database, table, what, by).join(),
  );
  return left === right;
}

function figures(database: Database, table: string, what: string, by: string): Row {
  return rows(database, `SELECT ${what} FROM ${quoted(table)} ${by}`)[0]!;
}

/** Bytes that spell a text are the same id as the text; in an index bytes come after all texts, numbers before. */
function hasIdsThatAreNoText(database: Database, table: string, index: string): boolean {
  const from = `FROM ${quoted(table)} INDEXED BY ${quoted(index)}`;
  return rows(database, `SELECT 1 ${from} WHERE id >= x'' UNION ALL SELECT 1 ${from} WHERE id < '' LIMIT 1`).length > 0;
}

function hasDoubles(database: Database, table: string): boolean {
  const query = `SELECT 1 FROM ${quoted(table)} NOT INDEXED WHERE id IS NOT NULL GROUP BY CAST(id AS TEXT) HAVING count(*) > 1 LIMIT 1`;
  return rows(database, query).length > 0;
}
