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
/** Pages under way at once. */
const AHEAD = 2;
/** Characters that a page should not exceed. */
const HEAVY_BYTES = 2 << 20;
/** How much of a page is aimed at. */
const FILL = 0.6;

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

/** The rows in a cell that holds a list of lists. */
function rowsIn(cell: Reply): Rows {
  const [, list] = cell as readonly [string, readonly (readonly [string, readonly Reply[]])[]];
  return list.map(([, cells]) => cells);
}

export interface Page {
  readonly rows: Rows;
  readonly statement: string;
}

/** Internal ids of the anchor, from the first and before the last. */
type Window = readonly [start: number, stop: number];

/** Every row of the query once. @throws ConnectionError when even one record takes the server too long */
export async function* pages(client: Client, query: PageQuery, signal: AbortSignal | undefined): AsyncGenerator<Page> {
  const [last] = await client.read("MATCH (a) RETURN max(id(a))");
  const end = last === undefined ? 0 : Number((last[0] as readonly Reply[])[1] ?? -1) + 1;
  let size = FIRST_PAGE;
  let next = 0;
  const asked: { readonly window: Window; readonly page: Promise<Page | null> }[] = [];
  // The server works on further pages while one is made use of.
  const ask = () => {
    while (asked.length < AHEAD && next < end) {
      const window: Window = [next, Math.min(next + size, end)];
      const page = pageOf(client, query, window);
      page.catch(() => {});
      asked.push({ window, page });
      next = window[1];
    }
  };
  ask();
  for (let first = asked.shift(); first !== undefined; first = asked.shift()) {
    const page = await first.page;
    signal?.throwIfAborted();
    if (page === null) {
      size = Math.max(1, Math.floor(size / 4));
      yield* divided(client, query, first.window, signal);
    } else {
      size = nextSize(size, first.window, page.rows);
    }
    ask();
    if (page !== null && page.rows.length > 0) yield page;
  }
}

/** By what this page weighed and how many rows it had, so that the next one is well below what is too much. */
function nextSize(size: number, [start, stop]: Window, rows: Rows): number {
  const share = Math.max(rows.length / MOST, weight(rows) / HEAVY_BYTES);
  const fitting = Math.floor(((stop - start) * FILL) / share);
  return Math.max(1, Math.min(fitting, size * 4, LARGEST_PAGE));
}

/** Null where there are more rows than one answer gives, or where it takes the server too long. */
async function pageOf(client: Client, query: PageQuery, window: Window): Promise<Page | null> {
  const { names, columns } = query;
  const statement = `${within(query, window)} WITH ${names} LIMIT ${MOST + 1} RETURN collect([${columns}])`;
  const rows = await unlessTooLong(client, statement, window[1] - window[0] > 1);
  return rows === null || rows.length > MOST ? null : { rows, statement };
}

function within({ match, anchor }: PageQuery, [start, stop]: Window): string {
  return `CYPHER lo=${start} hi=${stop} ${match} WHERE id(${anchor}) >= $lo AND id(${anchor}) < $hi`;
}

/** What is too much for one page, as several: cut by how much belongs to each node, or in halves. */
async function* divided(
  client: Client,
  query: PageQuery,
  window: Window,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page> {
  const [start, stop] = window;
  if (stop - start === 1) {
    yield* ofOne(client, query, start, signal);
    return;
  }
  const counts = `${within(query, window)} WITH id(${query.anchor}) AS i, count(x) AS c RETURN collect([i, c])`;
  const middle = Math.floor((start + stop) / 2);
  let cuts = cutBy((await unlessTooLong(client, counts, true)) ?? [], window);
  if (cuts.length < 2) {
    cuts = [
      [start, middle],
      [middle, stop],
    ];
  }
  for (const cut of cuts) {
    signal?.throwIfAborted();
    const page = cut[1] - cut[0] === 1 ? null : await pageOf(client, query, cut);
    if (page === null) yield* divided(client, query, cut, signal);
    else if (page.rows.length > 0) yield page;
  }
}

/** @param counts internal id and number of rows, each as the reply has them */
function cutBy(counts: Rows, [start, stop]: Window): Window[] {
  const cuts: Window[] = [];
  const pairs = counts.map((row) => row.map((cell) => Number((cell as readonly Reply[])[1])) as [number, number]);
  let from = start;
  let sum = 0;
  for (const [id, count] of pairs.sort(([a], [b]) => a - b)) {
    if (sum > 0 && sum + count > MOST) {
      cuts.push([from, id]);
      [from, sum] = [id, 0];
    }
    sum += count;
    if (count <= MOST) continue;
    cuts.push([id, id + 1]);
    [from, sum] = [id + 1, 0];
  }
  if (from < stop) cuts.push([from, stop]);
  return cuts;
}

/** All that belongs to one node, which has more relationships than one answer gives. */
async function* ofOne(
  client: Client,
  { match, names, anchor, columns }: PageQuery,
  node: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page> {
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
    next: "Stop the applications that use the graph, since one deletes records while it is read; then run the same command again.",
  });
}

/** The characters of all texts in a reply: about its size in memory. */
export function weight(reply: Reply | Rows): number {
  if (typeof reply === "string") return reply.length;
  return reply === null ? 0 : reply.reduce<number>((sum, item) => sum + weight(item), 0);
}
