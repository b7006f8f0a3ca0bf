/**
 * Sparse matrices as GraphBLAS holds them, for the engine to take over. All cells stand in the first of the three parts
 * (delta.ts). No matrix may be larger than the nodes need: the engine would lose cells of it, without an error.
 */
import { FORM } from "./matrix.ts";
import { type PackedWriter, paddedLength } from "./packed-writer.ts";

const CONTAINER = 608;
/** From this share of rows on, a list of those that are not empty does not pay. */
const SPARSE_SHARE = 4;
const ONE = Uint8Array.of(1);

/** Cells in ascending order of row, then column, each once. */
export interface Cells {
  /** Rows and columns of the matrix. */
  readonly size: number;
  readonly rows: Uint32Array;
  readonly columns: Uint32Array;
  /** Of a matrix of numbers, low and high half of each; null where a cell says only that it is there. */
  readonly values: Uint32Array | null;
}

/** One matrix, and two empty ones for what was added and deleted since. */
export function writeDelta(writer: PackedWriter, cells: Cells): void {
  const type = cells.values === null ? "GrB_BOOL" : "GrB_UINT64";
  if (cells.rows.length === 0) writeEmpty(writer, cells.size, type);
  else writeCells(writer, cells, type);
  writeEmpty(writer, cells.size, type);
  writeEmpty(writer, cells.size, "GrB_BOOL");
}

function writeCells(writer: PackedWriter, { size, rows, columns, values }: Cells, type: string): void {
  const filled = countRows(rows);
  const isSparse = filled * SPARSE_SHARE > size;
  const ends = new Uint32Array((isSparse ? size : filled) + 1);
  const names = new Uint32Array(isSparse ? 0 : filled);
  let row = -1;
  for (let at = 0, before = -1; at < rows.length; at++) {
    const next = rows[at]!;
    if (next !== before) {
      row = isSparse ? next : row + 1;
      if (!isSparse) names[row] = next;
      before = next;
    }
    ends[row + 1] = at + 1;
  }
  // Empty rows end where the one before them does.
  if (isSparse) for (let at = 1; at < ends.length; at++) if (ends[at] === 0) ends[at] = ends[at - 1]!;
  const form = isSparse ? FORM.sparse : FORM.hypersparse;
  writeContainer(writer, { size, filled, entries: rows.length, form, isUniform: values === null });
  if (values === null) writeVector(writer, ONE, type, 1);
  else writeVector(writer, bytesOf(values), type, rows.length);
  writeVector(writer, bytesOf(names), "GrB_INT32", names.length);
  writeVector(writer, bytesOf(ends), "GrB_UINT32", ends.length);
  writeVector(writer, bytesOf(columns), "GrB_INT32", columns.length);
  writeVector(writer, new Uint8Array(0), "GrB_INT8", 0);
}

function countRows(rows: Uint32Array): number {
  let count = 0;
  for (let at = 0; at < rows.length; at++) if (at === 0 || rows[at] !== rows[at - 1]) count++;
  return count;
}

/** As engines write one: with room for a row. */
function writeEmpty(writer: PackedWriter, size: number, type: string): void {
  writeContainer(writer, { size, filled: 0, entries: 0, form: FORM.hypersparse, isUniform: false });
  writeVector(writer, new Uint8Array(0), type, 0);
  writeVector(writer, new Uint8Array(8), "GrB_INT32", 0);
  writeVector(writer, new Uint8Array(8), "GrB_UINT32", 1);
  writeVector(writer, new Uint8Array(0), "GrB_INT32", 0);
  writeVector(writer, new Uint8Array(0), "GrB_INT8", 0);
}

interface Container {
  readonly size: number;
  readonly filled: number;
  readonly entries: number;
  readonly form: number;
  readonly isUniform: boolean;
}

function writeContainer(writer: PackedWriter, { size, filled, entries, form, isUniform }: Container): void {
  const bytes = new Uint8Array(CONTAINER);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(size), true);
  view.setBigUint64(8, BigInt(size), true);
  view.setBigInt64(16, BigInt(filled), true);
  view.setBigInt64(24, -1n, true);
  view.setBigUint64(32, BigInt(entries), true);
  view.setInt32(128, form, true);
  bytes[448] = isUniform ? 1 : 0;
  writer.buffer(bytes);
}

function writeVector(writer: PackedWriter, bytes: Uint8Array, type: string, entries: number): void {
  writer.buffer(bytes);
  writer.text(type);
  writer.unsigned(entries);
  writer.unsigned(paddedLength(bytes.length));
  writer.unsigned(0);
}

/** Typed arrays are little endian on every machine that this runs on. */
function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

const BLOB_HEAD = 160;
const BLOB_NAMES = "\0GrB_BOOL\0";
/** Of the library, as engines since 4.12 write it. */
const BLOB_VERSION = 10_000_002;

/** A list of relationship ids, ascending, as the serialized vector that has them as its places. */
export function idList(ids: Uint32Array): Uint8Array {
  const places = 8 * ids.length;
  const length = BLOB_HEAD + 3 * 8 + 8 + places + 1 + BLOB_NAMES.length;
  const blob = Buffer.alloc(paddedLength(length));
  blob.writeUInt32LE(blob.length, 0);
  // Boolean; the places in 64 bits, the others in 32.
  blob.writeUInt32LE(0x1101, 8);
  blob.writeInt32LE(BLOB_VERSION, 12);
  blob.writeBigUInt64LE(2n ** 60n - 1n, 16);
  for (const at of [24, 32, 40, 56]) blob.writeUInt32LE(1, at);
  blob.writeUInt32LE(ids.length, 48);
  blob.writeUInt32LE(8, 64);
  blob.writeUInt32LE(places, 88);
  blob.writeUInt32LE(1, 96);
  blob.writeFloatLE(0.0625, 104);
  blob.writeFloatLE(0.04, 108);
  blob.writeUInt32LE(15, 112);
  // Sparse, one value for all, by column.
  blob.writeInt32LE(4 * FORM.sparse + 2 + 1, 116);
  for (const [array, blocks] of [1, 0, 0, 1, 1].entries()) {
    blob.writeInt32LE(blocks, 120 + 8 * array);
    blob.writeInt32LE(-1, 124 + 8 * array);
  }
  for (const [block, end] of [8, places, 1].entries()) blob.writeUInt32LE(end, BLOB_HEAD + 8 * block);
  let at = BLOB_HEAD + 24;
  blob.writeUInt32LE(ids.length, at + 4);
  at += 8;
  for (const id of ids) {
    blob.writeUInt32LE(id, at);
    at += 8;
  }
  blob[at] = 1;
  blob.write(BLOB_NAMES, at + 1, "latin1");
  return blob;
}
