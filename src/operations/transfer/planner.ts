/** What is to happen to each record of the source, given what the target holds. */
import { ContentDigest, type ContentHash, sameHash } from "../../graph/digest.ts";
import type { Instant } from "../../graph/instant.ts";
import type { GraphRecord, GraphRelationship } from "../../graph/record.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { changedSince, compareStamps, type Stamp, stampOf, UNREADABLE } from "../../memorygraph/times.ts";
import { storable } from "../../support/scratch.ts";
import type { Readable } from "../compare.ts";
import type { ConflictPolicy } from "../models.ts";
import { RecordKeys } from "../records.ts";
import type { Ledger, LedgerEntry } from "./ledger.ts";

/**
 * `present`: the same content is there. `conflict`: other content is there and stays. `older`: the target's is newer,
 * and stays. `unselected`: not changed since the given time. `dangling`: an end is not in the target.
 */
export type Action = "create" | "overwrite" | "present" | "conflict" | "older" | "unselected" | "dangling";

/** Which choice depends on a time that cannot be read: whether a record is taken at all, or which of two is newer. */
export type Undated = "since" | "newest";

/** Reads the target into the ledger: at first everything is to stay as it is. */
export async function noteTarget(
  target: Readable,
  ledger: Ledger,
  each: (records: number) => void,
): Promise<ContentDigest> {
  const digest = new ContentDigest();
  const keys = new RecordKeys();
  for await (const batch of target.read()) {
    for (const record of batch) {
      const hash = hashOf(record);
      digest.addHash(record, hash);
      ledger.put(keys.keyOf(record, hash), { before: hash, stamp: stampOf(record), expected: hash, selected: false });
    }
    each(batch.length);
  }
  return digest;
}

/** Decides record by record, in the order of the source: nodes first, so that relationships can ask for their ends. */
export class Planner {
  /** Of the selected records, as the source has them. */
  readonly selected = new ContentDigest();
  /** Of what the target holds beside them. */
  readonly untouched: ContentDigest;
  readonly #keys = new RecordKeys();
  readonly #ledger: Ledger;
  readonly #policy: ConflictPolicy;
  readonly #since: Instant | null;
  readonly #onUndated: (record: GraphRecord, decision: Undated) => void;

  /** @param onUndated told of each record of which a time that decides cannot be read */
  constructor(
    ledger: Ledger,
    targetBefore: ContentDigest,
    policy: ConflictPolicy,
    since: Instant | null,
    onUndated: (record: GraphRecord, decision: Undated) => void,
  ) {
    this.#ledger = ledger;
    this.untouched = ContentDigest.fromTransfer(targetBefore.toTransfer());
    this.#policy = policy;
    this.#since = since;
    this.#onUndated = onUndated;
  }

  /** Writes the decision into the ledger as well: what must stand in the target in the end. */
  plan(record: GraphRecord): Action {
    const hash = hashOf(record);
    const key = this.#keys.keyOf(record, hash);
    if (this.#since !== null) {
      const changed = record.kind === "relationship" || changedSince(record, this.#since);
      if (changed === false) return "unselected";
      if (changed === UNREADABLE) this.#onUndated(record, "since");
      if (record.kind === "relationship" && !this.#hasBothEnds(record)) return "dangling";
    }
    const there = this.#ledger.get(key);
    const before = there?.before ?? null;
    const action = this.#decide(record, hash, before, there?.stamp ?? null);
    const stays = action === "conflict" || action === "older";
    this.#ledger.put(key, { before, stamp: there?.stamp ?? null, expected: stays ? before! : hash, selected: true });
    this.selected.addHash(record, hash);
    if (before !== null) this.untouched.removeHash(record, before);
    return action;
  }

  #decide(record: GraphRecord, hash: ContentHash, before: ContentHash | null, stamp: Stamp): Action {
    if (before === null) return "create";
    if (sameHash(before, hash)) return "present";
    if (this.#policy === "overwrite") return "overwrite";
    if (this.#policy !== "newest") return "conflict";
    const own = stampOf(record);
    // The same time with other content is nobody's to decide: it stays, and is reported.
    const order = compareStamps(own, stamp);
    if (order === null && [own, stamp].includes(UNREADABLE)) this.#onUndated(record, "newest");
    if (order === null || order === 0) return "conflict";
    return order > 0 ? "overwrite" : "older";
  }

  #hasBothEnds(record: GraphRelationship): boolean {
    return [record.from, record.to].every((end) => this.#ledger.get(storable(`node ${end}`)) !== null);
  }
}

/** What the ledger, once planned, says is to be done with a record of the source: the second reading needs no policy. */
export class PlanFollower {
  readonly #keys = new RecordKeys();
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  step(record: GraphRecord): "create" | "overwrite" | "nothing" {
    const { entry } = this.find(record);
    if (entry === null || !entry.selected) return "nothing";
    if (entry.before === null) return "create";
    return sameHash(entry.before, entry.expected) ? "nothing" : "overwrite";
  }

  /** What the ledger says of the record, null for nothing; and the hash of the record. */
  find(record: GraphRecord): { readonly entry: LedgerEntry | null; readonly hash: ContentHash } {
    const hash = hashOf(record);
    return { entry: this.#ledger.get(this.#keys.keyOf(record, hash)), hash };
  }
}
