/** The pages of a SQLite file, read by their numbers. Nothing is locked, replayed or written. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DamagedPageError } from "./damage.ts";
import { type FileHeader, HEADER_BYTES, parseHeader } from "./header.ts";

const CACHED_PAGES = 64;
const AHEAD_PAGES = 32;

/** A file by its pages, the first of which is number 1. Close it in the end. */
export class PageFile {
  readonly header: FileHeader;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  /** Whole pages that the file has, whatever its header says. */
  readonly pages: number;
  readonly #file: number;
  readonly #cache = new Map<number, Buffer>();
  /** The last pages that were read ahead, since pages that are read once often follow one another. */
  #ahead: { readonly first: number; readonly bytes: Buffer } | null = null;
  #last = 0;

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
    const bytes = this.readInto(number, this.room());
    if (this.#cache.size >= CACHED_PAGES) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(number, bytes);
    return bytes;
  }

  /** For the bytes of a page. */
  room(): Buffer {
    return Buffer.allocUnsafe(this.header.pageSize);
  }

  /** As page, of one that is not asked for again. @param room which is given back */
  readInto(number: number, room: Buffer): Buffer {
    if (number < 1 || number > this.pages) throw new DamagedPageError(`page ${number} is not in the file`);
    const { pageSize } = this.header;
    const follows = number === this.#last + 1;
    this.#last = number;
    if (this.#isAhead(number) || (follows && this.#readAhead(number))) {
      const { first, bytes } = this.#ahead!;
      bytes.copy(room, 0, (number - first) * pageSize, (number - first + 1) * pageSize);
      return room;
    }
    if (readSync(this.#file, room, 0, pageSize, (number - 1) * pageSize) === pageSize) return room;
    throw new DamagedPageError(`page ${number} cannot be read`);
  }

  #isAhead(number: number): boolean {
    if (this.#ahead === null) return false;
    const { first, bytes } = this.#ahead;
    return number >= first && number < first + bytes.length / this.header.pageSize;
  }

  #readAhead(first: number): boolean {
    const { pageSize } = this.header;
    const bytes = Buffer.allocUnsafe(Math.min(AHEAD_PAGES, this.pages - first + 1) * pageSize);
    const isRead = readSync(this.#file, bytes, 0, bytes.length, (first - 1) * pageSize) === bytes.length;
    this.#ahead = isRead ? { first, bytes } : null;
    return isRead;
  }

  close(): void {
    closeSync(this.#file);
  }
}
