/** Statements of other engines in a file's schema: one that SQLite cannot parse keeps it from reading anything. */
import { constants, Database, SQLiteError } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { sqliteLayouts } from "../../memorygraph/releases.ts";
import { PageFile } from "../../sqlite-file/page-file.ts";
import { readSchema, type SchemaEntry } from "../../sqlite-file/schema.ts";
import { setStatementsAside } from "../../sqlite-file/set-aside.ts";
import { SIDE_TABLE } from "./side-table.ts";

const MOST_STATEMENTS = 1_000;

/**
 * Takes them out of a private copy, with what depends on them, and gives them back. Stops at one of a table of ours:
 * then the copy is still unreadable.
 */
export function setUnparsedAside(copy: string): SchemaEntry[] {
  const aside: SchemaEntry[] = [];
  while (aside.length < MOST_STATEMENTS) {
    const name = unparsedName(copy);
    if (name === null) break;
    const bad = entriesOf(copy).filter((entry) => entry.name === name || entry.table === name);
    if (bad.length === 0 || bad.some(isOurs)) break;
    setStatementsAside(copy, new Set(bad.map(({ rowid }) => rowid)));
    aside.push(...bad.filter(({ sql }) => sql !== null));
  }
  return aside;
}

/** As a finding names it: its type and name, and the start of its text. */
export function describeStatement({ type, name, sql }: SchemaEntry): string {
  const text = (sql ?? "").replace(/\s+/g, " ");
  return `${type} ${name}: ${text.length > 120 ? `${text.substring(0, 119)}…` : text}`;
}

/** The name of the first object that SQLite cannot parse; null for none. @throws SQLite's error for anything else */
function unparsedName(copy: string): string | null {
  const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
  const database = new Database(`${pathToFileURL(copy).href}?immutable=1`, flags);
  try {
    database.query("SELECT 1 FROM sqlite_schema LIMIT 1").values();
    return null;
  } catch (error) {
    if (!(error instanceof SQLiteError)) throw error;
    return /^malformed database schema \((.*?)\)(?: - |$)/s.exec(error.message)?.[1] ?? null;
  } finally {
    database.close();
  }
}

function entriesOf(copy: string): SchemaEntry[] {
  const file = PageFile.open(copy);
  if (file === null) return [];
  try {
    return readSchema(file);
  } finally {
    file.close();
  }
}

function isOurs({ type, name }: SchemaEntry): boolean {
  const tables = sqliteLayouts().flatMap(({ nodes, relationships }) => [nodes.name, relationships.name]);
  return type === "table" && [...tables, SIDE_TABLE].includes(name);
}
