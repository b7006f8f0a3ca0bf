/** All runs that are known here, for a person to choose from. */
import { existsSync } from "node:fs";
import { BackendConfig } from "../backends/config.ts";
import { loadBackend } from "../backends/registry.ts";
import { inspect, journalsBeside, openJournal } from "../journal/journal-path.ts";
import type { RunEntry, RunRegistry } from "../journal/registry.ts";
import { LEFT, RUN } from "../journal/run-info.ts";
import { isFinal, stateOfRun } from "../journal/run-state.ts";
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
  const { id, started, state, source, target, journal } = entry;
  const can: ListedRun["can"] = [];
  const there = journal !== null && existsSync(journal) && runs !== null;
  const status = isFinal(state) ? state : runs === false ? "stopped" : "running";
  if (there && status === "stopped" && state !== "rolling back") can.push("resume");
  if (there && status !== "running" && status !== "rolled back") can.push("rollback");
  return { id, started, status, source, target, left: leftOf(entry), can };
}

/** How many records of a run that was undone in part are left; null for others, and where its journal cannot tell. */
function leftOf({ state, journal }: RunEntry): number | null {
  if (state !== "partly rolled back" || journal === null || !existsSync(journal)) return null;
  const noted = inspect(journal);
  if (typeof noted === "string") return null;
  const left = Number(noted.file.getMeta(LEFT) ?? Number.NaN);
  noted.file.close();
  return Number.isSafeInteger(left) ? left : null;
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
