/** Which graph of which database of which server: what address and options name together. */
import { UsageError } from "../../errors.ts";
import { GRAPH_NAME } from "../../memorygraph/fields.ts";
import { type BackendConfig, withoutCredentials } from "../config.ts";
import { type Address, addressOf, placeOf } from "../graph-store/address.ts";
import { falkordbDescriptor } from "./descriptor.ts";

export interface Place {
  readonly address: Address;
  readonly graph: string;
  /** Redis numbers its databases; MemoryGraph uses the first one, 0. */
  readonly database: number;
  /** As messages name it, and as an address can name it: without credentials. */
  readonly location: string;
}

/** @throws UsageError for no such address, and when address and options name two graphs or two databases */
export function placeOfGraph(config: BackendConfig): Place {
  const address = addressOf(config, falkordbDescriptor.server);
  const graph = graphOf(config, address);
  const database = databaseOf(config, address);
  return { address, graph, database, location: locationOf(address, graph, database) };
}

/** The same graph, with the same login, at another server. */
export function placeAt({ address, graph, database }: Place, node: Pick<Address, "host" | "port">): Place {
  const { socket, ...rest } = address;
  const other = { ...rest, ...node, ...(socket !== undefined && { scheme: falkordbDescriptor.server.schemes[0]! }) };
  return { address: other, graph, database, location: locationOf(other, graph, database) };
}

function locationOf(address: Address, graph: string, database: number): string {
  const where = database === 0 ? "" : `db=${database}`;
  const { scheme, socket } = address;
  return socket === undefined
    ? `${scheme}://${placeOf(address)}/${graph}${where && `?${where}`}`
    : `${scheme}://${socket}?graph=${graph}${where && `&${where}`}`;
}

function graphOf(config: BackendConfig, { path, options }: Address): string {
  // `redis://host:6379/0` is Redis's spelling of the first database.
  const inPath = path === "0" ? null : path;
  if (inPath !== null && /^\d+$/.test(inPath) && config.graph !== inPath) {
    const address = withoutCredentials(config.uri ?? "").replace(/\/\d+(\?.*)?$/, "");
    throw new UsageError(
      `the number ${inPath} at the end of the address can be a database of Redis or the name of a graph`,
      {
        next: `For the database, write ${address}/${config.graph ?? GRAPH_NAME}?db=${inPath}; for a graph of that name, give it with --from-graph or --to-graph.`,
      },
    );
  }
  const named = [config.graph, inPath ?? undefined, options?.get("graph")].filter((name) => name !== undefined);
  const [graph = GRAPH_NAME] = named;
  const other = named.find((name) => name !== graph);
  if (other === undefined) return graph;
  throw new UsageError(`the address names the graph ${other}, the options name ${graph}`, {
    next: "Give only one of the two.",
  });
}

function databaseOf(config: BackendConfig, { options }: Address): number {
  const named = [config.database, options?.get("db")].filter((text) => text !== undefined);
  const wrong = named.find((text) => !/^\d{1,6}$/.test(text));
  if (wrong !== undefined) {
    throw new UsageError(`a database of a FalkorDB server is a number, and not ${JSON.stringify(wrong)}`, {
      next: "Leave it out for database 0, where MemoryGraph has its graph; a graph is named by --from-graph or --to-graph.",
    });
  }
  const [first = 0, second = first] = named.map(Number);
  if (first === second) return first;
  throw new UsageError(`the address names the database ${second}, the options name ${first}`, {
    next: "Give only one of the two.",
  });
}
