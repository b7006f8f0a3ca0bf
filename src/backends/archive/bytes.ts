/** The bytes of an archive, wherever they come from: a file as it is, or one that is decrypted. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { whenFree } from "../../support/files.ts";

export interface ByteSource {
  readonly size: number;
  /** Fewer bytes than wanted only where they end. */
  read(offset: number, length: number): Buffer;
  /** Where in the file an offset is, for messages: the two differ where it is encrypted. */
  placeOf(offset: number): number;
  /** Places in the file where what was read is not what was written, as far as that was noticed here. */
  readonly damaged?: ReadonlySet<number>;
  close(): void;
}

/** Bytes that are in memory. */
export function inMemory(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    placeOf: (offset) => offset,
    close() {},
  };
}

/** So much is read at once where a little is wanted: what is near it mostly follows. */
const AHEAD = 64 << 10;

export class FileBytes implements ByteSource {
  readonly size: number;
  readonly #file: number;
  #ahead: Buffer = Buffer.alloc(0);
  #aheadAt = 0;

  constructor(path: string) {
    this.#file = whenFree(() => openSync(path, "r"));
    this.size = fstatSync(this.#file).size;
  }

  read(offset: number, length: number): Buffer {
    if (length >= AHEAD) return this.#read(offset, length);
    const from = offset - this.#aheadAt;
    if (from < 0 || from + length > this.#ahead.length) {
      this.#ahead = this.#read(offset, AHEAD);
      this.#aheadAt = offset;
      return this.#ahead.subarray(0, length);
    }
    return this.#ahead.subarray(from, from + length);
  }

  placeOf(offset: number): number {
    return offset;
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(this.#file, bytes, filled, bytes.length - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  }
}
