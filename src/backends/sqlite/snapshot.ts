/**
 * One moment of a SQLite file, read without leaving a trace beside it.
 *
 * Opening a file in the ordinary way takes locks, rolls back a hot journal and, in WAL mode, creates a `-shm` file.
 * So a file that is at rest is read in place as immutable, and proven unchanged afterwards; one with a journal or a
 * WAL beside it, or touched a moment ago, is copied together with them, and the copy is proven to be one moment.
 */
import { constants, Database } from "bun:sqlite";
import { existsSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AccessError, BusyError, DamagedStoreError, SourceChangedError } from "../../errors.ts";
import { PageFile } from "../../sqlite-file/page-file.ts";
import { copyBeside, freeBytes, hasBytes, remove, removeOpen, setMode, whenFree } from "../../support/files.ts";
import { TEMPORARY_VARIABLE } from "../../support/private-folder.ts";
import { isQuiescent, sameBytes, stateOf } from "../../support/stability.ts";
import { sleep } from "../../support/time.ts";
import { accessError } from "../recognise.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { isUnreadableSchema, onDatabase } from "./errors.ts";
import { headerBytes } from "./kind.ts";

/**
 * The file and what engines keep beside it: SQLite's log and journal; Turso's log of MVCC mode, shared memory of several
 * processes, and what its sync notes. SQLite's own -shm is not among them: it holds nothing, and readers change it.
 */
export const FILES = ["", "-wal", "-journal", "-log", "-tshm", "-info", "-changes"] as const;
/** What SQLite puts behind the name of a file that it changes. */
export const ROLLBACK_JOURNAL = "-journal";
/** With bytes in one of these, the file alone is not the whole store, or somebody may be at work on it. */
const UNSETTLED = ["-wal", "-journal", "-tshm"] as const;
const ATTEMPTS = 20;
/** A larger copy keeps its name while it is read, for other threads to open it; a smaller one loses it at once. */
const NAMED_COPY_BYTES = 16 << 20;

export interface Snapshot {
  readonly database: Database;
  /** Where the file can be opened again by openImmutable: by other threads, or to copy whole tables. Null for a copy. */
  readonly real: string | null;
  /** The pages of what `database` reads. The caller closes it. */
  pages(): PageFile;
  /** @throws SourceChangedError when the file changed since it was opened. */
  assertUnchanged(): void;
  /** Once is enough, and more than once does nothing. */
  close(): void;
}

/**
 * @param isolate copy the file even where it could be read in place
 * @throws BusyError when no consistent copy can be made
 */
export async function openSnapshot(path: string, isolate: boolean, signal?: AbortSignal): Promise<Snapshot> {
  const real = realpathSync(path);
  // Taken before we look for side files: whoever begins to write afterwards changes it.
  const before = stateOfAll(real);
  if (!isolate && (await isQuiet(real))) return readInPlace(path, real, before);
  return openCopy(path, FILES, () => {}, signal);
}

/**
 * A private copy of one moment of the file, with its log and journal played in.
 * @param files the suffixes of the files that are copied
 * @param edit changes the copy before it is read; gets its path
 */
export async function openCopy(
  path: string,
  files: readonly string[],
  edit: (copy: string) => void,
  signal?: AbortSignal,
): Promise<Snapshot> {
  return readCopy(path, await copyOneMoment(path, realpathSync(path), files, signal), edit);
}

async function isQuiet(real: string): Promise<boolean> {
  return UNSETTLED.every((suffix) => !hasBytes(real + suffix)) && isQuiescent(real);
}

function readInPlace(path: string, real: string, before: string): Snapshot {
  const database = openImmutable(path, real);
  let file: PageFile | null = null;
  return {
    database,
    real,
    pages() {
      file ??= pagesOf(path, real);
      return file;
    },
    assertUnchanged() {
      if (stateOfAll(real) === before) return;
      throw new SourceChangedError(`${path} changed while it was read`, {
        next: "Close the application that writes to it, and run the same command again. The target was not changed.",
      });
    },
    close() {
      database.close();
      file?.close();
      file = null;
    },
  };
}

/** @throws DamagedStoreError or AccessError */
export function openImmutable(path: string, real: string): Database {
  return onDatabase(path, () => {
    const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
    return new Database(`${pathToFileURL(real).href}?immutable=1`, flags);
  });
}

