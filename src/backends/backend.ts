/**
 * The contract between the migration engine and a store; what a store tells of itself is in description.ts, and what it makes of
 * records in fitting.ts.
 *
 * How to add a backend:
 * 1. One folder here, with a descriptor (descriptor.ts) and a module that exports a `Backend`. A family (Bolt, FalkorDB)
 *    shares a folder.
 * 2. One line in descriptors.ts. Nothing else names the backend: its options, variables, places and what it can do are
 *    data in its descriptor.
 * 3. One end in test/conformance/ends.ts, and one row in the CI matrix.
 *
 * Rules for every implementation:
 * - Opening to read never writes: not a byte, not a lock that stops a writer, no file beside the store.
 * - Creating never happens by accident: only `openForWriting` may, and only its `commit` makes it visible.
 * - Throw the classes of errors.ts, with locations redacted; never log, never continue silently.
 * - Batches are small enough that a caller who stops between two of them stops soon.
 */

import type { ContentDigest } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import type { JournalFile } from "../journal/journal-file.ts";
import type { Present, Survey } from "../journal/present.ts";
import type { Rest } from "../journal/rest.ts";
import type { RollbackPlan } from "../journal/rollback-plan.ts";
import type { RunNotes } from "../journal/run-notes.ts";
import type { Release } from "../memorygraph/releases.ts";
import type { Showing } from "../memorygraph/showing.ts";
import type { Summary } from "../memorygraph/summary.ts";
import type { BackendConfig, BackendType } from "./config.ts";
import type { DescriptionDepth, Finding, SchemaItem, StoreDescription } from "./description.ts";
import type { Fitting } from "./fitting.ts";

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Read from a private copy even where reading in place would do, because the store turned out to change. */
  readonly isolate?: boolean;
  /** A store that is not there is read as an empty one, since it is looked at as a target. */
  readonly maybeMissing?: boolean;
  /** Which store of a command it is, for the options that a message names; the source where it is left out. */
  readonly side?: "from" | "to" | undefined;
}

export interface SummaryOptions {
  /** Told of every so many records. */
  readonly each?: ((records: number) => void) | undefined;
  /** How many threads have other work meanwhile; 0 where this is left out. */
  readonly busy?: number;
  /** Gets a fingerprint of each record, as FingerprintPacker packs them. */
  readonly fingerprints?: ((fingerprints: Uint8Array) => void) | undefined;
  /** Also counts what this release will not show of the memories. */
  readonly release?: Release | undefined;
}

/** A database or graph of the same place that holds something. */
export interface OtherStore {
  readonly name: string;
  /** Null where they were not counted. */
  readonly nodes: number | null;
  /** The option by which it is named, without its side: `database`. */
  readonly option: string;
}

/** Ids that several records of a store have. */
export interface SharedIds {
  readonly nodes: readonly string[];
  readonly relationships: readonly string[];
  /** Whether one of them is read as the record of that id; else all are told apart by what they hold. */
  readonly oneIsTheRecord: boolean;
}

