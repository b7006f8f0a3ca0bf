/**
 * The rows of a table as the bytes that they are in the file, for who sums and finds rows of a large one without decoding them.
 * The first thing that is out of order ends the reading: a file that is not sound is read in another way.
 */
import { INTERIOR_TABLE, LEAF_TABLE, readRowid, readTablePayload, readTreePage, type TreePage } from "./cells.ts";
import { DamagedPageError } from "./damage.ts";
import type { PageFile } from "./page-file.ts";
import { readLength, readVarint } from "./record.ts";

const MAX_DEPTH = 30;

/** A table by its pages. Everything throws DamagedPageError. */
export class RawTable {
  readonly #file: PageFile;
  readonly #root: number;

  /** @param root the number of the table's first page, as sqlite_schema gives it */
  constructor(file: PageFile, root: number) {
    this.#file = file;
    this.#root = root;
  }

  /** The pages with rows, in the order of their numbers; the bytes of each hold until the next one. */
  *leaves(): Generator<TreePage> {
    const room = this.#file.room();
    const path = [{ page: this.#open(this.#root, room), child: 0 }];
    for (let visited = 1; ; visited++) {
      const top = path.at(-1);
      if (top === undefined) return;
      const { page, child } = top;
      if (page.type === LEAF_TABLE || child > page.cells.length) {
        if (page.type === LEAF_TABLE) yield page;
        path.pop();
        continue;
      }
      top.child++;
      if (path.length > MAX_DEPTH || visited > 2 * this.#file.pages) throw new DamagedPageError("a table without end");
      path.push({ page: this.#open(childOf(page, child), room), child: 0 });
    }
  }

  /** The record of a cell of a leaf: header and values (`record.ts`). */
  payload(leaf: TreePage, cell: number): Buffer {
    return readTablePayload(this.#file, leaf, cell);
  }

  /** Whether all of each of its rows is on the page itself. */
  isWhole({ cells, bytes }: TreePage): boolean {
    const most = this.#file.usable - 35;
    return cells.every((at) => readLength(bytes, at).value <= most);
  }

  /** The record of the row of that number; null where there is none. */
  payloadAt(rowid: bigint): Buffer | null {
    let page = this.#open(this.#root);
    for (let depth = 0; page.type === INTERIOR_TABLE; depth++) {
      if (depth > MAX_DEPTH) throw new DamagedPageError("a table without end");
      const { bytes, cells } = page;
      // The key beside a child is the greatest number in it.
      const at = cells.findIndex((cell) => rowid <= readVarint(bytes, cell + 4).value);
      page = this.#open(childOf(page, at === -1 ? cells.length : at));
    }
    const leaf = page;
    const at = leaf.cells.find((cell) => readRowid(leaf, cell) === rowid);
    return at === undefined ? null : readTablePayload(this.#file, leaf, at);
  }

  /** @param room for the bytes of a leaf */
  #open(number: number, room?: Buffer): TreePage {
    const page = readTreePage(this.#file, number, room);
    // What is found of a damaged page may not be all of it.
    if (page.astray > 0) throw new DamagedPageError(`page ${number} has a cell outside the page`);
    if (page.type === LEAF_TABLE) return page;
    if (page.type !== INTERIOR_TABLE) throw new DamagedPageError(`page ${number} belongs to something else`);
    return room === undefined ? page : { ...page, bytes: Buffer.from(page.bytes) };
  }
}

function childOf({ bytes, cells, rightmost }: TreePage, at: number): number {
  return at === cells.length ? rightmost : bytes.readUInt32BE(cells[at]!);
}

/** The text in a column of a record, in UTF-8; null for a value of another type, and for text that is not valid. */
export function textAt(payload: Buffer, column: number): string | null {
  const { value: end, next } = readLength(payload, 0);
  let [at, body] = [next, end];
  for (let passed = 0; at < end; passed++) {
    const { value: type, next: after } = readLength(payload, at);
    const length = type < 12 ? FIXED_LENGTHS[type]! : (type - (type % 2 === 0 ? 12 : 13)) / 2;
    if (passed === column) {
      if (type < 13 || type % 2 === 0 || body + length > payload.length) return null;
      const text = payload.toString("utf8", body, body + length);
      return text.includes("\uFFFD") ? null : text;
    }
    [at, body] = [after, body + length];
  }
  return null;
}

/** Of the types 10 and 11 there are none. */
const FIXED_LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0] as const;
