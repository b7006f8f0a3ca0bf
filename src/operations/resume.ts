/** Goes on with a run that was stopped, to the same verified end. */
import type { BackendConfig } from "../backends/config.ts";
import { loadTarget } from "../backends/registry.ts";
import { RefusedError } from "../errors.ts";
import type { RunRegistry } from "../journal/registry.ts";
import { isFinal, setState } from "../journal/run-state.ts";
import type { FoundRun } from "./journal/find-run.ts";
import { RunJournal } from "./journal/run-journal.ts";
import { runMigration } from "./migrate.ts";
import type { Outcome } from "./outcome.ts";
import type { Hooks } from "./run.ts";

/**
 * The run's journal is closed afterwards.
 * @param from, to the stores of the run, with the credentials that its journal does not hold
 * @throws RefusedError for a run that has come to an end
 */
export async function resumeRun(
  registry: RunRegistry,
  { id, info, state, file }: FoundRun,
  from: BackendConfig,
  to: BackendConfig,
  hooks: Hooks,
): Promise<Outcome> {
  if (isFinal(state)) {
    file.close();
    throw new RefusedError(`run ${id} is ${state}: there is nothing to resume`, {
      next: `memorygraph-migrate rollback ${id} undoes it.`,
    });
  }
  if (state === "rolling back") {
    file.close();
    throw new RefusedError(`run ${id} was stopped while it was undone`, {
      next: `memorygraph-migrate rollback ${id} completes that.`,
    });
  }
  const backend = await loadTarget(to);
  if (backend.target === "staged" && (await backend.recover(to, file)) === "complete") {
    // It had been put in place, and only the journal did not know: comparing source and target proves it once more.
    setState(file, "done");
    file.close();
    registry.end(id, "done", "journal kept");
    return runMigration(from, to, info.options, { ...hooks, confirm: undefined });
  }
  const runJournal = RunJournal.reopened(registry, id, file);
  // What was to be overwritten has been agreed to when the run began.
  return runMigration(from, to, info.options, { ...hooks, confirm: undefined, runJournal });
}
