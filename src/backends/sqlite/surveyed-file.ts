/**
 * A large file in which runs are undone, without reading what they have nothing to do with as records: its rows are summed as the
 * bytes that they are; only those that the plan has to see are decoded; each row that is to go is compared with the one that the
 * plan saw; and afterwards the rows of the file must have the sum that follows. The digest of the rest was noted when a run ended
 * (`rest-note.ts`), part by part, and holds where the rows have not changed since; else it is taken anew.
 */
import { DamagedStoreError } from "../../errors.ts";
import { ContentDigest, sameHash } from "../../graph/digest.ts";
import { type GraphRecord, keyOfId } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Action } from "../../journal/planned-actions.ts";
import type { Concerns, Present, Survey } from "../../journal/present.ts";
import type { Rest } from "../../journal/rest.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { hasBytes } from "../../support/files.ts";
import { breathe } from "../../support/time.ts";
import { onDatabase } from "./errors.ts";
import type { ExistingFile } from "./existing-file.ts";
import { summariseInParallel, worthParallel } from "./parallel.ts";
import { PageSums, type RawFile, RowSum, type SummedRow } from "./raw-file.ts";
import type { SqliteReader } from "./reader.ts";
import { notedRest } from "./rest-note.ts";
import { idIn, idOf, markOf, named, readMark } from "./row-marks.ts";
import { openSource } from "./source.ts";
import type { StoredRecord, StoredRow } from "./stored-rows.ts";

/** So many records are decoded at a time. */
const BATCH = 500;

/** What is read of a file that is surveyed. */
interface Surveyed {
  readonly path: string;
  readonly session: ExistingFile;
  readonly raw: RawFile;
  readonly signal: AbortSignal | undefined;
  readonly each: (records: number) => void;
}

/** What a run noted of the rest, and its place among the runs. */
interface Noted {
  readonly rest: Rest;
  readonly run: number;
}

/** The file in the transaction of `session`, before and after its rows are changed. */
export class SurveyedFile implements Survey {
  readonly #file: Surveyed;
  readonly #journals: readonly JournalFile[];
  readonly #pages: PageSums;
  /** All rows; after `change` without those that went. */
  readonly #sum = new RowSum();
  #noted: Noted | null = null;
  /** The rest as it is now, by its rows. */
  #now: Rest | null = null;
  #plan: RollbackPlan | null = null;

