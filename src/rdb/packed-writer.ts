/**
 * Encoding version 18: numbers and buffers packed into strings of up to 256,000 bytes (packed-reader.ts), compressed
 * where that pays, as engines do themselves.
 */
import { lzfCompress } from "./lzf.ts";
import { CHUNK } from "./packed-reader.ts";
import type { FileSink } from "./sink.ts";

export const WRITTEN_ENCODING = 18;

const STRING = 5;
const LZF = 0xc3;
const NUMBER = 8;
/** The longest buffer that shares a string with others. */
const LONGEST_SHARED = CHUNK - NUMBER;
/** Longer ones, which are arrays of numbers, are not worth the memory; the engine takes them as they are. */
const LONGEST_COMPRESSED = 1 << 23;
/** UTF-8 bytes for each UTF-16 unit. */
const MOST_UTF8 = 3;

/** The counterpart of PackedPayload. */
export class PackedWriter {
  readonly #sink: FileSink;
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  readonly #view = new DataView(this.#chunk.buffer, this.#chunk.byteOffset, CHUNK);
  #compressed = Buffer.allocUnsafe(CHUNK);
  #at = 0;

  constructor(sink: FileSink) {
    this.#sink = sink;
  }

  unsigned(value: number): void {
    const at = this.#room(NUMBER);
    this.#view.setUint32(at, value % 2 ** 32, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  signed(value: bigint): void {
    this.#view.setBigInt64(this.#room(NUMBER), value, true);
  }

  double(value: number): void {
    this.#view.setFloat64(this.#room(NUMBER), value, true);
  }

  /**
   * Engines up to 4.16 take a string for one buffer alone only when it is longer than a chunk, but write some that are not,
   * and crash over them: buffers of that length get zeros behind them, which no reader of their contents looks at.
   */
  buffer(bytes: Uint8Array): void {
    if (bytes.length <= LONGEST_SHARED) {
      const at = this.#room(NUMBER + bytes.length);
      this.#view.setUint32(at, bytes.length, true);
      this.#view.setUint32(at + 4, 0, true);
      this.#chunk.set(bytes, at + NUMBER);
      return;
    }
    this.flush();
    const length = paddedLength(bytes.length);
    const padded = length === bytes.length ? bytes : new Uint8Array(length);
    if (padded !== bytes) padded.set(bytes);
    this.#emit(padded);
  }

  /** @param value well-formed and without NUL */
  text(value: string): void {
    const most = value.length * MOST_UTF8 + 1 + NUMBER;
    if (most > CHUNK - this.#at && !this.#fits(Buffer.byteLength(value) + 1)) {
      this.buffer(Buffer.from(`${value}\0`));
      return;
    }
    const start = this.#at + NUMBER;
    const length = this.#chunk.write(value, start);
    this.#chunk[start + length] = 0;
    this.#view.setUint32(this.#at, length + 1, true);
    this.#view.setUint32(this.#at + 4, 0, true);
    this.#at = start + length + 1;
  }

  /** Ends the string that was begun: what follows does not need to know of it. */
  flush(): void {
    if (this.#at === 0) return;
    this.#emit(this.#chunk.subarray(0, this.#at));
    this.#at = 0;
  }

  #fits(bytes: number): boolean {
    return this.#at + NUMBER + bytes <= CHUNK;
  }

  #room(bytes: number): number {
    if (this.#at + bytes > CHUNK) this.flush();
    this.#at += bytes;
    return this.#at - bytes;
  }

  #emit(bytes: Uint8Array): void {
    const sink = this.#sink;
    sink.byte(STRING);
    const compressed = this.#compress(bytes);
    if (compressed === null) {
      sink.string(bytes);
      return;
    }
    sink.byte(LZF);
    sink.length(compressed.length);
    sink.length(bytes.length);
    sink.write(compressed);
  }

  #compress(bytes: Uint8Array): Uint8Array | null {
    if (bytes.length > LONGEST_COMPRESSED) return null;
    if (this.#compressed.length < bytes.length) this.#compressed = Buffer.allocUnsafe(bytes.length);
    const length = lzfCompress(bytes, bytes.length, this.#compressed, bytes.length - 4);
    return length === 0 ? null : this.#compressed.subarray(0, length);
  }
}

/** How long a buffer gets, so that every engine knows it for what it is. */
export function paddedLength(bytes: number): number {
  return bytes > LONGEST_SHARED && bytes <= CHUNK ? CHUNK + NUMBER : bytes;
}
