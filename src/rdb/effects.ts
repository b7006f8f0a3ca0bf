/**
 * What a FalkorDB from 4.18 on writes into its append-only log for a query: the changes that it made (GRAPH.EFFECT), one
 * after another, in the order in which a replica applies them. Version 2; all numbers are little endian.
 */
import type { Value } from "../graph/value.ts";
import { Point, Vector } from "../graph/value.ts";
import { decodeBlob } from "./blob.ts";
import { visitCells } from "./matrix.ts";
import { type TemporalFunction, temporalOf } from "./temporal.ts";
import { DEEPEST, TYPE, WGS84 } from "./value-types.ts";

const VERSION = 2;
const MAP = 1;
const ID_BYTES = 8;
/** In place of a property's number: all of them. */
export const ALL_PROPERTIES = 0xfffe;

const OPERATION = {
  updateNode: 1,
  updateRelationship: 2,
  createNode: 3,
  createRelationship: 4,
  deleteNode: 5,
  deleteRelationship: 6,
  setLabels: 7,
  removeLabels: 8,
  addName: 9,
  addProperty: 10,
  createIndex: 11,
  dropIndex: 12,
  createConstraint: 13,
  dropConstraint: 14,
} as const;

export type Entity = "node" | "relationship";
type Pairs = readonly (readonly [property: number, value: Value])[];

/** Labels, types and properties are their numbers in the graph's schema. */
export type Effect =
  | {
      readonly what: "update";
      readonly entity: Entity;
      readonly id: number;
      readonly property: number;
      readonly value: Value;
    }
  | { readonly what: "createNode"; readonly labels: readonly number[]; readonly properties: Pairs }
  | {
      readonly what: "createRelationship";
      readonly type: number;
      readonly start: number;
      readonly end: number;
      readonly properties: Pairs;
    }
  | { readonly what: "deleteNode"; readonly id: number }
  | {
      readonly what: "deleteRelationship";
      readonly id: number;
      readonly type: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly what: "label"; readonly isSet: boolean; readonly label: string; readonly nodes: readonly number[] }
  | { readonly what: "addName"; readonly entity: Entity; readonly name: string }
  | { readonly what: "addProperty"; readonly name: string }
  | {
      readonly what: "index";
      readonly isNew: boolean;
      readonly entity: Entity;
      readonly name: string;
      readonly property: string;
      readonly kinds: number;
      readonly options: ReadonlyMap<string, Value>;
    }
  | {
      readonly what: "constraint";
      readonly isNew: boolean;
      readonly entity: Entity;
      readonly name: string;
      readonly kind: "unique" | "mandatory";
      readonly properties: readonly string[];
    };

/** A log that cannot be followed without the engine. The message says what in it is not known. */
export class UnreadableLog extends Error {}

/**
 * @param capacity how many ids of nodes there can be, by which a vector of nodes is bounded
 * @throws UnreadableLog
 */
export function* effectsOf(bytes: Uint8Array, capacity: () => number): Generator<Effect> {
  const reader = new EffectReader(bytes, capacity);
  const version = reader.byte();
  if (version !== VERSION) {
    const age = version < VERSION ? ", of a FalkorDB before 4.22" : "";
    throw new UnreadableLog(`effects of version ${version}${age}`);
  }
  while (reader.left > 0) yield readEffect(reader);
}

function readEffect(reader: EffectReader): Effect {
  const operation = reader.u32();
  switch (operation) {
    case OPERATION.updateNode:
      return { what: "update", entity: "node", id: reader.id(), property: reader.u16(), value: reader.value() };
    case OPERATION.updateRelationship: {
      const id = reader.id();
      reader.skip(20);
      return { what: "update", entity: "relationship", id, property: reader.u16(), value: reader.value() };
    }
    case OPERATION.createNode:
      return { what: "createNode", labels: reader.times(reader.u16(), () => reader.u32()), properties: reader.pairs() };
    case OPERATION.createRelationship: {
      if (reader.u16() !== 1) throw new UnreadableLog("a relationship of several types");
      const joined = { type: reader.u32(), start: reader.id(), end: reader.id() };
      return { what: "createRelationship", ...joined, properties: reader.pairs() };
    }
    case OPERATION.deleteNode:
      return { what: "deleteNode", id: reader.id() };
    case OPERATION.deleteRelationship: {
      const id = reader.id();
      return { what: "deleteRelationship", id, type: reader.u32(), start: reader.id(), end: reader.id() };
    }
    case OPERATION.setLabels:
    case OPERATION.removeLabels:
      return { what: "label", isSet: operation === OPERATION.setLabels, ...reader.labelled() };
    case OPERATION.addName:
      return { what: "addName", entity: reader.entity(), name: reader.text() };
    case OPERATION.addProperty:
      return { what: "addProperty", name: reader.text() };
    case OPERATION.createIndex:
    case OPERATION.dropIndex:
      return readIndex(reader, operation === OPERATION.createIndex);
    case OPERATION.createConstraint:
    case OPERATION.dropConstraint:
      return readConstraint(reader, operation === OPERATION.createConstraint);
  }
  throw new UnreadableLog(`an effect of the unknown kind ${operation}`);
}

