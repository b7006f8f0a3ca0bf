/** What we need of bun:sqlite, with integers exact: without `safeIntegers` they lose digits beyond 2^53. */
import type { Database } from "bun:sqlite";

/** As SQLite stores it: integers are bigint, REAL is number, BLOB is bytes. */
export type SqlValue = null | bigint | number | string | Uint8Array;
export type Row = readonly SqlValue[];

export interface ExactStatement {
  safeIntegers(on: boolean): unknown;
  values(...parameters: SqlValue[]): SqlValue[][];
  run(...parameters: SqlValue[]): { readonly changes: number | bigint };
  finalize(): void;
}

/** A statement kept by its owner, not by the database's cache: large stores would otherwise pin their last rows. */
export function prepare(database: Database, sql: string): ExactStatement {
  const statement = database.prepare(sql) as unknown as ExactStatement;
  statement.safeIntegers(true);
  return statement;
}

/** All rows of a small result. */
export function rows(database: Database, sql: string, ...parameters: SqlValue[]): Row[] {
  const statement = prepare(database, sql);
  try {
    return statement.values(...parameters);
  } finally {
    statement.finalize();
  }
}

/** The one number of a `SELECT count(*)` and the like, 0 for no row. */
export function count(database: Database, sql: string, ...parameters: SqlValue[]): number {
  return Number(rows(database, sql, ...parameters)[0]?.[0] ?? 0);
}

/** A name as SQL takes it whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Rowids, both ends included. */
interface RowRange {
  readonly first: bigint;
  readonly last: bigint;
}

export const ALL_ROWS: RowRange = { first: -(2n ** 63n), last: 2n ** 63n - 1n };

/** The part of a table's rows that one of several readers takes; together they take every rowid there can be. */
export function shareOf(database: Database, table: string, at: number, of: number): RowRange {
  const [low, high] = rows(database, `SELECT min(rowid), max(rowid) FROM ${quoted(table)}`)[0] as [
    bigint | null,
    bigint | null,
  ];
  if (low === null || high === null) return at === 0 ? ALL_ROWS : { first: 0n, last: -1n };
  const bound = (part: number) => low + ((high - low + 1n) * BigInt(part)) / BigInt(of);
  return { first: at === 0 ? ALL_ROWS.first : bound(at), last: at === of - 1 ? ALL_ROWS.last : bound(at + 1) - 1n };
}

/** In the words of SQLite's own check, which translate() in errors.ts takes for damage. */
class OutOfOrderError extends Error {
  constructor(rowid: bigint, last: bigint) {
    super(`malformed page: rowid ${rowid} is out of order after ${last}`);
  }
}

/**
 * The rows of a table in rowid order, page by page, so that neither SQLite nor we hold more than a page. `select` is
 * everything up to WHERE, names the table `t` and gives `t.rowid` as its last column.
 * @throws OutOfOrderError for a damaged page
 */
export function* pages(
  database: Database,
  select: string,
  { first, last: end }: RowRange = ALL_ROWS,
  size = 500,
): Generator<SqlValue[][]> {
  let last: bigint | null = null;
  const statement = prepare(database, `${select} WHERE t.rowid BETWEEN ? AND ${end} ORDER BY t.rowid LIMIT ${size}`);
  try {
    let from = first;
    for (;;) {
      const page = statement.values(from);
      for (const row of page) {
        const rowid = row.at(-1) as bigint;
        // SQLite gives a damaged page as it stands: going on from there would skip rows, or read them again for ever.
        if (last !== null && rowid <= last) throw new OutOfOrderError(rowid, last);
        last = rowid;
      }
      if (page.length > 0) yield page;
      if (page.length < size || last === end) return;
      from = last! + 1n;
    }
  } finally {
    statement.finalize();
  }
}
