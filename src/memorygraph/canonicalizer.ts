/** The canonical form with MemoryGraph's meaning of fields: one for the whole program, since it caches per shape. */
import { Canonicalizer } from "../graph/canonical.ts";
import { ContentDigest, type ContentHash, hashText } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { isBookkeeping } from "./bookkeeping.ts";
import { meaningOf } from "./fields.ts";
import { isSpelled, ownProperties } from "./spelling.ts";

export const canonicalizer = new Canonicalizer(meaningOf, { needs: isSpelled, read: ownProperties }, isBookkeeping);

/** What all that compares records compares. */
export function hashOf(record: GraphRecord): ContentHash {
  return hashText(canonicalizer.text(record));
}

/** The content digest of all records. */
export async function digestOf(batches: AsyncIterable<readonly GraphRecord[]>): Promise<ContentDigest> {
  const digest = new ContentDigest();
  for await (const batch of batches) for (const record of batch) digest.add(record, canonicalizer.text(record));
  return digest;
}
