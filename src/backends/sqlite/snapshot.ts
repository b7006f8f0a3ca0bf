/**
 * One moment of a SQLite file, read without leaving a trace beside it.
 *
 * Opening a file in the ordinary way takes locks, rolls back a hot journal and, in WAL mode, creates a `-shm` file.
 * So a file that is at rest is read in place as immutable, and proven unchanged afterwards; one with a journal or a
 * WAL beside it, or touched a moment ago, is copied together with them, and the copy is proven to be one moment.
 */
import { constants, Database } from "bun:sqlite";
import { chmodSync, closeSync, copyFileSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AccessError, BusyError, SourceChangedError } from "../../errors.ts";
import { createPrivateFolder, freeBytes, remove, removeOpen } from "../../support/files.ts";
import { sleep } from "../../support/time.ts";
import { accessError } from "../recognise.ts";
import { onDatabase } from "./errors.ts";

const SIDE_FILES = ["", "-wal", "-journal"] as const;
/** A change within one tick of the file system's clock might keep the time stamp, so a file must be older than that. */
const TICK_MS = 100;
/** Some file systems (FAT, old network shares) keep whole seconds only. */
const COARSE_TICK_MS = 2_100;
const ATTEMPTS = 20;
/** A larger copy keeps its name while it is read, for other threads to open it; a smaller one loses it at once. */
const NAMED_COPY_BYTES = 16 << 20;

export interface Snapshot {
  readonly database: Database;
  /** Where the file can be opened again by openImmutable: by other threads, or to copy whole tables. Null for a copy. */
  readonly real: string | null;
  /** @throws SourceChangedError when the file changed since it was opened. */
  assertUnchanged(): void;
  close(): void;
}

export async function openSnapshot(path: string, isolate: boolean, signal?: AbortSignal): Promise<Snapshot> {
  const real = realpathSync(path);
  // Taken before we look for side files: whoever begins to write afterwards changes it.
  const before = stateOfAll(real);
  if (!isolate && (await atRest(real))) return readInPlace(path, real, before);
  return readCopy(path, await copyOneMoment(path, real, signal));
}

async function atRest(real: string): Promise<boolean> {
  if (stateOf(`${real}-wal`) !== null || stateOf(`${real}-journal`) !== null) return false;
  const { mtimeNs } = statSync(real, { bigint: true });
  const needed = mtimeNs % 1_000_000_000n === 0n ? COARSE_TICK_MS : TICK_MS;
  const age = Date.now() - Number(mtimeNs / 1_000_000n);
  if (age > needed) return true;
  // A time stamp in the future tells nothing.
  if (age < 0) return false;
  await sleep(needed - age + 1);
  return statSync(real, { bigint: true }).mtimeNs === mtimeNs;
}

function readInPlace(path: string, real: string, before: string): Snapshot {
  const database = openImmutable(path, real);
  return {
    database,
    real,
    assertUnchanged() {
      if (stateOfAll(real) === before) return;
      throw new SourceChangedError(`${path} changed while it was read`, {
        next: "Close the application that writes to it, and run the same command again. Nothing was put in place.",
      });
    },
    close: () => database.close(),
  };
}

/** @throws DamagedStoreError or AccessError */
export function openImmutable(path: string, real: string): Database {
  return onDatabase(path, () => {
    const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
    return new Database(`${pathToFileURL(real).href}?immutable=1`, flags);
  });
}

function readCopy(path: string, folder: string): Snapshot {
  const copy = join(folder, "store");
  try {
    onDatabase(path, () => replay(copy));
    const database = openImmutable(path, copy);
    // An open file needs no name: nothing is left behind however this process ends. Windows keeps names until the end.
    const named = statSync(copy).size >= NAMED_COPY_BYTES || !removeOpen(folder);
    return {
      database,
      real: named ? copy : null,
      assertUnchanged() {},
      close() {
        database.close();
        remove(folder);
      },
    };
  } catch (error) {
    remove(folder);
    throw error;
  }
}

/** Brings what stands in the journal or the WAL into the copy itself. */
function replay(copy: string): void {
  const database = new Database(copy, constants.SQLITE_OPEN_READWRITE);
  try {
    database.run("PRAGMA journal_mode = DELETE");
    database.run("SELECT count(*) FROM sqlite_master");
  } finally {
    database.close();
  }
}

async function copyOneMoment(path: string, real: string, signal?: AbortSignal): Promise<string> {
  const folder = privateFolder(path, real);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      signal?.throwIfAborted();
      if (copyAll(path, real, folder)) return folder;
      await sleep(50 + 20 * attempt);
    }
  } catch (error) {
    remove(folder);
    throw error;
  }
  remove(folder);
  throw new BusyError(`${path} is being written to all the time; no moment of it could be copied`, {
    next: "Close the application that writes to it, or wait until it is done, and run the same command again.",
  });
}

function privateFolder(path: string, real: string): string {
  const bytes = SIDE_FILES.reduce(
    (sum, suffix) => sum + (existsSync(real + suffix) ? statSync(real + suffix).size : 0),
    0,
  );
  try {
    const folder = createPrivateFolder();
    const free = freeBytes(folder);
    if (free === null || free > bytes) return folder;
    remove(folder);
    throw new Error(`${bytes} bytes needed, ${free} free`);
  } catch (cause) {
    throw new AccessError(
      `there is no room for a private copy of ${path} (${cause instanceof Error ? cause.message : cause})`,
      {
        next: "Set TMPDIR to a folder that you may write to, with room for the file, and run the same command again.",
        cause,
      },
    );
  }
}

/** Copies the three files and tells whether they stood still: same state before and after, same bytes at a second look. */
function copyAll(path: string, real: string, folder: string): boolean {
  const before = stateOfAll(real);
  const copies = SIDE_FILES.map((suffix) => join(folder, `store${suffix}`));
  remove(...copies, join(folder, "store-shm"));
  try {
    SIDE_FILES.forEach((suffix, at) => {
      if (stateOf(real + suffix) === null) return;
      copyFileSync(real + suffix, copies[at]!);
      // The copy of a read-only file is ours all the same, and its journal has to be replayed.
      chmodSync(copies[at]!, 0o600);
    });
    if (stateOfAll(real) !== before) return false;
    return SIDE_FILES.every((suffix, at) => stateOf(real + suffix) === null || sameBytes(real + suffix, copies[at]!));
  } catch (cause) {
    if (stateOf(real) !== null && stateOfAll(real) !== before) return false;
    throw accessError(path, cause);
  } finally {
    if (stateOfAll(real) !== before) remove(...copies);
  }
}

function stateOfAll(real: string): string {
  return SIDE_FILES.map((suffix) => stateOf(real + suffix)).join("|");
}

/** Everything by which a change shows; the access time is not among it. */
function stateOf(path: string): string | null {
  // A side file whose name would be too long cannot be there.
  const stat = existsSync(path) ? statSync(path, { bigint: true, throwIfNoEntry: false }) : undefined;
  return stat === undefined ? null : [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(",");
}

const CHUNK = 1 << 20;

function sameBytes(left: string, right: string): boolean {
  const files = [openSync(left, "r"), openSync(right, "r")] as const;
  try {
    const a = Buffer.allocUnsafe(CHUNK);
    const b = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = readSync(files[0], a, 0, CHUNK, null);
      if (readSync(files[1], b, 0, CHUNK, null) !== length) return false;
      if (length === 0) return true;
      if (!a.subarray(0, length).equals(b.subarray(0, length))) return false;
    }
  } finally {
    closeSync(files[0]);
    closeSync(files[1]);
  }
}
