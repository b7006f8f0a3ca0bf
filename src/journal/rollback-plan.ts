/**
 * What becomes of each record of the present when runs are undone, decided before anything is written. A pure function of the
 * runs' journals, the records that are there now and what the person allows; it also gives the digest that the target must have
 * afterwards. Decisions are kept on disk, since they grow with the runs.
 */
import { ContentDigest, type ContentHash } from "../graph/digest.ts";
import { type GraphRecord, type GraphRelationship, idOfKey, relationshipId } from "../graph/record.ts";
import { hashOf } from "../memorygraph/canonicalizer.ts";
import { fingerprintOf, hashAndFingerprint } from "../memorygraph/fingerprint.ts";
import { storable } from "../support/scratch.ts";
import { Sieve } from "../support/sieve.ts";
import { type LayerRules, takeOffLayers, takeOffLayersBelow, type Uncovered } from "./layers.ts";
import { PlannedActions } from "./planned-actions.ts";
import type { Concerns, Present, Survey } from "./present.ts";
import type { RunTrace } from "./run-trace.ts";

export interface PlanOptions {
  /** Records of the run that somebody has changed since are undone as well. */
  readonly changed?: boolean;
  /** Relationships of others that hold a node of the run are deleted with it. */
  readonly cascade?: boolean;
}

/** How many records there are of each fate. */
export interface PlanCounts {
  readonly removed: { nodes: number; relationships: number };
  readonly restored: { nodes: number; relationships: number };
  /** Of those removed and restored: changed only in what the application keeps by itself. */
  bookkeeping: number;
  /** Of those removed and restored: changed otherwise, and undone since that was asked for. */
  forced: number;
  /** Changed since, and kept: as they are, or as a run that is not undone further has left them. */
  changed: number;
  /** Nodes that stay since something that stays is attached to them. */
  held: number;
  /** Relationships of others that go with the nodes of the run. */
  cascaded: number;
  /** Not in the target any more. */
  gone: number;
  /** Records that the runs have nothing to do with. */
  others: number;
}

/** A record of the run that stays, and why. */
export interface Kept {
  readonly name: string;
  readonly title: string | null;
  /** What is attached to it; null for one that was changed. */
  readonly heldBy: string | null;
}

export class RollbackPlan implements Concerns {
  /** What the target must hold afterwards. */
  readonly expected = new ContentDigest();
  readonly counts: PlanCounts = {
    removed: { nodes: 0, relationships: 0 },
    restored: { nodes: 0, relationships: 0 },
    bookkeeping: 0,
    forced: 0,
    changed: 0,
    held: 0,
    cascaded: 0,
    gone: 0,
    others: 0,
  };
  readonly actions = new PlannedActions();
  readonly traces: readonly RunTrace[];
  readonly #options: PlanOptions;
  readonly #rules: LayerRules;
  #ordinal = { node: 0, relationship: 0 };
  /** Whether the digest of all records is known without reading them: each that is read then is taken out of it, until it stays. */
  #isSurveyed = false;
  /** Ends of before-images. */
  #ends: Sieve | null = null;

  /** @param traces of the runs to be undone, the latest first */
  constructor(traces: readonly RunTrace[], options: PlanOptions = {}) {
    this.traces = traces;
    this.#options = options;
    this.#rules = { changed: options.changed === true, canReturn: (before, now) => !this.#lacksEnds(before, now) };
    for (const trace of traces) {
      for (const key of trace.ends()) {
        this.#ends ??= new Sieve();
        this.#ends.add(Bun.hash.wyhash(key));
        this.actions.expectEnd(key);
      }
    }
  }

