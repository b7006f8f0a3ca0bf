/**
 * The rows of a table, in the order of their numbers, without what cannot be read: that is named. A row that is whole is given even
 * where its number, or the number above its page, is damaged: what a memory is does not depend on it.
 */
import {
  endOfTableCell,
  INTERIOR_INDEX,
  INTERIOR_TABLE,
  LEAF_INDEX,
  LEAF_TABLE,
  readIndexCell,
  readRowid,
  readTableCell,
  readTreePage,
  type TreePage,
} from "./cells.ts";
import { DamagedPageError, type OnLost } from "./damage.ts";
import { type HiddenCells, hiddenCells } from "./leaf-space.ts";
import type { PageFile } from "./page-file.ts";
import type { PageUse } from "./page-use.ts";
import { RecordDecoder, readVarint, type StoredValue } from "./record.ts";

export interface StoredRow {
  readonly rowid: bigint;
  /** As many as the record has: a row that was written before a column was added has fewer. */
  readonly values: readonly StoredValue[];
}

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
const MAX_DEPTH = 30;

/** Numbers between which the rows of a page must be, both ends included. */
interface Bounds {
  readonly first: bigint;
  readonly last: bigint;
}

/** The tree of one table. Reading it twice gives the same rows in the same order. */
export class TableTree {
  readonly #file: PageFile;
  readonly #root: number;
  readonly #decoder: RecordDecoder;
  readonly #onLost: OnLost;
  readonly #use: PageUse;
  readonly #seen = new Set<number>();

  /** @param root the number of the table's first page, as sqlite_schema gives it */
  constructor(file: PageFile, root: number, onLost: OnLost, use: PageUse) {
    this.#file = file;
    this.#root = root;
    this.#decoder = new RecordDecoder(file.header);
    this.#onLost = onLost;
    this.#use = use;
  }

  *rows(): Generator<StoredRow> {
    this.#seen.clear();
    yield* this.#page(this.#root, { first: LEAST, last: MOST }, 0);
  }

  /** The records of a table that is declared WITHOUT ROWID, in the order of its key; numbered from 1. */
  *keyedRows(): Generator<StoredRow> {
    this.#seen.clear();
    let rowid = 0n;
    for (const payload of this.#keyed(this.#root, 0)) {
      const values = this.#decoded(payload);
      if (values !== null) yield { rowid: ++rowid, values };
    }
  }

