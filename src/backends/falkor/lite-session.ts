/**
 * A FalkorDBLite store as a target: a new dump is put together beside it, out of what stands there and what comes, read
 * back, and given the store's name only in the end.
 */
import { type GraphNode, type GraphRecord, type GraphRelationship, relationshipId } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { stateOf } from "../../support/stability.ts";
import type { StagedTarget, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding, SchemaItem, StoreDescription } from "../description.ts";
import { onFile } from "../file/errors.ts";
import { assertReplaceable } from "../file/place.ts";
import { StagedFile } from "../file/staging.ts";
import { FindingLog } from "../findings.ts";
import { Fitter, type FittingOptions } from "../graph-store/fitting.ts";
import { KnownRecords } from "../graph-store/known-records.ts";
import { readBefore } from "../graph-store/read-before.ts";
import { readRecords } from "../graph-store/reader.ts";
import { assertSchema } from "../graph-store/target-schema.ts";
import { emptyReport } from "../report.ts";
import { type DumpOrigin, describeDump, describeNew } from "./describe-dump.ts";
import { DumpStore } from "./dump-store.ts";
import { GraphRewrite } from "./graph-rewrite.ts";
import { holderOf, uniqueIdLabelsOf } from "./lite-holder.ts";
import type { Target } from "./lite-place.ts";
import { assertExtendable, assertLoadable, type OpenDump, openDump } from "./open-dump.ts";
import { assertNoEngine } from "./running-engine.ts";
import { ownSchema } from "./schema.ts";

/** The file in which records wait on their way into the dump. */
const SPOOL = "-spool";

/** A dump under change: exactly one of commit, rollback and preserve ends it. */
export class LiteSession implements StagedTarget {
  readonly kind = "staged";
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport & { notes: Finding[] };
  readonly fitting: Fitter;
  readonly #origin: DumpOrigin;
  readonly #request: WriteRequest;
  /** What stands there; null for nothing. */
  readonly #old: OpenDump | null;
  readonly #place: Target;
  readonly #staged: StagedFile;
  readonly #rewrite: GraphRewrite;
  /** Which record has which number. */
  readonly #known = new KnownRecords();
  /** Relationships of the last batch: its nodes come first, also those that are to be replaced. */
  #waiting: readonly GraphRelationship[] = [];
  /** The dump that was written, read anew; null until then. */
  #written: OpenDump | null = null;
  /** Indexes and constraints that were added. */
  #expected: readonly SchemaItem[] = [];
  #findings = new FindingLog();
  #isClosed = false;

  private constructor(
    origin: DumpOrigin,
    request: WriteRequest,
    place: Target,
    old: OpenDump | null,
    before: StoreDescription,
    shared: Pick<FittingOptions, "sharedIds" | "sharedRelationshipIds">,
    staged: StagedFile,
  ) {
    this.#origin = origin;
    this.#request = request;
    this.#old = old;
    this.before = before;
    this.identity = `${place.dump} ${origin.graph}`;
    this.release = place.release;
    this.report = emptyReport(this.release, before.backend);
    this.#place = place;
    this.#staged = staged;
    this.#rewrite = new GraphRewrite({ ...origin, spool: staged.beside(SPOOL) }, old, wantedSchema(request));
    this.fitting = new Fitter(holderOf(origin.location), {
      release: this.release,
      report: this.report,
      uniqueIds: uniqueIdLabelsOf(before.schema ?? []),
      ...shared,
      known: this.#known,
      rules: [],
    });
  }

  /**
   * @param undone the journal of a run that is rolled back: nothing of the graph is taken over but what is written again
   * @throws StoreKindError, DamagedStoreError, RefusedError, AccessError; BusyError when an engine holds the store
   */
  static async begin(
    place: Target,
    origin: DumpOrigin,
    request: WriteRequest,
    undone?: JournalFile,
  ): Promise<LiteSession> {
    const purpose = undone === undefined ? "run" : "rollback";
    await assertNoEngine(place);
    assertReplaceable(place.dump);
    return onFile(place.path, async () => {
      const state = stateOf(place.dump);
      const old = await openTarget(place, origin, request);
      try {
        const before = await describeTarget(place, origin, old);
        const shared = {
          sharedIds: (await old?.store.sharedIds()) ?? [],
          sharedRelationshipIds: (await old?.store.sharedRelationshipIds()) ?? [],
        };
        const staged = new StagedFile(
          { path: place.path, file: place.dump, hasOwnFolder: place.form === "directory" },
          { purpose, journal: undone ?? request.journal?.() ?? null, state, suffixes: [SPOOL] },
        );
        try {
          return new LiteSession(
            origin,
            request,
            place,
            purpose === "rollback" && old !== null ? emptied(old) : old,
            before,
            shared,
            staged,
          );
        } catch (error) {
          staged.discard();
          throw error;
        }
      } catch (error) {
        old?.[Symbol.dispose]();
        throw error;
      }
    });
  }

