/**
 * A matrix as GraphBLAS serializes it, each array in blocks of its own, compressed where it is long: the lists of
 * parallel relationships in every packed version, whole matrices in version 17.
 */
import { zstdDecompressSync } from "node:zlib";
import { type Failing, type Matrix, type Numbers, numbersOf } from "./matrix.ts";
import type { Payload } from "./payload.ts";

const HEAD_BYTES = 160;
const STORED = -1;
const ZSTD = [3_000, 3_999] as const;
/** Of the codes for types, those whose width is not eight bytes: 1 is boolean. */
const BOOLEAN = 1;

/** @param limit bytes that an array can have at most, as far as the graph's own figures tell */
export function readBlob(payload: Payload, limit: number): Matrix {
  return decodeBlob(payload, payload.taken(), limit).matrix;
}

/**
 * @param blob at the front of a buffer of its own
 * @returns also what follows the arrays: the name that was given to the matrix, and that of its type, each with a NUL
 */
export function decodeBlob(
  payload: Failing,
  blob: Uint8Array,
  limit: number,
): { readonly matrix: Matrix; readonly names: Uint8Array } {
  if (blob.length < HEAD_BYTES) payload.fail("a serialized matrix that is too short");
  const reader = new BlobReader(payload, blob, limit);
  const matrix = reader.matrix();
  return { matrix, names: reader.rest() };
}

class BlobReader {
  readonly #payload: Failing;
  readonly #blob: Uint8Array;
  readonly #view: DataView;
  readonly #limit: number;
  /** Where the next array's block ends stand, and its data. */
  #ends = HEAD_BYTES;
  #data = 0;

  constructor(payload: Failing, blob: Uint8Array, limit: number) {
    this.#payload = payload;
    this.#blob = blob;
    this.#view = new DataView(blob.buffer, blob.byteOffset, blob.length);
    this.#limit = limit;
  }

  matrix(): Matrix {
    const view = this.#view;
    const types = view.getUint32(8, true);
    // A list of relationships has room for 2^60-1 of them: only to be compared with.
    const vectorLength = Number(view.getBigUint64(16, true));
    const vectors = this.#number(24);
    const entries = this.#number(48);
    const valueBytes = this.#number(56);
    // In the order p, h, b, i, x.
    const lengths = [0, 1, 2, 3, 4].map((at) => this.#number(64 + 8 * at));
    const blocks = [0, 1, 2, 3, 4].map((at) => view.getInt32(120 + 8 * at, true));
    const shape = view.getInt32(116, true);
    if (blocks.some((count) => count < 0 || count > this.#blob.length)) this.#fail("impossible blocks");
    this.#data = HEAD_BYTES + 8 * blocks.reduce((sum, count) => sum + count, 0);
    const indexWidth = (shift: number) => (((types >> shift) & 15) === 0 ? 8 : 4);
    const widths = [indexWidth(12), indexWidth(8), 1, indexWidth(4), (types & 15) === BOOLEAN ? 1 : 8] as const;
    if (valueBytes !== widths[4]) this.#fail(`values of ${valueBytes} bytes`);
    const arrays = widths.map((width, at) => this.#array(lengths[at]!, blocks[at]!, at, width));
    const [p, h, b, i, x] = arrays as [Numbers, Numbers, Numbers, Numbers, Numbers];
    const isByColumn = (shape & 1) === 1;
    return {
      rows: isByColumn ? vectorLength : vectors,
      columns: isByColumn ? vectors : vectorLength,
      entries,
      form: shape >> 2,
      isByColumn,
      isUniform: (shape & 2) !== 0,
      ...{ p, h, b, i, x },
    };
  }

  /** Behind the arrays, once they have been read. */
  rest(): Uint8Array {
    return this.#blob.subarray(this.#data);
  }

  #array(length: number, blocks: number, number: number, width: 1 | 4 | 8): Numbers {
    if (length > this.#limit) this.#fail(`an array of ${length} bytes, more than the graph can need`);
    const method = this.#view.getInt32(124 + 8 * number, true);
    if (method === STORED && length > this.#blob.length) this.#fail(`an array of ${length} bytes beyond its end`);
    const array = new Uint8Array(length);
    const begin = this.#data;
    let from = begin;
    for (let block = 0; block < blocks; block++) {
      const to = begin + this.#number(this.#ends);
      this.#ends += 8;
      if (to < from || to > this.#blob.length) this.#fail("blocks beyond its end");
      const start = Math.floor((block * length) / blocks);
      const end = Math.floor(((block + 1) * length) / blocks);
      const plain = this.#decompress(this.#blob.subarray(from, to), method, end - start);
      if (plain.length !== end - start) this.#fail(`a block of ${plain.length} bytes instead of ${end - start}`);
      array.set(plain, start);
      from = to;
    }
    if (blocks === 0 && length > 0) this.#fail("an array without blocks");
    this.#data = from;
    return numbersOf(this.#payload, array, width, Math.floor(length / width));
  }

  #decompress(block: Uint8Array, method: number, length: number): Uint8Array {
    if (method === STORED) return block;
    if (method < ZSTD[0] || method > ZSTD[1]) return this.#fail(`the unknown compression ${method}`);
    try {
      return zstdDecompressSync(block, { maxOutputLength: Math.max(length, 1) });
    } catch {
      return this.#fail("a block that cannot be decompressed");
    }
  }

  #number(at: number): number {
    if (at + 8 > this.#blob.length) this.#fail("a truncated header");
    const number = Number(this.#view.getBigInt64(at, true));
    if (number < 0 || number > Number.MAX_SAFE_INTEGER) this.#fail("an impossible length");
    return number;
  }

  #fail(what: string): never {
    this.#payload.fail(`a serialized matrix with ${what}`);
  }
}
