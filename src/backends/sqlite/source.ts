/** A SQLite file opened for reading. */
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { DamagedStoreError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { Summary } from "../../memorygraph/summary.ts";
import { breathe } from "../../support/time.ts";
import type {
  DescriptionDepth,
  Finding,
  OpenOptions,
  SourceStore,
  StoreDescription,
  SummaryOptions,
} from "../backend.ts";
import { OddityLog } from "../findings.ts";
import { accessError, recognise } from "../recognise.ts";
import { describe } from "./describe.ts";
import { onDatabase, translate } from "./errors.ts";
import { assertMemoryGraph, assertNotHalf, assertSqlite } from "./kind.ts";
import { type FileLayout, readLayout } from "./layout.ts";
import { type ParallelSummary, summariseInParallel, worthParallel } from "./parallel.ts";
import { checkCounts, SqliteReader } from "./reader.ts";
import { openSnapshot, type Snapshot } from "./snapshot.ts";

/** @throws StoreKindError, DamagedStoreError, AccessError or BusyError; never changes anything at the path. */
export async function openSource(path: string, options: OpenOptions = {}): Promise<SqliteSource> {
  assertSqlite(path, recognise(path));
  assertWhole(path);
  const snapshot = await openCatching(path, options);
  try {
    const layout = onDatabase(path, () => readLayout(snapshot.database));
    assertMemoryGraph(path, layout);
    assertNotHalf(path, realpathSync(path), layout);
    return new SqliteSource(path, snapshot, layout, options.signal);
  } catch (error) {
    snapshot.close();
    throw error;
  }
}

async function openCatching(path: string, { isolate = false, signal }: OpenOptions): Promise<Snapshot> {
  try {
    return await openSnapshot(path, isolate, signal);
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? accessError(path, error) : translate(path, error);
  }
}

export class SqliteSource implements SourceStore {
  readonly #path: string;
  readonly #snapshot: Snapshot;
  readonly layout: FileLayout;
  readonly #signal: AbortSignal | undefined;
  /** Ends the threads that still read when the source is closed, as after a failure elsewhere. */
  readonly #closing = new AbortController();
  #findings = new OddityLog();
  #summarised: readonly Finding[] | null = null;

  constructor(path: string, snapshot: Snapshot, layout: FileLayout, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#snapshot = snapshot;
    this.layout = layout;
    this.#signal = signal;
  }

  async describe(depth: DescriptionDepth): Promise<StoreDescription> {
    return onDatabase(this.#path, () => describe(this.#snapshot.database, this.layout, this.#path, depth));
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new OddityLog();
    const reader = new SqliteReader(this.#snapshot.database, this.layout, this.#findings);
    yield* readBatches(this.#path, reader, this.#signal);
  }

  /** Null where the file is small, or cannot be opened twice. */
  summarise(options: SummaryOptions = {}): Promise<Summary> | null {
    const { real } = this.#snapshot;
    return real !== null && worthParallel(real) ? this.#summarise(real, options) : null;
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
    const log = new OddityLog();
    checkCounts(this.#snapshot.database, rows, log);
    this.#summarised = [...findings, ...log.list()];
    return summary;
  }

  async #summariseHere({ each = () => {}, release }: SummaryOptions): Promise<ParallelSummary> {
    const log = new OddityLog();
    const reader = new SqliteReader(this.#snapshot.database, this.layout, log);
    const summary = new Summary(release);
    for await (const batch of readBatches(this.#path, reader, this.#signal)) {
      for (const record of batch) summary.add(record);
      each(batch.length);
    }
    return { summary, findings: log.list(), rows: {} };
  }

  /** Where whole tables can be copied from; null for a private copy, which has no name. */
  get real(): string | null {
    return this.#snapshot.real;
  }

  findings(): readonly Finding[] {
    return this.#summarised ?? this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    this.#snapshot.assertUnchanged();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#snapshot.close();
  }
}

/** The reader's batches with room for signals between them, and SQLite's errors in our words. */
export async function* readBatches(
  path: string,
  reader: SqliteReader,
  signal?: AbortSignal,
): AsyncGenerator<readonly GraphRecord[]> {
  const batches = reader.read();
  for (;;) {
    signal?.throwIfAborted();
    const next = onDatabase(path, () => batches.next());
    if (next.done) return;
    yield next.value;
    await breathe();
  }
}

/** A file cut short still opens, and fails only where a missing page is asked for. */
function assertWhole(path: string): void {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header, 0, 100, 0) < 100) throw truncated(path);
  } finally {
    closeSync(file);
  }
  const size = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const countIsValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  const hasSideFile = ["-wal", "-journal"].some((suffix) => existsSync(realpathSync(path) + suffix));
  if (countIsValid && !hasSideFile && header.readUInt32BE(28) * size > statSync(path).size) throw truncated(path);
}

function truncated(path: string): DamagedStoreError {
  return new DamagedStoreError(`${path} is cut short: it is smaller than it says itself`, {
    next: "Keep the file as it is. Restore a backup, or recover what is left with `sqlite3 FILE .recover` and migrate the result.",
  });
}
