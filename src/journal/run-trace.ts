/** What one run did, out of its journal, so that any record of the present can be looked up: on disk, since it grows with the run. */
import type { GraphRecord } from "../graph/record.ts";
import { type Fingerprint, fingerprintOf } from "../memorygraph/fingerprint.ts";
import { openScratch, storable } from "../support/scratch.ts";
import { Sieve } from "../support/sieve.ts";
import { BEFORE_IMAGE, CREATED, DROPPED, OVERWRITTEN, readBeforeImage, readFingerprints } from "./entries.ts";
import type { JournalFile } from "./journal-file.ts";

/**
 * How a record of the present relates to the run. `unchanged`: it is what the run wrote. `bookkeeping`: apart from what the
 * application keeps by itself. `changed`: the run wrote it, and somebody changed it since. `back`: the run overwrote it, and it
 * is what it was before. `other`: the run has nothing to do with it.
 */
export type Standing = "unchanged" | "bookkeeping" | "changed" | "back" | "other";

interface Traced {
  readonly standing: Standing;
  /** The record before the run; null for one that the run created. */
  readonly before: { readonly record: GraphRecord; readonly entry: number } | null;
}

const OTHER: Traced = { standing: "other", before: null };
const SCHEMA = `CREATE TEMP TABLE made (identity INTEGER, overwritten INTEGER, content INTEGER, stable INTEGER NOT NULL,
  count INTEGER NOT NULL, PRIMARY KEY (identity, overwritten, content)) WITHOUT ROWID`;
/** Several runs can be open at a time, beside the plan and the reader of the store. */
const CACHE_KILOBYTES = 4_000;
const IMAGES = "CREATE TEMP TABLE image (identity INTEGER PRIMARY KEY, entry INTEGER NOT NULL, met INTEGER NOT NULL)";
const ENDS = "CREATE TEMP TABLE image_end (key TEXT PRIMARY KEY) WITHOUT ROWID";

/** What the journal of one run says of each record: created, overwritten, or neither. */
export class RunTrace {
  readonly file: JournalFile;
  /** The run had not come to its end: what it had deleted to create it anew comes back. */
  readonly isUnfinished: boolean;
  readonly #database = openScratch(SCHEMA, CACHE_KILOBYTES);
  readonly #statements;
  /** The identities in both tables: most records of a target are in neither. */
  readonly #identities = new Sieve();
  #images = 0;
  #created = 0;

