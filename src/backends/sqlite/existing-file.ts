/** A target file that is there already: changed in one transaction, verified inside it, and undone by leaving it. */
import type { Database } from "bun:sqlite";
import { existsSync, realpathSync } from "node:fs";
import { RefusedError, RollbackError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { Rest } from "../../journal/rest.ts";
import type { RunNotes } from "../../journal/run-notes.ts";
import { columnNames, type SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { DEFAULT_RELEASE, type Release, releaseLine } from "../../memorygraph/releases.ts";
import { shellQuote } from "../../support/shell.ts";
import { inWords } from "../../support/words.ts";
import type { StagedTarget, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { nameTooLong } from "../file/errors.ts";
import { FindingLog } from "../findings.ts";
import { count } from "./database.ts";
import { describe } from "./describe.ts";
import { translate } from "./errors.ts";
import { ForeignWriterGuard } from "./foreign-writer.ts";
import { describeHybrid, type FileLayout, readLayout, releaseOf, releasesOf } from "./layout.ts";
import { createIndexes, setWriteAheadLog } from "./new-file.ts";
import { worthParallel } from "./parallel.ts";
import { RawFile } from "./raw-file.ts";
import { SqliteReader } from "./reader.ts";
import { dataVersion, noteRest, RowIdentities, signatureOf } from "./rest-note.ts";
import { RowWriter } from "./row-writer.ts";
import { openToWrite } from "./shared-memory.ts";
import { ROLLBACK_JOURNAL } from "./snapshot.ts";
import { assertSoundTarget } from "./sound-target.ts";
import { readBatches } from "./source.ts";
import { isToldByRows } from "./stored-rows.ts";

/** A file under change in one transaction: exactly one of commit, rollback and preserve ends it. */
export class ExistingFile implements StagedTarget {
  readonly kind = "staged";
  readonly fitting = null;
  readonly release: Release;
  readonly before: StoreDescription;
  readonly #path: string;
  readonly #real: string;
  readonly #signal: AbortSignal | undefined;
  readonly #database: Database;
  readonly #writer: RowWriter;
  /** A file without tables gets its schema in the same transaction, and the journal mode after it. */
  readonly #wasEmpty: boolean;
  readonly #others: ForeignWriterGuard;
  #removed = false;
  /** What the run has nothing to do with, for its journal. */
  #rest: { readonly rest: Rest; readonly notes: RunNotes } | null = null;
  #findings = new FindingLog();

  /**
   * @param purpose a target of runs that are undone may be locked for itself where its file system cannot share memory
   * @throws BusyError, DamagedStoreError, AccessError; RefusedError for a file that we do not know how to write to.
   */
  constructor(
    path: string,
    { release, fallbackRelease, signal, journal }: WriteRequest,
    purpose: "run" | "rollback" = "run",
  ) {
    this.#path = path;
    this.#real = realpathSync(path);
    this.#signal = signal;
    const tooLong = nameTooLong(this.#real, ROLLBACK_JOURNAL);
    if (tooLong !== null) throw tooLong;
    const unfinished = existsSync(this.#real + ROLLBACK_JOURNAL);
    this.#database = this.#guard(() => openToWrite(path, this.#real, purpose === "rollback"));
    try {
      const layout = this.#guard(() => this.#begin());
      this.#others = new ForeignWriterGuard(path);
      this.#wasEmpty = layout.name === "empty" && purpose === "run";
      if (this.#wasEmpty) this.release = release ?? fallbackRelease;
      else this.release = purpose === "run" ? assertWritable(path, layout, release) : writtenRelease(layout);
      const isRun = purpose === "run";
      const findings = isRun ? this.#guard(() => assertSoundTarget(path, this.#database, layout)) : [];
      const before = this.#guard(() => describe(this.#database, layout, path, "links"));
      this.before = { ...before, findings: [...before.findings, ...findings] };
      if (this.#wasEmpty) for (const sql of this.#schema.tables) this.#guard(() => this.#database.run(sql));
      this.#writer = new RowWriter(this.#database, this.release, this.#layout());
      if (unfinished && !existsSync(this.#real + ROLLBACK_JOURNAL)) this.report.notes.push(takenBack(path));
      journal?.();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get #schema(): SqliteLayout {
    return releaseLine(this.release).sqlite.layout;
  }

  /** For taking out what a run has put in, whatever others have made of the file since. */
  static forRollback(path: string): ExistingFile {
    return new ExistingFile(path, { release: null, fallbackRelease: DEFAULT_RELEASE }, "rollback");
  }

  get identity(): string {
    return this.#real;
  }

  get report(): WriteReport & { notes: Finding[] } {
    return this.#writer.report;
  }

  #begin(): FileLayout {
    // Replacing a memory must not take its relationships along.
    this.#database.run("PRAGMA foreign_keys = OFF");
    this.#database.run("BEGIN IMMEDIATE");
    return this.#layout();
  }

  #layout(): FileLayout {
    return this.#guard(() => readLayout(this.#database));
  }

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#others.check();
    this.#guard(() => this.#writer.writeAll(batch));
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    this.#others.check();
    this.#guard(() => this.#writer.replaceAll(batch));
  }

  async remove(batch: readonly GraphRecord[]): Promise<void> {
    this.#guard(() => {
      for (const record of batch) this.#writer.remove(record);
      this.#removed = true;
    });
  }

  async finish(): Promise<void> {
    if (this.#removed) this.#guard(() => this.#writer.dropEmptySideTable());
    if (this.#wasEmpty) this.#guard(() => createIndexes(this.#database, this.release));
  }

  bulkCopyFrom(): null {
    return null;
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const passOver = (record: GraphRecord) => this.#rest?.rest.passOver(record);
    const reader = new SqliteReader(this.#database, this.#layout(), this.#findings, undefined, passOver);
    yield* readBatches(this.#path, reader, this.#signal);
  }

  /** For reading single rows under change. The caller closes it. */
  reader(): SqliteReader {
    return new SqliteReader(this.#database, this.#layout(), new FindingLog());
  }

  /** @see StagedTarget.restBeside */
  restBeside(notes: RunNotes): Rest | null {
    const { nodes, relationships } = this.before;
    if (!worthParallel(this.#real) || !this.isToldByRows()) return null;
    this.#rest = { rest: Rest.for(nodes + relationships, (identity) => notes.mayKnow(identity)), notes };
    return this.#rest.rest;
  }

  /** The pages of the file, in which nothing of this transaction is; null where they do not tell the rows. The caller closes it. */
  raw(): RawFile | null {
    return this.#guard(() => RawFile.open(this.#real, this.#database, this.#layout()));
  }

  /** The caller closes it. */
  identities(): RowIdentities {
    return this.#guard(() => new RowIdentities(this.#database, this.#layout()));
  }

  signature(): string {
    return this.#guard(() => signatureOf(this.#database, this.#layout()));
  }

  /** Whether the rows of the tables, in their present state, tell every record (`stored-rows.ts`). */
  isToldByRows(): boolean {
    return this.#guard(() => isToldByRows(this.#database, this.#layout()));
  }

  /** How many rows were inserted, changed and deleted since the file was opened, by triggers too. */
  changes(): number {
    return this.#guard(() => count(this.#database, "SELECT total_changes()"));
  }

  async describe(): Promise<StoreDescription> {
    return this.#guard(() => describe(this.#database, this.#layout(), this.#path, "links"));
  }

  async commit(): Promise<void> {
    this.#others.check();
    this.#writer.close();
    const committed = this.#rest === null ? 0 : this.#guard(() => dataVersion(this.#database));
    this.#guard(() => this.#database.run("COMMIT"));
    if (this.#rest !== null) await noteRest(this.#rest, this.#real, this.#database, committed);
    this.#database.close();
    if (this.#wasEmpty && this.#schema.writeAheadLog) setWriteAheadLog(this.#real);
  }

  async rollback(): Promise<void> {
    this.#writer.close();
    try {
      // A failed write may have ended the transaction already; SQLite has then undone it itself.
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#database.close();
    } catch (cause) {
      throw new RollbackError(
        `the changes to ${this.#path} could not be undone (${cause instanceof Error ? cause.message : cause})`,
        {
          next: `Keep ${this.#real} and ${this.#real}-journal together: SQLite undoes the changes when the file is next opened.`,
          cause,
        },
      );
    }
  }

  async preserve(): Promise<string> {
    await this.commit();
    return this.#path;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translate(this.#path, error);
    }
  }
}

function takenBack(path: string): Finding {
  const what = "another program had stopped during a transaction on the target; SQLite has rolled it back";
  return { kind: "note", what, count: 1, examples: [`${path}-journal`] };
}

/** The release in whose tables a run has written: another one may have added its own since. */
function writtenRelease(file: FileLayout): Release {
  const own = file.layout ?? file.relationships?.layout ?? null;
  return releaseOf({ ...file, layout: own }) ?? DEFAULT_RELEASE;
}

/** The release that a file's layout belongs to. @throws RefusedError when we do not know how to write to it. */
export function assertWritable(path: string, layout: FileLayout, asked: Release | null): Release {
  if (layout.name === "hybrid") {
    throw new RefusedError(`${path} is a hybrid: ${describeHybrid(layout).what}, and no release can read all of it`, {
      next: `Merge its tables into a new file first: memorygraph-migrate --from sqlite --from-path ${shellQuote(path)} --to sqlite --to-path NEW.db`,
    });
  }
  const releases = releasesOf(layout);
  const release = releaseOf(layout);
  if (release === null) {
    throw new RefusedError(`${path} is a file of the ${layout.name} layout, which is only read`, {
      next: "Choose a new file as the target.",
    });
  }
  if (asked !== null && !releases.includes(asked)) {
    throw new RefusedError(`${path} is a store of MemoryGraph ${inWords(releases)}, not of ${asked}`, {
      next: `Leave out --for, or choose a new file for ${asked}.`,
    });
  }
  const unknown = unknownColumns(layout);
  if (unknown.length > 0) {
    throw new RefusedError(
      `${path} has columns that this release does not know (${unknown.join(", ")}); a newer MemoryGraph made it`,
      {
        next: "Get the newest memorygraph-migrate, or migrate into a new file.",
      },
    );
  }
  if (layout.relationships === null) {
    throw new RefusedError(`${path} has no table for relationships`, {
      next: "Open it once with MemoryGraph, or migrate into a new file.",
    });
  }
  return asked ?? release;
}

function unknownColumns({ nodeTables, relationships }: FileLayout): string[] {
  return [...nodeTables, ...(relationships === null ? [] : [relationships])].flatMap(({ layout, name, columns }) => {
    const known = columnNames(name === layout.nodes.name ? layout.nodes : layout.relationships);
    return columns.filter((column) => !known.includes(column)).map((column) => `${name}.${column}`);
  });
}