/** A store opened for reading: one moment of it, or an error that says that it changed. */
export interface SourceStore {
  /** What else is there and not empty, for somebody who meant that; absent where there can be nothing else. */
  others?(): Promise<readonly OtherStore[]>;
  /** Absent where every id is that of one record. */
  sharedIds?(): Promise<SharedIds>;
  describe(depth: DescriptionDepth): Promise<StoreDescription>;
  /**
   * Every record once, all nodes before all relationships, in the store's own stable order. Records that cannot be
   * read are left out here and named by `findings`.
   */
  read(): AsyncIterable<readonly GraphRecord[]>;
  /** As `read`, for the plan of a rollback; absent where the records say all of what somebody has changed. */
  present?(): AsyncIterable<readonly Present[]>;
  /**
   * As `read`, but counted and digested on other threads, from now on; null where that cannot be done or does not pay.
   */
  summarise(options?: SummaryOptions): Promise<Summary> | null;
  /** What `read` could not give unchanged; complete once it has been read to its end. */
  findings(): readonly Finding[];
  /**
   * @param failed after a failure: also whether the store is what it says of itself
   * @throws SourceChangedError when what was read need not be one moment of the store; RereadError when it has to be
   *   read in another way
   */
  assertUnchanged(failed?: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface WriteRequest {
  /** The release whose application is to open the target; by default that of the existing target, else the fallback. */
  readonly release: Release | null;
  readonly fallbackRelease: Release;
  /** What a graph server as source has of indexes and constraints. */
  readonly schema?: readonly SchemaItem[] | undefined;
  /** What the source tells of itself, for a target that keeps that; left out where there is no source. */
  readonly source?: StoreDescription | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * The journal of the run: what is needed to undo it or go on with it after the process has ended goes there, before
   * it is done. One that holds something already is that of a run that was stopped: its records are there, and the
   * session begins as if they were not. Called once the target is known to be usable, before anything is created.
   * Without one, what undoing needs goes with the process.
   */
  readonly journal?: (() => JournalFile) | undefined;
}

/** What writing a record made of it where the target could not take it as it was. */
export interface WriteReport {
  /** Timestamps that were respelled for the target's release. */
  respelled: number;
  /** Values that the layout demands and the source does not have, by field. */
  defaulted: Record<string, number>;
  /** Records, or parts of them, that the application will not see: kept beside its own tables. */
  setAside: Record<string, number>;
  /** What of the memories that are written the application will not show, since its model refuses them. */
  readonly showing: Showing;
  /** What else a person should know. */
  readonly notes?: readonly Finding[];
  /** Of a graph server: how many indexes and constraints there were to be in the end, and how many are. */
  schema?: { readonly expected: number; readonly found: number };
}

/** Everything of a source taken over at once, byte for byte, since source and target have one layout. */
export interface BulkCopy {
  run(): Promise<void>;
  /** After `finish`: whether the target, opened anew, holds byte for byte what the source holds. */
  equals(): Promise<boolean>;
}

/** A target under change. Exactly one of `commit`, `rollback` and `preserve` ends it. */
export type TargetSession = StagedTarget | LiveTarget;

/** Nothing that is written is visible to others before `commit`. */
export interface StagedTarget extends Target {
  readonly kind: "staged";
  /** Null where the target finds out while writing what it cannot hold; else `write` and `replace` take fitted records. */
  readonly fitting: Fitting | null;
  /** How many threads of its own it keeps busy while a large store is written; absent where there are none. */
  readonly threads?: number;
  /**
   * Of a large store: what is to get every record of the next `read`, and is then noted in the journal when it is committed, so that
   * what the run has nothing to do with need not be read again to undo it. Null where it does not pay; absent where it never does.
   */
  restBeside?(notes: RunNotes): Rest | null;
  /** Null where the two have not one layout, or the store cannot be copied whole. */
  bulkCopyFrom(source: SourceStore): BulkCopy | null;
}

/** Every batch takes effect at once: nothing may be written before every record has been fitted. */
export interface LiveTarget extends Target {
  readonly kind: "live";
  readonly fitting: Fitting;
  /** After a rollback, which does not reach them: as of RollbackTarget. */
  copies(): readonly CopyElsewhere[];
}

interface Target {
  /** The store before anything was written. */
  readonly before: StoreDescription;
  /** What two addresses share when they lead to one store. */
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport;
  /** Adds records that are not there yet; nodes before the relationships that join them. */
  write(batch: readonly GraphRecord[]): Promise<void>;
  /** Puts records in the place of those with the same identity. */
  replace(batch: readonly GraphRecord[]): Promise<void>;
  /**
   * After the last write: indexes and whatever the layout checks as a whole.
   * @param written the digest of all that was written, where it is known: for a target that keeps it
   */
  finish(written?: ContentDigest): Promise<void>;
  /** What a commit would leave, read anew; before the first write, what stands there. */
  read(): AsyncIterable<readonly GraphRecord[]>;
  /** What the last `read` could not give unchanged. */
  findings(): readonly Finding[];
  /** As `read`, but counted and digested on several threads; null where that cannot be done or does not pay. */
  summarise(options?: SummaryOptions): Promise<Summary> | null;
  /** Figures of what a commit would leave; after `finish`. */
  describe(): Promise<StoreDescription>;
  commit(): Promise<void>;
  /** Back to exactly what was there. @throws RollbackError when that is not possible. */
  rollback(): Promise<void>;
  /** Leaves a failed target for inspection, outside the way of the application where the store allows it; says where. */
  preserve(): Promise<string>;
}

/** A target looked at for a dry run: nothing is written, locked or created. */
export interface TargetPreview {
  readonly before: StoreDescription;
  readonly release: Release;
  readonly report: WriteReport;
  readonly fitting: Fitting | null;
  /** Adds to the report how writing the record would come out. */
  assess(record: GraphRecord): void;
  read(): AsyncIterable<readonly GraphRecord[]>;
  findings(): readonly Finding[];
  close(): Promise<void>;
}

/** What the server keeps of the run's data beside the store itself. */
export interface CopyElsewhere {
  /** What it is, and where. */
  readonly what: string;
  /** The command that removes it, with what others have there. */
  readonly remove: string;
  /** Whether `removeOwn` of the target takes out of it what this program has left there, and nothing else; false if absent. */
  readonly separable?: boolean;
}

/** A target in which runs are undone. */
export interface RollbackTarget {
  /** For people, without credentials. */
  readonly location: string;
  /** Every record that is there now, nodes first; each reading in the same order. */
  present(): AsyncIterable<readonly Present[]>;
  /**
   * The same in a store so large that it pays to read only what the plan has to see; null where it does not pay. The plan is then
   * made of this, in the place of `present`.
   */
  survey?(each: (records: number) => void): Promise<Survey | null>;
  /**
   * After `close`: whether the store, opened anew, is what was planned, told by all that it stores without reading the records. False
   * where only the records can tell.
   */
  isAsPlanned?(each: (records: number) => void): Promise<boolean>;
  /**
   * Does what the plan says, which was made of `present`. What is staged shows it at once, and only if it came out as
   * planned; a server shows it step by step, and it can be begun again. Gives whether the store itself is gone, since the
   * runs had made it and nothing is left in it.
   * @throws RollbackError when it cannot be done now
   */
  apply(plan: RollbackPlan): Promise<"changed" | "removed">;
  /** After a rollback, which does not reach them; absent where there can be none. */
  copies?(): Promise<readonly CopyElsewhere[]>;
  /** Takes what this program has left there out of the copies that are separable. */
  removeOwn?(): Promise<void>;
  /** Whether a plan was applied or not. */
  close(): Promise<void>;
}

export type Backend = SourceBackend | TargetBackend;
export type TargetBackend = StagedBackend | LiveBackend;

/** What every kind of store can do: be read. */
interface Readable {
  readonly type: BackendType;
  /** The location as messages show it: without any credentials. */
  locate(config: BackendConfig): string;
  openForReading(config: BackendConfig, options?: OpenOptions): Promise<SourceStore>;
}

/** A kind of store that is only read. */
export interface SourceBackend extends Readable {
  readonly target: "none";
}

/** A kind of store that can be written to as well. */
interface Writable extends Readable {
  /** Bytes free where the target is or would be; null where that cannot be told. */
  freeBytes(config: BackendConfig): number | null;
  /**
   * Whether writing to the target looks to the source like a change, since one server holds both.
   * @throws RefusedError when source and target are one store
   */
  assertDistinct(
    source: BackendConfig,
    target: BackendConfig,
    signal?: AbortSignal,
  ): Promise<{ readonly sameServer: boolean }>;
  /**
   * The target of runs that are to be undone, whatever became of their processes; what a stopped one left beside it is
   * removed. Null where the store is not there any more.
   * @param journals of the runs, the latest first
   */
  openForRollback(
    config: BackendConfig,
    journals: readonly JournalFile[],
    signal?: AbortSignal,
  ): Promise<RollbackTarget | null>;
  /** The refusals of openForWriting and its answers, without its effects. */
  preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview>;
}

export interface StagedBackend extends Writable {
  readonly target: "staged";
  openForWriting(config: BackendConfig, request: WriteRequest): Promise<StagedTarget>;
  /** Of a run that was stopped: removes what it left beside the target, and says whether it had been put in place before. */
  recover(config: BackendConfig, journal: JournalFile): Promise<"as before" | "complete">;
}

export interface LiveBackend extends Writable {
  readonly target: "live";
  openForWriting(config: BackendConfig, request: WriteRequest): Promise<LiveTarget>;
}
