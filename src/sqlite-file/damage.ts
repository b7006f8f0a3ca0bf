/** What cannot be read of a SQLite file. */

/** A page, a cell or a chain of overflow pages that is not what the format allows. Leaves this folder only from `raw-table.ts`. */
export class DamagedPageError extends Error {
  override readonly name = "DamagedPageError";
}

/** A part of a table that was left out, or whose rows are not numbered as they should be. */
export interface LostPart {
  /** The page, or the page of the row. */
  readonly page: number;
  readonly what: string;
  /** Of one row: its number. Of a page: the numbers between which its rows were, both ends included; null where unbounded. */
  readonly first: bigint | null;
  readonly last: bigint | null;
  /** Its rows are given all the same: only their numbers are damaged. */
  readonly isKept?: true;
}

export type OnLost = (part: LostPart) => void;
