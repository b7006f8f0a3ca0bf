/** What all that read the journal of a run share. */
import { MigrateError, StoreKindError } from "../errors.ts";
import { codeOf } from "../support/files.ts";

/** The fact in the journal of a run that its undoing has changed the target already. */
export const UNDOING = "undoing";

/**
 * Reads in the journal of a run, or in the list of runs.
 * @throws StoreKindError for what is none, or is not whole any more
 */
export function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const isDamage = /^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR|MISMATCH)/.test(codeOf(cause));
    if (cause instanceof MigrateError || !(isDamage || isUnreadable(cause))) throw cause;
    throw damagedJournal(path, cause);
  }
}

export function damagedJournal(path: string, cause?: unknown): StoreKindError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new StoreKindError(`${path} is damaged, or not the journal of a run${reason}`, {
    next: "Put back a whole copy of it, if there is one: without it the program does not know what the run has done.",
    cause,
  });
}

/** What is thrown for a text that is not what was written. */
function isUnreadable(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return cause instanceof TypeError || cause instanceof RangeError || /Syntax/.test(cause.name);
}
