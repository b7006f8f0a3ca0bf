/** The system's error codes for files as the errors of errors.ts: the same for every store that is a file. */
import { AccessError, BusyError, MigrateError, WriteError } from "../../errors.ts";
import { codeOf, isHeldOpen, lengthOfName, MOST_IN_NAME, namesIn, UNIT_OF_NAMES } from "../../support/files.ts";
import { refusedByWindows } from "../../support/windows-names.ts";

/** Another program has the file open in a way that keeps us from it. */
export function inUse(path: string, cause: unknown): BusyError {
  return new BusyError(`${path} is in use by another program`, {
    next: "Close the application that has it open (or wait until it is done), then run the same command again.",
    cause,
  });
}

/**
 * @param suffix what else has to be made beside it, such as `-journal`
 * @returns null where file systems take every name in the path, and the last one with the suffix
 */
export function nameTooLong(path: string, suffix = ""): AccessError | null {
  const names = namesIn(path);
  const most = MOST_IN_NAME - suffix.length;
  const long = names.find((name, at) => lengthOfName(name) > (at < names.length - 1 ? MOST_IN_NAME : most));
  if (long === undefined) return null;
  const limit =
    long === names.at(-1) && suffix !== "" ? `${most}, since ${suffix} is put behind it` : `${MOST_IN_NAME}`;
  return new AccessError(
    `the name ${long.slice(0, 40)}... has ${lengthOfName(long)} ${UNIT_OF_NAMES}; a name can have at most ${limit}`,
    { next: "Choose a shorter name." },
  );
}

/** @returns null where the system takes every name in the path for a new file */
export function nameRefused(path: string, suffix = ""): AccessError | null {
  const refused = refusedByWindows(path);
  if (refused === null) return nameTooLong(path, suffix);
  const { name, why } = refused;
  return new AccessError(`the name ${JSON.stringify(name)} cannot be used: ${why}`, { next: "Choose another name." });
}

/** @returns null for a code that is none of these: no room, no permission, in use, gone, a failing disk */
export function fileError(path: string, code: string, cause: unknown): MigrateError | null {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) {
    return new WriteError(`no space left to write ${path}`, {
      next: "Free some space, or choose a target on another disk, and run the same command again.",
      cause,
    });
  }
  if (isHeldOpen(path, code)) return inUse(path, cause);
  if (/^(EACCES|EPERM|EROFS)$/.test(code)) {
    return new AccessError(`${path} cannot be opened or written (${reason})`, {
      next: "Check the permissions of the store and of its folder, or choose another place.",
      cause,
    });
  }
  if (code === "ENOENT") {
    return new WriteError(`${path} is gone: it or its folder was removed or unmounted meanwhile`, {
      next: "Put the folder back, or choose another place, then run the same command again.",
      cause,
    });
  }
  if (code === "EIO") {
    return new WriteError(`disk I/O failed on ${path} (${reason})`, {
      next: "Check the disk and its free space, then run the same command again.",
      cause,
    });
  }
  return null;
}

/** @throws what `work` throws, a system error as one of errors.ts */
export async function onFile<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    throw fileError(path, codeOf(cause), cause) ?? cause;
  }
}
