/**
 * A target file that does not exist yet: written under a temporary name beside it, and given its own name only when
 * it has been verified, so that it appears whole or not at all.
 */
import { constants, Database } from "bun:sqlite";
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { GraphRecord } from "../../graph/record.ts";
import type { SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import type { Summary } from "../../memorygraph/summary.ts";
import { flushAhead } from "../../support/files.ts";
import { breathe } from "../../support/time.ts";
import type { BulkCopy, SourceStore, StagedTarget, SummaryOptions, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { StagedFile } from "../file/staging.ts";
import { FindingLog } from "../findings.ts";
import { copyTables, equalTables, type WholeTable, wholeTables } from "./bulk-copy.ts";
import { describe } from "./describe.ts";
import { onDatabase, translate } from "./errors.ts";
import { readLayout } from "./layout.ts";
import { summariseInParallel, worthParallel } from "./parallel.ts";
import { SqliteReader } from "./reader.ts";
import { RowWriter } from "./row-writer.ts";
import { openImmutable } from "./snapshot.ts";
import { readBatches, SqliteSource } from "./source.ts";

/** What SQLite keeps beside a database. */
const SUFFIXES = ["-journal", "-wal", "-shm"];

/** A file that is being made: exactly one of commit, rollback and preserve ends it. */
export class NewFile implements StagedTarget {
  readonly kind = "staged";
  readonly fitting = null;
  readonly release: Release;
  readonly before: StoreDescription;
  readonly identity: string;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  readonly #schema: SqliteLayout;
  readonly #staged: StagedFile;
  #database: Database | null;
  #indexed = false;
  #findings = new FindingLog();
  readonly #writer: RowWriter;

  constructor(path: string, { release: asked, fallbackRelease, signal, journal }: WriteRequest) {
    const release = asked ?? fallbackRelease;
    this.#path = path;
    this.release = release;
    this.#signal = signal;
    this.#schema = releaseLine(release).sqlite.layout;
    this.identity = join(realpathSync(dirname(resolve(path))), basename(path));
    const staging = { purpose: "run", journal: journal?.() ?? null, state: null, suffixes: SUFFIXES } as const;
    this.#staged = this.#guard(() => new StagedFile({ path, file: resolve(path) }, staging));
    this.#database = this.#create();
    const layout = readLayout(this.#database);
    this.before = { ...describe(this.#database, layout, path, "counts"), layout: "new", bytes: null };
    this.#writer = new RowWriter(this.#database, release, layout, "at the end");
  }

  get report(): WriteReport {
    return this.#writer.report;
  }

  #create(): Database {
    return this.#guard(() => {
      const database = new Database(this.#staged.file, constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_URI);
      // Nobody else knows this file, and until it is published it may be lost: no journal on disk, no waiting for it.
      for (const pragma of [
        "journal_mode = MEMORY",
        "synchronous = OFF",
        "locking_mode = EXCLUSIVE",
        "cache_size = -16000",
      ]) {
        database.run(`PRAGMA ${pragma}`);
      }
      for (const sql of this.#schema.tables) database.run(sql);
      database.run("BEGIN");
      return database;
    });
  }

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#guard(() => this.#writer.writeAll(batch));
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    this.#guard(() => this.#writer.replaceAll(batch));
  }

  bulkCopyFrom(source: SourceStore): BulkCopy | null {
    if (!(source instanceof SqliteSource) || source.real === null) return null;
    const { real, hasTrustedIndexes: trusted } = source;
    const tables = wholeTables(source.layout, this.#schema);
    if (tables === null) return null;
    return {
      run: () => this.#copy(real, tables, trusted),
      equals: async () => this.#guard(() => equalTables(real, this.#staged.file, tables, trusted)),
    };
  }

  async #copy(real: string, tables: readonly WholeTable[], withIndexes: boolean): Promise<void> {
    await breathe();
    this.#guard(() => {
      if (withIndexes) for (const sql of this.#schema.indexes) this.#database!.run(sql);
      this.#indexed = withIndexes;
      this.#database!.run("COMMIT");
      copyTables(this.#database!, real, tables, withIndexes);
      this.#database!.run("BEGIN");
    });
  }

  async finish(): Promise<void> {
    this.#guard(() => {
      if (!this.#indexed) for (const sql of this.#schema.indexes) this.#database!.run(sql);
      this.#writer.finish();
      createSearch(this.#database!, this.release);
      this.#database!.run("COMMIT");
      this.#close();
    });
    // The disk may begin with its work while we read the file back; commit waits for the rest.
    flushAhead(this.#staged.file);
  }

  summarise({ each }: SummaryOptions = {}): Promise<Summary> | null {
    if (this.#database !== null || !worthParallel(this.#staged.file)) return null;
    return summariseInParallel(this.#staged.file, { each }, this.#signal).then(({ summary }) => summary);
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    if (this.#database !== null) return;
    const fresh = openImmutable(this.#path, this.#staged.file);
    try {
      const reader = new SqliteReader(fresh, readLayout(fresh), this.#findings);
      yield* readBatches(this.#path, reader, this.#signal);
    } finally {
      fresh.close();
    }
  }

  async describe(): Promise<StoreDescription> {
    return this.#guard(() => {
      const fresh = openImmutable(this.#path, this.#staged.file);
      try {
        return describe(fresh, readLayout(fresh), this.#path, "counts");
      } finally {
        fresh.close();
      }
    });
  }

  async commit(): Promise<void> {
    this.#guard(() => {
      if (this.#schema.writeAheadLog) setWriteAheadLog(this.#staged.file);
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

  #close(): void {
    if (this.#database === null) return;
    this.#writer.close();
    this.#database.close();
    this.#database = null;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translate(this.#path, error);
    }
  }
}

/** What goes into a new file after its rows: indexes, and the full-text search of the release. */
export function createIndexes(database: Database, release: Release): void {
  for (const sql of releaseLine(release).sqlite.layout.indexes) database.run(sql);
  createSearch(database, release);
}

function createSearch(database: Database, release: Release): void {
  for (const sql of releaseLine(release).sqlite.search?.statements ?? []) database.run(sql);
}

/** The mode is a mark in the file's header; closing the last connection removes the side files again. */
export function setWriteAheadLog(path: string): void {
  const database = new Database(path, constants.SQLITE_OPEN_READWRITE);
  try {
    onDatabase(path, () => database.run("PRAGMA journal_mode = WAL"));
  } finally {
    database.close();
  }
}
