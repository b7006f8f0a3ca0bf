/** A graph on a FalkorDB server. */
import { StoreKindError } from "../../errors.ts";
import type { Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { shellQuote } from "../../support/shell.ts";
import type { CopyElsewhere, OtherStore } from "../backend.ts";
import type { SchemaItem } from "../description.ts";
import type {
  GraphServer,
  Hazard,
  InternalId,
  NameKind,
  OpenServer,
  RelationshipRef,
  ServerNode,
  ServerRelationship,
  WriteLimits,
} from "../graph-store/server.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import { assertTakesWrites, eviction } from "./blockers.ts";
import type { Client } from "./client.ts";
import { type Connected, connectFalkor } from "./connect.ts";
import { closedGraph } from "./describe-dump.ts";
import { assertKeeps, graphsElsewhere, graphsOf, isGraph } from "./graph-key.ts";
import { collected } from "./pages.ts";
import { queryLogs, removeOwnQueries } from "./query-logs.ts";
import { Reader } from "./reader.ts";
import { decode } from "./reply.ts";
import { rulesOf } from "./rules.ts";
import { createSchema, dropSchema, ownSchema, readSchema, schemaReady, uniqueIdLabels } from "./schema.ts";
import { fatalWhenUnique, unsupported, unsupportedName } from "./values.ts";
import { Writer } from "./writer.ts";

const SHOWN_GRAPHS = 10;

export const openFalkor: OpenServer = async (config, options) => {
  const connected = await connectFalkor(config, options);
  return new FalkorServer(connected, options.target ?? options.access === "write");
};

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
  readonly writer: Writer;

  readonly #referrals: readonly string[];

  constructor({ client, graph, engine, referrals }: Connected, isTarget: boolean) {
    this.#isTarget = isTarget;
    this.#referrals = referrals;
    this.#client = client;
    this.#graph = graph;
    this.#reader = new Reader(client);
    this.writer = new Writer(client);
    this.engine = engine;
  }

  get location(): string {
    return this.#client.location;
  }

  async identity(): Promise<string | null> {
    const { database, info } = this.#client;
    const { run } = info;
    if (run === null) return null;
    return `${run} ${database === 0 ? this.#graph : JSON.stringify([database, this.#graph])}`;
  }

  /** How many changes there were since the data was last saved, and when that was: of the whole server, not of the graph. */
  async changeToken(): Promise<string | null> {
    const info = String(await this.#client.tryCommand("INFO", "persistence"));
    const { run } = this.#client.info;
    const changes = /^rdb_changes_since_last_save:(\d+)/m.exec(info)?.[1];
    const saved = /^rdb_last_save_time:(\d+)/m.exec(info)?.[1];
    return changes === undefined || saved === undefined || run === null ? null : `${run} ${saved} ${changes}`;
  }

  async assertThere(side: "from" | "to" = "from"): Promise<void> {
    if (await this.#isThere()) return;
    const others = await this.others();
    const [first] = others;
    const number = first?.option === "database" ? first.name : null;
    throw new StoreKindError(`${this.location} does not exist: the server has no graph of that name in that database`, {
      details: others
        .slice(0, SHOWN_GRAPHS)
        .map(({ name, graphs = [] }) =>
          graphs.length === 0 ? `it has: ${name}` : `it has in database ${name}: ${graphs.join(", ")}`,
        ),
      next:
        first === undefined
          ? "The server holds no graph at all: check host and port, and that it has loaded its data."
          : number === null
            ? `Name one of its graphs: --${side}-graph ${shellQuote(first.name)}, or the last part of the address.`
            : `Name the database: --${side}-database ${number}, or ?db=${number} at the end of the address.`,
      onlyGraph: others.length === 1 && number === null ? first!.name : null,
    });
  }

  async #isThere(): Promise<boolean> {
    const known = await isGraph(this.#client, this.#graph);
    // Who may not ask for the type of a key can still ask the graph.
    return known ?? (await this.#client.read("RETURN 1")).length > 0;
  }

  /** Graphs of the same database, else databases of the same server that have some, as far as the user may ask. */
  async others(): Promise<(OtherStore & { readonly graphs?: readonly string[] })[]> {
    const here = ((await graphsOf(this.#client)) ?? []).filter((name) => name !== this.#graph);
    const elsewhere = await graphsElsewhere(this.#client);
    return [
      ...here.map((name) => ({ name, nodes: null, option: "graph" })),
      ...elsewhere.map(({ database, graphs }) => ({ name: String(database), nodes: null, option: "database", graphs })),
    ];
  }

  async assertKeeps(): Promise<void> {
    await assertTakesWrites(this.#client);
    await assertKeeps(this.#client, this.#graph);
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
      `MATCH (x:${MEMORY_LABEL}) WHERE x.id IS NOT NULL WITH x LIMIT ${memories} RETURN collect([x.created_at, x.updated_at])`,
    );
    return rows.flatMap((row) => row.map(decode)).filter((value) => value !== null);
  }

  /** Only what may end a long reading or writing: all else is taken care of. */
  async warnings(): Promise<string[]> {
    const found = [...this.#referrals];
    if (!this.#isTarget && !(await this.#isThere())) {
      const names = (await this.others()).slice(0, SHOWN_GRAPHS).flatMap(({ name, graphs = [name] }) => graphs);
      const instead = names.length === 0 ? "" : `; the server has ${names.join(", ")}`;
      found.push(`there is no graph ${this.#graph} yet${instead}`);
    }
    if (this.#client.info.isReplica) {
      found.push("the server is a replica: it may lack the latest writes of its master");
    }
    const most = await this.#client.tryCommand("GRAPH.CONFIG", "GET", "TIMEOUT_MAX");
    const milliseconds = Array.isArray(most) ? Number(most[1]) : 0;
    if (milliseconds > 0)
      found.push(`the server ends statements that take longer than ${milliseconds} ms (TIMEOUT_MAX)`);
    const evicts = this.#isTarget ? null : await eviction(this.#client);
    return evicts === null ? found : [...found, evicts];
  }

  async hazards(): Promise<Hazard[]> {
    const evicts = this.#isTarget ? await eviction(this.#client) : null;
    return evicts === null ? [] : [{ what: evicts, names: [] }];
  }

  async closed(): Promise<string | null> {
    const { database } = this.#client;
    if (database === 0) return closedGraph(this.#graph);
    return `MemoryGraph opens only database 0 of a server, not ${database}`;
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

  rules(): Promise<TargetRule[]> {
    return rulesOf(this.#client, this.#graph);
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

  async removeEmpty(): Promise<void> {
    const { nodes, relationships } = await this.counts();
    if (nodes + relationships === 0 && (await this.#isThere())) {
      await this.#client.change("GRAPH.DELETE", this.#graph);
    }
  }

  async copies(): Promise<readonly CopyElsewhere[]> {
    return queryLogs(this.#client, this.#client.place, await this.#isThere());
  }

  removeOwn(): Promise<void> {
    return removeOwnQueries(this.#client, this.#graph);
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
