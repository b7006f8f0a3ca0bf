/**
 * What the bytes of a leaf page are used for (fileformat2.html, 1.6). All of them are accounted for: by its cells, by blocks that were
 * given back, by the room between pointers and cells, and by a count of fragments. Where they are not, the page has lost sight of rows.
 */
import { endOfTableCell, type TreePage } from "./cells.ts";
import { DamagedPageError } from "./damage.ts";
import type { PageFile } from "./page-file.ts";

/** The shortest cell; fewer bytes are in no row, and left between rows as fragments. */
const SHORTEST = 4;

export interface HiddenCells {
  /** Offsets of whole cells that no pointer of the page leads to. */
  readonly found: readonly number[];
  /** Whether bytes are left that nothing accounts for. */
  readonly isMore: boolean;
}

/**
 * What of a leaf page of a table nothing accounts for. A row whose pointer is damaged, or that the page's count leaves out, lies there.
 * @param sound offsets of the cells that are known to be rows
 * @throws DamagedPageError, RangeError where that cannot be told
 */
export function hiddenCells(file: PageFile, page: TreePage, sound: readonly number[]): HiddenCells {
  const { bytes, pointers, cells } = page;
  const header = pointers - 8;
  const content = bytes.readUInt16BE(header + 5) || 65_536;
  if (content < pointers + 2 * cells.length)
    throw new DamagedPageError(`page ${page.number} has no place for its rows`);
  const used = new Uint8Array(file.usable).fill(1, 0, content);
  for (const at of sound) used.fill(1, at, endOfTableCell(file, page, at));
  for (let block = bytes.readUInt16BE(header + 1), last = 0; block > last; block = bytes.readUInt16BE(block)) {
    used.fill(1, block, block + bytes.readUInt16BE(block + 2));
    last = block;
  }
  const found: number[] = [];
  let left = -bytes[header + 7]!;
  for (let from = used.indexOf(0); from !== -1; ) {
    const next = used.indexOf(1, from);
    const to = next === -1 ? file.usable : next;
    const hidden = cellsBetween(file, page, from, to);
    found.push(...hidden.filter((at) => !cells.includes(at)));
    left += hidden.length > 0 ? 0 : to - from;
    from = used.indexOf(0, to);
  }
  return { found, isMore: left >= SHORTEST };
}

/** The cells that fill the bytes between two offsets but for fragments; none where no cells do. */
function cellsBetween(file: PageFile, page: TreePage, from: number, to: number): number[] {
  for (let start = from; start < from + SHORTEST; start++) {
    const found: number[] = [];
    let at = start;
    while (at + SHORTEST <= to) {
      const end = endOfCell(file, page, at);
      if (end === null || end > to) break;
      found.push(at);
      at = end;
    }
    if (found.length > 0 && to - at < SHORTEST) return found;
  }
  return [];
}

/** Null where no cell begins. */
function endOfCell(file: PageFile, page: TreePage, at: number): number | null {
  try {
    return Math.max(endOfTableCell(file, page, at), at + SHORTEST);
  } catch (error) {
    if (error instanceof DamagedPageError || error instanceof RangeError) return null;
    throw error;
  }
}
