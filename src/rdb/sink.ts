/** A file that is written from front to end, in large pieces, with a checksum of it all where one is wanted. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Crc64 } from "./crc64.ts";

const BUFFER = 1 << 18;

/** Writes a file in large pieces, and knows the checksum of all that was written. */
export class FileSink {
  readonly #file: number;
  readonly #checksum: Crc64 | null;
  readonly #buffer = Buffer.allocUnsafe(BUFFER);
  #filled = 0;
  #written = 0;

  /** Creates or empties the file. @throws the system's error, here and when writing */
  constructor(path: string, checksum: Crc64 | null = null) {
    this.#file = openSync(path, "w", 0o600);
    this.#checksum = checksum;
  }

  get bytes(): number {
    return this.#written + this.#filled;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER - this.#filled) this.flush();
    if (bytes.length > BUFFER) {
      this.#put(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  byte(value: number): void {
    if (this.#filled === BUFFER) this.flush();
    this.#buffer[this.#filled++] = value;
  }

  /** In the shortest form that a dump has for a length. */
  length(value: number): void {
    if (value < 64) this.byte(value);
    else if (value < 1 << 14) {
      this.byte(0x40 | (value >> 8));
      this.byte(value & 255);
    } else {
      const isLong = value >= 2 ** 32;
      const bytes = new Uint8Array(isLong ? 9 : 5);
      const view = new DataView(bytes.buffer);
      bytes[0] = isLong ? 0x81 : 0x80;
      if (isLong) view.setUint32(1, Math.floor(value / 2 ** 32));
      view.setUint32(isLong ? 5 : 1, value % 2 ** 32);
      this.write(bytes);
    }
  }

  string(bytes: Uint8Array): void {
    this.length(bytes.length);
    this.write(bytes);
  }

  flush(): void {
    this.#put(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  close(): void {
    closeSync(this.#file);
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#checksum?.update(bytes);
    this.#written += bytes.length;
  }
}
