/**
 * What a store would hold after others were merged into it, one after the other: the counts of a plan before anything is
 * done. On disk, so that memory does not grow with the stores.
 */
import type { SourceStore } from "../backends/backend.ts";
import { type ContentHash, sameHash } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { hashOf } from "../memorygraph/canonicalizer.ts";
import { isForeignMemory, isMemory } from "../memorygraph/memory.ts";
import type { Release } from "../memorygraph/releases.ts";
import { Showing } from "../memorygraph/showing.ts";
import { compareStamps, type Stamp, stampOf } from "../memorygraph/times.ts";
import { RecordKeys } from "../operations/records.ts";
import { openScratch } from "../support/scratch.ts";

/** What merging one store changes, the latest version of each record winning. */
export interface Change {
  /** Records that were not there. */
  created: number;
  /** Records of which this store has a later version. */
  replaced: number;
  /** Records of which what is there is later. */
  older: number;
  /** Records with other content and the same time, or none: what is there stays. */
  undecided: number;
  /** Memories in the store itself. */
  memories: number;
  /** Nodes with the label of memories that another program made. */
  foreign: number;
  /** Those of the memories that the release will not show, since its model refuses them. */
  notShown: number;
}

export function noChange(): Change {
  return { created: 0, replaced: 0, older: 0, undecided: 0, memories: 0, foreign: 0, notShown: 0 };
}

export class Union {
  readonly #database = openScratch(
    "CREATE TEMP TABLE record (key TEXT PRIMARY KEY, hash BLOB NOT NULL, stamp TEXT) WITHOUT ROWID",
  );
  readonly #get = this.#database.prepare("SELECT hash, stamp FROM record WHERE key = ?");
  readonly #put = this.#database.prepare("INSERT OR REPLACE INTO record (key, hash, stamp) VALUES (?, ?, ?)");
  readonly #release: Release;
  /** Memories that it would hold. */
  memories = 0;

  /** @param release which is to show what it holds */
  constructor(release: Release) {
    this.#release = release;
  }

  /**
   * Reads the whole store, and adds to `change` what merging it does. Read again, it finds itself there.
   * @throws MigrateError when it cannot be read to its end
   */
  async add(store: SourceStore, change: Change, each: (records: number) => void): Promise<void> {
    change.memories = 0;
    change.foreign = 0;
    const keys = new RecordKeys();
    const showing = new Showing(this.#release);
    for await (const batch of store.read()) {
      for (const record of batch) {
        this.#merge(record, keys, change);
        if (isForeignMemory(record)) change.foreign++;
        if (isMemory(record)) showing.add(record.stored ?? record.properties);
      }
      each(batch.length);
    }
    change.notShown = showing.count;
  }

  close(): void {
    this.#get.finalize();
    this.#put.finalize();
    this.#database.close();
  }

  #merge(record: GraphRecord, keys: RecordKeys, change: Change): void {
    const counts = isMemory(record);
    if (counts) change.memories++;
    const hash = hashOf(record);
    const key = keys.keyOf(record, hash);
    const stamp = stampOf(record);
    const [there] = this.#get.values(key) as [ContentHash, Stamp][];
    if (there === undefined) {
      change.created++;
      if (counts) this.memories++;
    } else {
      if (sameHash(there[0], hash)) return;
      const order = compareStamps(stamp, there[1]) ?? 0;
      if (order < 0) change.older++;
      else if (order === 0) change.undecided++;
      else change.replaced++;
      if (order <= 0) return;
    }
    this.#put.run(key, hash, stamp);
  }
}
