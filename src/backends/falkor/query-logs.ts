/** What a FalkorDB server keeps of the statements that it ran, with the texts in them, outside of the graph. */
import { shellQuote } from "../../support/shell.ts";
import { sleep } from "../../support/time.ts";
import type { CopyElsewhere } from "../backend.ts";
import { type Client, OWN_STATEMENT } from "./client.ts";
import type { Place } from "./place.ts";

/**
 * The stream `telemetry{GRAPH}` holds the last queries (1,000 unless MAX_INFO_QUERIES says otherwise) with their
 * parameters, in dumps of the server, too, until the graph is deleted; GRAPH.SLOWLOG the slowest ones (seen on 4.22.1).
 * @param isThere whether the graph still is: both go with it
 */
export async function queryLogs(client: Client, { address, graph, database }: Place, isThere: boolean) {
  if (!isThere) return [];
  const found: CopyElsewhere[] = [];
  const { socket, host, port } = address;
  const server = socket === undefined ? ["-h", host, "-p", String(port)] : ["-s", socket];
  const command = (...words: readonly string[]) =>
    ["redis-cli", ...server, ...(database === 0 ? [] : ["-n", String(database)]), ...words].map(shellQuote).join(" ");
  const stream = streamOf(graph);
  // The server writes into it twice a second, so that what was asked last need not be there yet.
  const config = await client.tryCommand("GRAPH.CONFIG", "GET", "CMD_INFO");
  const isKept = Array.isArray(config) && String(config[1]) === "1";
  if (isKept || Number(await client.tryCommand("XLEN", stream)) > 0) {
    found.push({
      what: `the texts of the last queries, in the server's stream ${stream}`,
      remove: command("DEL", stream),
      separable: true,
    });
  }
  const slow = await client.tryCommand("GRAPH.SLOWLOG", graph);
  if (Array.isArray(slow) && slow.length > 0) {
    const what = `the texts of the slowest queries, in the server's memory (GRAPH.SLOWLOG)`;
    found.push({ what, remove: command("GRAPH.SLOWLOG", graph, "RESET") });
  }
  return found;
}

function streamOf(graph: string): string {
  return `telemetry{${graph}}`;
}

/** Each may hold a batch of memories. */
const PAGE = 10;
/** The server writes into the stream twice a second. */
const UNTIL_WRITTEN_MS = 1_200;

/** Takes the statements of this program out of the stream; those of the application stay, in their order. */
export async function removeOwnQueries(client: Client, graph: string): Promise<void> {
  await sleep(UNTIL_WRITTEN_MS);
  let from = "-";
  while (true) {
    const page = await client.tryCommand("XRANGE", streamOf(graph), from, "+", "COUNT", String(PAGE));
    if (!Array.isArray(page) || page.length === 0) return;
    const entries = page as [string, string[]][];
    const own = entries.filter(([, fields]) => isOwn(fields));
    if (own.length > 0) await client.change("XDEL", streamOf(graph), ...own.map(([id]) => id));
    // Behind the last one.
    from = `(${entries.at(-1)![0]}`;
  }
}

/** 4.14.7 keeps the parameters of a query in its text, later ones apart. */
function isOwn(fields: readonly string[]): boolean {
  return ["Query", "Query parameters"].some((name) => {
    const at = fields.indexOf(name);
    return at % 2 === 0 && fields[at + 1]!.startsWith(OWN_STATEMENT);
  });
}
