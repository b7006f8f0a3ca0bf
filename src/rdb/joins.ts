/** Who is joined to whom, while a graph is written: collected by relationship id, given out as matrices need it. */
import { Column } from "./columns.ts";
import type { Cells } from "./matrix-writer.ts";

/** The cells of one type; for those with several relationships, their ids. */
interface TypeCells {
  readonly cells: Cells;
  readonly parallels: readonly { readonly start: number; readonly end: number; readonly ids: Uint32Array }[];
}

const SEVERAL_BIT = 2 ** 31;

/** The ends of every relationship, in typed arrays. */
export class Joins {
  /** All ids are below this. */
  total = 0;
  count = 0;
  readonly #starts = new Column();
  readonly #ends = new Column();
  /** One more than the number of the type. */
  readonly #types = new Column();

  /** False when the id is there already. */
  add(id: number, start: number, end: number, type: number): boolean {
    if (this.#types.get(id) !== 0) return false;
    this.#starts.set(id, start);
    this.#ends.set(id, end);
    this.#types.set(id, type + 1);
    this.total = Math.max(this.total, id + 1);
    this.count++;
    return true;
  }

  has(id: number): boolean {
    return this.#types.get(id) !== 0;
  }

  sorted(nodes: number, types: number): SortedJoins {
    let order = new Uint32Array(this.count);
    let at = 0;
    for (let id = 0; id < this.total; id++) if (this.has(id)) order[at++] = id;
    // Each sort keeps the order that the one before it has made among equals.
    let other = new Uint32Array(this.count);
    for (const keys of [this.#ends, this.#starts]) {
      countingSort(order, other, keys, nodes);
      [order, other] = [other, order];
    }
    return new SortedJoins([order, other], this.#starts, this.#ends, this.#types, types, nodes);
  }
}

/** Sorts ids by a key, and keeps the order that they have among equals. */
function countingSort(ids: Uint32Array, sorted: Uint32Array, keys: Column, range: number): void {
  const places = new Uint32Array(range + 1);
  for (let at = 0; at < ids.length; at++) places[keys.get(ids[at]!) + 1]!++;
  for (let key = 1; key <= range; key++) places[key]! += places[key - 1]!;
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    sorted[places[keys.get(id)]!++] = id;
  }
}

/** Relationships by start, then end, then id. */
export class SortedJoins {
  readonly #order: Uint32Array;
  readonly #starts: Column;
  readonly #ends: Column;
  readonly #byType: Uint32Array;
  /** Where each type begins in it. */
  readonly #begins: Uint32Array;
  readonly #size: number;

  /** @param order the ids in that order, and as much room again */
  constructor(
    [order, room]: readonly [Uint32Array, Uint32Array],
    starts: Column,
    ends: Column,
    typeOf: Column,
    types: number,
    size: number,
  ) {
    this.#order = order;
    this.#starts = starts;
    this.#ends = ends;
    this.#size = Math.max(size, 1);
    this.#begins = new Uint32Array(types + 1);
    // Types are kept one up, so that each counts for the one behind it.
    for (let at = 0; at < order.length; at++) this.#begins[typeOf.get(order[at]!)]!++;
    for (let type = 1; type <= types; type++) this.#begins[type]! += this.#begins[type - 1]!;
    countingSort(order, room, typeOf, types + 1);
    this.#byType = room;
  }

  /** Whether any two relationships of the type join the same nodes the same way. */
  hasParallels(type: number): boolean {
    const [from, to] = this.#span(type);
    for (let at = from + 1; at < to; at++) if (this.#samePair(this.#byType, at)) return true;
    return false;
  }

  /** Each pair of nodes that anything joins. */
  adjacency(): Cells {
    return { ...this.#pairs(this.#order, 0, this.#order.length), values: null };
  }

  typeCells(type: number): TypeCells {
    const [from, to] = this.#span(type);
    const pairs = this.#pairs(this.#byType, from, to);
    const values = new Uint32Array(2 * pairs.rows.length);
    const parallels: TypeCells["parallels"][number][] = [];
    let cell = 0;
    for (let at = from; at < to; cell++) {
      let next = at + 1;
      while (next < to && this.#samePair(this.#byType, next)) next++;
      if (next === at + 1) values[2 * cell] = this.#byType[at]!;
      else {
        values[2 * cell] = next - at;
        values[2 * cell + 1] = SEVERAL_BIT;
        parallels.push({ start: pairs.rows[cell]!, end: pairs.columns[cell]!, ids: this.#byType.subarray(at, next) });
      }
      at = next;
    }
    return { cells: { ...pairs, values }, parallels };
  }

  #pairs(ids: Uint32Array, from: number, to: number): Omit<Cells, "values"> {
    let count = 0;
    for (let at = from; at < to; at++) if (at === from || !this.#samePair(ids, at)) count++;
    const rows = new Uint32Array(count);
    const columns = new Uint32Array(count);
    let cell = 0;
    for (let at = from; at < to; at++) {
      if (at !== from && this.#samePair(ids, at)) continue;
      rows[cell] = this.#starts.get(ids[at]!);
      columns[cell++] = this.#ends.get(ids[at]!);
    }
    return { size: this.#size, rows, columns };
  }

  #samePair(ids: Uint32Array, at: number): boolean {
    const id = ids[at]!;
    const before = ids[at - 1]!;
    return this.#starts.get(id) === this.#starts.get(before) && this.#ends.get(id) === this.#ends.get(before);
  }

  #span(type: number): readonly [from: number, to: number] {
    return [this.#begins[type]!, this.#begins[type + 1]!];
  }
}