  *#page(number: number, bounds: Bounds, depth: number): Generator<StoredRow> {
    const page = this.#open(number, [LEAF_TABLE, INTERIOR_TABLE], bounds, depth);
    if (page === null) return;
    if (page.type === LEAF_TABLE) yield* this.#leaf(page, bounds);
    else yield* this.#interior(page, bounds, depth);
  }

  /** Null for a page that cannot be one of this tree, which has been named. */
  #open(number: number, types: readonly number[], { first, last }: Bounds, depth: number): TreePage | null {
    const lost = (what: string) => {
      this.#onLost({ page: number, what, first: first === LEAST ? null : first, last: last === MOST ? null : last });
      return null;
    };
    if (this.#seen.has(number)) return lost(`page ${number} is referenced twice`);
    if (depth > MAX_DEPTH) return lost(`page ${number} is deeper than a table can be`);
    this.#seen.add(number);
    try {
      const page = readTreePage(this.#file, number);
      if (!types.includes(page.type)) return lost(`page ${number} belongs to something else`);
      return page;
    } catch (error) {
      return lost(messageOf(error));
    }
  }

  *#interior(page: TreePage, { first, last }: Bounds, depth: number): Generator<StoredRow> {
    let from = first;
    for (const at of page.cells) {
      const key = this.#keyAt(page, at);
      // A key out of order says nothing about where its child's rows are.
      const bounded = key !== null && key >= from && key <= last;
      yield* this.#page(page.bytes.readUInt32BE(at), { first: from, last: bounded ? key : last }, depth + 1);
      if (bounded) from = key === MOST ? MOST : key + 1n;
    }
    yield* this.#page(page.rightmost, { first: from, last }, depth + 1);
  }

  #keyAt(page: TreePage, at: number): bigint | null {
    try {
      return readVarint(page.bytes, at + 4).value;
    } catch (error) {
      messageOf(error);
      return null;
    }
  }

  *#leaf(page: TreePage, { first, last }: Bounds): Generator<StoredRow> {
    const part = { page: page.number, first: first === LEAST ? null : first, last: last === MOST ? null : last };
    const isWithin = ({ rowid }: StoredRow) => rowid >= first && rowid <= last;
    const rows = page.cells.map((at) => ({ at, row: this.#row(page, at) }));
    const within = rows.filter(({ row }) => row !== null && isWithin(row)).length;
    if (2 * within < rows.length && !this.#use.isUsedOnce(page.number)) {
      // The place that led here is damaged, and the page another's.
      this.#seen.delete(page.number);
      this.#onLost({ ...part, what: `page ${page.number} has the rows of another place` });
      return;
    }
    let previous: bigint | null = null;
    const sound: number[] = [];
    let isOrdered = true;
    for (const { at, row } of rows) {
      if (row === null) continue;
      if (isWithin(row) && (previous === null || row.rowid > previous)) {
        previous = row.rowid;
        sound.push(at);
      } else if (this.#overlaps(page, at)) {
        this.#onLost({ ...part, what: `a row of page ${page.number} that begins within another` });
        continue;
      } else {
        isOrdered = false;
        sound.push(at);
      }
      yield row;
    }
    const { found, isMore } = this.#hidden(page, sound);
    // An empty page is only ever the first one of an empty table.
    if (rows.length === 0 && found.length === 0 && page.number !== this.#root) {
      this.#onLost({ ...part, what: `page ${page.number} is empty` });
      return;
    }
    const hidden = found.map((at) => this.#row(page, at)).filter((row) => row !== null && isWithin(row));
    for (const row of hidden) yield row!;
    if (isMore || page.astray > 0 || hidden.length < found.length)
      this.#onLost({ ...part, what: `page ${page.number} has bytes that belong to no row` });
    if (isOrdered && hidden.length === 0) return;
    this.#onLost({ ...part, what: `rows out of order, or without a pointer, on page ${page.number}`, isKept: true });
  }

  /** None where the page is too damaged to tell. */
  #hidden(page: TreePage, sound: readonly number[]): HiddenCells {
    try {
      return hiddenCells(this.#file, page, sound);
    } catch (error) {
      messageOf(error);
      return { found: [], isMore: true };
    }
  }

  /** Whether a cell shares bytes with another cell of its page, as only one of them rightly does. */
  #overlaps(page: TreePage, at: number): boolean {
    const extents = page.cells.map((start) => [start, endOfTableCell(this.#file, page, start)] as const);
    const end = endOfTableCell(this.#file, page, at);
    return extents.filter(([start, other]) => start < end && at < other).length > 1;
  }

  #row(page: TreePage, at: number): StoredRow | null {
    let rowid: bigint | null = null;
    try {
      rowid = readRowid(page, at);
      return { rowid, values: this.#decoder.decode(readTableCell(this.#file, page, at).payload) };
    } catch (error) {
      this.#onLost({ page: page.number, what: messageOf(error), first: rowid, last: rowid });
      return null;
    }
  }

  *#keyed(number: number, depth: number): Generator<Buffer> {
    const page = this.#open(number, [LEAF_INDEX, INTERIOR_INDEX], { first: LEAST, last: MOST }, depth);
    if (page === null) return;
    for (const at of page.cells) {
      if (page.type === INTERIOR_INDEX) yield* this.#keyed(page.bytes.readUInt32BE(at), depth + 1);
      try {
        yield readIndexCell(this.#file, page, at);
      } catch (error) {
        this.#onLost({ page: page.number, what: messageOf(error), first: null, last: null });
      }
    }
    if (page.type === INTERIOR_INDEX) yield* this.#keyed(page.rightmost, depth + 1);
  }

  #decoded(payload: Buffer): StoredValue[] | null {
    try {
      return this.#decoder.decode(payload);
    } catch (error) {
      this.#onLost({ page: this.#root, what: messageOf(error), first: null, last: null });
      return null;
    }
  }
}

/** @throws whatever is no damage of the file */
function messageOf(error: unknown): string {
  if (error instanceof DamagedPageError || error instanceof RangeError) return error.message;
  throw error;
}