  write(batch: readonly GraphRecord[]): Promise<void> {
    return this.#guard(async () => {
      this.#request.signal?.throwIfAborted();
      await this.#addWaiting();
      for (const record of batch) if (record.kind === "node") this.#addNode(record);
      this.#waiting = batch.filter((record) => record.kind === "relationship");
    });
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    this.#request.signal?.throwIfAborted();
    for (const record of batch) {
      const { properties } = record;
      if (record.kind === "node") {
        this.#rewrite.changeNode({ id: Number(this.#known.numberOf(record.key)), labels: record.labels, properties });
      } else {
        const { id } = this.#known.findRelationship(relationshipId(record)!)!;
        this.#rewrite.changeRelationship({ id: Number(id), ...this.#row(record) });
      }
    }
  }

  async finish(): Promise<void> {
    const { signal } = this.#request;
    const violated = await this.#guard(async () => {
      await this.#addWaiting();
      return this.#rewrite.write(this.#staged.file, signal);
    });
    const left = new Set(violated.map(({ item }) => item.what));
    this.#expected = this.#rewrite.wanted.filter(({ what }) => !left.has(what));
    for (const { item, why } of violated) {
      const what = `${item.kind} not created: ${why}`;
      this.report.notes.push({ kind: "note", what, count: 1, examples: [item.what] });
    }
    // What was needed to write takes memory that reading it back can use.
    this.#rewrite.close();
    const request = { ...this.#origin, file: this.#staged.file, signal };
    this.#written = await openDump(request);
    assertLoadable(this.#written, request);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const { signal } = this.#request;
    if (this.#written !== null) yield* readRecords(this.#written.store, this.#findings, signal);
    else if (this.#old !== null) {
      const [known, fitting, findings] = [this.#known, this.fitting, this.#findings];
      yield* readBefore({ store: this.#old.store, known, fitting, findings, signal });
    }
  }

  bulkCopyFrom(): null {
    return null;
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return [...this.#findings.list(), ...((this.#written ?? this.#old)?.store.findings() ?? [])];
  }

  async describe(): Promise<StoreDescription> {
    const description = await describeDump(this.#written!, this.#origin);
    const expected = this.#expected;
    const made = new Set(expected.map(({ what }) => what));
    this.report.schema = assertSchema(description.location, { expected, made, schema: description.schema ?? [] });
    return description;
  }

  async commit(): Promise<void> {
    // Windows renames nothing that is open.
    this.#close();
    await this.#guard(async () => {
      await assertNoEngine(this.#place);
      this.#staged.publish();
    });
  }

  async rollback(): Promise<void> {
    this.#close();
    this.#staged.discard();
  }

  async preserve(): Promise<string> {
    this.#close();
    return this.#staged.preserve();
  }

  #guard<T>(work: () => Promise<T>): Promise<T> {
    return onFile(this.#origin.location, work);
  }

  #addNode({ key, labels, properties }: GraphNode): void {
    const id = this.#rewrite.addNode(labels, properties);
    this.#known.noteNode(key, BigInt(id), "created");
  }

  async #addWaiting(): Promise<void> {
    if (this.#waiting.length > 0) await this.#rewrite.nodesDone(this.#request.signal);
    for (const relationship of this.#waiting) this.#rewrite.addRelationship(this.#row(relationship));
    this.#waiting = [];
  }

  #row({ type, from, to, properties }: GraphRelationship) {
    const [start, end] = [from, to].map((key) => Number(this.#known.numberOf(key))) as [number, number];
    return { type, start, end, properties };
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#known.close();
    this.#rewrite.close();
    this.#written?.[Symbol.dispose]();
    this.#old?.[Symbol.dispose]();
  }
}

/** What MemoryGraph makes, and what a graph of the same engine has besides. */
function wantedSchema({ schema = [] }: WriteRequest): SchemaItem[] {
  return [...ownSchema(), ...schema.filter(({ own, backend }) => !own && backend === "falkordb")];
}

/** Null where there is nothing to be read. */
export async function openTarget(place: Target, origin: DumpOrigin, request: WriteRequest): Promise<OpenDump | null> {
  if (place.content !== "store") return null;
  const wanted = { ...origin, file: place.dump, signal: request.signal };
  const dump = await openDump(wanted);
  try {
    assertExtendable(dump, wanted);
    return dump;
  } catch (error) {
    dump[Symbol.dispose]();
    throw error;
  }
}

/** @param old the dump that is there; null for none */
export async function describeTarget(
  place: Target,
  origin: DumpOrigin,
  old: OpenDump | null,
): Promise<StoreDescription> {
  if (old !== null) return describeDump(old, origin);
  const description = describeNew(origin, place.release);
  // A directory, or an empty file, belongs to one release already.
  return place.content === "new" ? description : { ...description, layout: "empty", release: place.release };
}

/** The dump without the records of its graph; what else is in it stays. */
function emptied({ scan, graph, store, isNameTaken, ...dump }: OpenDump): OpenDump {
  const counts = { nodes: 0, relationships: 0, deletedNodes: 0, deletedRelationships: 0 };
  return {
    scan,
    isNameTaken,
    graph: graph === null ? null : { ...graph, counts },
    store: new DumpStore(null),
    [Symbol.dispose]() {
      store.close();
      dump[Symbol.dispose]();
    },
  };
}
