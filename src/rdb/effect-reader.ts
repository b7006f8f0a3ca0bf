/** The parts that effects in a FalkorDB's append-only log are made of: numbers, texts, values, sets of nodes. */
import { Point, type Value, Vector } from "../graph/value.ts";
import { decodeBlob } from "./blob.ts";
import { visitCells } from "./matrix.ts";
import { type TemporalFunction, temporalOf } from "./temporal.ts";
import { DEEPEST, TYPE, WGS84 } from "./value-types.ts";

const MAP = 1;
const ID_BYTES = 8;

export type Entity = "node" | "relationship";

/** A log that cannot be followed without the engine. The message says what in it is not known. */
export class UnreadableLog extends Error {}

/** Reads one part after the other. Each call throws UnreadableLog for what is not whole, or not known. */
export class EffectReader {
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
