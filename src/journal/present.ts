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
}

/** A store that is known as a whole before any of its records is read. */
export interface Survey {
  /** Of all records. */
  readonly digest: ContentDigest;
  /** Those that a plan has to see, nodes first; others may be among them. */
  concerned(plan: Concerns): AsyncIterable<readonly Present[]>;
}

/** Whether a plan has to see a record, as far as the ids in it tell: false where it stays as it is, whatever it holds. */
export interface Concerns {
  hasToDoWithNode(id: string): boolean;
  /** After all nodes. */
  hasToDoWithRelationship(id: string, from: string, to: string): boolean;
}

/** Of a store that knows its records by nothing else than what they are. */
export async function* presentOf(batches: AsyncIterable<readonly GraphRecord[]>): AsyncGenerator<readonly Present[]> {
  for await (const batch of batches) yield batch.map((record) => ({ record }));
}