  static async of(
    present: AsyncIterable<readonly Present[]> | Survey,
    traces: readonly RunTrace[],
    options: PlanOptions = {},
    each: (records: number) => void = () => {},
  ): Promise<RollbackPlan> {
    const plan = new RollbackPlan(traces, options);
    try {
      const isSurvey = "digest" in present;
      plan.#isSurveyed = isSurvey;
      for await (const batch of isSurvey ? present.concerned(plan) : present) {
        for (const one of batch) plan.#add(one);
        each(batch.length);
      }
      if (isSurvey) plan.#include(await present.digest());
      plan.#finish();
      return plan;
    } catch (error) {
      plan.close();
      throw error;
    }
  }

  /** Whether anything is to be written. */
  get isEmpty(): boolean {
    const { removed, restored, cascaded } = this.counts;
    return removed.nodes + removed.relationships + restored.nodes + restored.relationships + cascaded === 0;
  }

  /** How many records of the runs stay. */
  get left(): number {
    return this.counts.changed + this.counts.held;
  }

  /** The first of those that stay. */
  kept(limit: number): Kept[] {
    return this.actions.kept(limit);
  }

  close(): void {
    this.actions.close();
  }

  #include(digest: ContentDigest): void {
    this.expected.merge(digest);
    this.counts.others += digest.nodes + digest.relationships;
  }

  mayKnow(run: number, identity: bigint): boolean {
    return this.traces[run]!.mayKnow(identity);
  }

  hasToDoWithNode(key: string, identity: bigint): boolean {
    if (this.traces.some((trace) => trace.mayKnow(identity))) return true;
    return this.#ends?.mayHave(Bun.hash.wyhash(storable(key))) === true;
  }

  hasToDoWithRelationship(identity: bigint, from: string, to: string): boolean {
    return this.traces.some((trace) => trace.mayKnow(identity)) || this.#joinsRemoved(from, to);
  }

  #add(present: Present): void {
    const { record } = present;
    const ordinal = this.#ordinal[record.kind]++;
    const { hash, fingerprint } = hashAndFingerprint(record);
    const { identity } = fingerprint;
    if (this.#isSurveyed && present.apart !== true) {
      this.expected.removeHash(record, hash);
      this.counts.others--;
    }
    if (record.kind === "node" && this.#ends !== null) this.actions.meetEnd(storable(record.key), present.internal);
    const found = takeOffLayers(this.traces, record, fingerprint, this.#rules);
    const isOurs =
      (found.outcome === "untouched" && present.ours === true) ||
      (found.outcome === "removed" && !found.isForced && present.isTouched === true);
    const uncovered = isOurs ? ownRecord(this.#rules.changed) : found;
    const { outcome, run, before, isBookkeeping, isForced } = uncovered;
    if (outcome === "untouched") {
      this.#stays(record, hash, ordinal, present, false);
      return;
    }
    const shown = described(before?.record ?? record);
    if (outcome === "kept") this.#keep(uncovered, { ...shown, identity, heldBy: null });
    if (outcome === "kept" && before === null) {
      this.#stays(record, hash, ordinal, present, true);
      return;
    }
    if (isBookkeeping) this.counts.bookkeeping++;
    if (isForced) this.counts.forced++;
    const undone = { present, ordinal, hash, identity, isBookkeeping, isForced, ...shown };
    if (outcome === "removed") {
      this.actions.remove(undone, run, before?.image ?? null);
      this.#count(this.counts.removed, record.kind, 1);
    } else if (before !== null) {
      this.actions.restore(undone, before.image);
      this.#count(this.counts.restored, record.kind, 1);
      this.#arrives(before.record);
    }
  }

  /** The runs whose layers stay are those from the one that it ended at. */
  #keep({ run, last }: Uncovered, record: Kept & { readonly identity: bigint }): void {
    this.counts.changed++;
    this.actions.keep(record, [run, last]);
  }

  /** A record that stays as it is; what it joins has to stay as well. */
  #stays(record: GraphRecord, hash: ContentHash, ordinal: number, present: Present, isKept: boolean): void {
    if (record.kind === "relationship" && this.#joinsRemoved(record.from, record.to)) {
      if (this.#options.cascade === true && !isKept) {
        const { identity } = fingerprintOf(record);
        const undone = { present, ordinal, hash, identity, isBookkeeping: false, isForced: false };
        this.actions.remove({ ...undone, ...described(record) }, 0, null);
        this.counts.cascaded++;
        return;
      }
      this.#hold(record);
    }
    if (!isKept) this.counts.others++;
    this.expected.addHash(record, hash);
  }

  /** A before-image that comes back. */
  #arrives(record: GraphRecord): void {
    this.expected.addHash(record, hashOf(record));
    if (record.kind === "relationship" && this.#joinsRemoved(record.from, record.to)) this.#hold(record);
  }

  #joinsRemoved(from: string, to: string): boolean {
    if (this.counts.removed.nodes === 0) return false;
    return [from, to].some((key) => this.actions.isRemoved(storable(key)));
  }

  #hold(by: GraphRelationship): void {
    for (const key of [by.from, by.to]) {
      const held = this.actions.hold(storable(key), nameOf(by));
      if (held === null) continue;
      this.counts.held++;
      this.counts.removed.nodes--;
      if (held.image !== null) {
        this.counts.restored.nodes++;
        const before = this.traces[held.image.run]!.imageAt(held.image.entry);
        this.expected.addHash(before, hashOf(before));
        continue;
      }
      if (held.isBookkeeping) this.counts.bookkeeping--;
      if (held.isForced) this.counts.forced--;
      this.expected.addHash(held.node, held.hash);
    }
  }

  /** Whether a before-image would lead to a node that is gone; one that led nowhere then may lead nowhere again. */
  #lacksEnds(before: GraphRecord, now: GraphRecord | null): boolean {
    if (before.kind === "node") return false;
    const ends = now?.kind === "relationship" ? [now.from, now.to] : [];
    return [before.from, before.to].some((key) => !ends.includes(key) && !this.actions.hasEnd(storable(key)));
  }

  #finish(): void {
    for (const [run, trace] of this.traces.entries()) {
      if (!trace.isUnfinished) continue;
      for (const { record, entry, identity } of trace.lost()) {
        const uncovered = takeOffLayersBelow(this.traces, { record, image: { run, entry } }, this.#rules);
        const { outcome, before } = uncovered;
        if (outcome === "removed" || before === null || this.#lacksEnds(before.record, null)) continue;
        if (outcome === "kept") this.#keep(uncovered, { ...described(before.record), identity, heldBy: null });
        this.actions.create(before.image);
        this.#count(this.counts.restored, record.kind, 1);
        this.#arrives(before.record);
      }
    }
    this.counts.gone = this.traces.reduce((sum, trace) => sum + trace.gone(), 0);
  }

  #count(counts: { nodes: number; relationships: number }, kind: GraphRecord["kind"], by: number): void {
    if (kind === "node") counts.nodes += by;
    else counts.relationships += by;
  }
}

/** Of a record of which the store itself knows that the one run has created it, and somebody has changed it since. */
function ownRecord(changed: boolean): Uncovered {
  return {
    outcome: changed ? "removed" : "kept",
    run: 0,
    last: 0,
    before: null,
    isBookkeeping: false,
    isForced: changed,
  };
}

/** As a person finds a record: what it is and its id. */
export function nameOf(record: GraphRecord): string {
  const id = record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
  if (record.kind === "node") return `node ${id ?? `${record.labels.join(":")} without id`}`;
  return `relationship ${record.type} ${id ?? `${showKey(record.from)} -> ${showKey(record.to)}`}`;
}

function showKey(key: string): string {
  return idOfKey(key) ?? "a node without id";
}

function described(record: GraphRecord): { name: string; title: string | null } {
  const title = record.properties.get("title") ?? record.properties.get("name") ?? record.properties.get("text");
  return { name: nameOf(record), title: typeof title === "string" ? title.slice(0, 200) : null };
}
