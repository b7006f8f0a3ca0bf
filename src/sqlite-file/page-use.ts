/** Who uses the pages of a file: how many places of its tables lead to each, and which were given back. */
import { INTERIOR_TABLE, readTreePage } from "./cells.ts";
import { DamagedPageError } from "./damage.ts";
import type { PageFile } from "./page-file.ts";

const MAX_DEPTH = 30;

/** Looked up when it is first asked. */
export class PageUse {
  readonly #file: PageFile;
  readonly #roots: readonly number[];
  #known: { references: ReadonlyMap<number, number>; free: ReadonlySet<number> } | null = null;

  /** @param roots the first pages of all tables of the file, that of the schema included */
  constructor(file: PageFile, roots: readonly number[]) {
    this.#file = file;
    this.#roots = roots;
  }

  /** No table leads to it, and it was not given back. */
  isUnused(page: number): boolean {
    const { references, free } = this.#look();
    return !references.has(page) && !free.has(page);
  }

  /** One place of one table leads to it, and it was not given back. */
  isUsedOnce(page: number): boolean {
    const { references, free } = this.#look();
    return references.get(page) === 1 && !free.has(page);
  }

  #look() {
    if (this.#known === null) {
      const references = new Map<number, number>();
      for (const root of this.#roots) collect(this.#file, root, references, 0);
      this.#known = { references, free: freePages(this.#file) };
    }
    return this.#known;
  }
}

function collect(file: PageFile, number: number, into: Map<number, number>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  const before = into.get(number) ?? 0;
  into.set(number, before + 1);
  if (before > 0) return;
  try {
    const page = readTreePage(file, number);
    if (page.type !== INTERIOR_TABLE) return;
    for (const at of page.cells) collect(file, page.bytes.readUInt32BE(at), into, depth + 1);
    collect(file, page.rightmost, into, depth + 1);
  } catch (error) {
    if (!(error instanceof DamagedPageError) && !(error instanceof RangeError)) throw error;
  }
}

/** What was given back still holds what it held (fileformat2.html, 1.5). */
function freePages(file: PageFile): Set<number> {
  const free = new Set<number>();
  try {
    let trunk = file.page(1).readUInt32BE(32);
    while (trunk !== 0 && !free.has(trunk)) {
      free.add(trunk);
      const bytes = file.page(trunk);
      const count = Math.min(bytes.readUInt32BE(4), file.usable / 4 - 2);
      for (let at = 0; at < count; at++) free.add(bytes.readUInt32BE(8 + 4 * at));
      trunk = bytes.readUInt32BE(0);
    }
  } catch (error) {
    if (!(error instanceof DamagedPageError)) throw error;
  }
  return free;
}
