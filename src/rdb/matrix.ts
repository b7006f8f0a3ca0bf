/**
 * The sparse matrices of GraphBLAS, as they stand in a graph's data: arrays by which a cell can be found. `visitCells`
 * takes them in any of their forms; engines have been seen to write the two sparse ones, by row.
 */
import type { Payload, WholeTest } from "./payload.ts";

/** Who reads, as far as it has to tell what is wrong. */
export type Failing = Pick<Payload, "fail">;

export const FORM = { hypersparse: 1, sparse: 2, bitmap: 4, full: 8 } as const;
/** The value of a cell that stands for several relationships. */
export const SEVERAL = -1;

const CONTAINER_BYTES = 608;
const WIDTHS: Readonly<Record<string, 1 | 4 | 8>> = {
  GrB_BOOL: 1,
  GrB_INT8: 1,
  GrB_INT32: 4,
  GrB_UINT32: 4,
  GrB_INT64: 8,
  GrB_UINT64: 8,
};

/** Numbers of any width; of 64 bits those below 2^53, and SEVERAL for those with the top bit set. */
export type Numbers = Uint8Array | Uint32Array | Float64Array;

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly entries: number;
  readonly form: number;
  readonly isByColumn: boolean;
  /** All cells have the value x[0]. */
  readonly isUniform: boolean;
  /** Values; the rows that are not empty; where each row begins; columns; which cells are there. */
  readonly x: Numbers;
  readonly h: Numbers;
  readonly p: Numbers;
  readonly i: Numbers;
  readonly b: Numbers;
}

/** GraphBLAS's own container with its five vectors. @throws DamagedStoreError */
export function readMatrix(payload: Payload): Matrix {
  const container = payload.buffer();
  if (container.length !== CONTAINER_BYTES) payload.fail(`a matrix whose header has ${container.length} bytes`);
  const view = new DataView(container.buffer, container.byteOffset, container.length);
  const head = {
    rows: smallNumber(payload, view, 0),
    columns: smallNumber(payload, view, 8),
    entries: smallNumber(payload, view, 32),
    form: view.getInt32(128, true),
    isByColumn: view.getInt32(132, true) === 1,
    isUniform: container[448] !== 0,
  };
  const [x, h, p, i, b] = [0, 1, 2, 3, 4].map(() => readVector(payload));
  return { ...head, x: x!, h: h!, p: p!, i: i!, b: b! };
}

/** As readMatrix, without keeping anything. */
export function skipMatrix(payload: Payload): void {
  payload.skipBuffer();
  for (let vector = 0; vector < 5; vector++) {
    payload.skipBuffer(isArray);
    payload.skipBuffer();
    payload.unsigned();
    payload.unsigned();
    payload.skipSigned();
  }
}

/** What follows an array in the same string is the name of its type. */
const isArray: WholeTest = (bytes) => {
  const end = 8 + bytes.readUInt32LE(0);
  return end < bytes.length && bytes.toString("latin1", end + 8, end + 12) !== "GrB_";
};

/** Copied out, since the data are gone with the next call. What follows the entries is left over from larger times. */
function readVector(payload: Payload): Numbers {
  const data = payload.taken(isArray);
  const width = WIDTHS[payload.text()];
  if (width === undefined) payload.fail("a matrix of an unknown type");
  const entries = payload.unsigned();
  payload.unsigned();
  payload.skipSigned();
  if (entries * width > data.length) payload.fail(`${entries} numbers of a matrix in ${data.length} bytes`);
  return numbersOf(payload, data, width, entries);
}

/**
 * The numbers take the place of their bytes: there can be hundreds of millions of them.
 * @param data at the front of a buffer of its own, on a little-endian machine, as all are that this runs on
 */
export function numbersOf(payload: Failing, data: Uint8Array<ArrayBuffer>, width: 1 | 4 | 8, entries: number): Numbers {
  if (width === 1) return data.subarray(0, entries);
  const halves = new Uint32Array(data.buffer, 0, (width / 4) * entries);
  if (width === 4) return halves;
  const numbers = new Float64Array(data.buffer, 0, entries);
  for (let at = 0; at < entries; at++) {
    const high = halves[2 * at + 1]!;
    if (high >= 2 ** 31) numbers[at] = SEVERAL;
    else if (high >= 2 ** 21) payload.fail("an invalid number in a matrix");
    else numbers[at] = high * 2 ** 32 + halves[2 * at]!;
  }
  return numbers;
}

function smallNumber(payload: Payload, view: DataView, at: number): number {
  const number = Number(view.getBigUint64(at, true));
  if (number > Number.MAX_SAFE_INTEGER) payload.fail("a matrix with an invalid size");
  return number;
}

export type Visit = (row: number, column: number, value: number) => void;

/** Every cell once; each is found by an entry of `i`, `b` or `x`, so that damage cannot make it endless. */
export function visitCells(payload: Failing, matrix: Matrix, visit: Visit): void {
  const { isByColumn, form, entries, x, isUniform } = matrix;
  if (entries === 0 && form !== FORM.full) return;
  if (x.length < (isUniform ? 1 : entries)) payload.fail("a matrix with fewer values than cells");
  const place: Visit = isByColumn ? (vector, index, value) => visit(index, vector, value) : visit;
  const vectors = isByColumn ? matrix.columns : matrix.rows;
  const length = isByColumn ? matrix.rows : matrix.columns;
  if (form === FORM.hypersparse || form === FORM.sparse) visitSparse(payload, matrix, vectors, length, place);
  else if (form === FORM.bitmap || form === FORM.full) visitDense(payload, matrix, vectors, length, place);
  else payload.fail(`a matrix with the unknown format ${form}`);
}

function visitSparse(payload: Failing, matrix: Matrix, vectors: number, length: number, place: Visit): void {
  const { h, p, i, x, entries, isUniform } = matrix;
  const isHyper = matrix.form === FORM.hypersparse;
  const count = isHyper ? h.length : vectors;
  if (i.length < entries) payload.fail("a matrix with fewer places than cells");
  if (p.length < count + 1) payload.fail("a matrix with fewer row ends than rows");
  let at = p[0]!;
  if (at !== 0 || p[count] !== entries) payload.fail("a matrix whose rows do not add up");
  for (let vector = 0; vector < count; vector++) {
    const end = p[vector + 1]!;
    if (end < at || end > entries) payload.fail("a matrix whose rows overlap");
    const number = isHyper ? h[vector]! : vector;
    if (number >= vectors || number < 0) payload.fail("a row beyond its matrix");
    for (; at < end; at++) {
      const index = i[at]!;
      if (index >= length || index < 0) payload.fail("a cell beyond its matrix");
      place(number, index, isUniform ? x[0]! : x[at]!);
    }
  }
}

function visitDense(payload: Failing, matrix: Matrix, vectors: number, length: number, place: Visit): void {
  const { b, x, isUniform, form } = matrix;
  const cells = vectors * length;
  const stored = form === FORM.bitmap ? b.length : x.length;
  // A full matrix of one value could be of any size without a byte for it.
  if (stored < cells && !(form === FORM.full && isUniform && cells <= 1)) {
    payload.fail("a matrix with fewer cells than it declares");
  }
  if (form === FORM.bitmap && !isUniform && x.length < cells) payload.fail("a matrix with fewer values than cells");
  for (let at = 0; at < cells; at++) {
    if (form === FORM.bitmap && b[at] === 0) continue;
    place(Math.floor(at / length), at % length, isUniform ? x[0]! : x[at]!);
  }
}
