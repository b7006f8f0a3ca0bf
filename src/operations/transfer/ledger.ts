/**
 * What is known about each record of a filled target and of the source, on disk, so that memory does not grow with
 * the stores.
 */
import type { ContentHash } from "../../graph/digest.ts";
import type { Stamp } from "../../memorygraph/times.ts";
import { openScratch } from "../../support/scratch.ts";

export interface LedgerEntry {
  /** What stood in the target; null where nothing did. */
  readonly before: ContentHash | null;
  readonly stamp: Stamp;
  /** What must stand there in the end. */
  readonly expected: ContentHash;
  /** Whether the run is about this record, or it only has to be left alone. */
  readonly selected: boolean;
}

const SCHEMA = `CREATE TEMP TABLE entry (
  key TEXT PRIMARY KEY,
  before BLOB,
  stamp TEXT,
  expected BLOB NOT NULL,
  selected INTEGER NOT NULL,
  seen INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID`;

/** One entry a record, by its key. Close it in the end. */
export class Ledger {
  readonly #database = openScratch(SCHEMA);
  readonly #statements = {
    get: this.#database.prepare("SELECT before, stamp, expected, selected FROM entry WHERE key = ?"),
    put: this.#database.prepare(
      "INSERT OR REPLACE INTO entry (key, before, stamp, expected, selected) VALUES (?, ?, ?, ?, ?)",
    ),
    see: this.#database.prepare("UPDATE entry SET seen = seen + 1 WHERE key = ?"),
  };

  get(key: string): LedgerEntry | null {
    const row = this.#statements.get.values(key)[0] as
      | [ContentHash | null, string | null, ContentHash, number]
      | undefined;
    if (row === undefined) return null;
    return { before: row[0], stamp: row[1], expected: row[2], selected: row[3] === 1 };
  }

  put(key: string, { before, stamp, expected, selected }: LedgerEntry): void {
    this.#statements.put.run(key, before, stamp, expected, selected ? 1 : 0);
  }

  see(key: string): void {
    this.#statements.see.run(key);
  }

  /** Keys that were expected and not seen: how many, and the first few. */
  unseen(): { count: number; keys: string[] } {
    const [count] = this.#database.query("SELECT count(*) FROM entry WHERE seen = 0").values()[0] as [number];
    const keys = this.#database.query("SELECT key FROM entry WHERE seen = 0 ORDER BY key LIMIT 10").values();
    return { count, keys: keys.map(([key]) => String(key)) };
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }
}
