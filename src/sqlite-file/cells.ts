/** The cells of a b-tree page, and the payloads that continue on overflow pages (fileformat2.html, 1.6). */
import { DamagedPageError } from "./damage.ts";
import type { PageFile } from "./page-file.ts";
import { readLength, readVarint } from "./record.ts";

export const INTERIOR_INDEX = 2;
export const INTERIOR_TABLE = 5;
export const LEAF_INDEX = 10;
export const LEAF_TABLE = 13;

export interface TreePage {
  readonly number: number;
  readonly type: number;
  readonly bytes: Buffer;
  /** Offsets of the cells, in key order. */
  readonly cells: readonly number[];
  /** How many pointers of a leaf lead to no place for a cell, and are left out. */
  readonly astray: number;
  /** Of an interior page: the child after all cells. */
  readonly rightmost: number;
  /** Where the array of offsets begins. */
  readonly pointers: number;
}

/**
 * @param room where its bytes go, for a page that is read once; see PageFile.room
 * @throws DamagedPageError for a page that belongs to no b-tree
 */
export function readTreePage(file: PageFile, number: number, room?: Buffer): TreePage {
  const bytes = room === undefined ? file.page(number) : file.readInto(number, room);
  const start = number === 1 ? 100 : 0;
  const type = bytes[start]!;
  const interior = type === INTERIOR_INDEX || type === INTERIOR_TABLE;
  if (!interior && type !== LEAF_INDEX && type !== LEAF_TABLE) {
    throw new DamagedPageError(`page ${number} is not a page of a table`);
  }
  const count = bytes.readUInt16BE(start + 3);
  const pointers = start + (interior ? 12 : 8);
  const fitting = Math.floor((file.usable - pointers) / 2);
  if (count > fitting && type !== LEAF_TABLE) {
    throw new DamagedPageError(`page ${number} has more cells than it can hold`);
  }
  // Where the count itself is damaged, rows still begin where the page says that they do.
  const content = type === LEAF_TABLE ? bytes.readUInt16BE(start + 5) || 65_536 : pointers + 2 * count;
  const first = Math.max(content, pointers);
  const cells: number[] = [];
  for (let pointer = pointers; pointer < pointers + 2 * Math.min(count, fitting); pointer += 2) {
    const at = bytes.readUInt16BE(pointer);
    if (at >= first && at < file.usable) cells.push(at);
  }
  const astray = count - cells.length;
  if (astray > 0 && type !== LEAF_TABLE) {
    throw new DamagedPageError(`page ${number} has a cell outside the page`);
  }
  return { number, type, bytes, cells, astray, rightmost: interior ? bytes.readUInt32BE(start + 8) : 0, pointers };
}

export interface Cell {
  readonly rowid: bigint;
  readonly payload: Buffer;
}

/** A leaf cell of a table. @throws DamagedPageError */
export function readTableCell(file: PageFile, { bytes }: TreePage, at: number): Cell {
  const { value: length, next } = readLength(bytes, at);
  const { value: rowid, next: start } = readVarint(bytes, next);
  return { rowid, payload: readPayload(file, bytes, start, length, file.usable - 35) };
}

/** Where a leaf cell of a table ends on its page, whatever of it is elsewhere. @throws DamagedPageError */
export function endOfTableCell(file: PageFile, { bytes }: TreePage, at: number): number {
  const { value: length, next } = readLength(bytes, at);
  const { next: start } = readVarint(bytes, next);
  const local = localLength(file, length, file.usable - 35);
  return start + local + (local === length ? 0 : 4);
}

/** As readTableCell, where the number of the row is not asked for. @throws DamagedPageError */
export function readTablePayload(file: PageFile, { bytes }: TreePage, at: number): Buffer {
  const { value: length, next } = readLength(bytes, at);
  let start = next;
  while (start < next + 8 && bytes[start]! >= 128) start++;
  return readPayload(file, bytes, start + 1, length, file.usable - 35);
}

/** The number of the row of a leaf cell. @throws DamagedPageError */
export function readRowid({ bytes }: TreePage, at: number): bigint {
  return readVarint(bytes, readLength(bytes, at).next).value;
}

/** The record of a cell of an index, or of a table without rowid. @throws DamagedPageError */
export function readIndexCell(file: PageFile, { bytes, type }: TreePage, at: number): Buffer {
  const { value: length, next } = readLength(bytes, type === INTERIOR_INDEX ? at + 4 : at);
  const most = Math.floor(((file.usable - 12) * 64) / 255) - 23;
  return readPayload(file, bytes, next, length, most);
}

/** The parts of a payload as they are in the file: page, offset in it, length. */
interface PayloadPart {
  readonly page: number;
  readonly at: number;
  readonly length: number;
}

/** @param most the longest payload that is kept on the page itself */
function readPayload(file: PageFile, bytes: Buffer, start: number, length: number, most: number): Buffer {
  const local = localLength(file, length, most);
  if (start + local > file.usable) throw new DamagedPageError("a row reaches beyond its page");
  if (local === length) return bytes.subarray(start, start + length);
  const parts = [bytes.subarray(start, start + local)];
  for (const { page, at, length: part } of overflowParts(file, bytes.readUInt32BE(start + local), length - local)) {
    parts.push(file.page(page).subarray(at, at + part));
  }
  return Buffer.concat(parts, length);
}

function localLength(file: PageFile, length: number, most: number): number {
  if (length <= most) return length;
  const least = Math.floor(((file.usable - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (file.usable - 4));
  return fitting <= most ? fitting : least;
}

/** @throws DamagedPageError for a chain that ends early or leads in a circle */
function* overflowParts(file: PageFile, first: number, length: number): Generator<PayloadPart> {
  const part = file.usable - 4;
  const needed = Math.ceil(length / part);
  if (needed > file.pages) throw new DamagedPageError("a row that is longer than the file");
  const seen = new Set<number>();
  let [page, left] = [first, length];
  while (left > 0) {
    if (seen.has(page)) throw new DamagedPageError("a row whose overflow pages form a loop");
    seen.add(page);
    const bytes = file.page(page);
    yield { page, at: 4, length: Math.min(left, part) };
    left -= part;
    page = bytes.readUInt32BE(0);
  }
}
