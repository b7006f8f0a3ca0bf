/** Properties into a graph's data. What FalkorDB has no type for is refused, never changed. */
import { RefusedError } from "../errors.ts";
import type { Properties, Shape } from "../graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../graph/value.ts";
import type { PackedWriter } from "./packed-writer.ts";
import { secondsOf } from "./temporal.ts";
import { DEEPEST, TYPE, WGS84 } from "./value-types.ts";

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;

/** @param name for messages */
export function assertText(text: string, name: string): void {
  if (text.isWellFormed() && !text.includes("\0")) return;
  throw refused(text.isWellFormed() ? "a NUL character" : "a lone surrogate", name);
}

function refused(what: string, where: string): RefusedError {
  return new RefusedError(`FalkorDB cannot hold ${what}: ${where}`, {
    next: "Change it in the source, then run the same command again.",
  });
}

/** @throws RefusedError for a value that FalkorDB cannot hold */
export class PropertiesWriter {
  readonly #writer: PackedWriter;
  readonly #attributeOf: (name: string) => number;
  /** The attributes of each shape, in its order. */
  readonly #attributes = new WeakMap<Shape, readonly number[]>();

  /** @param attributeOf the number of a property's name, given when it first comes */
  constructor(writer: PackedWriter, attributeOf: (name: string) => number) {
    this.#writer = writer;
    this.#attributeOf = attributeOf;
  }

  /** @param where the record, for messages */
  write(properties: Properties, where: () => string): void {
    const { shape, values } = properties;
    const writer = this.#writer;
    const attributes = this.#attributesOf(shape);
    let count = 0;
    for (const value of values) if (value !== null) count++;
    writer.unsigned(count);
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      if (value === null) continue;
      writer.unsigned(attributes[at]!);
      this.#write(value, () => `property ${JSON.stringify(shape.keys[at])} of ${where()}`, 0);
    }
  }

  #attributesOf(shape: Shape): readonly number[] {
    const known = this.#attributes.get(shape);
    if (known !== undefined) return known;
    const attributes = shape.keys.map(this.#attributeOf);
    this.#attributes.set(shape, attributes);
    return attributes;
  }

  #write(value: Value, where: () => string, depth: number): void {
    const writer = this.#writer;
    switch (typeof value) {
      case "string":
        if (!value.isWellFormed() || value.includes("\0")) assertText(value, where());
        writer.unsigned(TYPE.string);
        writer.text(value);
        return;
      case "bigint":
        if (value < MIN_INTEGER || value > MAX_INTEGER) throw refused("an integer of more than 64 bits", where());
        writer.unsigned(TYPE.integer);
        writer.signed(value);
        return;
      case "number":
        writer.unsigned(TYPE.double);
        writer.double(value);
        return;
      case "boolean":
        writer.unsigned(TYPE.boolean);
        writer.signed(value ? 1n : 0n);
        return;
    }
    if (value === null) throw refused("a list that holds null", where());
    if (Array.isArray(value)) this.#writeList(value, where, depth);
    else if (value instanceof Temporal) this.#writeTemporal(value, where);
    else if (value instanceof Point) this.#writePoint(value, where);
    else if (value instanceof Vector) this.#writeVector(value, where);
    else throw refused(value instanceof Map ? "a map" : "bytes", where());
  }

  #writeList(list: readonly Value[], where: () => string, depth: number): void {
    if (depth === DEEPEST) throw refused(`lists within lists, more than ${DEEPEST} deep`, where());
    this.#writer.unsigned(TYPE.array);
    this.#writer.unsigned(list.length);
    for (const item of list) this.#write(item, where, depth + 1);
  }

  #writeTemporal(value: Temporal, where: () => string): void {
    const known = secondsOf(value);
    if (known === null) throw refused(`a ${value.kind} like ${value.text}`, where());
    this.#writer.unsigned(TYPE[known.function]);
    this.#writer.signed(known.seconds);
  }

  #writePoint({ srid, x, y, z }: Point, where: () => string): void {
    if (srid !== WGS84 || z !== undefined) throw refused("a point that is not WGS 84 with two dimensions", where());
    if (!isFloat32(x) || !isFloat32(y)) throw refused("a point that is not exact in 32 bits", where());
    this.#writer.unsigned(TYPE.point);
    this.#writer.double(y);
    this.#writer.double(x);
  }

  #writeVector({ elements, elementType }: Vector, where: () => string): void {
    if (elementType !== "float32" || !elements.every(isFloat32)) {
      throw refused("a vector whose numbers are not 32-bit floats", where());
    }
    const bytes = new Uint8Array(4 + 4 * elements.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, elements.length, true);
    for (let at = 0; at < elements.length; at++) view.setFloat32(4 + 4 * at, elements[at]!, true);
    this.#writer.unsigned(TYPE.vector);
    this.#writer.buffer(bytes);
  }
}

function isFloat32(value: number): boolean {
  return Object.is(Math.fround(value), value);
}
