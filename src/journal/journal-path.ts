/** Where the journal of a run is: beside a target that is a file, so that the two travel together, else in the state folder. */
import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AccessError, BusyError, MigrateError, WriteError } from "../errors.ts";
import { type Guard, removeDurable } from "../support/durable.ts";
import { beginningOfName, codeOf } from "../support/files.ts";
import { JournalFile } from "./journal-file.ts";
import { parseRunId } from "./run-id.ts";
import { damagedJournal, parseRun, RUN, RunHeaderSchema } from "./run-info.ts";
import { type RunState, stateOfRun } from "./run-state.ts";

const MARK = ".memorygraph-migrate-";

/** The path of a run's journal: beside a target that is a file, else in the folder of states. */
export function placeOf(id: string, { path }: { readonly path?: string | undefined }, stateFolder: string): string {
  if (path === undefined) return join(stateFolder, `run-${id}.db`);
  const target = realTarget(path);
  return join(dirname(target), `.${beginningOfName(basename(target))}${MARK}${id}.db`);
}

/** The journals beside a target, by run. */
export function journalsBeside(path: string): Map<string, string> {
  const target = realTarget(path);
  return journalsIn(dirname(target), `.${beginningOfName(basename(target))}`);
}

/** By run. @param start of their names; absent for those of any target */
export function journalsIn(folder: string, start?: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(folder)) return found;
  for (const name of onDisk(folder, () => readdirSync(folder))) {
    const at = name.lastIndexOf(MARK);
    const isOne = start === undefined ? at > 0 && name.startsWith(".") : at >= 0 && name.slice(0, at) === start;
    const id = isOne && name.endsWith(".db") ? parseRunId(name.slice(at + MARK.length, -3)) : null;
    if (id !== null) found.set(id, join(folder, name));
  }
  return found;
}

/** The file behind links, also where it does not exist yet. */
export function realTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realFolder(dirname(resolve(path))), basename(path));
  }
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Readable by its owner only; one that exists stays. @throws AccessError, WriteError */
export function createFolder(path: string): void {
  onDisk(path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
}

/** What undoing the run will need is tried before the run: the journal is opened once more. @throws AccessError, WriteError */
export function createJournal(path: string): JournalFile {
  JournalFile.create(path, guardOf(path)).close();
  return openJournal(path);
}

/** Gives what is wrong where it cannot be removed: that is tried again by a later run, and no failure of this one. */
export function removeJournal(path: string): string | null {
  try {
    removeDurable(path);
    return null;
  } catch (error) {
    return `the journal ${path} could not be removed (${error instanceof Error ? error.message : error})`;
  }
}

/** @throws BusyError while the run is under way; StoreKindError for what is damaged or no journal */
export function openJournal(path: string): JournalFile {
  return JournalFile.open(path, guardOf(path));
}

/** Whatever fails on a journal, at any later moment too, is told in our words. */
function guardOf(path: string): Guard {
  return (work) => onDisk(path, () => reading(path, work));
}

interface Noted {
  readonly file: JournalFile;
  /** Null before the run has told anything of itself. */
  readonly state: RunState | null;
}

/**
 * What a journal tells that nobody works with. `in use` while its run is under way; `unknown` for one that is damaged,
 * of a later release, or out of reach: those are left alone.
 */
export function inspect(path: string): Noted | "in use" | "unknown" {
  let file: JournalFile | null = null;
  try {
    file = openJournal(path);
    const run = file.getMeta(RUN);
    if (run !== null) parseRun(path, run, RunHeaderSchema);
    return { file, state: run === null ? null : stateOfRun(file) };
  } catch (error) {
    file?.close();
    if (error instanceof BusyError) return "in use";
    if (error instanceof MigrateError) return "unknown";
    throw error;
  }
}

/**
 * Reads in the journal of a run.
 * @throws DamagedJournalError for what is none, or is not whole any more
 */
function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const isDamage = /^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR|MISMATCH)/.test(codeOf(cause));
    if (cause instanceof MigrateError || !(isDamage || isUnreadable(cause))) throw cause;
    throw damagedJournal(path, cause);
  }
}

/** What is thrown for a text that is not what was written. */
function isUnreadable(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return cause instanceof TypeError || cause instanceof RangeError || /Syntax|Vali/.test(cause.name);
}

/** Runs a piece of work on what we keep, with the system's errors in our words. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    const code = codeOf(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
      throw new BusyError(`${path} is in use: the run is still under way`, {
        next: "Wait until it has ended, or stop it with Ctrl-C where it runs.",
        cause,
      });
    }
    if (/^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/.test(code)) {
      throw new WriteError(`no space left to write ${path}`, {
        next: "Free some space there, and run the same command again.",
        cause,
      });
    }
    if (/^(SQLITE_IOERR|EIO)/.test(code)) {
      throw new WriteError(`disk I/O failed on ${path} (${reason})`, {
        next: "Check the disk and the free space on it, and run the same command again.",
        cause,
      });
    }
    throw new AccessError(`${path} cannot be written (${reason})`, {
      next: "It holds what a rollback needs. Name another folder with --state-dir, or check the permissions.",
      cause,
    });
  }
}
