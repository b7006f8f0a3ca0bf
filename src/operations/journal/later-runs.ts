/** Runs that came later on the same target and touched the same records: undoing an older one alone would leave it by halves. */
import type { BackendConfig } from "../../backends/config.ts";
import { RefusedError } from "../../errors.ts";
import { CREATED, OVERWRITTEN, readFingerprints } from "../../journal/entries.ts";
import { inspect, journalsBeside } from "../../journal/journal-path.ts";
import type { RunRegistry } from "../../journal/registry.ts";
import { IDENTITY, RUN } from "../../journal/run-info.ts";
import type { RunTrace } from "../../journal/run-trace.ts";
import { type FoundRun, opened } from "./find-run.ts";
import { parseRunInfo } from "./models.ts";

interface LaterRun {
  readonly run: FoundRun;
  readonly trace: RunTrace;
}

/**
 * The earliest first. Their journals are open.
 * @param traceOf what undoing a run takes; it belongs to the caller
 * @throws RefusedError naming them, unless they are to be undone as well
 */
export function laterRuns(
  registry: RunRegistry,
  run: FoundRun,
  to: BackendConfig,
  first: RunTrace,
  withLater: boolean,
  traceOf: (run: FoundRun) => RunTrace,
): LaterRun[] {
  const found: LaterRun[] = [];
  const touched: string[] = [];
  try {
    for (const [id, path] of candidates(registry, run, to)) {
      const later = opened(id, path, run.isMoved ? to : {}, registry.folder);
      const count = sharedRecords(later, [first, ...found.map(({ trace }) => trace)]);
      if (count === 0) later.file.close();
      else {
        touched.push(`run ${id} of ${later.info.started} wrote ${count} of the same records`);
        found.push({ run: later, trace: traceOf(later) });
      }
    }
    if (found.length > 0 && !withLater) throw refused(run, found, touched);
    return found;
  } catch (error) {
    for (const { run: later, trace } of found) {
      trace.close();
      later.file.close();
    }
    throw error;
  }
}

/** Journals of the runs that began later on the target, in the order of time. */
function candidates(registry: RunRegistry, run: FoundRun, { path }: BackendConfig): [id: string, path: string][] {
  const identity = run.file.getMeta(IDENTITY);
  const journals = new Map<string, string>(path === undefined ? [] : journalsBeside(path));
  for (const entry of registry.list()) {
    if (entry.journal !== null && entry.identity !== null && entry.identity === identity) {
      journals.set(entry.id, entry.journal);
    }
  }
  journals.delete(run.id);
  return [...journals]
    .map(([id, journal]) => ({ id, journal, started: startOf(journal) }))
    .filter(({ started }) => started !== null && started > run.info.started)
    .sort((a, b) => (a.started! < b.started! ? -1 : 1))
    .map(({ id, journal }) => [id, journal]);
}

/** Null where nothing can have been written, and for what cannot be read: that is told where its own run is asked for. */
function startOf(journal: string): string | null {
  const noted = inspect(journal);
  if (typeof noted === "string") return null;
  const { file, state } = noted;
  const run = file.getMeta(RUN);
  file.close();
  if (state === null || state === "rolled back" || state === "started") return null;
  return parseRunInfo(journal, run).started;
}

function sharedRecords({ file }: FoundRun, traces: readonly RunTrace[]): number {
  let count = 0;
  for (const kind of [CREATED, OVERWRITTEN]) {
    for (const row of file.rowsOf(kind)) {
      for (const { identity } of file.reading(() => [...readFingerprints(row)])) {
        if (traces.some((trace) => trace.knows(identity))) count++;
      }
    }
  }
  return count;
}

function refused({ id }: FoundRun, found: readonly LaterRun[], details: readonly string[]): RefusedError {
  const latest = found.at(-1)!.run.id;
  return new RefusedError(`later runs wrote the same records as run ${id}`, {
    details,
    next: `memorygraph-migrate rollback ${id} --with-later undoes all of them, newest first. Or undo the latest first: memorygraph-migrate rollback ${latest}`,
  });
}
