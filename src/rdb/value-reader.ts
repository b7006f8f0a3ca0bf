/** Properties out of a graph's data. */
import { Properties, Shape } from "../graph/properties.ts";
import { Point, type Value, Vector } from "../graph/value.ts";
import type { Payload } from "./payload.ts";
import { type TemporalFunction, temporalOf } from "./temporal.ts";
import { DEEPEST, TYPE, WGS84 } from "./value-types.ts";

/** @param depth of lists around it; more than DEEPEST are refused @throws DamagedStoreError */
function readValue(payload: Payload, depth = 0): Value {
  const type = payload.unsigned();
  switch (type) {
    case TYPE.string:
    case TYPE.internedString:
      return payload.text();
    case TYPE.integer:
      return payload.signed();
    case TYPE.double:
      return payload.double();
    case TYPE.boolean:
      return payload.signed() !== 0n;
    case TYPE.array:
      return readArray(payload, depth);
    case TYPE.point: {
      const latitude = Math.fround(payload.double());
      return new Point(WGS84, Math.fround(payload.double()), latitude);
    }
    case TYPE.vector:
      return new Vector(payload.vector());
    case TYPE.localdatetime:
      return readTemporal(payload, "localdatetime");
    case TYPE.date:
      return readTemporal(payload, "date");
    case TYPE.localtime:
      return readTemporal(payload, "localtime");
    case TYPE.duration:
      return readTemporal(payload, "duration");
    case TYPE.null:
      return null;
  }
  return payload.fail(`a value of the unknown type ${type}`);
}

function readArray(payload: Payload, depth: number): Value[] {
  if (depth === DEEPEST) payload.fail(`lists within lists, more than ${DEEPEST} deep`);
  const items: Value[] = [];
  for (let left = payload.unsigned(); left > 0; left--) items.push(readValue(payload, depth + 1));
  return items;
}

function readTemporal(payload: Payload, kind: TemporalFunction): Value {
  return temporalOf(kind, payload.signed());
}

function skipValue(payload: Payload, depth: number): void {
  const type = payload.unsigned();
  switch (type) {
    case TYPE.string:
    case TYPE.internedString:
      payload.skipBuffer();
      return;
    case TYPE.integer:
    case TYPE.boolean:
    case TYPE.localdatetime:
    case TYPE.date:
    case TYPE.localtime:
    case TYPE.duration:
      payload.skipSigned();
      return;
    case TYPE.double:
      payload.skipDouble();
      return;
    case TYPE.array:
      if (depth === DEEPEST) payload.fail(`lists within lists, more than ${DEEPEST} deep`);
      for (let left = payload.unsigned(); left > 0; left--) skipValue(payload, depth + 1);
      return;
    case TYPE.point:
      payload.skipDouble();
      payload.skipDouble();
      return;
    case TYPE.vector:
      payload.skipVector();
      return;
    case TYPE.null:
      return;
  }
  payload.fail(`a value of the unknown type ${type}`);
}

/** As PropertiesReader reads them, without keeping anything. */
export function skipProperties(payload: Payload): void {
  for (let left = payload.unsigned(); left > 0; left--) {
    payload.unsigned();
    skipValue(payload, 0);
  }
}

const NONE: readonly string[] = [];

/** The shape of the attributes read so far, and where the next attribute leads. */
interface Step {
  readonly shape: Shape;
  readonly next: Map<number, Step>;
  /** The way that was taken last. */
  attribute: number;
  step: Step | null;
}

/** Reads properties by a tree of the orders in which attributes come, so that a known order costs no look at names. */
export class PropertiesReader {
  /** Stores with endless orders must not make the tree endless. */
  static readonly MAX_STEPS = 4_096;

  /** Of the properties read last, those that were left out, since a text in them is not UTF-8. */
  leftOut: readonly string[] = NONE;
  readonly #payload: Payload;
  readonly #attributes: readonly string[];
  readonly #root: Step = { shape: Shape.empty, next: new Map(), attribute: -1, step: null };
  #steps = 0;

  /** @param leavesOut a property with a text that is not UTF-8, which else is damage */
  constructor(payload: Payload, attributes: readonly string[], leavesOut: boolean) {
    this.#payload = payload;
    this.#attributes = attributes;
    payload.hasBadText = leavesOut ? false : null;
  }

  read(): Properties {
    const payload = this.#payload;
    const values: Value[] = [];
    let at = this.#root;
    this.leftOut = NONE;
    for (let left = payload.unsigned(); left > 0; left--) {
      const attribute = payload.unsigned();
      const next = at.attribute === attribute ? at.step! : this.#follow(at, attribute);
      const value = readValue(payload);
      if (payload.hasBadText) {
        payload.hasBadText = false;
        this.leftOut = [...this.leftOut, this.#attributes[attribute]!];
        continue;
      }
      at = next;
      values.push(value);
    }
    return new Properties(at.shape, values);
  }

  #follow(from: Step, attribute: number): Step {
    const step = from.next.get(attribute) ?? this.#grow(from, attribute);
    from.attribute = attribute;
    from.step = step;
    return step;
  }

  #grow({ shape, next }: Step, attribute: number): Step {
    const name = this.#attributes[attribute];
    if (name === undefined) this.#payload.fail(`attribute ${attribute}, which is not there`);
    if (shape.index.has(name)) this.#payload.fail(`the property ${JSON.stringify(name)} twice`);
    const step: Step = { shape: shape.with(name), next: new Map(), attribute: -1, step: null };
    if (this.#steps < PropertiesReader.MAX_STEPS) {
      next.set(attribute, step);
      this.#steps++;
    }
    return step;
  }
}
