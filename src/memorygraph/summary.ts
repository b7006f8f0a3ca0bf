/** A store in two figures: how much it holds, and the digest of it. */
import { ContentDigest, type ContentHash, type DigestTransfer } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { canonicalizer } from "./canonicalizer.ts";
import { isMemory } from "./memory.ts";
import type { Release } from "./releases.ts";
import { type NotShown, Showing } from "./showing.ts";

/** `nodes` counts all, memories included. */
export interface Tally {
  nodes: number;
  memories: number;
  relationships: number;
}

/** Of no record. */
export function emptyTally(): Tally {
  return { nodes: 0, memories: 0, relationships: 0 };
}

/** Counts the record in. */
export function tally(counts: Tally, record: GraphRecord): void {
  if (record.kind === "relationship") counts.relationships++;
  else {
    counts.nodes++;
    if (isMemory(record)) counts.memories++;
  }
}

/** Counts and digest of the records added so far. */
export class Summary {
  readonly digest = new ContentDigest();
  readonly counts = emptyTally();
  /** What a release will not show of the memories; null where nobody asked. */
  readonly showing: Showing | null;

  /** @param release also counts what this one will not show */
  constructor(release?: Release) {
    this.showing = release === undefined ? null : new Showing(release);
  }

  add(record: GraphRecord): void {
    this.digest.add(record, canonicalizer.text(record));
    this.#count(record);
  }

  #count(record: GraphRecord): void {
    tally(this.counts, record);
    if (this.showing !== null && isMemory(record)) this.showing.add(record.stored ?? record.properties);
  }

  /** As add, for a record whose hash is known already. */
  addHashed(record: GraphRecord, hash: ContentHash): void {
    this.digest.addHash(record, hash);
    this.#count(record);
  }

  merge({ digest, counts, notShown }: SummaryTransfer): void {
    this.showing?.merge(notShown);
    this.digest.merge(ContentDigest.fromTransfer(digest));
    this.counts.nodes += counts.nodes;
    this.counts.memories += counts.memories;
    this.counts.relationships += counts.relationships;
  }

  toTransfer(): SummaryTransfer {
    return { digest: this.digest.toTransfer(), counts: { ...this.counts }, notShown: this.showing?.reasons() ?? [] };
  }
}

/** A summary as it passes between threads. */
export interface SummaryTransfer {
  digest: DigestTransfer;
  counts: Tally;
  notShown: NotShown[];
}
