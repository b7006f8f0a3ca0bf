/** A SQLite file opened for reading. */
import { statSync } from "node:fs";
import { DamagedStoreError, RereadError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { Summary } from "../../memorygraph/summary.ts";
import { WRITE_AHEAD_LOG } from "../../sqlite-file/header.ts";
import { breathe } from "../../support/time.ts";
import type { OpenOptions, SharedIds, SourceStore, SummaryOptions } from "../backend.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { recognise } from "../recognise.ts";
import { countRows } from "./claims.ts";
import { describe } from "./describe.ts";
import { onDatabase, translate } from "./errors.ts";
import { assertSqlite, headerOf } from "./kind.ts";
import type { FileLayout } from "./layout.ts";
import { claimsOf, examine, type OpenedFile, openFile } from "./open.ts";
import { type ParallelSummary, summariseInParallel, worthParallel } from "./parallel.ts";
import { RawFile } from "./raw-file.ts";
import { type RowsRead, SqliteReader } from "./reader.ts";
import { sharedIdsIn } from "./shared-ids.ts";
import { assertSoundTarget, refusedTarget } from "./sound-target.ts";
import { isToldByRows } from "./stored-rows.ts";

/** @throws StoreKindError, DamagedStoreError, RefusedError, AccessError or BusyError; never changes anything at the path. */
export async function openSource(path: string, options: OpenOptions = {}): Promise<SqliteSource> {
  assertSqlite(path, recognise(path));
  return new SqliteSource(path, await openFile(path, options), options);
}

/** How long batches follow one another without a look at whether somebody writes to the file. */
const LOOK_AGAIN_MS = 100;
/** Up to this size every row and page is looked at before it is read, which costs less than a person notices. */
const THOROUGH_BYTES = 16 << 20;

/** A file, or a private copy of it, opened for reading. */
export class SqliteSource implements SourceStore {
  readonly #path: string;
  #opened: OpenedFile;
  readonly #signal: AbortSignal | undefined;
  /** Ends the threads that still read when the source is closed, as after a failure elsewhere. */
  readonly #closing = new AbortController();
  #findings = new FindingLog();
  #summarised: readonly Finding[] | null = null;
  /** How far the claims of the file have been looked at: not at all, at what shows at once, at everything. */
  #examined: 0 | 1 | 2 = 0;
  /** Whether nothing more can be done about what cannot be read. */
  readonly #isolated: boolean;
  /** Why what was read cannot be relied on. */
  #doubt: string | null = null;

  constructor(path: string, opened: OpenedFile, { signal, isolate }: OpenOptions) {
    this.#path = path;
    this.#opened = opened;
    this.#signal = signal;
    this.#isolated = isolate === true;
    if (isolate) this.#examined = 2;
  }

  get layout(): FileLayout {
    return this.#opened.layout;
  }

  /** Whether its indexes may be copied as they are: a file in another mode than MemoryGraph's was in other hands. */
  get hasTrustedIndexes(): boolean {
    const { layout, isStale, isRebuilt, isEdited } = this.#opened;
    const isLogged = headerOf(this.#path)?.writeVersion === WRITE_AHEAD_LOG;
    // Turso, which keeps no index of a file with a full-text search, puts every file that it opens into that mode.
    const wasOnlyOurs = !isLogged || (layout.layout?.writeAheadLog === true && layout.searchTables.length === 0);
    return !isStale && !isRebuilt && !isEdited && wasOnlyOurs;
  }

  /** Of a target that is only looked at. @throws what opening it for writing would throw */
  assertWritable(): void {
    const { snapshot, layout, isRebuilt } = this.#opened;
    if (isRebuilt) throw refusedTarget(this.#path, this.#opened.findings);
    onDatabase(this.#path, () => assertSoundTarget(this.#path, snapshot.database, layout));
  }

  async describe(depth: DescriptionDepth): Promise<StoreDescription> {
    if (depth !== "counts") await this.#examine(depth === "integrity" ? 2 : 1);
    const { snapshot, layout, findings, isStale } = this.#opened;
    const description = onDatabase(this.#path, () => describe(snapshot.database, layout, this.#path, depth, isStale));
    return { ...description, findings: [...description.findings, ...findings] };
  }

  async sharedIds(): Promise<SharedIds> {
    await this.#examine(1);
    const { snapshot, layout } = this.#opened;
    return onDatabase(this.#path, () => sharedIdsIn(snapshot.database, layout));
  }

  async #examine(level: 1 | 2): Promise<void> {
    const thorough = level === 2 || statSync(this.#path).size <= THOROUGH_BYTES;
    if (this.#examined >= (thorough ? 2 : 1)) return;
    try {
      this.#opened = await examine(this.#path, this.#opened, thorough);
    } catch (error) {
      throw translate(this.#path, error);
    }
    this.#examined = thorough ? 2 : 1;
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    await this.#examine(1);
    const { snapshot, layout } = this.#opened;
    this.#findings = new FindingLog();
    const reader = new SqliteReader(snapshot.database, layout, this.#findings);
    let looked = 0;
    try {
      for await (const batch of readBatches(this.#path, reader, this.#signal)) {
        yield batch;
        if (performance.now() - looked < LOOK_AGAIN_MS) continue;
        // Whoever writes meanwhile need not keep to SQLite's rules: the file itself is looked at.
        snapshot.assertUnchanged();
        looked = performance.now();
      }
    } catch (error) {
      const isLast = this.#isolated || this.#opened.isRebuilt;
      if (error instanceof DamagedStoreError && !isLast) this.#doubt = error.message;
      throw error;
    }
    this.#compareCounts(reader.rows);
  }

  /** After a failure, whose reason may be that the store is not what it says of itself. */
  #doubtClaims(): void {
    const { snapshot, layout } = this.#opened;
    const claims = claimsOf(snapshot.database, layout, true);
    if (claims === null) this.#doubt ??= "a part of it cannot be read";
    else if (claims.doubled.length > 0) this.#doubt ??= `several rows of ${claims.doubled.join(" and ")} share an id`;
  }

  /** A table that gave fewer or more rows than the index over its ids names has to be looked at row by row. */
  #compareCounts(read: RowsRead): void {
    if (this.#examined === 2 || this.#opened.isRebuilt) return;
    for (const [table, found] of Object.entries(read)) {
      const expected = countRows(this.#opened.snapshot.database, table);
      if (found !== expected) this.#doubt = `${table} gave ${found} rows, its index names ${expected}`;
    }
  }

  /** Null where the file is small, or cannot be opened twice. */
  summarise(options: SummaryOptions = {}): Promise<Summary> | null {
    const { real } = this.#opened.snapshot;
    // Other threads open the file for themselves, and would not know which rows are beside others.
    const alone = real === null || this.layout.doubled.length > 0;
    return !alone && worthParallel(real, options.busy) ? this.#summarise(real, options) : null;
  }

  async #summarise(real: string, options: SummaryOptions): Promise<Summary> {
    const ends = [this.#closing.signal, this.#signal].filter((signal) => signal !== undefined);
    const until = AbortSignal.any(ends);
    const parallel = summariseInParallel(real, options, until);
    const { summary, findings, rows } = await parallel.catch((cause: unknown) => {
      // The same reading on this thread, with the same outcome, tells what happened in the words of errors.ts.
      if (until.aborted) throw cause;
      return this.#summariseHere(options);
    });
    this.#compareCounts(rows);
    this.#summarised = findings;
    return summary;
  }

  /** Its pages, for who sums rows; null where they do not tell the records, and where that would not pay. The caller closes it. */
  raw(): RawFile | null {
    const { snapshot, layout } = this.#opened;
    const { real, database } = snapshot;
    if (real === null || !worthParallel(real) || !isToldByRows(database, layout)) return null;
    return RawFile.open(real, database, layout);
  }

  /** For reading single rows. The caller closes it. */
  reader(): SqliteReader {
    return new SqliteReader(this.#opened.snapshot.database, this.layout, new FindingLog());
  }

  /** Whether nothing is in doubt, after its tables gave so many rows. @throws SourceChangedError */
  isSound(read: RowsRead): boolean {
    this.#compareCounts(read);
    this.#opened.snapshot.assertUnchanged();
    return this.#doubt === null;
  }

  async #summariseHere({ each = () => {}, release }: SummaryOptions): Promise<ParallelSummary> {
    const log = new FindingLog();
    const reader = new SqliteReader(this.#opened.snapshot.database, this.layout, log);
    const summary = new Summary(release);
    for await (const batch of readBatches(this.#path, reader, this.#signal)) {
      for (const record of batch) summary.add(record);
      each(batch.length);
    }
    return { summary, findings: log.list(), rows: {} };
  }

  /** Where whole tables can be copied from; null for a private copy, which has no name. */
  get real(): string | null {
    return this.#opened.snapshot.real;
  }

  findings(): readonly Finding[] {
    return this.#summarised ?? this.#findings.list();
  }

  async assertUnchanged(failed = false): Promise<void> {
    this.#opened.snapshot.assertUnchanged();
    if (failed && this.#examined < 2 && !this.#opened.isRebuilt) this.#doubtClaims();
    if (this.#doubt === null) return;
    throw new RereadError(`${this.#path} contradicts its own schema (${this.#doubt})`, {
      next: "Read it row by row: memorygraph-migrate inspect",
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#opened.snapshot.close();
  }
}

/** The reader's batches with room for signals between them, and SQLite's errors in our words. */
export async function* readBatches(
  path: string,
  reader: SqliteReader,
  signal?: AbortSignal,
): AsyncGenerator<readonly GraphRecord[]> {
  const batches = reader.read();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = onDatabase(path, () => batches.next());
      if (next.done) return;
      yield next.value;
      await breathe();
    }
  } finally {
    // Whoever stops early leaves a statement under way, which would keep the file open.
    batches.return(undefined);
  }
}
