/**
 * Pages with rows that no tree leads to any more, because the page above them cannot be read. What a page holds says to
 * which table it belongs: only pages whose rows all fall into a gap of the table are taken.
 */
import { INTERIOR_TABLE, LEAF_TABLE, readTableCell, readTreePage } from "./cells.ts";
import { DamagedPageError, type LostPart } from "./damage.ts";
import type { PageFile } from "./page-file.ts";
import { RecordDecoder, type StoredValue } from "./record.ts";

const MAX_DEPTH = 30;

/**
 * @param roots the first pages of all tables of the file, that of the schema included
 * @param columns how many values a row has at most
 */
export function* orphanedRows(
  file: PageFile,
  roots: readonly number[],
  gaps: readonly LostPart[],
  columns: number,
): Generator<{ rowid: bigint; values: readonly StoredValue[] }> {
  const wide = gaps.filter(({ first, last }) => first === null || last === null || first !== last);
  if (wide.length === 0) return;
  const known = freePages(file);
  for (const root of roots) collect(file, root, known, 0);
  const decoder = new RecordDecoder(file.header);
  for (let number = 2; number <= file.pages; number++) {
    if (!known.has(number)) yield* rowsOf(file, number, wide, columns, decoder);
  }
}

function* rowsOf(
  file: PageFile,
  number: number,
  gaps: readonly LostPart[],
  columns: number,
  decoder: RecordDecoder,
): Generator<{ rowid: bigint; values: readonly StoredValue[] }> {
  try {
    const page = readTreePage(file, number);
    if (page.type !== LEAF_TABLE || page.cells.length === 0) return;
    const cells = page.cells.map((at) => readTableCell(file, page, at));
    const rows = cells.map(({ rowid, payload }) => ({ rowid, values: decoder.decode(payload) }));
    const isOrdered = rows.every(({ rowid }, at) => at === 0 || rowid > rows[at - 1]!.rowid);
    const [first, last] = [rows[0]!.rowid, rows.at(-1)!.rowid];
    const fits = gaps.some(
      (gap) => (gap.first === null || first >= gap.first) && (gap.last === null || last <= gap.last),
    );
    if (isOrdered && fits && rows.every(({ values }) => values.length <= columns && values.length > 0)) yield* rows;
  } catch (error) {
    if (!(error instanceof DamagedPageError) && !(error instanceof RangeError)) throw error;
  }
}

/** All pages that a tree still leads to. */
function collect(file: PageFile, number: number, into: Set<number>, depth: number): void {
  if (into.has(number) || depth > MAX_DEPTH) return;
  into.add(number);
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
