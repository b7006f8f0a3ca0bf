/** LZF, the compression of long strings in a dump. */

/** What a byte of compressed data can become at most: three of them make a run of 264. */
export const LZF_MAX_RATIO = 88;

/**
 * Decompresses `data[from, to)` into `into[0, length)`.
 * @returns false when the data are damaged: they do not give exactly that many bytes
 */
export function lzfDecompress(data: Uint8Array, from: number, to: number, into: Uint8Array, length: number): boolean {
  let at = from;
  let out = 0;
  while (at < to) {
    const control = data[at++]!;
    if (control < 32) {
      const run = control + 1;
      if (at + run > to || out + run > length) return false;
      for (let end = out + run; out < end; ) into[out++] = data[at++]!;
      continue;
    }
    let run = control >> 5;
    if (run === 7) {
      if (at >= to) return false;
      run += data[at++]!;
    }
    if (at >= to) return false;
    let back = out - ((control & 31) << 8) - data[at++]! - 1;
    const end = out + run + 2;
    if (back < 0 || end > length) return false;
    while (out < end) into[out++] = into[back++]!;
  }
  return out === length;
}

const HASH_BITS = 15;
const SHIFT = 32 - HASH_BITS;
const MAX_LITERALS = 32;
const MAX_OFFSET = 1 << 13;
const MAX_RUN = 264;

/** Positions by the hash of three bytes. */
const positions = new Int32Array(1 << HASH_BITS);

/**
 * Compresses `data[0, length)` into `into`; the same data give the same bytes.
 * @returns how many bytes that took; 0 where it would take more than `limit`, so that it does not pay
 */
export function lzfCompress(data: Uint8Array, length: number, into: Uint8Array, limit: number): number {
  if (length < 4) return 0;
  positions.fill(-1);
  let at = 0;
  let out = 1;
  let literals = 0;
  const last = length - 2;
  let three = (data[0]! << 8) | data[1]!;
  while (at < last) {
    three = ((three << 8) | data[at + 2]!) & 0xffffff;
    const slot = Math.imul(three, 0x9e3779b1) >>> SHIFT;
    const found = positions[slot]!;
    positions[slot] = at;
    const offset = at - found - 1;
    if (
      found >= 0 &&
      offset < MAX_OFFSET &&
      data[found] === data[at] &&
      data[found + 1] === data[at + 1] &&
      data[found + 2] === data[at + 2]
    ) {
      if (out + 4 >= limit) return 0;
      if (literals > 0) into[out - literals - 1] = literals - 1;
      else out--;
      literals = 0;
      const most = Math.min(MAX_RUN, length - at);
      let run = 3;
      while (run < most && data[found + run] === data[at + run]) run++;
      const code = run - 2;
      if (code < 7) into[out++] = (code << 5) | (offset >> 8);
      else {
        into[out++] = (7 << 5) | (offset >> 8);
        into[out++] = code - 7;
      }
      into[out++] = offset & 255;
      // Room for the next count of literals.
      out++;
      at += run;
      if (at >= last) break;
      three = (data[at]! << 8) | data[at + 1]!;
      continue;
    }
    if (out + 2 >= limit) return 0;
    into[out++] = data[at++]!;
    if (++literals === MAX_LITERALS) {
      into[out - literals - 1] = literals - 1;
      literals = 0;
      out++;
    }
  }
  while (at < length) {
    if (out + 2 >= limit) return 0;
    into[out++] = data[at++]!;
    if (++literals === MAX_LITERALS) {
      into[out - literals - 1] = literals - 1;
      literals = 0;
      out++;
    }
  }
  if (literals > 0) into[out - literals - 1] = literals - 1;
  else out--;
  return out;
}
