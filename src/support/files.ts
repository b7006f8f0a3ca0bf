/** Files that appear whole or not at all, and folders that only we can read. No word of the domain. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  close,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsync,
  fsyncSync,
  linkSync,
  lstatSync,
  open,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

/** As Node names it. */
export const SYSTEM: string = process.platform;
/** What file systems take as a name: bytes, or on Windows characters of UTF-16. */
export const MOST_IN_NAME = 255;
export const UNIT_OF_NAMES = process.platform === "win32" ? "characters" : "bytes";
/** So much of a name leaves room for what is put before and behind it. */
const MOST_IN_BEGINNING = 212;

/** @returns how long the name is as file systems count */
export function lengthOfName(name: string, system: string = process.platform): number {
  return system === "win32" ? name.length : Buffer.byteLength(name);
}

/** The names of the folders in a path, and of what is in the last one. */
export function namesIn(path: string): string[] {
  return path.split(process.platform === "win32" ? /[\\/]/ : "/");
}

/** Whether the path ends as that of a folder does. */
export function isFolderPath(path: string, system: string = process.platform): boolean {
  return path.endsWith("/") || (system === "win32" && path.endsWith("\\"));
}

/** As much of the name as can be part of another one, in whole characters. */
export function beginningOfName(name: string): string {
  let beginning = name.slice(0, 180).toWellFormed();
  while (Buffer.byteLength(beginning) > MOST_IN_BEGINNING) beginning = [...beginning].slice(0, -1).join("");
  return beginning;
}

/** A name beside `path` that nobody uses: same file system, hidden, and telling where it comes from. */
export function temporaryBeside(path: string): string {
  const random = randomBytes(4).toString("hex");
  return join(dirname(path), `.${beginningOfName(basename(path))}.${process.pid}-${random}.tmp`);
}

/** Creates an empty file that only its owner can read. @throws the system's error, EEXIST included. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, "wx", 0o600));
  setMode(path, 0o600);
}

/** What a file system answers when it has no such call (FAT, exFAT, SMB, 9p, FUSE): not a failure of the work itself. */
const UNSUPPORTED: ReadonlySet<string> = new Set(["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);
/** Hard links are refused in more ways: by EPERM on FAT and FUSE, by EISDIR on exFAT under Windows, by a limit, across mounts. */
const NO_LINK: ReadonlySet<string> = new Set([...UNSUPPORTED, "EPERM", "EISDIR", "EMLINK", "EXDEV"]);

/** Sets the permissions where the file system keeps any; where it does not, the mount decides who reads the file. */
export function setMode(path: string, mode: number): void {
  tolerating(["EPERM"], () => chmodSync(path, mode));
}

/** Does what a file system may refuse without harm. @throws the system's error when it failed for another reason */
function tolerating(codes: readonly string[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!UNSUPPORTED.has(codeOf(error)) && !codes.includes(codeOf(error))) throw error;
  }
}

/**
 * Keeps the file under a second name, which must be free: a hard link, or a durable copy where the file system has none.
 * @throws the system's error
 */
export function keepSecondName(path: string, second: string): void {
  try {
    linkSync(path, second);
  } catch (error) {
    if (!NO_LINK.has(codeOf(error))) throw error;
    copyFileSync(path, second, constants.COPYFILE_EXCL);
    setMode(second, 0o600);
    flush(second);
    flushFolder(dirname(second));
  }
}

/**
 * Gives a finished file its name, durably, and never over a file that has come there meanwhile.
 * @throws the system's error; EEXIST when the name is taken.
 */
export function publishFile(temporary: string, path: string): void {
  flush(temporary);
  try {
    linkSync(temporary, path);
    whenFree(() => unlinkSync(temporary));
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    // File systems without hard links (FAT, some network shares) leave only the look before the rename.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw Object.assign(new Error(`${path} exists`), { code: "EEXIST" });
    }
    whenFree(() => renameSync(temporary, path));
  }
  flushFolder(dirname(path));
}

/**
 * Puts a finished file in the place of another, durably: whoever opens it gets the one or the other. It takes over the
 * mode, and the owner where the system lets us.
 */
export function replaceFile(temporary: string, path: string): void {
  const { mode, uid, gid } = statSync(path);
  const own = statSync(temporary);
  if (own.uid !== uid || own.gid !== gid) {
    // Only the system's administrator may give files away; whoever may replace it may also own it.
    tolerating(["EPERM"], () => chownSync(temporary, uid, gid));
  }
  setMode(temporary, mode & 0o7777);
  flush(temporary);
  renameOver(temporary, path);
  flushFolder(dirname(path));
}

/** On Windows, whoever reads a file for a moment (a virus scanner, an indexer) keeps others from opening, replacing or removing it. */
const IN_USE: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EBUSY"]);
const WAITS_MS = [10, 50, 100, 250, 500, 1_000];

/**
 * Work on files that another program can have open for a moment: on Windows it is tried again for two seconds.
 * @throws the system's error
 */
export function whenFree<T>(work: () => T, system: string = process.platform): T {
  for (const wait of system === "win32" ? WAITS_MS : []) {
    try {
      return work();
    } catch (error) {
      if (!IN_USE.has(codeOf(error))) throw error;
      Bun.sleepSync(wait);
    }
  }
  return work();
}

