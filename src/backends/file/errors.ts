/** What the system says to whoever reads or writes a file, in the words of errors.ts: the same for every store that is a file. */
import { AccessError, MigrateError, WriteError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";

/** @returns null for a code that is none of these: no room, no permission, a failing disk */
export function fileError(path: string, code: string, cause: unknown): AccessError | WriteError | null {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) {
    return new WriteError(`no room left to write ${path}`, {
      next: "Free some space, or choose a target on another disk, and run the same command again.",
      cause,
    });
  }
  if (/^(EACCES|EPERM|EROFS)$/.test(code)) {
    return new AccessError(`${path} cannot be opened or written (${reason})`, {
      next: "Check the permissions of the store and of its folder, or choose another place.",
      cause,
    });
  }
  if (code === "EIO") {
    return new WriteError(`the disk failed on ${path} (${reason})`, {
      next: "Check the disk and its free space, then run the same command again.",
      cause,
    });
  }
  return null;
}

/** @throws what `work` throws, put so that a person can act on it */
export async function onFile<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    throw fileError(path, codeOf(cause), cause) ?? cause;
  }
}
