/** Nodes and relationships into a graph behind a Bolt connection, by their internal numbers. */
import { WriteError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import type {
  GraphWriter,
  InternalId,
  NewNodes,
  NewRelationships,
  NodeChange,
  RelationshipChange,
  RelationshipRef,
} from "../graph-store/server.ts";
import { Columns } from "./columns.ts";
import type { Connection } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import type { Row } from "./rows.ts";
import { toWireInteger, toWireProperties } from "./values.ts";

/** Creates, changes and deletes records of a database of Neo4j or Memgraph, each batch in one statement. */
export class BoltWriter implements GraphWriter {
  readonly #connection: Connection;
  readonly #dialect: Dialect;
  readonly #location: string;

  constructor(connection: Connection, dialect: Dialect, location: string) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#location = location;
  }

  async createNodes({ labels, rows }: NewNodes): Promise<InternalId[]> {
    const columns = this.#columns(rows);
    const map = columns?.literal(this.#dialect.quote, 1) ?? "row[1]";
    const statement = `UNWIND $rows AS row CREATE (n${this.#labels(labels)}) SET n = ${map} RETURN row[0], id(n)`;
    const found = await this.#write(
      statement,
      rows.map((properties, at) => columns?.append([at], properties) ?? [at, toWireProperties(properties)]),
    );
    return inOrder(found, rows.length, this.#location);
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
    return inOrder(found, rows.length, this.#location);
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
      assertAll(found.length, group.length, this.#location);
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
    assertAll(found.length, changes.length, this.#location);
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

  #columns(rows: readonly Properties[]): Columns | null {
    return this.#dialect.indexesCheaply ? Columns.of(rows) : null;
  }

  #labels(labels: readonly string[]): string {
    return labels.map((label) => `:${this.#dialect.quote(label)}`).join("");
  }

  #write(statement: string, rows: readonly unknown[]): Promise<Row[]> {
    return this.#connection.write(this.#dialect.prefix + statement, { rows });
  }

  #writeInLine(statement: string, rows: readonly unknown[]): Promise<Row[]> {
    return this.#connection.writeInLine(this.#dialect.prefix + statement, { rows });
  }
}

/** As parameters of a statement that finds each relationship from where it begins. */
export function pairs(refs: readonly RelationshipRef[]): [InternalId, InternalId][] {
  return refs.map(({ id, from }) => [from, id]);
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
