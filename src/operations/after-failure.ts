/** What follows a failure: the target as it was, and the proof of it. */
import type { TargetBackend, TargetSession } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { BusyError, RollbackError, SourceChangedError } from "../errors.ts";
import type { ContentDigest } from "../graph/digest.ts";
import { deadlineAfter, patience } from "../support/patience.ts";
import { summarise } from "./compare.ts";
import type { Outcome } from "./outcome.ts";
import type { Run } from "./run.ts";

/**
 * Back to what was there, told step by step and proven by digest; or kept, where that was asked for. Gives what the run
 * ends with: the cause, or that it was stopped part-way, where undoing is not possible at the moment.
 */
export async function rollBackAfterFailure(
  { options, outcome, progress, hooks: { runJournal, signal } }: Run,
  session: TargetSession,
  backend: TargetBackend,
  to: BackendConfig,
  before: ContentDigest | null,
  cause: unknown,
): Promise<unknown> {
  const written = progress.phase !== "check" && progress.phase !== "plan";
  if (written && !options.rollbackOnFailure && !(cause instanceof SourceChangedError)) {
    const kept = await session.preserve();
    // Beside a target that never came to be there is nothing to undo.
    if (session.before.layout === "new") runJournal?.undone();
    else runJournal?.kept();
    outcome.step(`rollback was switched off: the written records are kept in ${kept}`);
    return cause;
  }
  if (!written && runJournal?.resumed) {
    // What an earlier process has written stays for another attempt; of what is staged, nothing has to stay.
    if (session.kind === "staged") await session.rollback();
    else await session.preserve();
    runJournal.close();
    outcome.step(`run ${runJournal.id} is as it was: stopped part-way`);
    return cause;
  }
  progress.start("rollback", null);
  try {
    await session.rollback();
  } catch (error) {
    // With a journal, what cannot be undone now can be later; where somebody's changes are in the way, waiting does not help.
    if (!runJournal?.active || !(error instanceof RollbackError) || error.cause === undefined) throw error;
    throw runJournal.stopped(error.message, error.nextWithJournal, error);
  }
  if (!written) {
    runJournal?.undone();
    return cause;
  }
  outcome.step(`undid what had been written to ${session.before.location}`);
  for (const { what, remove } of session.kind === "live" ? session.copies() : []) {
    outcome.step(`still there: ${what}; to remove it: ${remove}`);
  }
  if (session.before.layout === "new") {
    outcome.step("no file was created");
    runJournal?.undone();
    return cause;
  }
  if (session.kind === "staged" && cause instanceof BusyError) {
    outcome.step("another program changed it meanwhile; it was left unchanged");
  } else if (before !== null) {
    const deadline = deadlineAfter(signal, patience().cleanup);
    await prove(backend, to, outcome, session.before.location, before, cause, deadline);
  }
  runJournal?.undone();
  return cause;
}

/** @throws RollbackError when the target is not what it was */
async function prove(
  backend: TargetBackend,
  to: BackendConfig,
  outcome: Outcome,
  location: string,
  before: ContentDigest,
  cause: unknown,
  deadline: AbortSignal | undefined,
): Promise<void> {
  try {
    await compareWithBefore(backend, to, outcome, location, before, cause, deadline);
  } catch (error) {
    if (!deadline?.aborted) throw error;
    outcome.step("no time was left to verify by digest that it is as before; `inspect` shows its digest");
  }
}

async function compareWithBefore(
  backend: TargetBackend,
  to: BackendConfig,
  outcome: Outcome,
  location: string,
  before: ContentDigest,
  cause: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const store = await backend.openForReading(to, { maybeMissing: true, signal });
  try {
    const after = (await summarise(store)).digest;
    if (!after.equals(before)) {
      throw new RollbackError(`${location} is not as it was before`, {
        details: [
          ...(cause instanceof Error ? [`why the run was undone: ${cause.message}`] : []),
          ...[`before: ${before}`, `after: ${after}`],
        ],
        next:
          backend.target === "live"
            ? "Stop the applications and drop the triggers that change it, then compare it with a backup."
            : "Stop the application that uses it, keep the file, and compare it with a backup.",
        cause,
      });
    }
    outcome.step(`proved by digest that it is as before: ${after}`);
  } finally {
    await store.close();
  }
}