/** Renames a file over another, which whoever has it open keeps reading. @throws the system's error */
export function renameOver(
  temporary: string,
  path: string,
  system: string = process.platform,
  rename = renameSync,
): void {
  whenFree(() => rename(temporary, path), system);
}

/**
 * Copies a file that another program may be working on, over what is there. The system's own copy would keep that program from removing the
 * file meanwhile on Windows, as SQLite removes a journal, and so from committing; a file that we open does not.
 * @throws the system's error
 */
export function copyBeside(from: string, to: string, system: string = SYSTEM): void {
  if (system !== "win32") {
    copyFileSync(from, to);
    return;
  }
  const source = openSync(from, "r");
  try {
    const target = openSync(to, "w", 0o600);
    try {
      const chunk = Buffer.allocUnsafe(1 << 20);
      for (let length = 1; length > 0; ) {
        length = readSync(source, chunk, 0, chunk.length, null);
        for (let at = 0; at < length; ) at += writeSync(target, chunk, at, length - at);
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Does nothing, and fails where the file cannot be replaced or removed since another program has it open, as on Windows. */
export function tryToReplace(path: string): void {
  if (process.platform === "win32" && existsSync(path)) renameOver(path, path);
}

/**
 * Whether a code says that another program has the file open. On Windows those for a missing permission can mean it too: whoever
 * may write to a file, and cannot replace or remove it, is kept from it by somebody else.
 */
export function isHeldOpen(path: string, code: string, system: string = process.platform): boolean {
  if (code === "EBUSY" || code === "ETXTBSY") return true;
  if (system !== "win32" || !IN_USE.has(code)) return false;
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch (error) {
    return codeOf(error) === "EBUSY";
  }
}

/** As publishFile, for a new folder with finished files in it. */
export function publishFolder(temporary: string, path: string): void {
  for (const name of readdirSync(temporary)) flush(join(temporary, name));
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw Object.assign(new Error(`${path} exists`), { code: "EEXIST" });
  }
  renameFolder(temporary, path);
}

/**
 * As publishFolder, for one whose files are on the disk already; also in the place of an empty folder, whose mode it takes over.
 * @throws the system's error; EEXIST or ENOTEMPTY when something is there
 */
export function publishFlushedFolder(temporary: string, path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) {
    if (!there.isDirectory()) throw Object.assign(new Error(`${path} exists`), { code: "EEXIST" });
    setMode(temporary, there.mode & 0o7777);
    // Windows renames nothing over a folder, not even over an empty one.
    whenFree(() => rmdirSync(path));
  }
  renameFolder(temporary, path);
}

function renameFolder(temporary: string, path: string): void {
  flushFolder(temporary);
  whenFree(() => renameSync(temporary, path));
  flushFolder(dirname(path));
}

/** Waits until the disk has the contents of the file. */
export function flush(path: string): void {
  const file = whenFree(() => openSync(path, "r+"));
  try {
    tolerating([], () => fsyncSync(file));
  } finally {
    closeSync(file);
  }
}

const openAsync = promisify(open);
const fsyncAsync = promisify(fsync);
const closeAsync = promisify(close);
/** So many small files at once keep a disk busy. */
const FLUSHED_AT_ONCE = 16;

/** As `flush`, of many files: at the same time, which takes a fraction of the time. */
export async function flushAll(paths: readonly string[]): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let at = next++; at < paths.length; at = next++) {
      const file = await openAsync(paths[at]!, "r+");
      try {
        await fsyncAsync(file);
      } catch (error) {
        if (!UNSUPPORTED.has(codeOf(error))) throw error;
      } finally {
        await closeAsync(file);
      }
    }
  };
  await Promise.all(Array.from({ length: FLUSHED_AT_ONCE }, work));
}

/** Asks the system to write a file out in the background; whether that succeeded shows at the real flush. */
export function flushAhead(path: string): void {
  open(path, "r+", (error, file) => {
    if (error === null) fsync(file, () => close(file, () => {}));
  });
}

/**
 * A new name is only durable once its folder is. Windows has no such call and needs none; some file systems (FUSE, SMB,
 * vboxsf) refuse to open or flush a folder, and then the name is as durable as they make it.
 */
export function flushFolder(path: string): void {
  if (process.platform === "win32") return;
  tolerating(["EISDIR", "EBADF", "EACCES", "EPERM"], () => {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  });
}

/** Folders with all that is in them; what does not exist is not an error. */
export function remove(...paths: readonly string[]): void {
  for (const path of paths) whenFree(() => rmSync(path, { force: true, recursive: true }));
}

/**
 * Removes files that are still open: they lose their names and go with the process, however it ends. Windows keeps
 * names while a file is open, so there nothing happens yet; true when they are gone.
 */
export function removeOpen(...paths: readonly string[]): boolean {
  if (process.platform === "win32") return false;
  remove(...paths);
  return true;
}

/** Free bytes for an ordinary user on the file system of an existing path; null where the system does not say. */
export function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Whether others than its owner may look into a folder by its mode; null for none, and on Windows, where the mode does not decide. */
export function isOpenToOthers(path: string): boolean | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || process.platform === "win32" ? null : (found.mode & 0o055) !== 0;
}

/** Whether there is such a file, and something in it. */
export function hasBytes(path: string): boolean {
  // A file whose name would be too long cannot be there.
  return existsSync(path) && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Such as `ENOENT`; empty for an error without a code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
