/** All runs that are known here, for a person to choose from. */
import { existsSync } from "node:fs";
import { BackendConfig } from "../backends/config.ts";
import { loadBackend } from "../backends/registry.ts";
import { stillRuns } from "../support/processes.ts";
import { FINAL_STATES, parseRunInfo, parseState } from "./journal/models.ts";
import { journalsBeside, openJournal } from "./journal/place.ts";
import { isStopped, type RunEntry, type RunRegistry } from "./journal/registry.ts";
import type { ListedRun } from "./models.ts";

/**
 * The latest first.
 * @param toPath only those on this target, found beside it as well as in the list
 */
export async function listRuns(registry: RunRegistry, toPath: string | undefined): Promise<ListedRun[]> {
  registry.heal();
  const listed = registry.list();
  if (toPath === undefined) return listed.map(shown);
  const beside = journalsBeside(toPath);
  const known = listed.filter(({ id, journal }) => journal !== null && beside.get(id) === journal);
  for (const { id } of known) beside.delete(id);
  const strangers = await Promise.all([...beside.values()].map(readEntry));
  return [...known, ...strangers].sort((a, b) => (a.started < b.started ? 1 : -1)).map(shown);
}

function shown(entry: RunEntry): ListedRun {
  const { id, started, state, source, target, journal, owner } = entry;
  const final = FINAL_STATES.has(state);
  const status = isStopped(entry)
    ? "stopped"
    : final
      ? (state as Exclude<ListedRun["status"], "running" | "stopped">)
      : "running";
  const there = journal !== null && existsSync(journal) && stillRuns(owner) !== null;
  const can: ListedRun["can"] = [];
  if (there && status === "stopped" && state !== "rolling back") can.push("resume");
  if (there && status !== "running" && state !== "rolled back") can.push("rollback");
  return { id, started, status, source, target, can };
}

/** Of a run that only the file beside its target tells of. */
async function readEntry(path: string): Promise<RunEntry> {
  const file = openJournal(path);
  try {
    const { id, started, from, to } = parseRunInfo(path, file.fact("run"));
    const [source, target] = [new BackendConfig(from), new BackendConfig(to)];
    return {
      id,
      started,
      state: parseState(file.fact("state")),
      source: (await loadBackend(source)).locate(source),
      target: (await loadBackend(target)).locate(target),
      identity: null,
      journal: path,
      // It can be opened: nobody else has it.
      owner: { pid: 0, host: "", start: "" },
    };
  } finally {
    file.close();
  }
}
