/** What a rollback is to do with which record, on disk: found by its place in the order of reading, by its key, or page by page. */
import type { ContentHash } from "../graph/digest.ts";
import { Properties } from "../graph/properties.ts";
import type { GraphNode } from "../graph/record.ts";
import { openScratch, restored, storable } from "../support/scratch.ts";
import { Sieve } from "../support/sieve.ts";
import type { ImagePlace } from "./layers.ts";
import type { Present } from "./present.ts";
import type { Kept } from "./rollback-plan.ts";

type Kind = "node" | "relationship";

export interface Undone {
  readonly present: Present;
  /** Its place among the records of its kind, in the order of reading. */
  readonly ordinal: number;
  readonly hash: ContentHash;
  readonly identity: bigint;
  readonly isBookkeeping: boolean;
  readonly isForced: boolean;
  readonly name: string;
  readonly title: string | null;
}

/** A node that stays although it was to go. */
interface Held extends Pick<Undone, "hash" | "isBookkeeping" | "isForced"> {
  readonly node: GraphNode;
  /** The before-image that it gets; null for what it is now. */
  readonly image: ImagePlace | null;
}

/** A record that goes, or whose before-image is restored. */
export interface Action {
  readonly ordinal: number;
  readonly image: ImagePlace | null;
  readonly internal: bigint;
  readonly source: bigint;
  readonly mark: Uint8Array | null;
  readonly name: string;
}

const PAGE = 500;
const CACHE_KILOBYTES = 8_000;
const KINDS = { node: 0, relationship: 1 } as const;
const ACTION = `CREATE TEMP TABLE action (kind INTEGER, ordinal INTEGER, key TEXT, internal INTEGER, source INTEGER, mark BLOB,
  hash BLOB NOT NULL, identity INTEGER NOT NULL, flags INTEGER NOT NULL, run INTEGER, entry INTEGER, creator INTEGER, held_run INTEGER,
  held_entry INTEGER, name TEXT NOT NULL, title TEXT, PRIMARY KEY (kind, ordinal)) WITHOUT ROWID`;
const COLUMNS = "ordinal, CAST(internal AS TEXT), CAST(source AS TEXT), mark, run, entry, name";
const BOOKKEEPING = 1;
const FORCED = 2;

type HeldRow = [number, Uint8Array, string, number, string, string | null, number, number | null, number | null];
type ActionRow = [number, string | null, string | null, Uint8Array | null, number | null, number | null, string];

/** On disk, since there may be one for every record of the run. Close it in the end. */
export class PlannedActions {
  readonly #database = openScratch(ACTION, CACHE_KILOBYTES);
  readonly #statements;
  /** The keys of nodes in the table: most relationships of a target join others. */
  readonly #keys = new Sieve();

