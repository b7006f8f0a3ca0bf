/** All runs that are known here, for a person to choose from. */
import { existsSync } from "node:fs";
import { MigrateError } from "../errors.ts";
import { inspect, journalsBeside, realTarget } from "../journal/journal-path.ts";
import type { RunEntry, RunRegistry } from "../journal/registry.ts";
import { type Ending, LEFT, readEnding } from "../journal/run-info.ts";
import { isFinal } from "../journal/run-state.ts";
import { sizeOfDurable } from "../support/durable.ts";
import { stillRuns } from "../support/processes.ts";
import { movedHere, type PlacedRun, runAt } from "./journal/moved-runs.ts";
import type { ListedRun } from "./run-models.ts";

/**
 * The latest first.
 * @param toPath only those on this target: found by the journals beside it, and by what the target holds where it was moved or
 *   got another name since
 */
export async function listRuns(
  registry: RunRegistry,
  toPath: string | undefined,
  signal?: AbortSignal,
): Promise<ListedRun[]> {
  registry.reconcile();
  const listed = registry.list();
  if (toPath === undefined) return listed.map((entry) => shown(placed(entry)));
  const beside = journalsBeside(toPath);
  const known = listed.filter((entry) =>
    entry.journal !== null && existsSync(entry.journal) ? beside.get(entry.id) === entry.journal : isOn(entry, toPath),
  );
  for (const { id } of known) beside.delete(id);
  const strangers = await Promise.all([...beside.values()].map((path) => runAt(path, toPath)));
  const moved = await movedHere(listed, toPath, [...known, ...strangers.map(({ entry }) => entry)], signal);
  const all = [...known.map((entry) => placed(entry)), ...strangers, ...moved].map(shown);
  return all.sort((a, b) => (a.started < b.started ? 1 : -1));
}

/** Of a run without a journal, since it was undone or wrote nothing, or since the journal was lost. */
function isOn({ target }: RunEntry, toPath: string): boolean {
  return !target.includes("://") && realTarget(target) === realTarget(toPath);
}

function placed(entry: RunEntry): PlacedRun {
  return { entry, movedTo: null, runs: stillRuns(entry.owner) };
}

function shown({ entry, movedTo, runs }: PlacedRun): ListedRun {
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
    ...{ id, started, status, source, target, movedTo, written, durationSeconds, journal, journalBytes },
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
