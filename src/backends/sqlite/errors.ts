/** SQLite's result codes in the words of errors.ts. */
import { SQLiteError } from "bun:sqlite";
import { AccessError, BusyError, DamagedStoreError, MigrateError, WriteError } from "../../errors.ts";
import { codeOf } from "../../support/files.ts";
import { shellQuote } from "../../support/shell.ts";

/** Runs one piece of work on a database, turning what SQLite or the file system throws into something to act on. */
export function onDatabase<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(path, error);
  }
}

/** A file of which SQLite reads nothing, since one of its statements cannot be parsed or the schema cannot be read. */
export function isUnreadableSchema(error: unknown): boolean {
  return (
    error instanceof SQLiteError &&
    /malformed database schema|disk image is malformed|unsupported file format/.test(error.message)
  );
}

export function translate(path: string, error: unknown): unknown {
  if (error instanceof MigrateError) return error;
  const code = error instanceof SQLiteError ? (error.code ?? "") : codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new BusyError(`${path} is in use by another program`, {
      next: "Close the application that has it open (or wait until it is done), then run the same command again.",
      cause: error,
    });
  }
  if (
    /^SQLITE_(CORRUPT|NOTADB)/.test(code) ||
    /unsupported file format|malformed|invalid fts5 file format|vtable constructor failed|no such column/.test(reason)
  ) {
    return new DamagedStoreError(`${path} is a damaged SQLite database (${reason})`, {
      next: `Keep the file as it is. This tells what can be read of it: memorygraph-migrate inspect --from sqlite --from-path ${shellQuote(path)}`,
      cause: error,
    });
  }
  if (/^SQLITE_FULL/.test(code) || code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new WriteError(`no room left to write ${path}`, {
      next: "Free some space, or choose a target on another disk, and run the same command again.",
      cause: error,
    });
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code) || code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new AccessError(`${path} cannot be opened or written (${reason})`, {
      next: "Check the permissions of the file and of its folder, or choose another place.",
      cause: error,
    });
  }
  if (/^SQLITE_IOERR/.test(code) || code === "EIO") {
    return new WriteError(`the disk failed on ${path} (${reason})`, {
      next: "Check the disk and its free space, then run the same command again.",
      cause: error,
    });
  }
  if (/^SQLITE_(CONSTRAINT|ABORT|MISMATCH|TOOBIG)/.test(code)) {
    return new WriteError(`${path} refused a record (${reason})`, {
      next: "Look at the target's own triggers and constraints with `inspect`, or migrate into a new file.",
      cause: error,
    });
  }
  return error;
}
