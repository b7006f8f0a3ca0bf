/** All runs that are known here, for a person to choose from. */
import { existsSync } from "node:fs";
import { BackendConfig } from "../backends/config.ts";
import { loadBackend } from "../backends/registry.ts";
import { MigrateError } from "../errors.ts";
import { inspect, journalsBeside, openJournal } from "../journal/journal-path.ts";
import type { RunEntry, RunRegistry } from "../journal/registry.ts";
import { type Ending, LEFT, RUN, readEnding } from "../journal/run-info.ts";
import { isFinal, stateOfRun } from "../journal/run-state.ts";
import { sizeOfDurable } from "../support/durable.ts";
import { stillRuns, thisProcess } from "../support/processes.ts";
import { parseRunInfo } from "./journal/models.ts";
import type { ListedRun } from "./models.ts";

/**
 * The latest first.
 * @param toPath only those on this target, found beside it as well as in the list
 */
export async function listRuns(registry: RunRegistry, toPath: string | undefined): Promise<ListedRun[]> {
  registry.reconcile();
  const listed = registry.list();
  if (toPath === undefined) return listed.map((entry) => shown(entry));
  const beside = journalsBeside(toPath);
  const known = listed.filter(({ id, journal }) => journal !== null && beside.get(id) === journal);
  for (const { id } of known) beside.delete(id);
  const strangers = await Promise.all([...beside.values()].map(readEntry));
  const all = [...known.map((entry) => shown(entry)), ...strangers.map((entry) => shown(entry, false))];
  return all.sort((a, b) => (a.started < b.started ? 1 : -1));
}

/** @param runs whether a process works on it; null where that cannot be told */
function shown(entry: RunEntry, runs = stillRuns(entry.owner)): ListedRun {
  const { id, started, state, source, target } = entry;
  const can: ListedRun["can"] = [];
  const journal = entry.journal !== null && existsSync(entry.journal) ? entry.journal : null;
  const status = isFinal(state) ? state : runs === false ? "stopped" : "running";
  const there = journal !== null && runs !== null;
  if (there && status === "stopped" && state !== "rolling back") can.push("resume");
  if (there && status !== "running" && status !== "rolled back") can.push("rollback");
  const { ending, left } = notesOf(isFinal(state) ? journal : null);
  // A run that needed to write nothing keeps no journal.
  const written =
    ending?.written ?? (state === "done" && entry.journal === null ? { nodes: 0, relationships: 0 } : null);
  const durationSeconds = ending === null ? null : Math.max(0, Date.parse(ending.ended) - Date.parse(started)) / 1000;
  const journalBytes = journal === null ? 0 : sizeOfDurable(journal);
  return {
    ...{ id, started, status, source, target, written, durationSeconds, journal, journalBytes },
    left: state === "partly rolled back" ? left : null,
    can,
  };
}

/** Null for what the journal does not tell, also because it is damaged or a run is at work with it. */
function notesOf(journal: string | null): { readonly ending: Ending | null; readonly left: number | null } {
  const noted = journal === null ? "unknown" : inspect(journal);
  if (typeof noted === "string") return { ending: null, left: null };
  try {
    const left = Number(noted.file.getMeta(LEFT) ?? Number.NaN);
    return { ending: readEnding(noted.file), left: Number.isSafeInteger(left) ? left : null };
  } catch (error) {
    // That it is damaged is told where its run is asked for.
    if (!(error instanceof MigrateError)) throw error;
    return { ending: null, left: null };
  } finally {
    noted.file.close();
  }
}
/** Of a run that only the file beside its target tells of. */
async function readEntry(path: string): Promise<RunEntry> {
  const file = openJournal(path);
  try {
    const { id, started, from, to } = parseRunInfo(path, file.getMeta(RUN));
    const [source, target] = [new BackendConfig(from), new BackendConfig(to)];
    return {
      id,
      started,
      state: stateOfRun(file),
      source: (await loadBackend(source)).locate(source),
      target: (await loadBackend(target)).locate(target),
      identity: null,
      journal: path,
      owner: thisProcess(),
    };
  } finally {
    file.close();
  }
}
