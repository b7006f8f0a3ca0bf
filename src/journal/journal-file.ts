/**
 * The journal of one run: an append-only log of entries and a few named texts, in one file that survives the process. Each
 * entry has a checksum of its own, and the log as a whole a count and a sum of them: a turned bit, a lost row and a row too
 * many are found before anything is undone.
 */
import { DamagedJournalError, UsageError } from "../errors.ts";
import {
  type Database,
  DurableFile,
  type Endurance,
  type Guard,
  type Recognise,
  removeDurable,
} from "../support/durable.ts";
import { openScratch } from "../support/scratch.ts";
import { checksumOf, numberOf, same } from "./checksum.ts";

/** A row of the log, before entries.ts has given it a type. */
export interface LogRow {
  readonly kind: string;
  /** What the row is found by: the entry that it answers, or the server's number of a record. */
  readonly ref: bigint | null;
  readonly text: string;
  readonly bytes: Uint8Array | null;
}

export interface NumberedRow extends LogRow {
  /** In the order in which they were appended. */
  readonly number: number;
}

const META = "meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID";
const ENTRY =
  "entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref INTEGER, text TEXT NOT NULL, bytes BLOB, checksum BLOB NOT NULL)";
const COLUMNS = "number, kind, CAST(ref AS TEXT), text, bytes, checksum";
/** What tells how many entries there are, and the sum of their checksums. */
const TOTAL = "entries";
const PAGE = 64;

type Row = [number, string, string | null, string, Uint8Array | null, Uint8Array];

/**
 * One journal, open in this process alone.
 * @throws DamagedJournalError when an entry does not match its checksum
 */
export class JournalFile {
  readonly #file: DurableFile | null;
  readonly #database: Database;
  #total: { count: number; sum: bigint } | null = null;
  /** Whether the numbers of all rows are known to follow one another. */
  #isOrdered: boolean;