  private constructor(file: Surveyed, journals: readonly JournalFile[]) {
    [this.#file, this.#journals, this.#pages] = [file, journals, new PageSums(file.raw.pages)];
  }

  /** Null where it does not pay, and where rows alone do not tell the records. @param journals of the runs, the latest first */
  static of(file: Omit<Surveyed, "raw">, journals: readonly JournalFile[]): SurveyedFile | null {
    const { session } = file;
    const { identity: real } = session;
    // What is in its log is in no page of it.
    if (!worthParallel(real) || hasBytes(`${real}-wal`) || !session.isToldByRows()) return null;
    const raw = session.raw();
    return raw === null ? null : new SurveyedFile({ ...file, raw }, journals);
  }

  /** Once, before anything is changed. */
  async *concerned(plan: Concerns): AsyncGenerator<readonly Present[]> {
    const { raw } = this.#file;
    this.#noted = notedRest(this.#journals, this.#file.session.signature(), plan);
    const [noted, now] = [this.#noted, this.#noted?.rest.emptied() ?? null];
    this.#now = now;
    const { session } = this.#file;
    const [reader, identities] = [session.reader(), session.identities()];
    const found: (Found & { readonly apart: boolean })[] = [];
    const visit = (row: SummedRow) => {
      this.#sum.add(row.hash);
      if (row.isBeside) return;
      const identity = identities.of(row);
      const apart = noted !== null && (identity === null || plan.mayKnow(noted.run, identity));
      if (!apart && now !== null) now.addRow(row.id!, row.hash);
      if (apart || isConcerned(plan, row, identity)) found.push({ ...foundIn(row), apart });
    };
    try {
      for await (const records of this.#walk(raw.each(visit, this.#pages))) {
        this.#file.each(records);
        while (found.length > 0) yield found.splice(0, BATCH).flatMap((row) => this.#presentOf(reader, row));
      }
    } finally {
      reader.close();
      identities.close();
    }
  }

  /** As a row that cannot be read as a record is none. */
  #presentOf(reader: SqliteReader, { kind, rowid, hash, apart }: Found & { readonly apart: boolean }): Present[] {
    const { path, raw } = this.#file;
    const found = onDatabase(path, () => reader.storedAt(kind, rowid));
    if (found === null) return [];
    const { record, stored, beside } = found;
    const besides = beside === null ? 0n : onDatabase(path, () => raw.hashAt("beside", beside));
    return [{ record, apart, mark: () => markOf(record, stored, [hash, besides ?? 0n]) }];
  }

  async digest(): Promise<ContentDigest> {
    if (this.#noted === null || this.#now === null) return this.#digestOfAll();
    const { rest } = this.#noted;
    const changed = this.#now.changedSince(rest);
    const digest = ContentDigest.fromTransfer(rest.digestWithout(changed));
    if (changed.size === 0) return digest;
    const { session, raw, path } = this.#file;
    const [reader, identities] = [session.reader(), session.identities()];
    const found: Found[] = [];
    const visit = (row: SummedRow) => {
      if (row.isBeside || row.id === null || !changed.has(rest.partOf(row.id))) return;
      const identity = identities.of(row);
      if (identity !== null && !rest.isOfRun(identity)) found.push(foundIn(row));
    };
    try {
      for await (const _ of this.#walk(raw.each(visit, null))) {
        for (const { kind, rowid } of found.splice(0)) {
          const one = onDatabase(path, () => reader.storedAt(kind, rowid));
          if (one !== null) digest.addHash(one.record, hashOf(one.record));
        }
      }
    } finally {
      reader.close();
      identities.close();
    }
    return digest;
  }

  /** By threads that read all records. */
  async #digestOfAll(): Promise<ContentDigest> {
    const { session, each, signal } = this.#file;
    try {
      return (await summariseInParallel(session.identity, { each }, signal)).summary.digest;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      // The same reading on this thread, with the same outcome, tells what happened in the words of errors.ts.
      const digest = new ContentDigest();
      for await (const batch of session.read()) for (const record of batch) digest.addHash(record, hashOf(record));
      return digest;
    }
  }

  /** What a walk over the pages yields, with room for signals in between. */
  async *#walk(pages: Generator<number>): AsyncGenerator<number> {
    for (;;) {
      this.#file.signal?.throwIfAborted();
      const { done, value } = onDatabase(this.#file.path, () => pages.next());
      if (done) return;
      yield value;
      await breathe();
    }
  }

  /**
   * Does what the plan says, row by row.
   * @returns whether it came out as planned, and nothing else was changed with it: by SQLite's own count of changes, and by the
   *   rows that went and came
   */
  async change(plan: RollbackPlan): Promise<boolean> {
    this.#plan = plan;
    const { session } = this.#file;
    const reader = session.reader();
    const before = session.changes();
    let [expected, isExact] = [0, true];
    try {
      for (const kind of ["relationship", "node"] as const) {
        for (const page of plan.actions.pages(kind, "remove")) {
          const gone = this.#takeOut(reader, kind, page);
          await session.remove(page.map(({ mark }) => named(kind, idIn(mark!))));
          expected += gone.rows;
          isExact &&= gone.isExact;
        }
      }
      for (const kind of ["node", "relationship"] as const) {
        for (const page of plan.actions.pages(kind, "restore")) {
          const images = imagesOf(plan, page);
          const gone = this.#takeOut(reader, kind, page);
          await session.replace(images);
          const come = this.#each(images, (image) => asPlanned(reader, image));
          expected += gone.rows + come.rows;
          isExact &&= gone.isExact && come.isExact;
        }
      }
    } finally {
      reader.close();
    }
    return isExact && session.changes() - before === expected && session.isToldByRows();
  }

  #takeOut(reader: SqliteReader, kind: GraphRecord["kind"], page: readonly Action[]): Rows {
    return this.#each(page, ({ mark }) => {
      const { stored, row, beside, id } = readMark(mark!);
      this.#sum.remove(row);
      const found = id === null ? null : reader.rowById(kind, id);
      if (found === null || !sameHash(found.stored, stored)) return null;
      if (found.beside !== null) this.#sum.remove(beside);
      return found;
    });
  }

  #each<T>(items: readonly T[], find: (item: T) => StoredRow | null): Rows {
    const found = onDatabase(this.#file.path, () => items.map(find));
    const rows = found.reduce((sum, one) => sum + (one === null ? 0 : one.beside === null ? 1 : 2), 0);
    return { rows, isExact: !found.includes(null) };
  }

  /** Whether the file, opened anew, holds the rows that it must hold. */
  async isAsPlanned(each: (records: number) => void): Promise<boolean> {
    const { path, signal } = this.#file;
    const source = await openSource(path, { signal });
    try {
      const after = source.raw();
      if (after === null) return false;
      try {
        const [found, counts] = [new RowSum(), {}];
        for await (const records of this.#walk(after.sum(this.#pages, found, counts))) each(records);
        const isRestored = onDatabase(path, () => this.#addRestored(source.reader(), after));
        return isRestored && found.equals(this.#sum) && source.isSound(counts);
      } catch (error) {
        // Reading the records tells what cannot be read.
        if (error instanceof DamagedStoreError) return false;
        throw error;
      } finally {
        after.close();
      }
    } finally {
      await source.close();
    }
  }

  /** The rows that came back, once each is found to hold the record that was planned. */
  #addRestored(reader: SqliteReader, after: RawFile): boolean {
    const plan = this.#plan!;
    try {
      for (const kind of ["node", "relationship"] as const) {
        for (const page of plan.actions.pages(kind, "restore")) {
          for (const image of imagesOf(plan, page)) {
            const found = asPlanned(reader, image);
            if (found === null) return false;
            const hashes = [after.hashAt(kind, found.rowid)];
            if (found.beside !== null) hashes.push(after.hashAt("beside", found.beside));
            for (const hash of hashes) if (hash !== null) this.#sum.add(hash);
          }
        }
      }
    } finally {
      reader.close();
    }
    return true;
  }

  close(): void {
    this.#file.raw.close();
  }
}

/** A row that is to be decoded. */
interface Found {
  readonly kind: GraphRecord["kind"];
  readonly rowid: bigint;
  readonly hash: bigint;
}

function foundIn(row: SummedRow): Found {
  return { kind: row.kind, rowid: row.rowid(), hash: row.hash };
}

/** Of the records of a page: how many rows they are, and whether each is there as it should be. */
interface Rows {
  readonly rows: number;
  readonly isExact: boolean;
}

function isConcerned(plan: Concerns, row: SummedRow, identity: bigint | null): boolean {
  if (identity === null || row.id === null) return true;
  if (row.kind === "node") return plan.hasToDoWithNode(keyOfId(row.id), identity);
  const [from, to] = row.ends();
  return from === null || to === null || plan.hasToDoWithRelationship(identity, keyOfId(from), keyOfId(to));
}

function imagesOf({ traces }: RollbackPlan, page: readonly Action[]): GraphRecord[] {
  return page.map(({ image }) => traces[image!.run]!.imageAt(image!.entry));
}

/** A before-image as it is in the file again; null where it is not. */
function asPlanned(reader: SqliteReader, image: GraphRecord): StoredRecord | null {
  const id = idOf(image);
  const found = id === null ? null : reader.storedById(image.kind, id);
  return found !== null && sameHash(hashOf(found.record), hashOf(image)) ? found : null;
}
