/**
 * CRC-64 as Redis has it: polynomial 0xAD93D23594C935A9 reflected, starting at zero, no final xor. Eight bytes a step by
 * eight tables ("slicing"), with the 64 bits in two 32-bit halves, since BigInt would take a hundred times as long.
 */
const SLICES = 8;
const LOW = new Int32Array(SLICES * 256);
const HIGH = new Int32Array(SLICES * 256);

const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let slice = 1; slice < SLICES; slice++) {
  for (let byte = 0; byte < 256; byte++) {
    const before = (slice - 1) * 256 + byte;
    const low = LOW[before]!;
    const high = HIGH[before]!;
    LOW[slice * 256 + byte] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
    HIGH[slice * 256 + byte] = (high >>> 8) ^ HIGH[low & 255]!;
  }
}

/** Redis's CRC-64 (Jones), fed piece by piece. */
export class Crc64 {
  #low = 0;
  #high = 0;

  update(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let low = this.#low;
    let high = this.#high;
    let at = from;
    for (; at + 8 <= to; at += 8) {
      const a = low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      const b = high ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
      const i0 = 1792 + (a & 255);
      const i1 = 1536 + ((a >>> 8) & 255);
      const i2 = 1280 + ((a >>> 16) & 255);
      const i3 = 1024 + (a >>> 24);
      const i4 = 768 + (b & 255);
      const i5 = 512 + ((b >>> 8) & 255);
      const i6 = 256 + ((b >>> 16) & 255);
      const i7 = b >>> 24;
      low = LOW[i0]! ^ LOW[i1]! ^ LOW[i2]! ^ LOW[i3]! ^ LOW[i4]! ^ LOW[i5]! ^ LOW[i6]! ^ LOW[i7]!;
      high = HIGH[i0]! ^ HIGH[i1]! ^ HIGH[i2]! ^ HIGH[i3]! ^ HIGH[i4]! ^ HIGH[i5]! ^ HIGH[i6]! ^ HIGH[i7]!;
    }
    for (; at < to; at++) {
      const index = (low ^ bytes[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
      high = (high >>> 8) ^ HIGH[index]!;
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** The eight bytes as they stand at the end of a dump. */
  digest(): Uint8Array {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, this.#low, true);
    view.setInt32(4, this.#high, true);
    return bytes;
  }
}
