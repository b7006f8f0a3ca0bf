/**
 * Properties of many records as rows of values, with their names once, in the statement: the driver encodes each name
 * anew for each record that has it, which takes as long as the values.
 */
import type { Properties, Shape } from "../../graph/properties.ts";
import { toWire, type Wire } from "./values.ts";

/** A statement of more is no better than the names; and records with as many have little in common. */
const MOST_COLUMNS = 80;

/** Turns the columns of a result, by position, into records; a shape is made once for all rows of a result. */
export class Columns {
  readonly #names: readonly string[];
  readonly #places = new Map<Shape, readonly (number | undefined)[]>();

  private constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Null where the records have too little in common. */
  static of(records: readonly Properties[]): Columns | null {
    const names = new Set<string>();
    const shapes = new Set<Shape>();
    for (const { shape } of records) {
      if (shapes.has(shape)) continue;
      shapes.add(shape);
      for (const key of shape.keys) names.add(key);
      if (names.size > MOST_COLUMNS) return null;
    }
    // In one order, so that the server knows the statement of the batch before.
    return new Columns([...names].sort());
  }

  /** The map that a statement makes of `row`, whose values of the properties begin at `first`. Nulls leave no property. */
  literal(quote: (name: string) => string, first: number): string {
    return `{${this.#names.map((name, at) => `${quote(name)}: row[${first + at}]`).join(", ")}}`;
  }

  /** Appends the values of a record to its row. */
  append(row: Wire[], { shape, values }: Properties): Wire[] {
    let places = this.#places.get(shape);
    if (places === undefined) {
      places = this.#names.map((name) => shape.index.get(name));
      this.#places.set(shape, places);
    }
    for (const place of places) row.push(place === undefined ? null : toWire(values[place]!));
    return row;
  }
}