  private constructor(file: DurableFile | null, isNew = true) {
    this.#file = file;
    this.#isOrdered = isNew;
    this.#database = file?.database ?? openScratch(`CREATE TEMP TABLE ${META}`);
    this.#guarded(() => {
      const temporary = file === null ? "TEMP " : "";
      for (const table of [META, ENTRY]) this.#database.run(`CREATE ${temporary}TABLE IF NOT EXISTS ${table}`);
      const schema = file === null ? "temp." : "";
      this.#database.run(
        `CREATE INDEX IF NOT EXISTS ${schema}entry_ref ON entry (kind, ref, number) WHERE ref IS NOT NULL`,
      );
    });
  }

  /** @param guard gets the system's and SQLite's errors */
  static create(path: string, guard: Guard): JournalFile {
    const file = DurableFile.create(path, guard);
    try {
      return new JournalFile(file);
    } catch (error) {
      file.close();
      removeDurable(path);
      throw error;
    }
  }

  /** @param guard gets SQLite's errors; SQLITE_BUSY while another process has it open; TypeError for what is something else */
  static open(path: string, guard: Guard): JournalFile {
    return new JournalFile(DurableFile.open(path, guard, assertJournal(path)), false);
  }

  /** One that goes with the process. */
  static temporary(): JournalFile {
    return new JournalFile(null);
  }

  /** Null for one that goes with the process. */
  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** A text kept under a name; null where there is none. @throws DamagedJournalError */
  getMeta(name: string): string | null {
    const query = "SELECT value, checksum FROM meta WHERE name = ?";
    const [row] = this.#guarded(() => this.#database.query(query).values(name)) as [string, Uint8Array][];
    if (row === undefined) return null;
    if (!same(row[1], checksumOf(name, row[0]))) throw this.#damaged(`its "${name}" does not match its checksum`);
    return row[0];
  }

  setMeta(name: string, value: string, endurance: Endurance = "power"): void {
    this.#write(endurance, () => this.#putMeta(name, value));
  }

  dropMeta(name: string): void {
    this.#write("process", () => this.#database.run("DELETE FROM meta WHERE name = ?", [name]));
  }

  /** All of them or none. Gives the number of the first. */
  append(endurance: Endurance, rows: readonly LogRow[]): number {
    const total = this.#readTotal();
    const first = this.nextNumber;
    this.#write(endurance, () => {
      for (const [at, row] of rows.entries()) total.sum += this.#insert(first + at, row);
      total.count += rows.length;
      this.#putTotal(total);
    });
    this.#total = total;
    return first;
  }

  /** Puts other rows in the place of each, in one step. */
  rewrite(change: (row: NumberedRow) => Iterable<LogRow>): void {
    const total = { count: 0, sum: 0n };
    const next = this.nextNumber;
    this.#write("power", () => {
      for (const row of this.rows(next)) {
        for (const changed of change(row)) total.sum += this.#insert(next + total.count++, changed);
      }
      this.#database.run("DELETE FROM entry WHERE number < ?", [next]);
      this.#putTotal(total);
    });
    this.#total = total;
  }

  /** An attempt that begins anew forgets the one before it. */
  clear(): void {
    this.rewrite(() => []);
  }

  /**
   * Every row in the order of the log, one at a time.
   * @param below only those with a lower number, whose total is not known
   * @throws DamagedJournalError for the first that is not as it was written; at the end, where rows are missing
   */
  *rows(below = Number.MAX_SAFE_INTEGER): Generator<NumberedRow> {
    this.#assertOrdered();
    const found = { count: 0, sum: 0n };
    const query = `SELECT ${COLUMNS} FROM entry WHERE number > ? AND number < ? ORDER BY number LIMIT ${PAGE}`;
    for (let after = -1; ; ) {
      const rows = this.#query(query, after, below);
      if (rows.length === 0) break;
      for (const row of rows) {
        yield this.#checked(row);
        found.count++;
        found.sum += numberOf(row[5]);
        after = row[0];
      }
    }
    if (below !== Number.MAX_SAFE_INTEGER) return;
    const { count, sum } = this.#readTotal();
    if (count === found.count && BigInt.asUintN(64, sum) === BigInt.asUintN(64, found.sum)) return;
    throw this.#damaged(`it has ${found.count} entries, of ${count}`);
  }

  /** Those of one kind, the latest first or last; the total is not checked. */
  *rowsOf(kind: string, order: "first" | "latest" = "first"): Generator<NumberedRow> {
    this.#assertOrdered();
    const [comparison, direction] = order === "first" ? [">", "ASC"] : ["<", "DESC"];
    const query = `SELECT ${COLUMNS} FROM entry WHERE kind = ? AND number ${comparison} ? ORDER BY number ${direction} LIMIT ${PAGE}`;
    for (let at = order === "first" ? -1 : Number.MAX_SAFE_INTEGER; ; ) {
      const rows = this.#query(query, kind, at);
      if (rows.length === 0) return;
      for (const row of rows) {
        yield this.#checked(row);
        at = row[0];
      }
    }
  }

  /** The first row of that kind with that reference. */
  find(kind: string, ref: bigint): NumberedRow | null {
    const query = `SELECT ${COLUMNS} FROM entry WHERE kind = ? AND ref = ? ORDER BY number LIMIT 1`;
    const [row] = this.#query(query, kind, ref);
    return row === undefined ? null : this.#checked(row);
  }

  /** @throws DamagedJournalError where it is not there */
  row(number: number): NumberedRow {
    const [row] = this.#query(`SELECT ${COLUMNS} FROM entry WHERE number = ?`, number);
    if (row === undefined) throw this.#damaged(`entry ${number} is missing`);
    return this.#checked(row);
  }

  /** What has been written so far outlives the machine when it returns. */
  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  /** Runs work that reads what a row holds, and names the journal in what fails. */
  reading<T>(work: () => T): T {
    return this.#guarded(work);
  }

  /** Can be called twice. */
  close(): void {
    if (this.#file === null) this.#database.close();
    else this.#file.close();
  }

  #insert(number: number, { kind, ref, text, bytes }: LogRow): bigint {
    const checksum = checksumOf(kind, `${ref}`, text, bytes ?? EMPTY);
    this.#database.run("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", [number, kind, ref, text, bytes, checksum]);
    return numberOf(checksum);
  }

  #checked([number, kind, ref, text, bytes, checksum]: Row): NumberedRow {
    if (!same(checksum, checksumOf(kind, `${ref}`, text, bytes ?? EMPTY))) {
      throw this.#damaged(`entry ${number} (${kind}) does not match its checksum`);
    }
    return { number, kind, ref: ref === null ? null : BigInt(ref), text, bytes };
  }

  /** The number that the next row will get. */
  get nextNumber(): number {
    return Number(this.#query<[number]>("SELECT coalesce(max(number), 0) + 1 FROM entry")[0]![0]);
  }

  /**
   * A page in which a number was turned gives it where it stands: whoever goes on from there skips rows, or reads them again for
   * ever. No checksum has the number, and none is needed: a log has every number from its first to its last.
   */
  #assertOrdered(): void {
    if (this.#isOrdered) return;
    const query = `SELECT number FROM entry WHERE number > ? ORDER BY number LIMIT ${100 * PAGE}`;
    for (let last: number | null = null; ; ) {
      const numbers: [number][] = this.#query(query, last ?? -1);
      if (numbers.length === 0) break;
      for (const [number] of numbers) {
        if (last !== null && number !== last + 1) throw this.#damaged(`entry ${number} follows entry ${last}`);
        last = number;
      }
    }
    this.#isOrdered = true;
  }

  #readTotal(): { count: number; sum: bigint } {
    if (this.#total !== null) return { ...this.#total };
    const [, count, sum] = /^(\d+) ([0-9a-f]{16})$/.exec(this.getMeta(TOTAL) ?? "0 0000000000000000") ?? [];
    if (count === undefined) throw this.#damaged("its count of entries is missing");
    return { count: Number(count), sum: BigInt(`0x${sum}`) };
  }

  #putTotal({ count, sum }: { count: number; sum: bigint }): void {
    this.#putMeta(TOTAL, `${count} ${BigInt.asUintN(64, sum).toString(16).padStart(16, "0")}`);
  }

  #putMeta(name: string, value: string): void {
    this.#database.run("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", [name, value, checksumOf(name, value)]);
  }

  #query<R extends unknown[] = Row>(sql: string, ...values: (string | number | bigint)[]): R[] {
    return this.#guarded(() => this.#database.query(sql).values(...values)) as R[];
  }

  #write(endurance: Endurance, work: () => void): void {
    if (this.#file === null) work();
    else this.#file.write(endurance, work);
  }

  #guarded<T>(work: () => T): T {
    return this.#file === null ? work() : this.#file.guard(work);
  }

  #damaged(what: string): DamagedJournalError {
    return new DamagedJournalError(`the journal ${this.path ?? "of this run"} is damaged: ${what}`, {
      next: "Restore an undamaged copy of it, if there is one: without it the program does not know what the run has written.",
    });
  }
}

const EMPTY = new Uint8Array(0);

/** Releases up to 0.1 kept a run in other tables. @throws UsageError, TypeError */
function assertJournal(path: string): Recognise {
  return (names, database) => {
    if (names.length === 0 || ["meta", "entry"].every((table) => names.includes(table))) return;
    if (!names.includes("fact") || names.includes("meta")) throw new TypeError("another program's database");
    const [program] = database.query("SELECT value ->> 'program' FROM fact WHERE name = 'run'").values().flat();
    throw new UsageError(`${path} is the journal of a run by an older memorygraph-migrate (${program ?? "unknown"})`, {
      next: "Undo or resume that run with the release that began it; this one reads only journals of its own format.",
    });
  };
}
