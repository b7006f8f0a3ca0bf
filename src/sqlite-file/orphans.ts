/**
 * Pages with rows that no tree leads to any more, because the page above them cannot be read. What a page holds says to
 * which table it belongs: only pages whose rows all fall into a gap of the table are taken.
 */
import { LEAF_TABLE, readTableCell, readTreePage } from "./cells.ts";
import { DamagedPageError, type LostPart } from "./damage.ts";
import type { PageFile } from "./page-file.ts";
import type { PageUse } from "./page-use.ts";
import { RecordDecoder, type StoredValue } from "./record.ts";

/**
 * @param columns how many values a row has at most
 */
export function* orphanedRows(
  file: PageFile,
  use: PageUse,
  gaps: readonly LostPart[],
  columns: number,
): Generator<{ rowid: bigint; values: readonly StoredValue[] }> {
  const wide = gaps.filter(({ first, last }) => first === null || last === null || first !== last);
  if (wide.length === 0) return;
  const decoder = new RecordDecoder(file.header);
  for (let number = 2; number <= file.pages; number++) {
    if (use.isUnused(number)) yield* rowsOf(file, number, wide, columns, decoder);
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
    if (page.type !== LEAF_TABLE || page.cells.length === 0 || page.astray > 0) return;
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
