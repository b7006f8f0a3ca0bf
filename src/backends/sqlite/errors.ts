/** SQLite's result codes in the words of errors.ts. */
import { SQLiteError } from "bun:sqlite";
import { DamagedStoreError, MigrateError, WriteError } from "../../errors.ts";
import { DamagedPageError } from "../../sqlite-file/damage.ts";
import { codeOf } from "../../support/files.ts";
import { shellQuote } from "../../support/shell.ts";
import { fileError, inUse } from "../file/errors.ts";

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

/** What of the system stands behind a code of SQLite's; others as they are. */
function systemCode(code: string): string {
  if (/^SQLITE_FULL/.test(code)) return "ENOSPC";
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code)) return "EACCES";
  return /^SQLITE_IOERR/.test(code) ? "EIO" : code;
}

/** SQLite's error, or the system's, as one of errors.ts; an error that is none of those as it is. */
export function translate(path: string, error: unknown): unknown {
  if (error instanceof MigrateError) return error;
  const code = error instanceof SQLiteError ? (error.code ?? "") : codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return inUse(path, error);
  if (
    error instanceof DamagedPageError ||
    /^SQLITE_(CORRUPT|NOTADB)/.test(code) ||
    /unsupported file format|malformed|invalid fts5 file format|vtable constructor failed|no such column/.test(reason)
  ) {
    return new DamagedStoreError(`${path} is a damaged SQLite database (${reason})`, {
      next: `Keep the file as it is. This tells what can be read of it: memorygraph-migrate inspect --from sqlite --from-path ${shellQuote(path)}`,
      cause: error,
    });
  }
  const refused = fileError(path, systemCode(code), error);
  if (refused !== null) return refused;
  if (/^SQLITE_(CONSTRAINT|ABORT|MISMATCH|TOOBIG)/.test(code)) {
    return new WriteError(`${path} refused a record (${reason})`, {
      next: "Look at the target's own triggers and constraints with `inspect`, or migrate into a new file.",
      cause: error,
    });
  }
  return error;
}
