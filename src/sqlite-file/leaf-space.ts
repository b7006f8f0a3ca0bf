/**
 * What the bytes of a leaf page are used for (fileformat2.html, 1.6). All of them are accounted for: by its cells, by blocks that were
 * given back, by the room between pointers and cells, and by a count of fragments. Where they are not, the page has lost sight of rows.
 */
import { endOfTableCell, type TreePage } from "./cells.ts";
import { DamagedPageError } from "./damage.ts";
import type { PageFile } from "./page-file.ts";

/** The shortest cell; fewer bytes are in no row. */
const SHORTEST = 4;

export interface HiddenCells {
  /** Offsets of whole cells that the page's count leaves out, in the order of their pointers. */
  readonly found: readonly number[];
  /** Whether bytes are left that nothing accounts for. */
  readonly isMore: boolean;
}

/** What of a leaf page of a table nothing accounts for. @throws DamagedPageError, RangeError where that cannot be told */
export function hiddenCells(file: PageFile, page: TreePage): HiddenCells {
  const { bytes, pointers, cells } = page;
  const header = pointers - 8;
  const end = pointers + 2 * cells.length;
  const content = bytes.readUInt16BE(header + 5) || 65_536;
  if (content < end) throw new DamagedPageError(`page ${page.number} has no place for its rows`);
  const used = new Uint8Array(file.usable).fill(1, 0, Math.min(content, file.usable));
  for (const at of cells) used.fill(1, at, endOfTableCell(file, page, at));
  for (let block = bytes.readUInt16BE(header + 1), last = 0; block > last; block = bytes.readUInt16BE(block)) {
    used.fill(1, block, block + bytes.readUInt16BE(block + 2));
    last = block;
  }
  let left = used.reduce((sum, isUsed) => sum + 1 - isUsed, 0) - bytes[header + 7]!;
  const found: number[] = [];
  // Nothing wipes a pointer when the count shrinks.
  for (let pointer = end; left >= SHORTEST && pointer + 2 <= content; pointer += 2) {
    const at = bytes.readUInt16BE(pointer);
    if (at < content || at + SHORTEST > file.usable || used[at] === 1) continue;
    const to = endOfTableCell(file, page, at);
    if (to > file.usable || used.subarray(at, to).includes(1)) continue;
    used.fill(1, at, to);
    left -= to - at;
    found.push(at);
  }
  return { found, isMore: left >= SHORTEST };
}
