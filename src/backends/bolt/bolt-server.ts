/** A graph behind a Bolt connection. */
import type { Value } from "../../graph/value.ts";
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { CopyElsewhere, OtherStore } from "../backend.ts";
import type { SchemaItem } from "../description.ts";
import type {
  GraphServer,
  Hazard,
  InternalId,
  RelationshipRef,
  ServerNode,
  ServerRelationship,
} from "../graph-store/server.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import type { Connection } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import { keepsNative } from "./native-times.ts";
import { inPieces } from "./pieces.ts";
import { NODE, RELATIONSHIP, RecordDecoder } from "./record-decoder.ts";
import type { Row } from "./rows.ts";
import { fromWire } from "./values.ts";
import { BoltWriter, pairs } from "./writer.ts";

const TRIGGERS_RUN =
  "triggers run on what is written: their changes show as differences, and one that runs after a commit can make a rollback fail; drop them during the run";

/** One database of Neo4j or Memgraph, as one connection reads and writes it. */
export class BoltServer implements GraphServer {
  readonly location: string;
  readonly #connection: Connection;
  readonly #dialect: Dialect;

  readonly #decoder: RecordDecoder;
  readonly writer: BoltWriter;
  readonly #isTarget: boolean;

  constructor(connection: Connection, dialect: Dialect, location: string, isTarget: boolean) {
    this.#isTarget = isTarget;
    this.#decoder = new RecordDecoder(connection, dialect.prefix);
    this.writer = new BoltWriter(connection, dialect, location);
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
    const notes = (await this.#dialect.notes?.(this.#connection)) ?? [];
    return blocker === null ? notes : [`the server is ${blocker.what}: it can be a source, but not a target`, ...notes];
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
    yield* this.#decoder.nodes(this.#read("MATCH (n)", "id(n)", NODE, signal));
  }

  async *relationships(signal?: AbortSignal): AsyncIterable<readonly ServerRelationship[]> {
    yield* this.#decoder.relationships(this.#read("MATCH (a)-[r]->(b)", "id(r)", RELATIONSHIP, signal));
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

  #rows(statement: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return this.#connection.rows(this.#dialect.prefix + statement, parameters);
  }

  /**
   * The columns of all records that match.
   * @param number what gives the server's number of one
   */
  #read(match: string, number: string, columns: string, signal: AbortSignal | undefined): AsyncGenerator<Row> {
    const { prefix, limitsReadings } = this.#dialect;
    if (!limitsReadings) return this.#connection.stream(`${prefix}${match} RETURN ${columns}`, signal);
    const list = `${prefix}${match} RETURN ${number}`;
    const find = `${prefix}UNWIND $ids AS i ${match} WHERE ${number} = i RETURN ${columns}`;
    return inPieces(this.#connection, { list, find }, signal);
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
