/** The pages of a SQLite file, read by their numbers. Nothing is locked, replayed or written. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DamagedPageError } from "./damage.ts";
import { type FileHeader, HEADER_BYTES, parseHeader } from "./header.ts";

const CACHED_PAGES = 64;

/** A file by its pages, the first of which is number 1. Close it in the end. */
export class PageFile {
  readonly header: FileHeader;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  /** Whole pages that the file has, whatever its header says. */
  readonly pages: number;
  readonly #file: number;
  readonly #cache = new Map<number, Buffer>();

  private constructor(file: number, header: FileHeader, size: number) {
    this.#file = file;
    this.header = header;
    this.usable = header.pageSize - header.reserved;
    this.pages = Math.floor(size / header.pageSize);
  }

  /** Null for a file that does not begin like a SQLite file. @throws the system's error */
  static open(path: string): PageFile | null {
    const file = openSync(path, "r");
    const bytes = Buffer.alloc(HEADER_BYTES);
    const header = readSync(file, bytes, 0, HEADER_BYTES, 0) === HEADER_BYTES ? parseHeader(bytes) : null;
    if (header !== null) return new PageFile(file, header, fstatSync(file).size);
    closeSync(file);
    return null;
  }

  /**
   * The page's bytes, which must not be changed. Numbers begin with 1.
   * @throws DamagedPageError for a page that the file does not have
   */
  page(number: number): Buffer {
    const known = this.#cache.get(number);
    if (known !== undefined) return known;
    if (number < 1 || number > this.pages) throw new DamagedPageError(`page ${number} is not in the file`);
    const { pageSize } = this.header;
    const bytes = Buffer.allocUnsafe(pageSize);
    if (readSync(this.#file, bytes, 0, pageSize, (number - 1) * pageSize) !== pageSize) {
      throw new DamagedPageError(`page ${number} cannot be read`);
    }
    if (this.#cache.size >= CACHED_PAGES) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(number, bytes);
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }
}
