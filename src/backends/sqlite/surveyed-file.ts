/**
 * A large file in which runs are undone, without reading what they have nothing to do with as records: threads digest the whole
 * and sum its rows as they are stored; only rows that the plan has to see are decoded once more; each row that is to go is
 * compared with the one that the plan saw; and afterwards the rows of the file must have the sum that follows.
 */
import { type ContentDigest, sameHash } from "../../graph/digest.ts";
import { Properties } from "../../graph/properties.ts";
import { type GraphRecord, idOfKey, keyOfId, relationshipId } from "../../graph/record.ts";
import type { Action } from "../../journal/planned-actions.ts";
import type { Concerns, Present, Survey } from "../../journal/present.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { hasBytes } from "../../support/files.ts";
import { breathe } from "../../support/time.ts";
import type { Row } from "./database.ts";
import { onDatabase } from "./errors.ts";
import type { ExistingFile } from "./existing-file.ts";
import { summariseInParallel, worthParallel } from "./parallel.ts";
import type { SqliteReader, StoredRecord } from "./reader.ts";
import { openSource } from "./source.ts";
import type { StoredRows } from "./stored-rows.ts";

const HASH_BYTES = 32;

/** The file in the transaction of `session`, before and after its rows are changed. */
export class SurveyedFile implements Survey {
  readonly digest: ContentDigest;
  readonly #path: string;
  readonly #session: ExistingFile;
  /** All rows; after `change` what they must be. */
  readonly #stored: StoredRows;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    path: string,
    session: ExistingFile,
    { digest, stored }: { digest: ContentDigest; stored: StoredRows },
    signal?: AbortSignal,
  ) {
    [this.#path, this.#session, this.#stored, this.#signal] = [path, session, stored, signal];
    this.digest = digest;
  }

  /** Null where it does not pay, and where rows alone do not tell the records. */
  static async of(
    path: string,
    session: ExistingFile,
    each: (records: number) => void,
    signal?: AbortSignal,
  ): Promise<SurveyedFile | null> {
    const { identity: real } = session;
    // Other threads see the file without its log.
    if (!worthParallel(real) || hasBytes(`${real}-wal`) || !session.isToldByRows()) return null;
    const summarised = await summariseInParallel(real, { each }, signal, "as well").catch((cause: unknown) => {
      // The same reading on this thread, with the same outcome, tells what happened in the words of errors.ts.
      if (signal?.aborted) throw cause;
      return null;
    });
    if (summarised === null) return null;
    return new SurveyedFile(path, session, { digest: summarised.summary.digest, stored: summarised.stored }, signal);
  }

  async *concerned(plan: Concerns): AsyncGenerator<readonly Present[]> {
    const isWanted = (kind: GraphRecord["kind"], [id, from, to]: Row) => {
      if (typeof id !== "string") return true;
      if (kind === "node") return plan.hasToDoWithNode(id);
      if (typeof from !== "string" || typeof to !== "string") return true;
      return plan.hasToDoWithRelationship(id, from, to);
    };
    const pages = this.#session.reader().readRows(isWanted);
    for (;;) {
      this.#signal?.throwIfAborted();
      const { done, value } = onDatabase(this.#path, () => pages.next());
      if (done) return;
      yield value.map(({ record, stored }) => ({ record, mark: () => markOf(record, stored) }));
      await breathe();
    }
  }

  /**
   * Does what the plan says, row by row.
   * @returns whether it came out as planned, and nothing else was changed with it: by SQLite's own count of changes, and by the
   *   rows that went and came
   */
  async change({ actions, traces }: RollbackPlan): Promise<boolean> {
    const session = this.#session;
    const reader = session.reader();
    const before = session.changes();
    let [expected, isExact] = [0, true];
    try {
      for (const kind of ["relationship", "node"] as const) {
        for (const page of actions.pages(kind, "remove")) {
          const gone = this.#takeOut(reader, kind, page);
          await session.remove(page.map(({ mark }) => named(kind, idIn(mark!))));
          expected += gone.rows;
          isExact &&= gone.isExact;
        }
      }
      for (const kind of ["node", "relationship"] as const) {
        for (const page of actions.pages(kind, "restore")) {
          const images = page.map(({ image }) => traces[image!.run]!.imageAt(image!.entry));
          const gone = this.#takeOut(reader, kind, page);
          await session.replace(images);
          const come = this.#bringIn(reader, images);
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
      const stored = storedIn(mark!);
      this.#stored.remove(stored);
      const id = idIn(mark!);
      const found = id === null ? null : reader.storedById(kind, id);
      return found !== null && sameHash(found.stored, stored) ? found : null;
    });
  }

  #bringIn(reader: SqliteReader, images: readonly GraphRecord[]): Rows {
    return this.#each(images, (image) => {
      const id = idOf(image);
      const found = id === null ? null : reader.storedById(image.kind, id);
      if (found === null || !sameHash(hashOf(found.record), hashOf(image))) return null;
      this.#stored.add(found.stored);
      return found;
    });
  }

  #each<T>(items: readonly T[], find: (item: T) => StoredRecord | null): Rows {
    const found = onDatabase(this.#path, () => items.map(find));
    return { rows: found.reduce((sum, one) => sum + (one?.rows ?? 0), 0), isExact: !found.includes(null) };
  }

  /** Whether the file, opened anew, holds the rows that it must hold. */
  async isAsPlanned(each: (records: number) => void): Promise<boolean> {
    const source = await openSource(this.#path, { signal: this.#signal });
    try {
      return (await source.storedRows(each))?.equals(this.#stored) === true;
    } finally {
      await source.close();
    }
  }
}

/** Of the records of a page: how many rows they are, and whether each is there as it should be. */
interface Rows {
  readonly rows: number;
  readonly isExact: boolean;
}

/** The hash of the row, then its id. */
function markOf(record: GraphRecord, stored: Uint8Array): Uint8Array {
  return Buffer.concat([stored, Buffer.from(JSON.stringify(idOf(record)))]);
}

function storedIn(mark: Uint8Array): Uint8Array {
  return mark.slice(0, HASH_BYTES);
}

function idIn(mark: Uint8Array): string | null {
  return JSON.parse(Buffer.from(mark.subarray(HASH_BYTES)).toString()) as string | null;
}

function idOf(record: GraphRecord): string | null {
  return record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
}

/** As much of a record as it takes to take its row out; none has no id, since then no row is found to go. */
function named(kind: GraphRecord["kind"], id: string | null): GraphRecord {
  if (kind === "node")
    return { kind, key: id === null ? "#" : keyOfId(id), labels: [], properties: Properties.from([]) };
  return { kind, from: "", to: "", type: "", properties: Properties.from([["id", id]]) };
}
