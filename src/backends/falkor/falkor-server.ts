/** A graph on a FalkorDB server. */
import { RefusedError, UsageError, WriteError } from "../../errors.ts";
import { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import type { SchemaItem } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { addressOf } from "../server/address.ts";
import type {
  GraphServer,
  InternalId,
  NewNodes,
  NewRelationships,
  NodeChange,
  OpenServer,
  RelationshipChange,
  RelationshipRef,
  ServerNode,
  ServerRelationship,
  WriteLimits,
} from "../server/server.ts";
import { Client } from "./client.ts";
import { FRACTIONS, fromMantissa, type Open, scaleOf, withDoubles, withFractions } from "./doubles.ts";
import { literal, mapLiteral, needsExpression, type Place, quote } from "./literals.ts";
import { allRows, assertComplete, pages, type Rows, resultLimit } from "./pages.ts";
import { decode, type Reply } from "./reply.ts";
import { createSchema, dropSchema, ownSchema, readSchema, uniqueIdLabels } from "./schema.ts";
import { fatalWhenUnique, unsupported, unsupportedName } from "./values.ts";

const SCHEMES = ["redis", "rediss", "falkor", "falkors"] as const;
const PORT = 6379;
const GRAPH = "memorygraph";
/** Doubles asked for at once. */
const ASKED = 2_000;

const NODE = `id(x), labels(x), properties(x), ${FRACTIONS}`;
const RELATIONSHIP = `id(x), id(a), id(b), a.id, b.id, type(x), properties(x), ${FRACTIONS}`;

export const openFalkor: OpenServer = async (config, { access, signal }) => {
  signal?.throwIfAborted();
  const address = addressOf(config, SCHEMES, PORT);
  const graph = graphOf(config, address.path);
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const location = `${address.scheme}://${host}:${address.port}/${graph}`;
  const client = await Client.connect(config, address, graph, location);
  try {
    // Also finds out that it is a graph, or that there is none.
    await client.read("RETURN 1");
    if (access === "write") await assertWritable(client, location);
    return new FalkorServer(client, graph, location, await engineOf(client), await resultLimit(client));
  } catch (error) {
    await client.close();
    throw error;
  }
};

/** @throws UsageError when options and address name two graphs */
function graphOf({ graph }: BackendConfig, path: string | null): string {
  // `redis://host:6379/0` names a database of Redis, and all graphs are in the first one.
  const named = path === "0" ? null : path;
  if (graph !== undefined && named !== null && graph !== named) {
    throw new UsageError(`the address names the graph ${named}, the options name ${graph}`, {
      next: "Give only one of the two.",
    });
  }
  return graph ?? named ?? GRAPH;
}

async function assertWritable(client: Client, location: string): Promise<void> {
  const info = String(await client.tryCommand("INFO", "replication"));
  if (!/^role:slave/m.test(info)) return;
  throw new RefusedError(`${location} is a read-only replica`, { next: "Name the master instead." });
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
  readonly limits: WriteLimits;
  /** Pages are of several moments. */
  readonly snapshots = false;
  readonly location: string;
  readonly engine: string;
  readonly #client: Client;
  readonly #graph: string;
  readonly #limit: number;

  constructor(client: Client, graph: string, location: string, engine: string, limit: number) {
    this.#client = client;
    this.#graph = graph;
    this.location = location;
    this.engine = engine;
    this.#limit = limit;
    this.limits = { rows: Math.min(2_000, limit), bytes: 1 << 20, inFlight: 2 };
  }

  async identity(): Promise<string | null> {
    const run = /^run_id:(\w+)/m.exec(String(await this.#client.tryCommand("INFO", "server")))?.[1];
    return run === undefined ? null : `${run} ${this.#graph}`;
  }

  /** How many changes there were since the data was last saved, and when that was: of the whole server, not of the graph. */
  async mark(): Promise<string | null> {
    const info = String(await this.#client.tryCommand("INFO", "persistence"));
    const changes = /^rdb_changes_since_last_save:(\d+)/m.exec(info)?.[1];
    const saved = /^rdb_last_save_time:(\d+)/m.exec(info)?.[1];
    return changes === undefined || saved === undefined ? null : `${changes} ${saved}`;
  }

  async counts(): Promise<{ nodes: number; relationships: number }> {
    const nodes = await this.#count("MATCH (x) RETURN count(x)");
    const relationships = await this.#count("MATCH ()-[x]->() RETURN count(x)");
    return { nodes, relationships };
  }

  sharedIds(): Promise<string[]> {
    return this.#shared("MATCH (x)");
  }

  sharedRelationshipIds(): Promise<string[]> {
    return this.#shared("MATCH ()-[x]->()");
  }

  async sampleTimes(memories: number): Promise<Value[]> {
    const rows = await this.#client.read(
      `MATCH (x:${MEMORY_LABEL}) RETURN x.created_at, x.updated_at LIMIT ${memories}`,
    );
    return rows.flatMap((row) => row.map(decode)).filter((value) => value !== null);
  }

  async peculiarities(): Promise<string[]> {
    return this.#limit === Number.POSITIVE_INFINITY
      ? []
      : [`the server gives at most ${this.#limit} rows at once (RESULTSET_SIZE): it is read in smaller pages`];
  }

  async *nodes(signal?: AbortSignal): AsyncIterable<readonly ServerNode[]> {
    const expected = (await this.counts()).nodes;
    let found = 0;
    const query = { match: "MATCH (x)", anchor: "x", returns: NODE };
    for await (const rows of pages(this.#client, query, this.#limit, signal)) {
      found += rows.length;
      yield await this.#nodesOf(rows);
    }
    assertComplete(this.location, found, expected);
  }

  async *relationships(signal?: AbortSignal): AsyncIterable<readonly ServerRelationship[]> {
    const expected = (await this.counts()).relationships;
    let found = 0;
    const query = { match: "MATCH (a)-[x]->(b)", anchor: "a", returns: RELATIONSHIP };
    for await (const rows of pages(this.#client, query, this.#limit, signal)) {
      found += rows.length;
      yield await this.#relationshipsOf(rows);
    }
    assertComplete(this.location, found, expected);
  }

  async nodesById(ids: readonly InternalId[]): Promise<ServerNode[]> {
    const found: ServerNode[] = [];
    for (const part of parts(ids, Math.min(500, this.#limit))) {
      const rows = await this.#client.read(
        `CYPHER ids=[${part.join(",")}] UNWIND $ids AS i MATCH (x) WHERE id(x) = i RETURN ${NODE}`,
      );
      found.push(...(await this.#nodesOf(rows)));
    }
    return found;
  }

  async relationshipsById(refs: readonly RelationshipRef[]): Promise<ServerRelationship[]> {
    const found: ServerRelationship[] = [];
    for (const part of parts(refs, Math.min(500, this.#limit))) {
      const rows = await this.#client.read(
        `CYPHER refs=${pairs(part)} UNWIND $refs AS i MATCH (a)-[x]->(b) WHERE id(a) = i[0] AND id(x) = i[1] RETURN ${RELATIONSHIP}`,
      );
      found.push(...(await this.#relationshipsOf(rows)));
    }
    return found;
  }

  schema(): Promise<SchemaItem[]> {
    return readSchema(this.#client);
  }

  ownSchema(): SchemaItem[] {
    return ownSchema();
  }

  createSchema(item: SchemaItem): Promise<void> {
    return createSchema(this.#client, this.#graph, item);
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

  unsupportedName(name: string): string | null {
    return unsupportedName(name);
  }

  /** The application reads and writes text here. */
  keepsNative(): boolean {
    return false;
  }

  async createNodes({ labels, rows }: NewNodes): Promise<InternalId[]> {
    const statement = `CREATE (n${labelsText(labels)}) SET n = row[1] RETURN row[0], id(n)`;
    const found = await this.#write(
      rows,
      statement,
      (properties, at, place) => `[${at},${mapLiteral(properties, place)}]`,
    );
    return this.#inOrder(found, rows.length);
  }

  async createRelationships({ type, rows }: NewRelationships): Promise<InternalId[]> {
    const statement =
      "MATCH (a) WHERE id(a) = row[1] MATCH (b) WHERE id(b) = row[2] " +
      `CREATE (a)-[r:${quote(type)}]->(b) SET r = row[3] RETURN row[0], id(r)`;
    const found = await this.#write(rows, statement, ({ from, to, properties }, at, place) => {
      return `[${at},${from},${to},${mapLiteral(properties, place)}]`;
    });
    return this.#inOrder(found, rows.length);
  }

  async changeNodes(changes: readonly NodeChange[]): Promise<void> {
    const groups = Map.groupBy(changes, ({ labelsBefore, labels }) => JSON.stringify([labelsBefore, labels]));
    for (const group of groups.values()) {
      const { labels, labelsBefore } = group[0]!;
      const removed = labelsBefore.filter((label) => !labels.includes(label));
      const added = labels.filter((label) => !labelsBefore.includes(label));
      const add = added.length > 0 ? ` SET n${labelsText(added)}` : "";
      const remove = removed.length > 0 ? ` REMOVE n${labelsText(removed)}` : "";
      const statement = `MATCH (n) WHERE id(n) = row[0] SET n = row[1]${add}${remove} RETURN id(n)`;
      const found = await this.#write(group, statement, ({ id, properties }, _, place) => {
        return `[${id},${mapLiteral(properties, place)}]`;
      });
      this.#assertAll(found.length, group.length);
    }
  }

  async changeRelationships(changes: readonly RelationshipChange[]): Promise<void> {
    if (changes.length === 0) return;
    const statement = "MATCH (a)-[r]->() WHERE id(a) = row[0] AND id(r) = row[1] SET r = row[2] RETURN id(r)";
    const found = await this.#write(changes, statement, ({ id, from, properties }, _, place) => {
      return `[${from},${id},${mapLiteral(properties, place)}]`;
    });
    this.#assertAll(found.length, changes.length);
  }

  async deleteNodes(ids: readonly InternalId[]): Promise<InternalId[]> {
    const gone: InternalId[] = [];
    // Deleting a node takes its relationships along without a word, whosesoever they are.
    for (const part of parts(ids, Math.min(1_000, this.#limit))) {
      const rows = await this.#client.write(
        `CYPHER ids=[${part.join(",")}] UNWIND $ids AS i MATCH (n) WHERE id(n) = i OPTIONAL MATCH (n)-[r]-() ` +
          "WITH n, i, count(r) AS degree WHERE degree = 0 DELETE n RETURN i",
      );
      gone.push(...rows.map(([id]) => decode(id!) as bigint));
    }
    return gone;
  }

  async deleteRelationships(refs: readonly RelationshipRef[]): Promise<void> {
    for (const part of parts(refs, 1_000)) {
      await this.#client.write(
        `CYPHER refs=${pairs(part)} UNWIND $refs AS i MATCH (a)-[r]->() WHERE id(a) = i[0] AND id(r) = i[1] DELETE r`,
      );
    }
  }

  async removeEmpty(): Promise<void> {
    const { nodes, relationships } = await this.counts();
    const graphs = await this.#client.command("GRAPH.LIST");
    if (nodes + relationships === 0 && graphs?.includes(this.#graph))
      await this.#client.command("GRAPH.DELETE", this.#graph);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** In parameters where all rows can be such, else within the statement. */
  async #write<R>(
    rows: readonly R[],
    statement: string,
    spell: (row: R, at: number, place: Place) => string,
  ): Promise<Rows> {
    const special = rows.some((row) => hasExpressions(row));
    const place: Place = special ? "statement" : "parameter";
    const list = `[${rows.map((row, at) => spell(row, at, place)).join(",")}]`;
    return this.#client.write(
      special ? `UNWIND ${list} AS row ${statement}` : `CYPHER rows=${list} UNWIND $rows AS row ${statement}`,
    );
  }

  async #count(statement: string): Promise<number> {
    const [row] = await this.#client.read(statement);
    return row === undefined ? 0 : Number(decode(row[0]!));
  }

  async #shared(match: string): Promise<string[]> {
    const statement = `${match} WHERE x.id IS NOT NULL WITH x.id AS i, count(x) AS c WHERE c > 1 RETURN i`;
    const rows = await allRows(this.#client, statement, "i", this.#limit);
    return rows.map(([id]) => decode(id!)).filter((id) => typeof id === "string");
  }

  async #nodesOf(rows: Rows): Promise<ServerNode[]> {
    const nodes = rows.map(([id, labels, properties, fractions]) => ({
      id: decode(id!) as bigint,
      labels: decode(labels!) as string[],
      ...propertiesOf(properties!, fractions!),
    }));
    return this.#close(nodes, "MATCH (x) WHERE id(x) = r[0]", ({ id }) => `${id},0`);
  }

  async #relationshipsOf(rows: Rows): Promise<ServerRelationship[]> {
    const relationships = rows.map(([id, from, to, fromId, toId, type, properties, fractions]) => ({
      id: decode(id!) as bigint,
      from: decode(from!) as bigint,
      to: decode(to!) as bigint,
      fromId: decode(fromId!),
      toId: decode(toId!),
      type: decode(type!) as string,
      ...propertiesOf(properties!, fractions!),
    }));
    return this.#close(
      relationships,
      "MATCH (a)-[x]->() WHERE id(a) = r[1] AND id(x) = r[0]",
      ({ id, from }) => `${id},${from}`,
    );
  }

  /** Asks for the doubles that are still open, each by the statement that finds its record. */
  async #close<R extends { readonly properties: Properties; readonly open: readonly Open[] }>(
    records: readonly R[],
    match: string,
    refOf: (record: R) => string,
  ): Promise<Omit<R, "open">[]> {
    const asked = records.flatMap((record, at) => record.open.map((open) => ({ ...open, at, ref: refOf(record) })));
    const found = new Map<number, { path: Open["path"]; value: number }[]>();
    // How deep in lists a double stands is part of the statement.
    for (const [depth, group] of Map.groupBy(asked, ({ path }) => path.length)) {
      for (const part of parts(group, Math.min(ASKED, this.#limit))) {
        const rows = await this.#askFor(part, match, depth);
        for (const [number, mantissa] of rows) {
          const { at, path, printed } = part[Number(decode(number!))]!;
          const list = found.get(at) ?? [];
          list.push({ path, value: fromMantissa(printed, decode(mantissa!) as bigint) });
          found.set(at, list);
        }
        assertComplete(this.location, rows.length, part.length);
      }
    }
    return records.map(({ open: _, ...record }, at) => {
      const doubles = found.get(at);
      return doubles === undefined ? record : { ...record, properties: withDoubles(record.properties, doubles) };
    });
  }

  #askFor(part: readonly (Open & { readonly ref: string })[], match: string, depth: number): Promise<Rows> {
    const list = part.map(({ path, printed, ref }, number) => {
      const [a, b] = scaleOf(printed);
      return `[${ref},${number},${a},${b},${path.map((step) => literal(typeof step === "number" ? BigInt(step) : step, "parameter")).join(",")}]`;
    });
    const steps = Array.from({ length: depth }, (_, at) => `[r[${at + 5}]]`).join("");
    return this.#client.read(
      `CYPHER rows=[${list.join(",")}] UNWIND $rows AS r ${match} RETURN r[2], toInteger((x${steps} * pow(2, r[3])) * pow(2, r[4]))`,
    );
  }

  #inOrder(rows: Rows, expected: number): InternalId[] {
    this.#assertAll(rows.length, expected);
    const ids: InternalId[] = [];
    for (const [at, id] of rows) ids[Number(decode(at!))] = decode(id!) as bigint;
    return ids;
  }

  #assertAll(found: number, expected: number): void {
    // A limit on the rows of an answer holds for what a write returns, too.
    if (found === expected) return;
    throw new WriteError(`${this.location} answered for ${found} of ${expected} records`, {
      next: "Others were deleted meanwhile, or RESULTSET_SIZE cuts answers off; look at GRAPH.CONFIG GET RESULTSET_SIZE.",
    });
  }
}

function propertiesOf(map: Reply, fractions: Reply): { properties: Properties; open: Open[] } {
  const flat = (map as readonly [string, readonly Reply[]])[1];
  const keys: string[] = [];
  const values: Value[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    keys.push(flat[at] as string);
    values.push(decode(flat[at + 1]!));
  }
  const { exact, open } = withFractions(Properties.of(keys, values), decode(fractions) as bigint[]);
  return { properties: exact, open };
}

function hasExpressions(row: unknown): boolean {
  const properties = row instanceof Properties ? row : (row as { properties: Properties }).properties;
  return properties.values.some((value) => value !== null && needsExpression(value));
}

function labelsText(labels: readonly string[]): string {
  return labels.map((label) => `:${quote(label)}`).join("");
}

function pairs(refs: readonly RelationshipRef[]): string {
  return `[${refs.map(({ id, from }) => `[${from},${id}]`).join(",")}]`;
}

function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
