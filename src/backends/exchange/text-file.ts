/** A text file that is written from its beginning to its end. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";

/** So many UTF-16 units are gathered before they are written. */
const BUFFERED = 1 << 20;

export class TextFile {
  readonly #file: number;
  #parts: string[] = [];
  #length = 0;

  /** @param path of an empty file @throws the system's error */
  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  /** Half a character, which UTF-8 has not, must have been escaped. @throws the system's error */
  put(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= BUFFERED) this.#flush();
  }

  /** Everything is on the disk afterwards. @throws the system's error */
  end(): void {
    this.#flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  /** Instead of `end`. */
  abandon(): void {
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#parts.join(""));
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#parts = [];
    this.#length = 0;
  }
}
