/** File systems that cannot share memory between processes (SMB, 9p, some FUSE mounts), which SQLite's WAL mode needs. */
import { constants, Database } from "bun:sqlite";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { AccessError } from "../../errors.ts";
import { codeOf, remove } from "../../support/files.ts";
import { copyCommand, inTurn } from "../../support/shell.ts";

/** What opening a file in WAL mode makes beside it. */
const MADE_BY_OPENING = ["-shm", "-wal"] as const;
const WAIT_MS = 3_000;

/**
 * A connection that may write, after its first look at the file.
 * @param alone whether the file may be locked for this process alone where its file system cannot share memory
 * @throws AccessError where memory cannot be shared and the file must not be locked: nothing stays beside it; else SQLite's error
 */
export function openToWrite(path: string, real: string, alone: boolean): Database {
  const absent = MADE_BY_OPENING.map((suffix) => real + suffix).filter((file) => !existsSync(file));
  try {
    return connect(real, []);
  } catch (cause) {
    if (!/^SQLITE_IOERR/.test(codeOf(cause)) || !isInWalMode(real)) throw cause;
    if (alone) return connect(real, ["locking_mode = EXCLUSIVE"]);
    remove(...absent);
    throw new AccessError(
      `${path} is in WAL mode, and its file system does not support shared memory, which SQLite needs to write to it`,
      { next: `Work on a copy on a local disk, and copy it back afterwards: ${copyOf(path, real)}`, cause },
    );
  }
}

/** With what SQLite keeps beside it; into the folder where the command is typed. */
function copyOf(path: string, real: string): string {
  const beside = MADE_BY_OPENING.filter((suffix) => suffix !== "-shm" && existsSync(real + suffix));
  return inTurn(["", ...beside].map((suffix) => copyCommand(path + suffix, `copy.db${suffix}`)));
}

function connect(real: string, pragmas: readonly string[]): Database {
  const database = new Database(real, constants.SQLITE_OPEN_READWRITE);
  try {
    for (const pragma of [`busy_timeout = ${WAIT_MS}`, ...pragmas]) database.run(`PRAGMA ${pragma}`);
    database.query("SELECT count(*) FROM sqlite_schema").values();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Byte 18 of the header is the version that a writer must know: 2 is the write-ahead log. */
function isInWalMode(real: string): boolean {
  const file = openSync(real, "r");
  try {
    const header = Buffer.alloc(20);
    return readSync(file, header, 0, 20, 0) === 20 && header[18] === 2;
  } finally {
    closeSync(file);
  }
}
