/**
 * The properties of a record. Records of a store share few sets of keys, so the keys are kept once, in an interned
 * Shape, and each record holds only its values: that is what makes reading and digesting a million records cheap.
 */
import type { Value } from "./value.ts";

/** A set of distinct keys in a fixed order. Equal key lists give the same object, up to a bound on what is remembered. */
export class Shape {
  static readonly empty = new Shape([], new Map());
  /** Stores with endless key sets (one key per record, say) must not make the cache endless. */
  static readonly MAX_CHILDREN = 64;

  readonly #children = new Map<string, Shape>();

  private constructor(
    readonly keys: readonly string[],
    readonly index: ReadonlyMap<string, number>,
  ) {}

  /** The shape with one more key, which must not be in this one yet. */
  with(key: string): Shape {
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const grown = new Shape([...this.keys, key], new Map(this.index).set(key, this.keys.length));
    if (this.#children.size < Shape.MAX_CHILDREN) this.#children.set(key, grown);
    return grown;
  }

  /** Null when a key comes twice. */
  static of(keys: Iterable<string>): Shape | null {
    let shape = Shape.empty;
    for (const key of keys) {
      if (shape.index.has(key)) return null;
      shape = shape.with(key);
    }
    return shape;
  }
}

/** Immutable. A key whose value is null counts as absent: no graph store keeps null properties. */
export class Properties {
  constructor(
    readonly shape: Shape,
    readonly values: readonly Value[],
  ) {}

  /** As parallel lists; of a key that comes twice the last value counts. */
  static of(keys: readonly string[], values: readonly Value[]): Properties {
    const shape = Shape.of(keys);
    if (shape !== null) return new Properties(shape, values);
    return Properties.from(keys.map((key, at) => [key, values[at]!] as const));
  }

  static from(entries: Iterable<readonly [string, Value]>): Properties {
    const map = new Map(entries);
    return new Properties(Shape.of(map.keys())!, [...map.values()]);
  }

  /** The value, or null where there is none. */
  get(key: string): Value {
    const at = this.shape.index.get(key);
    return at === undefined ? null : this.values[at]!;
  }

  *entries(): IterableIterator<[string, Value]> {
    for (let at = 0; at < this.values.length; at++) {
      const value = this.values[at]!;
      if (value !== null) yield [this.shape.keys[at]!, value];
    }
  }

  with(key: string, value: Value): Properties {
    const at = this.shape.index.get(key);
    if (at === undefined) return new Properties(this.shape.with(key), [...this.values, value]);
    return new Properties(this.shape, this.values.with(at, value));
  }
}
