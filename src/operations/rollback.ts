/** Undoes a run, whenever: also one that was completed weeks ago, and one whose process was killed. */
import type { Undone } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { loadTarget } from "../backends/registry.ts";
import { damagedJournal, UNDOING } from "../backends/undoing.ts";
import { PartialError, RollbackError } from "../errors.ts";
import { removeDurable } from "../support/durable.ts";
import { summarise } from "./compare.ts";
import type { FoundRun } from "./journal/find-run.ts";
import { LISTED, parseListed, withoutSecrets } from "./journal/models.ts";
import type { RunRegistry } from "./journal/registry.ts";
import type { RollbackResult } from "./models.ts";
import { type Hooks, ProgressReporter } from "./run.ts";
import { withoutSameCommand } from "./undo.ts";

/**
 * The run's journal is closed afterwards, and gone where nothing of the run is left.
 * @param to the target, with the credentials that the journal does not hold
 * @throws RollbackError when it cannot be undone now
 */
export async function rollbackRun(
  registry: RunRegistry,
  run: FoundRun,
  to: BackendConfig,
  hooks: Hooks,
): Promise<RollbackResult> {
  const { id, file, path } = run;
  const progress = new ProgressReporter(hooks);
  progress.start("rollback", null);
  const backend = await loadTarget(to);
  const before = file.fact("target digest");
  const noted = parseListed(file.fact(LISTED));
  // Damage could make it another graph, which is as it was since nobody has touched it.
  if (to.path === undefined && noted !== null && backend.locate(withoutSecrets(to)) !== noted.target) {
    throw damagedJournal(path);
  }
  let undone: Undone;
  try {
    file.note("state", "rolling back");
    registry.enter(id, "rolling back");
    undone = await backend.undo(to, file);
  } catch (error) {
    // Nothing has been changed, as where the server cannot be reached: the run is what it was.
    if (file.fact(UNDOING) === null) {
      file.note("state", run.state);
      registry.enter(id, run.state);
    }
    throw stoppedPartWay(id, error);
  } finally {
    file.close();
  }
  const { left, expected, removed } = undone;
  const forget = () => {
    // The list learns of it last: until then it tells where the journal is.
    removeDurable(path);
    registry.end(id, "rolled back", "journal gone");
  };
  const told = { run: id, target: backend.locate(to), left: [...left], digestBefore: before };
  if (removed) {
    forget();
    return { ...told, exact: true, digestAfter: expected.toString() };
  }
  const store = await backend.openForReading(to, { signal: hooks.signal, maybeMissing: true });
  try {
    const { digest } = await summarise(store, (records) => progress.add(records));
    if (!digest.equals(expected)) {
      throw new RollbackError(`${backend.locate(to)} is not what it should be without run ${id}`, {
        details: [`expected: ${expected}`, `found:    ${digest}`],
        next: "Stop the applications that use it, keep it as it is, and compare it with a backup.",
      });
    }
    forget();
    return { ...told, exact: digest.toString() === before, digestAfter: digest.toString() };
  } finally {
    await store.close();
  }
}

/** What has begun on a server and could not be brought to its end goes on where it was: its journal knows. */
function stoppedPartWay(id: string, error: unknown): unknown {
  if (!(error instanceof RollbackError) || error.cause === undefined) return error;
  return new PartialError(`undoing run ${id} was stopped part-way: ${error.message}`, {
    details: error.details,
    next: `${withoutSameCommand(error.next)} Then memorygraph-migrate rollback ${id} goes on with it.`,
    cause: error,
  });
}
