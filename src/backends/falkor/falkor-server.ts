/** A graph on a FalkorDB server. */
import { ConnectionError, RefusedError, StoreKindError, UsageError } from "../../errors.ts";
import type { Value } from "../../graph/value.ts";
import { GRAPH_NAME, MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { shellQuote } from "../../support/shell.ts";
import type { SchemaItem } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { type Address, addressOf } from "../graph-store/address.ts";
import type {
  GraphServer,
  InternalId,
  NameKind,
  NewNodes,
  NewRelationships,
  NodeChange,
  OpenServer,
  RelationshipChange,
  RelationshipRef,
  ServerNode,
  ServerOptions,
  ServerRelationship,
  WriteLimits,
} from "../graph-store/server.ts";
import { Client } from "./client.ts";
import { closedGraph } from "./describe-dump.ts";
import { falkordbDescriptor } from "./descriptor.ts";
import { collected } from "./pages.ts";
import { Reader } from "./reader.ts";
import { decode, type Reply } from "./reply.ts";
import { createSchema, dropSchema, ownSchema, readSchema, schemaReady, uniqueIdLabels } from "./schema.ts";
import { fatalWhenUnique, unsupported, unsupportedName } from "./values.ts";
import { Writer } from "./writer.ts";

const SHOWN_GRAPHS = 10;

/** A connection to a graph that is one, or to the name of none. */
export interface Connected {
  readonly client: Client;
  readonly address: Address;
  readonly graph: string;
  readonly engine: string;
}

export const openFalkor: OpenServer = async (config, options) => {
  const { client, graph, engine } = await connectFalkor(config, options);
  return new FalkorServer(client, graph, engine, options.target ?? options.access === "write");
};

/** @throws UsageError, ConnectionError, StoreKindError, RefusedError */
export async function connectFalkor(
  config: BackendConfig,
  { access, target = access === "write", signal }: ServerOptions,
): Promise<Connected> {
  signal?.throwIfAborted();
  const address = addressOf(config, falkordbDescriptor.server);
  const graph = graphOf(config, address.path);
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const location = `${address.scheme}://${host}:${address.port}/${graph}`;
  const client = await Client.connect(config, address, graph, { location, access });
  try {
    await client.takeTime();
    // Also finds out that it is a graph, or that there is none.
    await client.read("RETURN 1");
    await assertServes(client, target);
    return { client, address, graph, engine: await engineOf(client) };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** @throws UsageError when options and address name two graphs */
function graphOf({ graph }: BackendConfig, path: string | null): string {
  // `redis://host:6379/0` names a database of Redis, and all graphs are in the first one.
  const named = path === "0" ? null : path;
  if (graph !== undefined && named !== null && graph !== named) {
    throw new UsageError(`the address names the graph ${named}, the options name ${graph}`, {
      next: "Give only one of the two.",
    });
  }
  return graph ?? named ?? GRAPH_NAME;
}

/** @throws RefusedError, ConnectionError */
async function assertServes(client: Client, target: boolean): Promise<void> {
  const info = String(await client.tryCommand("INFO", "replication"));
  if (!/^role:slave/m.test(info)) return;
  if (target) {
    throw new RefusedError(`${client.location} is a read-only replica`, { next: "Name the master instead." });
  }
  if (/^master_link_status:up/m.test(info)) return;
  throw new ConnectionError(`${client.location} is a replica that has lost its master, or still copies from it`, {
    next: "Wait until it is in step again, or name the master instead.",
  });
}

async function engineOf(client: Client): Promise<string> {
  const redis = /^redis_version:(.*)$/m.exec(String(await client.tryCommand("INFO", "server")))?.[1]?.trim();
  const modules = await client.tryCommand("MODULE", "LIST");
  const graph = Array.isArray(modules) ? modules.find((module) => module?.[1] === "graph") : undefined;
  const version = Number((graph as readonly Reply[] | undefined)?.[3] ?? 0);
  const spelled =
    version > 0 ? ` ${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}.${version % 100}` : "";
  return `FalkorDB${spelled}${redis === undefined ? "" : ` on Redis ${redis}`}`;
}

class FalkorServer implements GraphServer {
  readonly type = "falkordb";
  /** Larger batches are not faster, measured on 4.22.1; a second one under way is parsed while the first is executed. */
  readonly limits: WriteLimits = { rows: 2_000, bytes: 2 << 20, inFlight: 2 };
  /** Pages are of several moments. */
  readonly snapshots = false;
  readonly engine: string;
  readonly #client: Client;
  readonly #graph: string;
  /** A target need not be there. */
  readonly #isTarget: boolean;
  /** Constraints to be created as soon as the indexes work. */
  readonly #waiting: SchemaItem[] = [];
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(client: Client, graph: string, engine: string, isTarget: boolean) {
    this.#isTarget = isTarget;
    this.#client = client;
    this.#graph = graph;
    this.#reader = new Reader(client);
    this.#writer = new Writer(client);
    this.engine = engine;
  }

  get location(): string {
    return this.#client.location;
  }

  async identity(): Promise<string | null> {
    const run = await this.#run();
    return run === null ? null : `${run} ${this.#graph}`;
  }

  /** How many changes there were since the data was last saved, and when that was: of the whole server, not of the graph. */
  async mark(): Promise<string | null> {
    const info = String(await this.#client.tryCommand("INFO", "persistence"));
    const changes = /^rdb_changes_since_last_save:(\d+)/m.exec(info)?.[1];
    const saved = /^rdb_last_save_time:(\d+)/m.exec(info)?.[1];
    const run = await this.#run();
    return changes === undefined || saved === undefined || run === null ? null : `${run} ${saved} ${changes}`;
  }

  /** Another one after each start of the server. */
  async #run(): Promise<string | null> {
    return /^run_id:(\w+)/m.exec(String(await this.#client.tryCommand("INFO", "server")))?.[1] ?? null;
  }

  async assertThere(): Promise<void> {
    const others = await this.#otherGraphs();
    if (others === null) return;
    throw new StoreKindError(`${this.location} is not there: the server has no graph of that name`, {
      details: others.slice(0, SHOWN_GRAPHS).map((name) => `it has: ${name}`),
      next:
        others.length === 0
          ? "The server holds no graph at all: check host and port, and that it has loaded its data."
          : `Name one of its graphs: --from-graph ${shellQuote(others[0]!)}, or the last part of the address.`,
    });
  }

  /** Those that the server has instead; null where the graph is there, or the user may not ask. */
  async #otherGraphs(): Promise<readonly string[] | null> {
    const graphs = await this.#client.tryCommand("GRAPH.LIST");
    return !Array.isArray(graphs) || graphs.includes(this.#graph) ? null : graphs;
  }

  counts(): Promise<{ nodes: number; relationships: number }> {
    return this.#reader.counts();
  }

  sharedIds(): Promise<string[]> {
    return this.#shared("MATCH (x)");
  }

  sharedRelationshipIds(): Promise<string[]> {
    return this.#shared("MATCH ()-[x]->()");
  }

  async sampleTimes(memories: number): Promise<Value[]> {
    const rows = await collected(
      this.#client,
      `MATCH (x:${MEMORY_LABEL}) WITH x LIMIT ${memories} RETURN collect([x.created_at, x.updated_at])`,
    );
    return rows.flatMap((row) => row.map(decode)).filter((value) => value !== null);
  }

  /** Only what may end a long reading or writing: all else is taken care of. */
  async warnings(): Promise<string[]> {
    const found: string[] = [];
    const others = this.#isTarget ? null : await this.#otherGraphs();
    if (others !== null) {
      const instead = others.length === 0 ? "" : `; the server has ${others.slice(0, SHOWN_GRAPHS).join(", ")}`;
      found.push(`there is no graph ${this.#graph} yet${instead}`);
    }
    const replication = String(await this.#client.tryCommand("INFO", "replication"));
    if (/^role:slave/m.test(replication)) {
      found.push("the server is a replica: it may lack what its master has taken last");
    }
    const most = await this.#client.tryCommand("GRAPH.CONFIG", "GET", "TIMEOUT_MAX");
    const milliseconds = Array.isArray(most) ? Number(most[1]) : 0;
    if (milliseconds > 0)
      found.push(`the server ends statements that take longer than ${milliseconds} ms (TIMEOUT_MAX)`);
    const memory = String(await this.#client.tryCommand("INFO", "memory"));
    const [, limit = "0"] = /^maxmemory:(\d+)/m.exec(memory) ?? [];
    const [, policy = "noeviction"] = /^maxmemory_policy:([\w-]+)/m.exec(memory) ?? [];
    if (limit !== "0" && policy.startsWith("allkeys")) {
      found.push(
        `the server drops whole graphs when its memory is full (maxmemory-policy ${policy}): noeviction is safe`,
      );
    }
    return found;
  }

  async closed(): Promise<string | null> {
    return closedGraph(this.#graph);
  }

  nodes(signal?: AbortSignal): AsyncIterable<readonly ServerNode[]> {
    return this.#reader.nodes(signal);
  }

  relationships(signal?: AbortSignal): AsyncIterable<readonly ServerRelationship[]> {
    return this.#reader.relationships(signal);
  }

  nodesById(ids: readonly InternalId[]): Promise<ServerNode[]> {
    return this.#reader.nodesById(ids);
  }

  relationshipsById(refs: readonly RelationshipRef[]): Promise<ServerRelationship[]> {
    return this.#reader.relationshipsById(refs);
  }

  schema(): Promise<SchemaItem[]> {
    return readSchema(this.#client);
  }

  ownSchema(): SchemaItem[] {
    return ownSchema();
  }

  async createSchema(item: SchemaItem): Promise<null> {
    if (item.kind === "constraint") this.#waiting.push(item);
    else await createSchema(this.#client, this.#graph, item);
    return null;
  }

  schemaReady(created: readonly SchemaItem[]): Promise<{ item: SchemaItem; why: string }[]> {
    return schemaReady(this.#client, this.#graph, created, this.#waiting.splice(0));
  }

  dropSchema(item: SchemaItem): Promise<void> {
    return dropSchema(this.#client, this.#graph, item);
  }

  uniqueIdLabels(): Promise<string[]> {
    return uniqueIdLabels(this.#client);
  }

  unsupported(value: Value): string | null {
    return unsupported(value);
  }

  unsupportedId(id: Value): string | null {
    return fatalWhenUnique(id);
  }

  unsupportedName(name: string, kind: NameKind): string | null {
    return unsupportedName(name, kind);
  }

  /** The application reads and writes text here. */
  keepsNative(): boolean {
    return false;
  }

  createNodes(batch: NewNodes): Promise<InternalId[]> {
    return this.#writer.createNodes(batch);
  }

  createRelationships(batch: NewRelationships): Promise<InternalId[]> {
    return this.#writer.createRelationships(batch);
  }

  changeNodes(changes: readonly NodeChange[]): Promise<void> {
    return this.#writer.changeNodes(changes);
  }

  changeRelationships(changes: readonly RelationshipChange[]): Promise<void> {
    return this.#writer.changeRelationships(changes);
  }

  deleteNodes(ids: readonly InternalId[]): Promise<InternalId[]> {
    return this.#writer.deleteNodes(ids);
  }

  deleteRelationships(refs: readonly RelationshipRef[]): Promise<void> {
    return this.#writer.deleteRelationships(refs);
  }

  async removeEmpty(): Promise<void> {
    const { nodes, relationships } = await this.counts();
    const graphs = await this.#client.command("GRAPH.LIST");
    if (nodes + relationships === 0 && graphs?.includes(this.#graph)) {
      await this.#client.change("GRAPH.DELETE", this.#graph);
    }
  }

  /** A server that is full takes no statement that deletes, but this. */
  async discard(): Promise<void> {
    await this.#client.change("GRAPH.DELETE", this.#graph);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #shared(match: string): Promise<string[]> {
    const [row] = await this.#client.read(
      `${match} WHERE x.id IS NOT NULL WITH x.id AS i, count(x) AS c WHERE c > 1 RETURN collect(i)`,
    );
    return row === undefined ? [] : (decode(row[0]!) as Value[]).filter((id) => typeof id === "string");
  }
}