function readIndex(reader: EffectReader, isNew: boolean): Effect {
  const entity = reader.entity();
  reader.u32();
  const name = reader.text();
  reader.u16();
  const [property, kinds] = [reader.text(), reader.u32()];
  return { what: "index", isNew, entity, name, property, kinds, options: isNew ? reader.options() : new Map() };
}

function readConstraint(reader: EffectReader, isNew: boolean): Effect {
  const kind = reader.u32() === 0 ? "unique" : "mandatory";
  const entity = reader.entityOfConstraint();
  reader.u32();
  const name = reader.text();
  const properties = reader.times(reader.byte(), () => {
    reader.u16();
    return reader.text();
  });
  return { what: "constraint", isNew, entity, name, kind, properties };
}

class EffectReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(
    bytes: Uint8Array,
    private readonly capacity: () => number,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(count: number): number {
    const at = this.#at;
    if (count > this.left) throw new UnreadableLog("a truncated effect");
    this.#at += count;
    return at;
  }

  byte(): number {
    return this.#bytes[this.skip(1)]!;
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** An internal id, or a length. */
  id(): number {
    const id = Number(this.#view.getBigUint64(this.skip(8), true));
    if (id >= 2 ** 32) throw new UnreadableLog(`the invalid number ${id}`);
    return id;
  }

  entity(): Entity {
    return this.u32() === 0 ? "node" : "relationship";
  }

  /** Of a constraint the numbers are others: 1 and 2, 0 being neither. */
  entityOfConstraint(): Entity {
    const kind = this.u32();
    if (kind !== 1 && kind !== 2) throw new UnreadableLog(`a constraint of the unknown kind ${kind}`);
    return kind === 1 ? "node" : "relationship";
  }

  /** With its NUL. */
  text(): string {
    const length = this.id();
    const at = this.skip(length);
    const bytes = this.#bytes.subarray(at, at + length - 1);
    const text = bytes.toString("utf8");
    if (length === 0 || text.includes("\0") || !Buffer.from(text).equals(bytes)) {
      throw new UnreadableLog("a text that is not UTF-8");
    }
    return text;
  }

  /** One after another: a count is believed only as far as there are data. */
  times<T>(count: number, one: () => T): T[] {
    const all: T[] = [];
    for (let done = 0; done < count; done++) all.push(one());
    return all;
  }

  pairs(): (readonly [number, Value])[] {
    return this.times(this.u16(), () => [this.u16(), this.value()] as const);
  }

  /** A map of an index's settings. */
  options(): ReadonlyMap<string, Value> {
    const type = this.u32();
    if (type === TYPE.null) return new Map();
    if (type !== MAP) throw new UnreadableLog("an index with unknown settings");
    return new Map(this.times(this.u32(), () => [String(this.value()).toLowerCase(), this.value()] as const));
  }

  value(depth = 0): Value {
    const type = this.u32();
    switch (type) {
      case TYPE.string:
      case TYPE.internedString:
        return this.text();
      case TYPE.integer:
        return this.#view.getBigInt64(this.skip(8), true);
      case TYPE.double:
        return this.#view.getFloat64(this.skip(8), true);
      case TYPE.boolean:
        return this.byte() !== 0;
      case TYPE.array:
        if (depth === DEEPEST) throw new UnreadableLog(`lists within lists, more than ${DEEPEST} deep`);
        return this.times(this.u32(), () => this.value(depth + 1));
      case TYPE.point: {
        const latitude = this.#float();
        return new Point(WGS84, this.#float(), latitude);
      }
      case TYPE.vector:
        return new Vector(this.times(this.u32(), () => this.#float()));
      case TYPE.localdatetime:
        return this.#temporal("localdatetime");
      case TYPE.date:
        return this.#temporal("date");
      case TYPE.localtime:
        return this.#temporal("localtime");
      case TYPE.duration:
        return this.#temporal("duration");
      case TYPE.null:
        return null;
    }
    throw new UnreadableLog(`a value of the unknown type ${type}`);
  }

  /** A serialized vector of the nodes, under the name of the label. */
  labelled(): { readonly label: string; readonly nodes: readonly number[] } {
    const length = this.id();
    const blob = new Uint8Array(this.#bytes.subarray(this.skip(length), this.#at));
    const fail = (what: string): never => {
      throw new UnreadableLog(what);
    };
    const { matrix: vector, names } = decodeBlob({ fail }, blob, ID_BYTES * this.capacity());
    const nodes: number[] = [];
    visitCells({ fail }, vector, (row, column, value) => {
      if (value !== 0) nodes.push(vector.isByColumn ? row : column);
    });
    const [label, type] = Buffer.from(names).toString("utf8").split("\0");
    if (label === undefined || label === "" || type !== "GrB_BOOL") throw new UnreadableLog("labels without a name");
    return { label, nodes };
  }

  #float(): number {
    return this.#view.getFloat32(this.skip(4), true);
  }

  #temporal(kind: TemporalFunction): Value {
    return temporalOf(kind, this.#view.getBigInt64(this.skip(8), true));
  }
}
