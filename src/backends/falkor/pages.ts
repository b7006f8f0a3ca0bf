/**
 * Reads a graph page by page: FalkorDB has no cursor, sends a whole answer at once, and can be set to cut answers off
 * without a word (RESULTSET_SIZE) or to end what takes too long (TIMEOUT). The first is why every statement here gives
 * one row, in which everything is collected.
 */
import { ConnectionError } from "../../errors.ts";
import type { Client } from "./client.ts";
import { isTimeout } from "./errors.ts";
import type { Reply } from "./reply.ts";

/** Internal ids asked for at once; adapted to what the records weigh, and to how many of the ids are in use. */
const FIRST_PAGE = 100;
const LARGEST_PAGE = 1 << 16;
/** Records that one answer gives at most. */
const MOST = 2_000;
const HEAVY_BYTES = 4 << 20;
const LIGHT_BYTES = 1 << 19;

export type Rows = readonly (readonly Reply[])[];

export interface PageQuery {
  /** Up to its WHERE; what is read is `x`. */
  readonly match: string;
  /** Those of its names that the columns need. */
  readonly names: string;
  /** The one of them, a node, whose internal id makes the page. */
  readonly anchor: string;
  readonly columns: string;
}

/** What a statement collects: its one column is a list of lists. */
export async function collected(client: Client, statement: string): Promise<Rows> {
  const [row] = await client.read(statement);
  return row === undefined ? [] : rowsIn(row[0]!);
}

export function rowsIn(cell: Reply): Rows {
  const [, list] = cell as readonly [string, readonly (readonly [string, readonly Reply[]])[]];
  return list.map(([, cells]) => cells);
}

/** Every row of the query once. @throws ConnectionError when even one record takes the server too long */
export async function* pages(
  client: Client,
  query: PageQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly rows: Rows; readonly statement: string }> {
  const { match, names, anchor, columns } = query;
  const [last] = await client.read("MATCH (a) RETURN max(id(a))");
  const end = last === undefined ? 0 : Number((last[0] as readonly Reply[])[1] ?? -1) + 1;
  let size = FIRST_PAGE;
  for (let start = 0; start < end; ) {
    signal?.throwIfAborted();
    const stop = Math.min(start + size, end);
    const statement =
      `CYPHER lo=${start} hi=${stop} ${match} WHERE id(${anchor}) >= $lo AND id(${anchor}) < $hi ` +
      `WITH ${names} LIMIT ${MOST + 1} RETURN collect([${columns}])`;
    const rows = await unlessTooLong(client, statement, stop - start > 1);
    if (rows === null || (rows.length > MOST && stop - start > 1)) {
      size = Math.max(1, Math.floor((stop - start) / 4));
      continue;
    }
    if (rows.length > MOST) yield* ofOne(client, query, start, signal);
    else if (rows.length > 0) yield { rows, statement };
    const bytes = weight(rows);
    if (bytes > HEAVY_BYTES) size = Math.max(1, Math.floor(size / 4));
    else if (bytes < LIGHT_BYTES && rows.length < MOST / 2) size = Math.min(size * 2, LARGEST_PAGE);
    start = stop;
  }
}

/** All that belongs to one node, which has more relationships than one answer gives. */
async function* ofOne(
  client: Client,
  { match, names, anchor, columns }: PageQuery,
  node: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly rows: Rows; readonly statement: string }> {
  let after = "-1";
  for (let size = MOST; ; ) {
    signal?.throwIfAborted();
    const statement =
      `CYPHER node=${node} after=${after} ${match} WHERE id(${anchor}) = $node AND id(x) > $after ` +
      `WITH ${names} ORDER BY id(x) LIMIT ${size} RETURN collect([${columns}])`;
    const rows = await unlessTooLong(client, statement, size > 1);
    if (rows === null) {
      size = Math.max(1, Math.floor(size / 4));
      continue;
    }
    if (rows.length > 0) yield { rows, statement };
    if (rows.length < size) return;
    // The first column is the internal id, and collecting keeps the order.
    after = (rows.at(-1)![0] as readonly string[])[1]!;
  }
}

/** Null where the server found that it took too long, and less can be asked for. */
async function unlessTooLong(client: Client, statement: string, divisible: boolean): Promise<Rows | null> {
  try {
    return await collected(client, statement);
  } catch (error) {
    if (divisible && isTimeout(error)) return null;
    throw error;
  }
}

/** @throws ConnectionError when fewer came than there are */
export function assertComplete(location: string, found: number, expected: number): void {
  if (found >= expected) return;
  throw new ConnectionError(`${location} gave ${found} of ${expected} records`, {
    next: "Something deletes from the graph while it is read: stop the applications that use it, and run the same command again.",
  });
}

export function weight(reply: Reply | Rows): number {
  if (typeof reply === "string") return reply.length;
  return reply === null ? 0 : reply.reduce<number>((sum, item) => sum + weight(item), 0);
}
