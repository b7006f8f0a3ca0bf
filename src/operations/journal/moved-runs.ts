/** Runs that are known by their journals alone, and those whose targets are not where they left them. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { BackendConfig, type BackendType } from "../../backends/config.ts";
import { loadBackend, loadTarget } from "../../backends/registry.ts";
import { DamagedJournalError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { inspect, journalsIn, openJournal, realTarget } from "../../journal/journal-path.ts";
import type { RunEntry } from "../../journal/registry.ts";
import { RUN } from "../../journal/run-info.ts";
import { stateOfRun } from "../../journal/run-state.ts";
import { RunTrace } from "../../journal/run-trace.ts";
import { thisProcess } from "../../support/processes.ts";
import { runsIn } from "./copies.ts";
import { parseRunInfo } from "./models.ts";

/** A run to be shown. */
export interface PlacedRun {
  readonly entry: RunEntry;
  /** Where its target is now, if that is not where the run left it. */
  readonly movedTo: string | null;
  /** Whether a process works on it; null where that cannot be told. */
  readonly runs: boolean | null;
}

/** Runs whose targets are not where they left them, and that have written what this file holds. */
export async function movedHere(
  listed: readonly RunEntry[],
  toPath: string,
  known: readonly RunEntry[],
  signal: AbortSignal | undefined,
): Promise<PlacedRun[]> {
  const journals = new Map(journalsIn(dirname(realTarget(toPath))));
  for (const { id, journal } of listed) if (journal !== null && existsSync(journal)) journals.set(id, journal);
  for (const { id } of known) journals.delete(id);
  const candidates: Candidate[] = [];
  try {
    for (const path of journals.values()) candidates.push(...(await candidatesAt(path, toPath)));
    const found: PlacedRun[] = [];
    for (const [type, ofType] of Map.groupBy(candidates, (one) => one.type)) {
      const config = new BackendConfig({ type, path: toPath });
      const traces = new Map(ofType.map(({ run, trace }) => [run, trace]));
      found.push(...(await runsIn(await loadTarget(config), config, traces, signal)));
    }
    return found;
  } finally {
    for (const { trace } of candidates) {
      trace.close();
      trace.file.close();
    }
  }
}

interface Candidate {
  readonly type: BackendType;
  readonly run: PlacedRun;
  readonly trace: RunTrace;
}

/** None for a run that cannot be undone, whose target is in its place, or whose source this file is. */
async function candidatesAt(path: string, toPath: string): Promise<Candidate[]> {
  const noted = inspect(path);
  if (typeof noted === "string") return [];
  const { file, state } = noted;
  try {
    if (state !== null && state !== "rolled back") {
      const { from, to } = parseRunInfo(path, file.getMeta(RUN));
      const isSource = from.path !== undefined && realTarget(from.path) === realTarget(toPath);
      if (to.path !== undefined && !existsSync(to.path) && !isSource) {
        const run = { entry: await entryOf(file, path), movedTo: toPath, runs: false };
        return [{ type: to.type, run, trace: new RunTrace(file) }];
      }
    }
  } catch (error) {
    file.close();
    // A damaged journal is told where its own run is asked for.
    if (error instanceof DamagedJournalError) return [];
    throw error;
  }
  file.close();
  return [];
}

/** Of a run that only its journal tells of. */
export async function runAt(path: string, toPath: string): Promise<PlacedRun> {
  const file = openJournal(path);
  try {
    const { to } = parseRunInfo(path, file.getMeta(RUN));
    const isMoved = to.path === undefined || realTarget(to.path) !== realTarget(toPath);
    return { entry: await entryOf(file, path), movedTo: isMoved ? toPath : null, runs: false };
  } finally {
    file.close();
  }
}

async function entryOf(file: JournalFile, path: string): Promise<RunEntry> {
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
}