  constructor() {
    for (const sql of [
      "CREATE INDEX temp.action_key ON action (key) WHERE key IS NOT NULL",
      `CREATE TEMP TABLE kept (identity INTEGER NOT NULL, first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, name TEXT NOT NULL,
        title TEXT, held_by TEXT)`,
      "CREATE INDEX temp.kept_identity ON kept (identity)",
      "CREATE TEMP TABLE end (key TEXT PRIMARY KEY, internal INTEGER, met INTEGER NOT NULL) WITHOUT ROWID",
      "CREATE TEMP TABLE creation (run INTEGER NOT NULL, entry INTEGER NOT NULL)",
    ]) {
      this.#database.run(sql);
    }
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      add: prepare(`INSERT INTO action VALUES (${Array(16).fill("?").join(", ")})`),
      keep: prepare("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?)"),
      isKept: prepare("SELECT 1 FROM kept WHERE identity = ? AND ? BETWEEN first_run AND last_run LIMIT 1"),
      isRemoved: prepare("SELECT 1 FROM action WHERE key = ? AND entry IS NULL"),
      removed: prepare(
        `SELECT ordinal, hash, CAST(identity AS TEXT), flags, name, title, creator, held_run, held_entry FROM action
          WHERE key = ? AND entry IS NULL`,
      ),
      drop: prepare("DELETE FROM action WHERE kind = 0 AND ordinal = ?"),
      restoreHeld: prepare("UPDATE action SET run = held_run, entry = held_entry WHERE kind = 0 AND ordinal = ?"),
      at: prepare(`SELECT ${COLUMNS} FROM action WHERE kind = ? AND ordinal = ?`),
      expectEnd: prepare("INSERT OR IGNORE INTO end VALUES (?, NULL, 0)"),
      meetEnd: prepare("UPDATE end SET internal = ?, met = 1 WHERE key = ?"),
      end: prepare("SELECT CAST(internal AS TEXT) FROM end WHERE key = ? AND met = 1"),
    };
  }

  /**
   * @param creator the run that has created it, which keeps it if something holds it
   * @param ifHeld the before-image that it gets in that case; null for what it is now
   */
  remove(undone: Undone, creator: number, ifHeld: ImagePlace | null): void {
    this.#add(undone, null, creator, ifHeld);
  }

  restore(undone: Undone, image: ImagePlace): void {
    this.#add(undone, image, null, null);
  }

  #add(undone: Undone, image: ImagePlace | null, creator: number | null, ifHeld: ImagePlace | null): void {
    const { present, ordinal, hash, identity, isBookkeeping, isForced, name, title } = undone;
    const { record, internal = null, source = null, mark } = present;
    const key = record.kind === "node" ? storable(record.key) : null;
    if (key !== null) this.#keys.add(sieveHash(key));
    const flags = (isBookkeeping ? BOOKKEEPING : 0) | (isForced ? FORCED : 0);
    this.#statements.add.run(
      ...[KINDS[record.kind], ordinal, key, internal, source, mark?.() ?? null],
      ...[hash, identity, flags, image?.run ?? null, image?.entry ?? null],
      ...[creator, ifHeld?.run ?? null, ifHeld?.entry ?? null, name, title],
    );
  }

  /** Creates a record that is nowhere now. */
  create({ run, entry }: ImagePlace): void {
    this.#database.run("INSERT INTO creation VALUES (?, ?)", [run, entry]);
  }

  *creations(): Generator<ImagePlace> {
    const rows = this.#database.query("SELECT run, entry FROM creation").values() as [number, number][];
    for (const [run, entry] of rows) yield { run, entry };
  }

  /** @param runs the first and the last of those of which it stays */
  keep({ identity, name, title, heldBy }: Kept & { readonly identity: bigint }, runs: readonly [number, number]): void {
    this.#statements.keep.run(identity, ...runs, name, title, heldBy);
  }

  kept(limit: number): Kept[] {
    const query = "SELECT name, title, held_by FROM kept ORDER BY rowid LIMIT ?";
    const rows = this.#database.query(query).values(limit) as [string, string | null, string | null][];
    return rows.map(([name, title, heldBy]) => ({ name, title, heldBy }));
  }

  /** Of the records of a run that stay. */
  *keptIdentities(run: number): Generator<bigint> {
    const query = "SELECT DISTINCT CAST(identity AS TEXT) FROM kept WHERE ? BETWEEN first_run AND last_run";
    for (const [identity] of this.#database.query(query).values(run) as [string][]) yield BigInt(identity);
  }

  /** Whether a record of that identity stays although the run has made it. */
  isKept(identity: bigint, run: number): boolean {
    return this.#statements.isKept.values(identity, run).length > 0;
  }

  /** Whether the node is to go. @param key as `storable` spells it */
  isRemoved(key: string): boolean {
    return this.#keys.mayHave(sieveHash(key)) && this.#statements.isRemoved.values(key).length > 0;
  }

  /** A node that was to go stays. Null where it was not to go. @param by what is attached to it */
  hold(key: string, by: string): Held | null {
    const [row] = this.#statements.removed.values(key) as [HeldRow];
    if (row === undefined) return null;
    const [ordinal, hash, identity, flags, name, title, creator, run, entry] = row;
    const image = run === null || entry === null ? null : { run, entry };
    if (image === null) this.#statements.drop.run(ordinal);
    else this.#statements.restoreHeld.run(ordinal);
    this.keep({ identity: BigInt(identity), name, title, heldBy: by }, [creator, creator]);
    const node: GraphNode = { kind: "node", key: restored(key), labels: [], properties: Properties.from([]) };
    return { node, hash, image, isBookkeeping: (flags & BOOKKEEPING) !== 0, isForced: (flags & FORCED) !== 0 };
  }

  /** @param key as `storable` spells it */
  expectEnd(key: string): void {
    this.#statements.expectEnd.run(key);
  }

  meetEnd(key: string, internal: bigint | undefined): void {
    this.#statements.meetEnd.run(internal ?? null, key);
  }

  hasEnd(key: string): boolean {
    return this.#statements.end.values(key).length > 0;
  }

  /** The store's number of a node that is the end of a before-image. */
  endOf(key: string): bigint | null {
    const [row] = this.#statements.end.values(storable(key)) as [string | null][];
    return row?.[0] == null ? null : BigInt(row[0]);
  }

  /** What is to be done with the record at that place in the order of reading; null for one that stays. */
  at(kind: Kind, ordinal: number): Action | null {
    const [row] = this.#statements.at.values(KINDS[kind], ordinal) as [ActionRow];
    return row === undefined ? null : actionOf(row);
  }

  /** Those that go, or those whose before-image is restored. */
  *pages(kind: Kind, what: "remove" | "restore"): Generator<Action[]> {
    const query = `SELECT ${COLUMNS} FROM action WHERE kind = ? AND ordinal > ? AND entry IS ${what === "remove" ? "" : "NOT "}NULL
      ORDER BY ordinal LIMIT ${PAGE}`;
    for (let after = -1; ; ) {
      const rows = this.#database.query(query).values(KINDS[kind], after) as ActionRow[];
      if (rows.length === 0) return;
      yield rows.map(actionOf);
      after = rows.at(-1)![0];
    }
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }
}

function sieveHash(key: string): bigint {
  return Bun.hash.wyhash(key);
}

function actionOf([ordinal, internal, source, mark, run, entry, name]: ActionRow): Action {
  const image = run === null || entry === null ? null : { run, entry };
  return { ordinal, image, internal: BigInt(internal ?? 0), source: BigInt(source ?? 0), mark, name };
}