  /** @throws DamagedJournalError where anything in the journal is not as it was written */
  constructor(file: JournalFile, isUnfinished = false) {
    this.file = file;
    this.isUnfinished = isUnfinished;
    this.#database.run(IMAGES);
    this.#database.run(ENDS);
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      add: prepare("INSERT INTO made VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1"),
      made: prepare(
        "SELECT CAST(content AS TEXT), CAST(stable AS TEXT) FROM made WHERE identity = ? AND overwritten = ? AND count > 0",
      ),
      take: prepare("UPDATE made SET count = count - 1 WHERE identity = ? AND overwritten = 0 AND content = ?"),
      knows: prepare("SELECT 1 FROM made WHERE identity = ? LIMIT 1"),
      addImage: prepare("INSERT OR IGNORE INTO image VALUES (?, ?, 0)"),
      addEnd: prepare("INSERT OR IGNORE INTO image_end VALUES (?)"),
      image: prepare("SELECT entry FROM image WHERE identity = ?"),
      meet: prepare("UPDATE image SET met = 1 WHERE identity = ?"),
    };
    try {
      this.#load();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #load(): void {
    const { file } = this;
    const dropped = new Set([...file.rowsOf(DROPPED)].map(({ ref }) => Number(ref)));
    for (const row of file.rows()) {
      if (row.kind === CREATED && !dropped.has(row.number))
        this.#addAll(
          file.reading(() => [...readFingerprints(row)]),
          0,
        );
      if (row.kind === OVERWRITTEN)
        this.#addAll(
          file.reading(() => [...readFingerprints(row)]),
          1,
        );
      if (row.kind !== BEFORE_IMAGE) continue;
      const { identity, record } = file.reading(() => readBeforeImage(row));
      this.#statements.addImage.run(identity, row.number);
      if (record.kind === "relationship")
        for (const end of [record.from, record.to]) this.#statements.addEnd.run(storable(end));
      this.#images++;
    }
  }

  #addAll(fingerprints: Iterable<Fingerprint>, overwritten: 0 | 1): void {
    for (const { identity, content, stable } of fingerprints) {
      this.#statements.add.run(identity, overwritten, content, stable);
      this.#identities.add(identity);
      if (overwritten === 0) this.#created++;
    }
  }

  /** How many records the run created and overwrote, as far as its journal still holds them. */
  get size(): number {
    return this.#created + this.#images;
  }

  /** False only for a record that `trace` would call another's. */
  mayKnow(identity: bigint): boolean {
    return this.#identities.mayHave(identity);
  }

  /** Each record of the present once, since equal ones are counted off. */
  trace(fingerprint: Fingerprint): Traced {
    if (!this.#identities.mayHave(fingerprint.identity)) return OTHER;
    return this.#overwritten(fingerprint) ?? this.#made(fingerprint);
  }

  #overwritten({ identity, content, stable }: Fingerprint): Traced | null {
    if (this.#images === 0) return null;
    const [row] = this.#statements.image.values(identity) as [number][];
    if (row === undefined) return null;
    this.#statements.meet.run(identity);
    const before = this.imageAt(row[0]);
    if (fingerprintOf(before).content === content) return { standing: "back", before: null };
    const after = this.#of(identity, 1);
    if (after.length === 0) return OTHER;
    return { standing: standingOf(after, content, stable), before: { record: before, entry: row[0] } };
  }

  #made({ identity, content, stable }: Fingerprint): Traced {
    const made = this.#of(identity, 0);
    if (made.length === 0) return OTHER;
    const standing = standingOf(made, content, stable);
    const taken = made.find((one) => one.content === content) ?? made.find((one) => one.stable === stable) ?? made[0]!;
    this.#statements.take.run(identity, taken.content);
    return { standing, before: null };
  }

  #of(identity: bigint, overwritten: 0 | 1): { content: bigint; stable: bigint }[] {
    const rows = this.#statements.made.values(identity, overwritten) as [string, string][];
    return rows.map(([content, stable]) => ({ content: BigInt(content), stable: BigInt(stable) }));
  }

  /** The record that an entry of the journal holds. */
  imageAt(entry: number): GraphRecord {
    return this.file.reading(() => readBeforeImage(this.file.row(entry)).record);
  }

  /** Whether the run created or overwrote a record of that identity. */
  knows(identity: bigint): boolean {
    return this.#statements.knows.values(identity).length > 0;
  }

  /** The keys of the nodes that overwritten relationships joined, as `storable` spells them. */
  *ends(): Generator<string> {
    for (const [key] of this.#database.query("SELECT key FROM image_end").values() as [string][]) yield key;
  }

  /** Relationships that the run had deleted to create them anew elsewhere, and that are nowhere now. */
  *lost(): Generator<{ readonly record: GraphRecord; readonly entry: number; readonly identity: bigint }> {
    for (const row of this.file.rowsOf(BEFORE_IMAGE)) {
      const { identity, record, moved } = this.file.reading(() => readBeforeImage(row));
      if (!moved) continue;
      const [met] = this.#database.query("SELECT met FROM image WHERE identity = ?").values(identity) as [number][];
      if (met?.[0] === 0) yield { record, entry: row.number, identity };
    }
  }

  /** How many records of the run are not in the target any more; after every record of the present was traced. */
  gone(): number {
    const count = (sql: string) => Number(this.#database.query(sql).values()[0]![0]);
    // What was deleted to be created anew is in both tables.
    return (
      count("SELECT total(count) FROM made WHERE overwritten = 0 AND identity NOT IN (SELECT identity FROM image)") +
      count("SELECT count(*) FROM image WHERE met = 0")
    );
  }

  /** The journal stays open. */
  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }
}

function standingOf(
  made: readonly { readonly content: bigint; readonly stable: bigint }[],
  content: bigint,
  stable: bigint,
): Standing {
  if (made.some((one) => one.content === content)) return "unchanged";
  return made.some((one) => one.stable === stable) ? "bookkeeping" : "changed";
}
