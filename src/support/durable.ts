/**
 * A small database that survives the process, and where asked for a power cut: what has to be known afterwards is
 * written here before it is done. Only its owner can read it.
 */
import { constants, Database } from "bun:sqlite";
import { closeSync, existsSync, fdatasync, lstatSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { codeOf, createPrivateFile, flushFolder, remove } from "./files.ts";

export type { Database } from "bun:sqlite";

/** How much one may lose: `process` outlives the end of the program, `power` that of the machine too. */
export type Endurance = "process" | "power";

const dataSync = promisify(fdatasync);

/** What SQLite keeps beside a database. */
const SIDE_FILES = ["", "-wal", "-shm", "-journal"] as const;

/** Does a piece of work, and says what fails in it in the words of whoever owns the file. */
export type Guard = <T>(work: () => T) => T;

/** @throws TypeError, or an error of the caller's own, for a database that is not the caller's */
export type Recognise = (names: readonly string[], database: Database) => void;

/** Open in this process alone; SQLite locks it for itself. */
export class DurableFile {
  readonly path: string;
  readonly database: Database;
  /** For work on the database itself. */
  readonly guard: Guard;
  #endurance: Endurance = "power";
  /** SQLite's log, in which everything stands before it is anywhere else. */
  #log: number | null = null;

  private constructor(path: string, guard: Guard, recognise: Recognise) {
    this.path = path;
    this.guard = guard;
    this.database = new Database(path, constants.SQLITE_OPEN_READWRITE);
    try {
      // Before the first read: only then SQLite shares no memory, which some file systems and network shares cannot do.
      this.database.run("PRAGMA locking_mode = EXCLUSIVE");
      // Before anything is changed: somebody may have put another database in its place.
      recognise(this.database.query("SELECT name FROM sqlite_schema").values().flat().map(String), this.database);
      for (const pragma of ["journal_mode = WAL", "synchronous = FULL"]) this.database.run(`PRAGMA ${pragma}`);
      // Beside it, as in scratch.ts: temporary tables without a name.
      this.database.run("PRAGMA temp_store = FILE");
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** @param guard gets the system's and SQLite's errors */
  static create(path: string, guard: Guard): DurableFile {
    return guard(() => {
      createPrivateFile(path);
      try {
        flushFolder(dirname(path));
        return new DurableFile(path, guard, () => {});
      } catch (error) {
        removeDurable(path);
        throw error;
      }
    });
  }

  /**
   * @param guard gets SQLite's errors; SQLITE_BUSY while another process has it open; TypeError for what is something else
   * @param recognise gets the names of all tables and indexes; throws for a database that is not the caller's
   */
  static open(path: string, guard: Guard, recognise: Recognise): DurableFile {
    return guard(() => {
      // What a link leads to was not made here.
      if (!lstatSync(path).isFile()) throw new TypeError("not a file of its own");
      return new DurableFile(path, guard, recognise);
    });
  }

  /** One transaction. */
  write(endurance: Endurance, work: () => void): void {
    this.guard(() => this.#write(endurance, work));
  }

  #write(endurance: Endurance, work: () => void): void {
    if (endurance !== this.#endurance) {
      this.database.run(`PRAGMA synchronous = ${endurance === "power" ? "FULL" : "NORMAL"}`);
      this.#endurance = endurance;
    }
    this.database.run("BEGIN IMMEDIATE");
    try {
      work();
      this.database.run("COMMIT");
    } catch (error) {
      if (this.database.inTransaction) this.database.run("ROLLBACK");
      throw error;
    }
  }

  /**
   * What has been written so far outlives the machine when it returns. As writing with `power`, but other work goes on
   * meanwhile. @throws the system's error
   */
  async flush(): Promise<void> {
    this.#log ??= openSync(`${this.path}-wal`, "r+");
    await dataSync(this.#log);
  }

  /** Can be called twice. */
  close(): void {
    // At once: what is removed takes up its room as long as it is open.
    if (this.#log !== null) closeSync(this.#log);
    this.#log = null;
    this.database.close();
  }
}

/** Where the before-image of a replaced file is kept, as long as the database is. */
export function beforeImageBeside(path: string): string {
  return `${path}.former`;
}

/** Takes such a file away, with what stands beside it. */
export function removeDurable(path: string): void {
  // The database itself goes last: without it, nobody would know what the others are.
  remove(beforeImageBeside(path), ...SIDE_FILES.toReversed().map((suffix) => path + suffix));
}

/** Bytes of such a file and of what stands beside it; 0 where it is not there. @throws the system's error */
export function sizeOfDurable(path: string): number {
  return [beforeImageBeside(path), ...SIDE_FILES.map((suffix) => path + suffix)]
    .map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

/** A small database that several processes share, each for moments. Made where it is not there. @throws SQLite's error */
export function openShared(path: string, schema: readonly string[]): Database {
  if (!existsSync(path)) makeShared(path);
  // What a link leads to was not made here.
  if (lstatSync(path).isSymbolicLink()) throw new TypeError("a symbolic link");
  const database = new Database(path, constants.SQLITE_OPEN_READWRITE);
  try {
    for (const statement of ["PRAGMA busy_timeout = 10000", ...schema]) database.run(statement);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function makeShared(path: string): void {
  try {
    createPrivateFile(path);
  } catch (error) {
    // Another process was first.
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
