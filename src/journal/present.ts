/** What stands in a target when runs are to be undone in it, as the plan of that sees it. */
import type { ContentDigest } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";

/** A record as it is now, and what the store knows it by, where that is needed to change it. */
export interface Present {
  readonly record: GraphRecord;
  readonly internal?: bigint;
  /** Where a relationship begins. */
  readonly source?: bigint;
  /** Recognises the record when it is read again, by the store's own means. */
  readonly mark?: () => Uint8Array;
  /** The store itself knows that the run has created it, whatever it holds now. */
  readonly ours?: boolean;
  /** Somebody has changed how the store has it, although it says the same: the change would go with the record. */
  readonly isTouched?: boolean;
  /** It is not in the digest of the survey that gave it. */
  readonly apart?: boolean;
}

/** A store of which only those records are read that a plan has to see. */
export interface Survey {
  /** Those that a plan has to see, nodes first; others may be among them. */
  concerned(plan: Concerns): AsyncIterable<readonly Present[]>;
  /** After all of them: of all records of the store but those that stood apart. */
  digest(): Promise<ContentDigest>;
}

/** Whether a plan has to see a record, as far as what identifies it tells: false where it stays as it is, whatever it holds. */
export interface Concerns {
  /** @param run its place among the runs */
  mayKnow(run: number, identity: bigint): boolean;
  hasToDoWithNode(key: string, identity: bigint): boolean;
  /** After all nodes. */
  hasToDoWithRelationship(identity: bigint, from: string, to: string): boolean;
}

/** Of a store that knows its records by nothing else than what they are. */
export async function* presentOf(batches: AsyncIterable<readonly GraphRecord[]>): AsyncGenerator<readonly Present[]> {
  for await (const batch of batches) yield batch.map((record) => ({ record }));
}
