/** A run found again by its name: in the list of runs, or beside the file that was its target. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { BackendConfig } from "../../backends/config.ts";
import { RefusedError, UsageError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { journalsBeside, journalsIn, openJournal, placeOf, realTarget } from "../../journal/journal-path.ts";
import type { RunEntry, RunRegistry } from "../../journal/registry.ts";
import { parseRunId } from "../../journal/run-id.ts";
import { RUN, TARGET_DIGEST } from "../../journal/run-info.ts";
import { isFinal, type RunState, stateOfRun } from "../../journal/run-state.ts";
import { stillRuns } from "../../support/processes.ts";
import { parseRunInfo, type RunInfo, withoutSecrets } from "./models.ts";

export interface FoundRun {
  readonly id: string;
  readonly path: string;
  readonly info: RunInfo;
  readonly state: RunState;
  readonly from: BackendConfig;
  readonly to: BackendConfig;
  /** The target is named anew: it is not where the run left it. */
  readonly isMoved: boolean;
  /** Where the run left its target. */
  readonly noted: BackendConfig;
  /** Of the target before the run; null for a run that was stopped before it had read it. */
  readonly digestBefore: string | null;
  /** Open, and nobody else's until it is closed. */
  readonly file: JournalFile;
}

/** Where the target of the run is now, if not where the run left it. */
export interface NewPlace {
  readonly path?: string | undefined;
  readonly uri?: string | undefined;
}

/** @throws UsageError, RefusedError, BusyError, DamagedJournalError */
export function findRun(registry: RunRegistry, typed: string, { path: toPath, uri }: NewPlace = {}): FoundRun {
  registry.reconcile();
  const id = parseRunId(typed);
  const listed = id === null ? null : registry.find(id);
  const path = id === null ? null : (journalBeside(toPath, id) ?? listed?.journal ?? journalNear(toPath, id));
  if (id === null || path === null) throw unknown(registry, typed, listed);
  if (listed !== null && stillRuns(listed.owner) === true && !isFinal(listed.state)) assertOpenable(path);
  if (!existsSync(path)) throw missing(id, path, listed);
  const found = opened(id, path, { path: toPath, uri }, registry.folder);
  if (listed === null || !isStale(found.state, listed.state)) return found;
  found.file.close();
  throw stale(found, listed);
}

/** What was undone is struck out of a journal before the list learns of it: the list never knows more. */
function isStale(state: RunState, listed: RunState): boolean {
  return state === "done" && (listed === "partly rolled back" || listed === "rolled back");
}

function stale({ id, path, to }: FoundRun, { state }: RunEntry): RefusedError {
  return new RefusedError(`the journal of run ${id} is older than its target: ${path}`, {
    details: [
      `certain: the run was ${state} after this journal was written, and nothing was written now`,
      `not certain: which of its records are still the run's in ${to.path ?? withoutSecrets(to).uri}`,
    ],
    next: `Put back the journal that belongs to the target. Where there is none, compare the target with a backup; memorygraph-migrate runs forget ${id} takes the run off the list.`,
  });
}

function missing(id: string, path: string, listed: RunEntry | null): RefusedError {
  const began = listed === null ? [] : [`the run began ${listed.started} on ${listed.target}`];
  return new RefusedError(`the journal of run ${id} is missing: ${path}`, {
    details: [
      `certain: ${[...began, "nothing was written now"].join(", ")}`,
      "not certain: which records the run wrote, and what it overwrote",
    ],
    next: "It travels with its target: if that was moved, name it with --to-path. Otherwise put back a copy of the journal, or compare the target with a backup.",
  });
}

function journalBeside(target: string | undefined, id: string): string | null {
  return target === undefined ? null : (journalsBeside(target).get(id) ?? null);
}

/** Of a target that got another name and left its journal the former one. */
function journalNear(target: string | undefined, id: string): string | null {
  return target === undefined ? null : (journalsIn(dirname(realTarget(target))).get(id) ?? null);
}

/** @throws DamagedJournalError, UsageError, RefusedError, BusyError */
export function opened(id: string, path: string, place: NewPlace, stateFolder: string): FoundRun {
  const file = openJournal(path);
  try {
    const info = parseRunInfo(path, file.getMeta(RUN));
    const noted = BackendConfig.from(info.to);
    const to = moved(noted, place);
    const isMoved = isElsewhere(noted, to);
    if (!isMoved) assertBeside(path, placeOf(id, to, stateFolder), to);
    return {
      ...{ id, path, info, state: stateOfRun(file), from: BackendConfig.from(info.from), to, noted, file, isMoved },
      digestBefore: file.getMeta(TARGET_DIGEST),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A name that leads elsewhere by now would be taken for a target that is gone. @throws RefusedError */
function assertBeside(path: string, expected: string, to: BackendConfig): void {
  if (to.path === undefined || path === expected) return;
  throw new RefusedError(`${to.path} is not the file that the run with the journal ${path} wrote`, {
    next: "Name the target of the run with --to-path: the file itself, wherever it is now.",
  });
}

/** @throws BusyError while another process works on it */
function assertOpenable(path: string): void {
  if (existsSync(path)) openJournal(path).close();
}

function moved(to: BackendConfig, { path, uri }: NewPlace): BackendConfig {
  if (path !== undefined && to.path === undefined) throw notThat("--to-path", "a server", "--to-uri");
  if (uri !== undefined && to.path !== undefined) throw notThat("--to-uri", "a file", "--to-path");
  return new BackendConfig({ ...to, ...(path !== undefined && { path }), ...(uri !== undefined && { uri }) });
}

function notThat(flag: string, what: string, right: string): UsageError {
  return new UsageError(`${flag} does not fit: the target of the run is ${what}`, { next: `Use ${right} instead.` });
}

function isElsewhere(noted: BackendConfig, to: BackendConfig): boolean {
  if (noted.path !== undefined && to.path !== undefined) return realTarget(noted.path) !== realTarget(to.path);
  return withoutSecrets(noted).uri !== withoutSecrets(to).uri;
}

function unknown(registry: RunRegistry, typed: string, listed: RunEntry | null): UsageError {
  if (listed !== null) {
    return new UsageError(`run ${listed.id} is ${listed.state}: there is nothing left of it to resume or undo`, {
      next: "memorygraph-migrate runs lists all runs.",
    });
  }
  const latest = registry.list().slice(0, 5);
  return noSuchRun(
    typed,
    latest.map(({ id, state, target }) => `${id}  ${state}  ${target}`),
  );
}

/** @param details such as the runs that there are */
export function noSuchRun(what: string, details: readonly string[] = []): UsageError {
  return new UsageError(`there is no run ${what}`, {
    next: "memorygraph-migrate runs lists all runs; one whose target was moved here is found with --to-path.",
    details: [...details],
  });
}
