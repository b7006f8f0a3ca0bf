/**
 * Records out of rows. What the driver cannot decode costs that property alone: the server is asked for its parts, and
 * where that does not help, the property is named. The driver (6.3) gives a date-time by zone name as an object that
 * raises whenever it is touched, beyond the years that JavaScript's calendar has.
 */
import { Properties } from "../../graph/properties.ts";
import { Temporal, type Value } from "../../graph/value.ts";
import type { InternalId, ServerNode, ServerRelationship, Undecoded } from "../graph-store/server.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./rows.ts";
import { dateTimeText, fromWire, isBroken, PROTO, type Wire } from "./values.ts";

/** The driver cannot give the property `__proto__` in an object, so it is asked for by itself. */
export const NODE = `id(n), labels(n), properties(n), n.\`${PROTO}\``;
export const RELATIONSHIP = `id(r), id(a), id(b), a.id, b.id, type(r), properties(r), r.\`${PROTO}\``;

const BATCH = 250;
const PARTS = ["year", "month", "day", "hour", "minute", "second", "nanosecond", "offsetSeconds", "timezone"]
  .map((part) => `x.${part}`)
  .join(", ");

/** How a record is found again, by its number `$id`, as `e`. */
const FIND = { node: "MATCH (e) WHERE id(e) = $id", relationship: "MATCH ()-[e]->() WHERE id(e) = $id" } as const;

interface Decoded {
  readonly properties: Properties;
  readonly undecoded?: readonly Undecoded[];
}

/** Values of a result as ours. A value that the driver cannot decode is named, and left out of its record. */
export class RecordDecoder {
  readonly #connection: Connection;
  /** Goes before every statement. */
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /** Rows of NODE. */
  async *nodes(rows: AsyncIterable<Row>): AsyncGenerator<ServerNode[]> {
    for await (const batch of batched(rows)) yield await this.#all(batch, (row) => this.#node(row));
  }

  /** Rows of RELATIONSHIP. */
  async *relationships(rows: AsyncIterable<Row>): AsyncGenerator<ServerRelationship[]> {
    for await (const batch of batched(rows)) yield await this.#all(batch, (row) => this.#relationship(row));
  }

  /** Few rows of NODE at once. */
  async nodesOf(rows: readonly Row[]): Promise<ServerNode[]> {
    return this.#all(rows, (row) => this.#node(row));
  }

  /** Few rows of RELATIONSHIP at once. */
  async relationshipsOf(rows: readonly Row[]): Promise<ServerRelationship[]> {
    return this.#all(rows, (row) => this.#relationship(row));
  }

  /** Nearly every row is decoded at once; only for the others the server is asked again. */
  async #all<T>(rows: readonly Row[], decode: (row: Row) => T | Promise<T>): Promise<T[]> {
    const records: T[] = [];
    for (const row of rows) {
      const record = decode(row);
      records.push(record instanceof Promise ? await record : record);
    }
    return records;
  }

  #node([id, labels, properties, proto]: Row): ServerNode | Promise<ServerNode> {
    const base = { id: id as bigint, labels: labels as string[] };
    const decoded = this.#properties("node", base.id, properties, proto);
    if (decoded instanceof Promise) return decoded.then((more) => ({ ...base, ...more }));
    return { ...base, properties: decoded };
  }

  #relationship(row: Row): ServerRelationship | Promise<ServerRelationship> {
    const [id, from, to, fromId, toId, type, properties, proto] = row;
    const base = {
      ...{ id: id as bigint, from: from as bigint, to: to as bigint, type: type as string },
      fromId: typeof fromId === "string" ? fromId : null,
      toId: typeof toId === "string" ? toId : null,
    };
    const decoded = this.#properties("relationship", base.id, properties, proto);
    if (decoded instanceof Promise) return decoded.then((more) => ({ ...base, ...more }));
    return { ...base, properties: decoded };
  }

  #properties(
    kind: "node" | "relationship",
    id: InternalId,
    wire: unknown,
    proto: Wire,
  ): Properties | Promise<Decoded> {
    const object = wire as Record<string, Wire>;
    const names = Object.keys(object);
    const values: Value[] = [];
    const open: { readonly at: number; readonly wire: Wire; readonly why: string }[] = [];
    const decode = (value: Wire) => {
      try {
        values.push(fromWire(value));
      } catch (error) {
        open.push({ at: values.length, wire: value, why: error instanceof Error ? error.message : String(error) });
        values.push(null);
      }
    };
    for (const name of names) decode(object[name]);
    if (isBroken(proto) || proto !== null) {
      names.push(PROTO);
      decode(proto);
    }
    return open.length === 0 ? Properties.of(names, values) : this.#ask(kind, id, names, values, open);
  }

  async #ask(
    kind: "node" | "relationship",
    id: InternalId,
    names: readonly string[],
    values: Value[],
    open: readonly { readonly at: number; readonly wire: Wire; readonly why: string }[],
  ): Promise<Decoded> {
    const undecoded: Undecoded[] = [];
    for (const { at, wire, why } of open) {
      const name = names[at]!;
      const value = await this.#dateTimes(kind, id, name, Array.isArray(wire)).catch(() => null);
      if (value === null) undecoded.push({ name, why });
      values[at] = value;
    }
    const properties = Properties.of(names, values);
    return undecoded.length === 0 ? { properties } : { properties, undecoded };
  }

  /** The property as date-times, put together from their parts; null where it is something else. */
  async #dateTimes(kind: "node" | "relationship", id: InternalId, name: string, isList: boolean): Promise<Value> {
    const list = isList ? "e[$name]" : "[e[$name]]";
    const statement = `${this.#prefix}${FIND[kind]} RETURN [x IN ${list} | [${PARTS}]]`;
    const [row] = await this.#connection.rowsApart(statement, { id, name });
    const items = (row?.[0] as Wire[][] | undefined)?.map((parts) => {
      const text = dateTimeText(parts);
      return text === null ? null : new Temporal("date-time", text);
    });
    if (items === undefined || items.includes(null)) return null;
    return isList ? items : items[0]!;
  }
}

async function* batched(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
