/** Why a run is not undone, or not to its end: what is certain, what is not, and the way on. */
import type { TargetBackend } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { DamagedJournalError, PartialError, RefusedError, RollbackError } from "../errors.ts";
import { realTarget } from "../journal/journal-path.ts";
import { LISTED, parseListed } from "../journal/run-info.ts";
import { shellQuote } from "../support/shell.ts";
import type { FoundRun } from "./journal/find-run.ts";
import { withoutSecrets } from "./journal/models.ts";

/** It holds the same records as the target, and none of them is the run's. @throws RefusedError */
export function assertNoSource({ id, from, isMoved }: FoundRun, to: BackendConfig): void {
  if (!isMoved || from.path === undefined || to.path === undefined) return;
  if (realTarget(from.path) !== realTarget(to.path)) return;
  throw new RefusedError(`${to.path} is the source of run ${id}, not its target`, {
    next: `memorygraph-migrate runs shows the target of the run. Nothing was written.`,
  });
}

/** Damage could make it another graph, which is as it was since nobody has touched it. @throws DamagedJournalError */
export function assertSameTarget(backend: TargetBackend, { file, isMoved, path }: FoundRun, to: BackendConfig): void {
  const noted = parseListed(file.getMeta(LISTED));
  if (to.path !== undefined || isMoved || noted === null || backend.locate(withoutSecrets(to)) === noted.target) return;
  throw new DamagedJournalError(`the journal ${path} is damaged: it tells of two targets`, {
    next: "Put back a whole copy of it, if there is one.",
  });
}

/** @param location where the run has put its target */
export function missing(id: string, location: string): RefusedError {
  return new RefusedError(`there is no store any more at ${location}, the target of run ${id}`, {
    next: `If it was moved, name the place: memorygraph-migrate rollback ${id} --to-path NEW. If it was deleted, nothing of the run is left: add --close to end the run.`,
  });
}

/** Both hold what the run wrote, and only one of them can be the target that it is open for. */
export function ambiguous(backend: TargetBackend, { id, noted }: FoundRun, to: BackendConfig): RefusedError {
  const [original, copy] = [backend.locate(withoutSecrets(noted)), backend.locate(withoutSecrets(to))];
  return new RefusedError(`${original} and ${copy} both hold what run ${id} wrote: one of them is a copy`, {
    details: [`the run wrote ${original}`],
    next: `To undo it there: memorygraph-migrate rollback ${id}. To undo it in the copy alone, name the copy: add --confirm=${shellQuote(to.path ?? to.uri ?? copy)}. Nothing was written.`,
  });
}

/** Nothing of the run is in the store that was named. */
export function nothingOf({ id, info }: FoundRun, location: string): RefusedError {
  return new RefusedError(`${location} holds nothing of run ${id}: it is another store, or older than the run`, {
    details: [
      `certain: the run began ${info.started}, nothing of it is there, and nothing was written now`,
      "not certain: whether this is its target, of which others have deleted every record of the run",
    ],
    next: `Name the target of the run; memorygraph-migrate runs lists all runs with their targets. If this is the target, and others deleted the records: add --close to end the run.`,
  });
}

/** What is certain when a journal is not: nothing was written. */
export function uncertain({ id, info }: FoundRun, cause: DamagedJournalError): RollbackError {
  return new RollbackError(`run ${id} cannot be undone: ${cause.message}`, {
    details: [`the run began ${info.started}`, "the target is unchanged: nothing was written"],
    next: cause.next,
    cause,
  });
}

/** What has begun on a server and could not be brought to its end goes on where it was: its journal knows. */
export function stoppedPartWay(id: string, error: unknown): unknown {
  if (!(error instanceof RollbackError) || error.cause === undefined) return error;
  if (error.cause instanceof DamagedJournalError) return error;
  return new PartialError(`undoing run ${id} was stopped part-way: ${error.message}`, {
    details: error.details,
    next: `${error.nextWithJournal} Then memorygraph-migrate rollback ${id} goes on with it.`,
    cause: error,
  });
}
