/** A run found again by its name: in the list of runs, or beside the file that was its target. */
import { existsSync } from "node:fs";
import { BackendConfig } from "../../backends/config.ts";
import { RefusedError, UsageError } from "../../errors.ts";
import type { DurableFile } from "../../support/durable.ts";
import { stillRuns } from "../../support/processes.ts";
import { journalsBeside, openJournal, placeOf } from "./journal-path.ts";
import { isFinal, parseRunInfo, parseState, type RunInfo, type RunState } from "./models.ts";
import type { RunEntry, RunRegistry } from "./registry.ts";
import { parseRunId } from "./run-id.ts";

export interface FoundRun {
  readonly id: string;
  readonly path: string;
  readonly info: RunInfo;
  readonly state: RunState;
  readonly from: BackendConfig;
  readonly to: BackendConfig;
  /** Open, and nobody else's until it is closed. */
  readonly file: DurableFile;
}

/**
 * @param toPath the target, for a run that the list does not know, as after moving the file to another machine
 * @throws UsageError, RefusedError, BusyError
 */
export function findRun(registry: RunRegistry, typed: string, toPath?: string): FoundRun {
  registry.reconcile();
  const id = parseRunId(typed);
  const listed = id === null ? null : registry.find(id);
  const path = listed?.journal ?? (id !== null && toPath !== undefined ? journalsBeside(toPath).get(id) : undefined);
  if (id === null || path === undefined) throw unknown(registry, typed, listed);
  if (listed !== null && stillRuns(listed.owner) === true && !isFinal(listed.state)) assertOpenable(path);
  if (!existsSync(path)) {
    throw new RefusedError(`the journal of run ${id} is not there any more: ${path}`, {
      next: "It travels with its target: if that was moved, name it with --to-path.",
    });
  }
  const file = openJournal(path);
  try {
    const info = parseRunInfo(path, file.fact("run"));
    const state = parseState(file.fact("state"));
    const to = moved(BackendConfig.from(info.to), toPath);
    assertBeside(path, placeOf(id, to, registry.folder), to);
    return { id, path, info, state, from: BackendConfig.from(info.from), to, file };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A name that leads elsewhere by now, or was damaged, would be taken for a target that is gone. @throws RefusedError */
function assertBeside(path: string, expected: string, to: BackendConfig): void {
  if (to.path === undefined || path === expected) return;
  throw new RefusedError(`the journal ${path} is not that of a run on ${to.path}: it would stand beside it`, {
    next: "Name the file that it stands beside with --to-path.",
  });
}

/** @throws BusyError while another process works on it */
function assertOpenable(path: string): void {
  if (existsSync(path)) openJournal(path).close();
}

function moved(to: BackendConfig, toPath: string | undefined): BackendConfig {
  return toPath === undefined ? to : new BackendConfig({ ...to, path: toPath });
}

function unknown(registry: RunRegistry, typed: string, listed: RunEntry | null): UsageError {
  if (listed !== null) {
    return new UsageError(`run ${listed.id} is ${listed.state}: there is nothing left of it to resume or undo`, {
      next: "memorygraph-migrate runs lists all runs.",
    });
  }
  return new UsageError(`there is no run ${typed}`, {
    next: "memorygraph-migrate runs lists all runs; one whose target was moved here is found with --to-path.",
    details: registry
      .list()
      .slice(0, 5)
      .map(({ id, state, target }) => `${id}  ${state}  ${target}`),
  });
}
