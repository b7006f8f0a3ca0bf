/** Which of several records of one id counts, where only one of them can be shown. */
import type { ContentHash } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { MEMORY_LABEL } from "./fields.ts";
import { compareStamps, type Stamp, stampOf, UNREADABLE } from "./times.ts";

/** Plain, so that it can be kept as JSON. */
export interface Rank {
  /** A node of another label must not hide a memory. */
  readonly isMemory: boolean;
  /** When it was changed last; null where nobody can tell. */
  readonly stamp: Stamp;
  /** Of its content, in hexadecimal: says nothing, and is the same in every reading. */
  readonly hash: string;
}

/** By which several records of one id are put in order. @param hash of the record */
export function rankOf(record: GraphRecord, hash: ContentHash): Rank {
  const stamp = stampOf(record);
  return {
    isMemory: record.kind === "node" && record.labels.includes(MEMORY_LABEL),
    stamp: stamp === UNREADABLE ? null : stamp,
    hash: hash.toHex(),
  };
}

/** Whether a record of rank `a` counts rather than one of rank `b`; false for equal ones. */
export function goesBefore(a: Rank, b: Rank): boolean {
  if (a.isMemory !== b.isMemory) return a.isMemory;
  const order = compareStamps(a.stamp, b.stamp);
  if (order !== null && order !== 0) return order > 0;
  if ((a.stamp === null) !== (b.stamp === null)) return b.stamp === null;
  return a.hash > b.hash;
}
