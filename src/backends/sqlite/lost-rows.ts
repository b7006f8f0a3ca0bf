/** What could not be read of a file: by the ids that its indexes still name, else by page and number of row. */
import { type Database, SQLiteError } from "bun:sqlite";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { idIndexOf } from "./claims.ts";
import { quoted, rows } from "./database.ts";
import type { Rebuilt } from "./rebuild.ts";

const MOST_IDS = 10_000;

/** @param original the file itself, whose indexes may be whole where its tables are not */
export function lostRows(original: Database, { snapshot, lost }: Pick<Rebuilt, "snapshot" | "lost">): Finding[] {
  const log = new FindingLog();
  for (const { table, page, what, first, last } of lost) {
    if (table === null) {
      log.add("damage", "a part of the file's own schema that cannot be read", `page ${page}: ${what}`);
      continue;
    }
    const message = `rows of ${table} that cannot be read`;
    const named = idsBetween(original, table, first, last);
    const ids = named.filter((id) => isMissing(snapshot.database, table, id));
    const place = `page ${page}${rangeOf(first, last)}: ${what}`;
    if (ids.length > 0) log.merge({ kind: "damage", what: message, count: ids.length, examples: ids });
    else if (named.length > 0)
      log.add("note", `a page of ${table} that cannot be read; all rows that its index names were found`, place);
    else log.add("damage", message, place);
  }
  return log.list();
}

function rangeOf(first: bigint | null, last: bigint | null): string {
  if (first !== null && first === last) return `, row ${first}`;
  if (first !== null && last !== null) return `, among rows ${first} to ${last}`;
  return first !== null ? `, rows from ${first} on` : last !== null ? `, rows up to ${last}` : "";
}

/** By the index alone; empty where it cannot be read either. */
function idsBetween(original: Database, table: string, first: bigint | null, last: bigint | null): string[] {
  try {
    const index = idIndexOf(original, table);
    if (index === null) return [];
    const query = `SELECT id FROM ${quoted(table)} INDEXED BY ${quoted(index)} WHERE +rowid BETWEEN ? AND ? LIMIT ${MOST_IDS}`;
    const found = rows(original, query, first ?? -(2n ** 63n), last ?? 2n ** 63n - 1n);
    return found.flatMap(([id]) => (typeof id === "string" ? [id] : []));
  } catch (error) {
    if (error instanceof SQLiteError) return [];
    throw error;
  }
}

function isMissing(rebuilt: Database, table: string, id: string): boolean {
  return rows(rebuilt, `SELECT 1 FROM ${quoted(table)} WHERE id = ?`, id).length === 0;
}
