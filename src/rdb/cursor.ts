/**
 * A place in a dump that moves forward through it: bytes, lengths and strings of the container. No length that is read is
 * believed before it is compared with what is left, so that a damaged one costs no memory.
 */
import type { Crc64 } from "./crc64.ts";
import { damageAt } from "./damage.ts";
import type { ByteSource } from "./dump.ts";
import { LZF_MAX_RATIO, lzfDecompress } from "./lzf.ts";

const WINDOW = 1 << 19;
/** Longer strings get memory of their own, which goes with them. */
export const LARGE = 1 << 20;
/** What one array of the runtime can hold. */
const LONGEST = 2 ** 32 - 1;
const TWO_32 = 2 ** 32;
const ENCODER = new TextEncoder();

/**
 * Reads a file forward in large pieces; lengths, strings and numbers as Redis writes them.
 * @throws DamagedStoreError
 */
export class Cursor {
  readonly source: ByteSource;
  readonly #end: number;
  readonly #checksum: Crc64 | null;
  readonly #window: Uint8Array;
  /** Where the window begins in the source, how much of it is filled, and where in it we are. */
  #base: number;
  #limit = 0;
  #at = 0;
  /** All before this is in the checksum; never before the window, since going forward passes every byte. */
  #summed: number;
  #plain = new Uint8Array(WINDOW);
  /** The upper half of the length that was read last; lengths() gives only those that a number can hold. */
  high = 0;

  constructor(source: ByteSource, start = 0, checksum: Crc64 | null = null) {
    this.source = source;
    this.#end = source.size;
    this.#checksum = checksum;
    this.#window = new Uint8Array(Math.min(WINDOW, Math.max(source.size, 16)));
    this.#base = start;
    this.#summed = start;
  }

  get position(): number {
    return this.#base + this.#at;
  }

  get left(): number {
    return this.#end - this.position;
  }

  /** With a checksum only to where it has been already. */
  seek(position: number): void {
    const at = position - this.#base;
    if (at >= 0 && at <= this.#limit) {
      this.#at = at;
      return;
    }
    this.#sum();
    this.#base = position;
    this.#limit = 0;
    this.#at = 0;
  }

  fail(what: string, offset = this.position): never {
    throw damageAt(this.source, offset, what);
  }

  byte(): number {
    if (this.#at === this.#limit) this.#fill(1);
    return this.#window[this.#at++]!;
  }

  /** Good until the next call. */
  bytes(count: number): Uint8Array {
    if (count > this.#window.length) return this.#large(count);
    if (this.#limit - this.#at < count) this.#fill(count);
    this.#at += count;
    return this.#window.subarray(this.#at - count, this.#at);
  }

  skip(count: number): void {
    this.#assertLeft(count);
    if (this.#checksum === null) {
      this.seek(this.position + count);
      return;
    }
    let rest = count;
    while (rest > this.#limit - this.#at) {
      rest -= this.#limit - this.#at;
      this.#at = this.#limit;
      this.#fill(1);
    }
    this.#at += rest;
  }

  /** A length, whatever its form. @throws where a string's special form stands instead, or it is beyond 2^53 */
  length(): number {
    const start = this.position;
    const low = this.lowLength();
    if (this.high >= 2 ** 21) this.fail("an invalid length", start);
    return this.high * TWO_32 + low;
  }

  /** A length of which `high` holds the upper half: 64-bit numbers are written as lengths, too. */
  lowLength(): number {
    const first = this.byte();
    this.high = 0;
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    if (first === 0x80) return this.#bigEndian();
    if (first !== 0x81) this.fail("no length where one is required", this.position - 1);
    const high = this.#bigEndian();
    const low = this.#bigEndian();
    this.high = high;
    return low;
  }

  skipLengths(count: number): void {
    for (let done = 0; done < count; done++) this.lowLength();
  }

  skipString(): void {
    const first = this.byte();
    if (first < 0xc0) {
      this.#at--;
      this.skip(this.length());
    } else if (first < 0xc3) this.skip(1 << (first & 3));
    else if (first === 0xc3) {
      const compressed = this.length();
      this.length();
      this.skip(compressed);
    } else this.fail("a string with an unknown encoding", this.position - 1);
  }

  /** The bytes of a string; good until the next call. */
  string(): Uint8Array {
    const start = this.position;
    const first = this.byte();
    if (first < 0xc0) {
      this.#at--;
      return this.bytes(this.length());
    }
    if (first < 0xc3) return ENCODER.encode(String(this.#signed(1 << (first & 3))));
    if (first !== 0xc3) this.fail("a string with an unknown encoding", start);
    const compressed = this.length();
    const length = this.length();
    this.#assertLeft(compressed);
    if (length > compressed * LZF_MAX_RATIO || length > LONGEST) {
      this.fail(`${compressed} compressed bytes that should decompress to ${length}`, start);
    }
    const data = this.bytes(compressed);
    const isLarge = length > LARGE;
    if (!isLarge && this.#plain.length < length) this.#plain = new Uint8Array(LARGE);
    const plain = isLarge ? this.#allocate(length) : this.#plain;
    if (!lzfDecompress(data, 0, compressed, plain, length)) this.fail("a damaged compressed string", start);
    return plain.subarray(0, length);
  }

  /** How long the string here is, decompressed; does not move. */
  plainLength(): number {
    const { position } = this;
    const first = this.byte();
    let length = 0;
    if (first < 0xc0) {
      this.#at--;
      length = this.length();
    } else if (first === 0xc3) {
      this.length();
      length = this.length();
    }
    this.seek(position);
    return length;
  }

  /** What the checksum is of everything passed so far; null where none is kept. */
  digest(): Uint8Array | null {
    this.#sum();
    return this.#checksum?.digest() ?? null;
  }

  #signed(width: number): number {
    const bytes = this.bytes(width);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (width === 1) return view.getInt8(0);
    return width === 2 ? view.getInt16(0, true) : view.getInt32(0, true);
  }

  #bigEndian(): number {
    const bytes = this.bytes(4);
    return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
  }

  #assertLeft(count: number): void {
    if (count > this.left) this.fail(`${count} bytes should follow, but only ${Math.max(this.left, 0)} are left`);
  }

  #sum(): void {
    const { position } = this;
    if (this.#checksum === null || position <= this.#summed) return;
    this.#checksum.update(this.#window, this.#summed - this.#base, this.#at);
    this.#summed = position;
  }

  /** Makes the window hold so many bytes from here on, and more where there are. */
  #fill(count: number): void {
    this.#assertLeft(count);
    this.#sum();
    this.#window.copyWithin(0, this.#at, this.#limit);
    this.#base += this.#at;
    this.#limit -= this.#at;
    this.#at = 0;
    const room = Math.min(this.#window.length, this.#end - this.#base);
    this.#limit += this.source.read(this.#window.subarray(this.#limit, room), this.#base + this.#limit);
    if (this.#limit < count) this.fail("it ends here: it is shorter than when it was opened", this.#base + this.#limit);
  }

  #large(count: number): Uint8Array {
    this.#assertLeft(count);
    this.#sum();
    const { position } = this;
    const bytes = this.#allocate(count);
    if (this.source.read(bytes, position) < count) this.fail("it ends inside: it is shorter than when it was opened");
    if (this.#checksum !== null && position + count > this.#summed) {
      this.#checksum.update(bytes, this.#summed - position);
      this.#summed = position + count;
    }
    this.#base = position + count;
    this.#limit = 0;
    this.#at = 0;
    return bytes;
  }

  #allocate(count: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(count);
    } catch {
      this.fail(`a string of ${count} bytes, more than fits into memory`);
    }
  }
}
