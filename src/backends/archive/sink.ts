/** Where the bytes of an archive go. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { ByteSource } from "./bytes.ts";

/** Takes bytes one after the other. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** After the last bytes. */
  close(): void;
  /** Instead of `close`, where what was written is of no use. */
  abandon(): void;
  /** After `close`: what was written, out of the bytes of the file. */
  reading(file: ByteSource): ByteSource;
}

export class FileSink implements ByteSink {
  readonly #file: number;

  /** @param path of an empty file */
  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }

  close(): void {
    closeSync(this.#file);
  }

  abandon(): void {
    closeSync(this.#file);
  }

  reading(file: ByteSource): ByteSource {
    return file;
  }
}
