/**
 * Reads a graph page by page: FalkorDB has no cursor, sends a whole answer at once, and can be set to cut answers off
 * without a word (RESULTSET_SIZE) or to end them (TIMEOUT).
 */
import { ConnectionError, WriteError } from "../../errors.ts";
import type { Client } from "./client.ts";
import type { Reply } from "./reply.ts";

/** Internal ids asked for at once; adapted to what the records weigh. */
const FIRST_PAGE = 500;
const LARGEST_PAGE = 4_000;
const HEAVY_BYTES = 4 << 20;
const LIGHT_BYTES = 1 << 19;

export type Rows = readonly (readonly Reply[])[];

export interface PageQuery {
  /** Up to its WHERE; what is read is `x`. */
  readonly match: string;
  /** The node whose internal id makes the page. */
  readonly anchor: string;
  readonly returns: string;
}

/** How many rows the server gives at most; infinite where it has no limit or does not tell. */
export async function resultLimit(client: Client): Promise<number> {
  const reply = await client.tryCommand("GRAPH.CONFIG", "GET", "RESULTSET_SIZE");
  const limit = Array.isArray(reply) ? Number(reply[1]) : -1;
  return limit < 0 || Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

/**
 * Every row of the query once, by ranges of the internal id of `a`.
 * @throws ConnectionError when the server cuts off what cannot be asked for in smaller pieces
 */
export async function* pages(
  client: Client,
  { match, anchor, returns }: PageQuery,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Rows> {
  const [last] = await client.read("MATCH (a) RETURN max(id(a))");
  const end = last?.[0] === undefined ? 0 : Number((last[0] as readonly Reply[])[1] ?? -1) + 1;
  let size = Math.min(FIRST_PAGE, limit);
  for (let start = 0; start < end; ) {
    signal?.throwIfAborted();
    const stop = Math.min(start + size, end);
    const range = `CYPHER lo=${start} hi=${stop} ${match} WHERE id(${anchor}) >= $lo AND id(${anchor}) < $hi`;
    const rows = await attempt(client, `${range} RETURN ${returns}`, limit);
    if (rows === null && stop - start > 1) {
      size = Math.max(1, Math.floor((stop - start) / 2));
      continue;
    }
    if (rows === null) yield* slices(client, `${range} RETURN ${returns} ORDER BY id(x)`, limit, signal);
    else {
      yield rows;
      const bytes = weight(rows);
      if (bytes > HEAVY_BYTES) size = Math.max(1, Math.floor((stop - start) / 4));
      else if (bytes < LIGHT_BYTES) size = Math.min(size * 2, LARGEST_PAGE);
    }
    start = stop;
  }
}

/** One node with more relationships than the server gives at once. */
async function* slices(
  client: Client,
  statement: string,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Rows> {
  const size = Math.max(1, Math.min(limit === Number.POSITIVE_INFINITY ? FIRST_PAGE : limit - 1, FIRST_PAGE));
  for (let skip = 0; ; skip += size) {
    signal?.throwIfAborted();
    const rows = await client.read(`${statement} SKIP ${skip} LIMIT ${size}`);
    if (rows.length > 0) yield rows;
    if (rows.length < size) return;
  }
}

/** Null where the answer may have been cut off, or the server found that it took too long. */
async function attempt(client: Client, statement: string, limit: number): Promise<Rows | null> {
  try {
    const rows = await client.read(statement);
    return rows.length >= limit ? null : rows;
  } catch (error) {
    if (error instanceof WriteError && /took too long/.test(error.message)) return null;
    throw error;
  }
}

/** All rows of an aggregation, whose answer can be cut off like any other. */
export async function allRows(client: Client, statement: string, order: string, limit: number): Promise<Rows> {
  if (limit === Number.POSITIVE_INFINITY) return client.read(statement);
  const rows: (readonly Reply[])[] = [];
  for await (const slice of slices(client, `${statement} ORDER BY ${order}`, limit, undefined)) rows.push(...slice);
  return rows;
}

/** @throws ConnectionError when fewer came than there are, and nobody knows why */
export function assertComplete(location: string, found: number, expected: number): void {
  if (found >= expected) return;
  throw new ConnectionError(`${location} gave ${found} of ${expected} records`, {
    next: "Something deletes from the graph while it is read, or RESULTSET_SIZE cuts its answers off; look at GRAPH.CONFIG GET RESULTSET_SIZE.",
  });
}

function weight(reply: Reply | Rows): number {
  if (typeof reply === "string") return reply.length;
  return reply === null ? 0 : reply.reduce<number>((sum, item) => sum + weight(item), 0);
}
