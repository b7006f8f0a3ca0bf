/**
 * What the tables of a file hold as it is stored, in one sum: equal sums are equal rows, and so equal records, without a row
 * having been decoded. It does not depend on the order of the rows nor on their numbers, and rows can be taken out of it.
 */
import type { Database } from "bun:sqlite";
import { type ContentHash, hashText } from "../../graph/digest.ts";
import { type Row, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { SIDE_TABLE, spellRow } from "./side-table.ts";
import type { Table } from "./tables.ts";

const LANES = 8;
const scratch = new Uint32Array(LANES);
const scratchBytes = new Uint8Array(scratch.buffer);

/** A sum of rows, lane by lane of their hashes. */
export class StoredRows {
  readonly #sums: Uint32Array;
  #count: number;

  constructor({ sums, count }: StoredRowsTransfer = { sums: new Uint32Array(LANES), count: 0 }) {
    this.#sums = sums.slice();
    this.#count = count;
  }

  /** @param row as `selectFrom` gives it */
  addRow(table: Table<unknown>, row: Row): void {
    Bun.SHA256.hash(spellStored(table, row), scratchBytes);
    for (let lane = 0; lane < LANES; lane++) this.#sums[lane]! += scratch[lane]!;
    this.#count++;
  }

  /** @param hash as `hashStored` gives it */
  add(hash: ContentHash): void {
    scratchBytes.set(hash);
    for (let lane = 0; lane < LANES; lane++) this.#sums[lane]! += scratch[lane]!;
    this.#count++;
  }

  /** Of a row that was added. */
  remove(hash: ContentHash): void {
    scratchBytes.set(hash);
    for (let lane = 0; lane < LANES; lane++) this.#sums[lane]! -= scratch[lane]!;
    this.#count--;
  }

  merge({ sums, count }: StoredRowsTransfer): void {
    for (let lane = 0; lane < LANES; lane++) this.#sums[lane]! += sums[lane]!;
    this.#count += count;
  }

  equals(other: StoredRows): boolean {
    return this.#count === other.#count && this.#sums.every((sum, lane) => sum === other.#sums[lane]);
  }

  toTransfer(): StoredRowsTransfer {
    return { sums: this.#sums.slice(), count: this.#count };
  }
}

/** Sums as they pass between threads. */
export interface StoredRowsTransfer {
  sums: Uint32Array;
  count: number;
}

/** Of one row, with what stands beside it. */
export function hashStored(table: Table<unknown>, row: Row): ContentHash {
  return hashText(spellStored(table, row));
}

function spellStored({ name, columns }: Table<unknown>, row: Row): string {
  const { length } = columns;
  const spelled = `${name} ${spellRow(row, length)}`;
  // A row with nothing beside it is the same whether the file has a side table or not.
  return hasExtra(row, length) ? `${spelled} ${spellRow(row.slice(length, length + 2))}` : spelled;
}

/** Whether something stands beside a row of so many columns. */
export function hasExtra(row: Row, columns: number): boolean {
  return row.length === columns + 3 && row[columns + 1] !== null;
}

/** Whether each record of the file is told by one row of its tables, whatever the other rows are. */
export function isToldByRows(database: Database, layout: FileLayout): boolean {
  const { nodeTables, doubled, unnumbered, encoding, hasSideTable } = layout;
  // Text in UTF-16 can hold what is no text in UTF-8, by which rows are told apart here.
  if (nodeTables.length !== 1 || doubled.length + unnumbered.length > 0 || encoding !== "UTF-8") return false;
  const whole = `SELECT 1 FROM ${SIDE_TABLE} WHERE kind IN ('node', 'relationship') AND id IS NULL LIMIT 1`;
  return !hasSideTable || rows(database, whole).length === 0;
}