/** @param folder a private one that holds the copy, under the name `store` */
export function readCopy(path: string, folder: string, edit: (copy: string) => void = () => {}): Snapshot {
  const copy = join(folder, "store");
  let file: PageFile | undefined;
  let database: Database | undefined;
  try {
    onDatabase(path, () => replay(copy));
    edit(copy);
    const pages = pagesOf(path, copy);
    file = pages;
    const opened = openImmutable(path, copy);
    database = opened;
    // An open file needs no name: nothing is left behind however this process ends. Windows keeps names until the end.
    let isOpen = true;
    const named = statSync(copy).size >= NAMED_COPY_BYTES || !removeOpen(folder);
    return {
      database: opened,
      real: named ? copy : null,
      pages: () => pages,
      assertUnchanged() {},
      close() {
        if (!isOpen) return;
        isOpen = false;
        opened.close();
        pages.close();
        remove(folder);
      },
    };
  } catch (error) {
    // Windows removes no file that is open, and the refusal would hide the error.
    database?.close();
    file?.close();
    remove(folder);
    throw error;
  }
}

function pagesOf(path: string, real: string): PageFile {
  const file = PageFile.open(real);
  if (file !== null) return file;
  throw new DamagedStoreError(`${path} is damaged: its header is not that of a SQLite file`, {
    next: "Keep the file as it is, and restore a backup.",
  });
}

/** Brings what is in the journal or the WAL into the copy itself. */
function replay(copy: string): void {
  const database = new Database(copy, constants.SQLITE_OPEN_READWRITE);
  try {
    database.run("PRAGMA journal_mode = DELETE");
    database.run("SELECT count(*) FROM sqlite_master");
  } catch (error) {
    // Log and journal are played in before the schema is parsed; whoever reads the copy meets the same error.
    if (!isUnreadableSchema(error)) throw error;
  } finally {
    database.close();
  }
}

async function copyOneMoment(
  path: string,
  real: string,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const folder = privateFolder(path, real);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      signal?.throwIfAborted();
      if (copyAll(path, real, folder, files)) return folder;
      await sleep(50 + 20 * attempt);
    }
  } catch (error) {
    remove(folder);
    throw error;
  }
  remove(folder);
  throw new BusyError(`could not copy a consistent snapshot of ${path}: another program keeps writing to it`, {
    next: "Close the application that writes to it, or wait until it is done, and run the same command again.",
  });
}

/** With room for all that is copied. @throws AccessError */
export function privateFolder(path: string, real: string): string {
  const bytes = FILES.reduce((sum, suffix) => sum + (existsSync(real + suffix) ? statSync(real + suffix).size : 0), 0);
  const folder = temporaryFolder();
  const free = freeBytes(folder);
  if (free === null || free > bytes) return folder;
  remove(folder);
  throw new AccessError(`no space left for a private copy of ${path} (${bytes} bytes needed, ${free} free)`, {
    next: `Set ${TEMPORARY_VARIABLE} to a folder that you may write to, with space for the file, and run the same command again.`,
  });
}

/** Copies the files and tells whether they stood still: same state before and after, same bytes at a second look. */
function copyAll(path: string, real: string, folder: string, files: readonly string[]): boolean {
  const before = stateOfAll(real);
  const copies = files.map((suffix) => join(folder, `store${suffix}`));
  remove(...copies, join(folder, "store-shm"));
  try {
    files.forEach((suffix, at) => {
      if (stateOf(real + suffix) === null) return;
      whenFree(() => copyBeside(real + suffix, copies[at]!));
      // The copy of a read-only file is ours all the same, and its journal has to be replayed.
      setMode(copies[at]!, 0o600);
    });
    if (stateOfAll(real) !== before) return false;
    return files.every((suffix, at) => stateOf(real + suffix) === null || sameBytes(real + suffix, copies[at]!));
  } catch (cause) {
    if (stateOf(real) !== null && stateOfAll(real) !== before) return false;
    throw accessError(path, cause);
  } finally {
    if (stateOfAll(real) !== before) remove(...copies);
  }
}

/** By the file's own header too: some engines write without touching what the system notes of a file. */
function stateOfAll(real: string): string {
  return [headerBytes(real), ...FILES.map((suffix) => stateOf(real + suffix))].join("|");
}
