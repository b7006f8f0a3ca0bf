/** A graph behind a Bolt connection. */
import { WriteError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { CopyElsewhere, OtherStore } from "../backend.ts";
import type { SchemaItem } from "../description.ts";
import type {
  GraphServer,
  Hazard,
  InternalId,
  NewNodes,
  NewRelationships,
  NodeChange,
  RelationshipChange,
  RelationshipRef,
  ServerNode,
  ServerRelationship,
} from "../graph-store/server.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import { Columns } from "./columns.ts";
import type { Connection, Row } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import { keepsNative } from "./native-times.ts";
import { NODE, RELATIONSHIP, RecordDecoder } from "./record-decoder.ts";
import { fromWire, toWireInteger, toWireProperties } from "./values.ts";

const TRIGGERS_RUN =
  "triggers run on what is written: their changes show as differences, and one that runs after a commit can make a rollback fail; drop them during the run";

/** One database of Neo4j or Memgraph, as one connection reads and writes it. */
export class BoltServer implements GraphServer {
  readonly location: string;
  readonly #connection: Connection;
  readonly #dialect: Dialect;

  readonly #decoder: RecordDecoder;
  readonly #isTarget: boolean;

  constructor(connection: Connection, dialect: Dialect, location: string, isTarget: boolean) {
    this.#isTarget = isTarget;
    this.#decoder = new RecordDecoder(connection, dialect.prefix);
    this.#connection = connection;
    this.#dialect = dialect;
    this.location = location;
  }

  get type() {
    return this.#dialect.type;
  }

  get engine() {
    return this.#dialect.engine;
  }

  get limits() {
    return this.#dialect.limits;
  }

  get snapshots() {
    return this.#dialect.snapshots;
  }

  identity(): Promise<string | null> {
    return this.#dialect.identity(this.#connection);
  }

  changeToken(): Promise<string | null> {
    return this.#dialect.changeToken(this.#connection);
  }

  async warnings(): Promise<string[]> {
    const blocker = await this.#dialect.blocker(this.#connection);
    return blocker === null ? [] : [`the server is ${blocker.what}: it can be a source, but not a target`];
  }

  async closed(): Promise<string | null> {
    return (await this.#dialect.closed?.(this.#connection)) ?? null;
  }

  async hazards(): Promise<Hazard[]> {
    const names = this.#isTarget ? await this.#dialect.triggers(this.#connection) : [];
    return names.length === 0 ? [] : [{ what: TRIGGERS_RUN, names }];
  }

  copies(): Promise<CopyElsewhere[]> {
    return this.#dialect.copies(this.#connection);
  }

  async others(): Promise<OtherStore[]> {
    const found = await this.#connection.otherDatabases("SHOW DATABASES", "MATCH (n) RETURN count(n)");
    return found.map((other) => ({ ...other, option: "database" }));
  }

  async counts(): Promise<{ nodes: number; relationships: number }> {
    const nodes = await this.#one("MATCH (n) RETURN count(n)");
    const relationships = await this.#one("MATCH ()-[r]->() RETURN count(r)");
    return { nodes: Number(nodes), relationships: Number(relationships) };
  }

  sharedIds(): Promise<string[]> {
    return this.#shared("MATCH (x)");
  }

  sharedRelationshipIds(): Promise<string[]> {
    return this.#shared("MATCH ()-[x]->()");
  }

  async sampleTimes(memories: number): Promise<Value[]> {
    const rows = await this.#rows(
      `MATCH (m:${this.#dialect.quote(MEMORY_LABEL)}) WHERE m.id IS NOT NULL RETURN m.created_at, m.updated_at LIMIT ${memories}`,
    );
    return rows.flat().flatMap(decodedOrNothing);
  }

  async *nodes(signal?: AbortSignal): AsyncIterable<readonly ServerNode[]> {
    yield* this.#decoder.nodes(this.#stream(`MATCH (n) RETURN ${NODE}`, signal));
  }

  async *relationships(signal?: AbortSignal): AsyncIterable<readonly ServerRelationship[]> {
    yield* this.#decoder.relationships(this.#stream(`MATCH (a)-[r]->(b) RETURN ${RELATIONSHIP}`, signal));
  }

  async nodesById(ids: readonly InternalId[]): Promise<ServerNode[]> {
    const rows = await this.#rows(`UNWIND $ids AS i MATCH (n) WHERE id(n) = i RETURN ${NODE}`, { ids });
    return this.#decoder.nodesOf(rows);
  }

  async relationshipsById(refs: readonly RelationshipRef[]): Promise<ServerRelationship[]> {
    const rows = await this.#rows(
      `UNWIND $refs AS x MATCH (a)-[r]->(b) WHERE id(a) = x[0] AND id(r) = x[1] RETURN ${RELATIONSHIP}`,
      { refs: pairs(refs) },
    );
    return this.#decoder.relationshipsOf(rows);
  }

  schema(): Promise<SchemaItem[]> {
    return this.#dialect.schema.read(this.#connection);
  }

  ownSchema(release: Release): SchemaItem[] {
    return this.#dialect.schema.own(release);
  }

  async holdsTexts(item: SchemaItem): Promise<boolean> {
    return (await this.#dialect.schema.holdsTexts?.(this.#connection, item)) ?? true;
  }

  adaptSchema(item: SchemaItem): readonly SchemaItem[] | { readonly why: string } {
    return this.#dialect.schema.adapt(item);
  }

  createSchema(item: SchemaItem): Promise<string | null> {
    return this.#dialect.schema.create(this.#connection, item);
  }

  schemaReady(created: readonly SchemaItem[]): Promise<{ item: SchemaItem; why: string }[]> {
    return this.#dialect.schema.ready(this.#connection, created);
  }

  dropSchema(item: SchemaItem): Promise<void> {
    return this.#dialect.schema.drop(this.#connection, item);
  }

  uniqueIdLabels(): Promise<string[]> {
    return this.#dialect.schema.uniqueIdLabels(this.#connection);
  }

  rules(): Promise<TargetRule[]> {
    return this.#dialect.schema.rules(this.#connection);
  }

  unsupported(value: Value): string | null {
    return this.#dialect.unsupported(value);
  }

  unsupportedName(name: string): string | null {
    return this.#dialect.unsupportedName(name);
  }

  keepsNative(release: Release, kind: "node" | "relationship", names: readonly string[], property: string): boolean {
    return keepsNative(release, kind, names, property);
  }

  async createNodes({ labels, rows }: NewNodes): Promise<InternalId[]> {
    const columns = this.#columns(rows);
    const map = columns?.literal(this.#dialect.quote, 1) ?? "row[1]";
    const statement = `UNWIND $rows AS row CREATE (n${this.#labels(labels)}) SET n = ${map} RETURN row[0], id(n)`;
    const found = await this.#write(
      statement,
      rows.map((properties, at) => columns?.append([at], properties) ?? [at, toWireProperties(properties)]),
    );
    return inOrder(found, rows.length, this.location);
  }

  async createRelationships({ type, rows }: NewRelationships): Promise<InternalId[]> {
    const columns = this.#columns(rows.map(({ properties }) => properties));
    const map = columns?.literal(this.#dialect.quote, 3) ?? "row[3]";
    const statement =
      "UNWIND $rows AS row MATCH (a) WHERE id(a) = row[1] MATCH (b) WHERE id(b) = row[2] " +
      `CREATE (a)-[r:${this.#dialect.quote(type)}]->(b) SET r = ${map} RETURN row[0], id(r)`;
    const wire = rows.map(({ from, to, properties }, at) => {
      const row = [at, toWireInteger(from), toWireInteger(to)];
      return columns?.append(row, properties) ?? [...row, toWireProperties(properties)];
    });
    const found = await (this.#dialect.joinsAtOnce ? this.#write(statement, wire) : this.#writeInLine(statement, wire));
    return inOrder(found, rows.length, this.location);
  }

  async changeNodes(changes: readonly NodeChange[]): Promise<void> {
    for (const group of grouped(changes, ({ labelsBefore, labels }) => JSON.stringify([labelsBefore, labels]))) {
      const { labels, labelsBefore } = group[0]!;
      const removed = labelsBefore.filter((label) => !labels.includes(label));
      const added = labels.filter((label) => !labelsBefore.includes(label));
      const remove = removed.length > 0 ? ` REMOVE n${this.#labels(removed)}` : "";
      const add = added.length > 0 ? ` SET n${this.#labels(added)}` : "";
      const statement = `UNWIND $rows AS row MATCH (n) WHERE id(n) = row[0] SET n = row[1]${remove}${add} RETURN id(n)`;
      const found = await this.#write(
        statement,
        group.map(({ id, properties }) => [toWireInteger(id), toWireProperties(properties)]),
      );
      assertAll(found.length, group.length, this.location);
    }
  }

  async changeRelationships(changes: readonly RelationshipChange[]): Promise<void> {
    if (changes.length === 0) return;
    const statement =
      "UNWIND $rows AS row MATCH (a)-[r]->() WHERE id(a) = row[0] AND id(r) = row[1] SET r = row[2] RETURN id(r)";
    const found = await this.#write(
      statement,
      changes.map(({ id, from, properties }) => [toWireInteger(from), toWireInteger(id), toWireProperties(properties)]),
    );
    assertAll(found.length, changes.length, this.location);
  }

  async deleteNodes(ids: readonly InternalId[]): Promise<InternalId[]> {
    if (ids.length === 0) return [];
    const statement =
      "UNWIND $rows AS i MATCH (n) WHERE id(n) = i OPTIONAL MATCH (n)-[r]-() WITH n, i, count(r) AS degree " +
      "WHERE degree = 0 DELETE n RETURN i";
    return (await this.#write(statement, ids)).map(([id]) => id as bigint);
  }

  async deleteRelationships(refs: readonly RelationshipRef[]): Promise<void> {
    if (refs.length === 0) return;
    await this.#write(
      "UNWIND $rows AS row MATCH (a)-[r]->() WHERE id(a) = row[0] AND id(r) = row[1] DELETE r",
      pairs(refs),
    );
  }

  async removeEmpty(): Promise<void> {}

  async beginSnapshot(): Promise<void> {
    if (this.#dialect.snapshots) await this.#connection.beginSnapshot();
  }

  endMoment(): Promise<void> {
    return this.#connection.endMoment();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #columns(rows: readonly Properties[]): Columns | null {
    return this.#dialect.indexesCheaply ? Columns.of(rows) : null;
  }

  #labels(labels: readonly string[]): string {
    return labels.map((label) => `:${this.#dialect.quote(label)}`).join("");
  }

  #rows(statement: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return this.#connection.rows(this.#dialect.prefix + statement, parameters);
  }

  #write(statement: string, rows: readonly unknown[]): Promise<Row[]> {
    return this.#connection.write(this.#dialect.prefix + statement, { rows });
  }

  #writeInLine(statement: string, rows: readonly unknown[]): Promise<Row[]> {
    return this.#connection.writeInLine(this.#dialect.prefix + statement, { rows });
  }

  #stream(statement: string, signal: AbortSignal | undefined): AsyncGenerator<Row> {
    return this.#connection.stream(this.#dialect.prefix + statement, signal);
  }

  async #one(statement: string): Promise<unknown> {
    const [row] = await this.#rows(statement);
    return row?.[0];
  }

  async #shared(match: string): Promise<string[]> {
    const rows = await this.#rows(
      `${match} WHERE x.id IS NOT NULL WITH x.id AS id, count(x) AS c WHERE c > 1 RETURN id`,
    );
    return rows.map(([id]) => id).filter((id) => typeof id === "string");
  }
}

/** Of a sample, what cannot be decoded tells nothing. */
function decodedOrNothing(wire: unknown): Value[] {
  try {
    const value = fromWire(wire);
    return value === null ? [] : [value];
  } catch {
    return [];
  }
}

function* grouped<T>(items: readonly T[], keyOf: (item: T) => string): Generator<T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  yield* groups.values();
}

function pairs(refs: readonly RelationshipRef[]): [InternalId, InternalId][] {
  return refs.map(({ id, from }) => [from, id]);
}

/** Rows of `[position, internal id]`, whatever order the server gave them in. */
function inOrder(rows: readonly Row[], expected: number, location: string): InternalId[] {
  const ids: InternalId[] = [];
  for (const [at, id] of rows) ids[Number(at)] = id as bigint;
  assertAll(rows.length, expected, location);
  return ids;
}

function assertAll(found: number, expected: number, location: string): void {
  if (found === expected) return;
  throw new WriteError(`${location} took ${found} of ${expected} records: others were deleted during the run`, {
    next: "Stop the applications that use it, and run the same command again.",
  });
}
