/** What could not be read of a file: by the ids that its indexes still name, else by page and number of row. */
import { type Database, SQLiteError } from "bun:sqlite";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { idIndexOf } from "./claims.ts";
import { prepare, quoted, type SqlValue } from "./database.ts";
import type { Rebuilt } from "./rebuild.ts";

const SHOWN = 10;

interface Missing {
  count: number;
  readonly examples: string[];
}

/** @param original the file itself, whose indexes may be whole where its tables are not */
export function lostRows(original: Database, { snapshot, lost }: Pick<Rebuilt, "snapshot" | "lost">): Finding[] {
  const log = new FindingLog();
  const missing = new Map<string, Missing | null>();
  for (const { table, page, what, first, last, isKept } of lost) {
    const place = `page ${page}${rangeOf(first, last)}: ${what}`;
    if (table === null) {
      log.add("damage", "a part of the file's own schema that cannot be read", `page ${page}: ${what}`);
    } else if (isKept) {
      log.add("note", `rows of ${table} whose numbers are damaged; the rows themselves are read`, place);
    } else {
      if (!missing.has(table)) missing.set(table, missingIds(original, snapshot.database, table));
      const ids = missing.get(table)!;
      if (ids === null) log.add("damage", `rows of ${table} that cannot be read`, place);
      else if (ids.count === 0)
        log.add("note", `a page of ${table} that cannot be read; all rows that its index names were found`, place);
    }
  }
  for (const [table, ids] of missing) {
    if (ids === null || ids.count === 0) continue;
    log.merge({ kind: "damage", what: `rows of ${table} that cannot be read`, ...ids });
  }
  return log.list();
}

function rangeOf(first: bigint | null, last: bigint | null): string {
  if (first !== null && first === last) return `, row ${first}`;
  if (first !== null && last !== null) return `, among rows ${first} to ${last}`;
  return first !== null ? `, rows from ${first} on` : last !== null ? `, rows up to ${last}` : "";
}

/**
 * The ids that the table's index has and the rebuilt table has not: looked for in all of it, since the number of a row that cannot
 * be read may be damaged as well. Null where the index cannot be read either.
 */
function missingIds(original: Database, rebuilt: Database, table: string): Missing | null {
  const missing: Missing = { count: 0, examples: [] };
  try {
    const index = idIndexOf(original, table);
    if (index === null) return null;
    const isThere = prepare(rebuilt, `SELECT 1 FROM ${quoted(table)} WHERE id IS ?`);
    const entries = original.prepare(`SELECT id FROM ${quoted(table)} INDEXED BY ${quoted(index)}`);
    try {
      let named = 0;
      for (const { id } of entries.iterate() as Iterable<{ id: SqlValue }>) {
        named++;
        if (isThere.values(id).length > 0) continue;
        missing.count++;
        if (missing.examples.length < SHOWN) missing.examples.push(String(id));
      }
      return named === 0 ? null : missing;
    } finally {
      isThere.finalize();
      entries.finalize();
    }
  } catch (error) {
    if (error instanceof SQLiteError) return null;
    throw error;
  }
}
