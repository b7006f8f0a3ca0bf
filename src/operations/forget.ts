/** Runs that nobody will want to undo: their journals are deleted, which frees space, and the list forgets them. */
import { BusyError, RefusedError } from "../errors.ts";
import { inspect, removeJournal } from "../journal/journal-path.ts";
import type { RunRegistry } from "../journal/registry.ts";
import { parseRunId } from "../journal/run-id.ts";
import { noSuchRun } from "./journal/find-run.ts";
import type { ForgetResult, ListedRun } from "./run-models.ts";
import { listRuns } from "./runs.ts";

const DAY_MS = 86_400_000;
/** Runs that began longer ago are forgotten where nobody names another age. */
export const FORGOTTEN_AFTER_DAYS = 30;

/** What is asked for; nothing is changed by it. */
interface Forgettable {
  /** On this target only; a run that just the file beside it tells of is found by this, too. */
  readonly toPath?: string | undefined;
}

/**
 * One run, by what a person typed for it.
 * @throws UsageError where there is none; BusyError while it is under way; RefusedError for one that was interrupted
 */
export async function runToForget(registry: RunRegistry, typed: string, { toPath }: Forgettable): Promise<ListedRun> {
  const id = parseRunId(typed);
  const run = (await listRuns(registry, toPath)).find((one) => one.id === id);
  if (run === undefined) {
    throw noSuchRun(toPath === undefined ? typed : `${typed} on ${toPath}`);
  }
  assertEnded(run);
  return run;
}

/**
 * Every run that has ended and began more than so many days ago; the others are left alone.
 * @param days 0 for all that have ended
 */
export async function runsToPrune(
  registry: RunRegistry,
  days: number,
  { toPath }: Forgettable,
  now = Date.now(),
): Promise<ListedRun[]> {
  const until = new Date(now - days * DAY_MS).toISOString();
  return (await listRuns(registry, toPath)).filter((run) => hasEnded(run) && run.started <= until);
}

/** Deletes the journals and the lines of the list. A journal that cannot be removed keeps its run in the list. */
export function forgetRuns(registry: RunRegistry, runs: readonly ListedRun[], dryRun = false): ForgetResult {
  const forgotten: ListedRun[] = [];
  const warnings: string[] = [];
  for (const run of runs) {
    const trouble = dryRun || run.journal === null ? null : removed(run.journal, run.id);
    if (trouble !== null) {
      warnings.push(trouble);
      continue;
    }
    if (!dryRun) registry.forget(run.id);
    forgotten.push(run);
  }
  const bytesFreed = forgotten.reduce((sum, { journalBytes }) => sum + journalBytes, 0);
  return { dryRun, forgotten, bytesFreed, warnings };
}

/** Whether undoing is lost with the run. */
export function canBeUndone({ can }: ListedRun): boolean {
  return can.includes("rollback");
}

function hasEnded({ status }: ListedRun): boolean {
  return status !== "running" && status !== "stopped";
}

/** @throws BusyError, RefusedError */
function assertEnded(run: ListedRun): void {
  if (hasEnded(run)) return;
  if (run.status === "running") {
    throw new BusyError(`run ${run.id} is still under way on ${run.target}; it was not forgotten`, {
      next: "Wait until it has ended, or stop it with Ctrl-C where it runs.",
    });
  }
  const resume = run.can.includes("resume") ? `memorygraph-migrate resume ${run.id} completes it, ` : "";
  throw new RefusedError(`run ${run.id} was stopped part-way on ${run.target}; its journal is needed, and was kept`, {
    next: `${resume}memorygraph-migrate rollback ${run.id} undoes it. Then it can be forgotten.`,
  });
}

/** Null where it is gone. A rollback may have begun since the list was read. */
function removed(journal: string, id: string): string | null {
  const noted = inspect(journal);
  if (noted === "in use") return `run ${id} is being undone at this moment; it was not forgotten`;
  if (typeof noted !== "string") noted.file.close();
  return removeJournal(journal);
}
