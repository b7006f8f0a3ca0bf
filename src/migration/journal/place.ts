/** Where the journal of a run is: beside a target that is a file, so that the two travel together, else in the state folder. */
import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { BackendConfig } from "../../backends/config.ts";
import { AccessError, BusyError, MigrateError, WriteError } from "../../errors.ts";
import { DurableFile } from "../../support/durable.ts";
import { codeOf } from "../../support/files.ts";
import { parseRunId } from "./run-id.ts";

const MARK = ".memorygraph-migrate-";

export function placeOf(id: string, { path }: BackendConfig, stateFolder: string): string {
  if (path === undefined) return join(stateFolder, `run-${id}.db`);
  const target = realTarget(path);
  // File systems take names of 255 bytes at most.
  return join(dirname(target), `.${basename(target).slice(0, 180)}${MARK}${id}.db`);
}

/** The journals beside a target, by run. */
export function journalsBeside(path: string): Map<string, string> {
  const target = realTarget(path);
  const start = `.${basename(target).slice(0, 180)}${MARK}`;
  const found = new Map<string, string>();
  if (!existsSync(dirname(target))) return found;
  for (const name of onDisk(dirname(target), () => readdirSync(dirname(target)))) {
    const id = name.startsWith(start) && name.endsWith(".db") ? parseRunId(name.slice(start.length, -3)) : null;
    if (id !== null) found.set(id, join(dirname(target), name));
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

export function createFolder(path: string): void {
  onDisk(path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
}

export function createJournal(path: string): DurableFile {
  return onDisk(path, () => DurableFile.create(path));
}

/** @throws BusyError while the run is under way */
export function openJournal(path: string): DurableFile {
  return onDisk(path, () => DurableFile.open(path));
}

/** Null while its run is under way. */
export function openIfFree(path: string): DurableFile | null {
  try {
    return openJournal(path);
  } catch (error) {
    if (error instanceof BusyError) return null;
    throw error;
  }
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
      throw new WriteError(`no room left to write ${path}`, {
        next: "Free some space there, and run the same command again.",
        cause,
      });
    }
    throw new AccessError(`${path} cannot be written (${reason})`, {
      next: "It keeps what undoing the run needs. Name another folder with --state-dir, or check permissions.",
      cause,
    });
  }
}
