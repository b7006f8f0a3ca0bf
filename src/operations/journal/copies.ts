/** Whether a store holds what a run wrote, judged by ids and content: how a target that was moved is told from its copy. */
import type { TargetBackend } from "../../backends/backend.ts";
import type { BackendConfig } from "../../backends/config.ts";
import { MigrateError } from "../../errors.ts";
import { RunTrace } from "../../journal/run-trace.ts";
import { type Fingerprint, fingerprintOf } from "../../memorygraph/fingerprint.ts";
import type { FoundRun } from "./find-run.ts";

/**
 * Whether the target that the run left is still there and holds what the run wrote, so that the one that is named is another. A
 * server that the run wrote to is not asked.
 */
export async function isCopyOf(backend: TargetBackend, run: FoundRun, signal?: AbortSignal): Promise<boolean> {
  if (!run.isMoved || run.noted.path === undefined) return false;
  return holds(backend, run.noted, run, signal);
}

/** Whether a store holds what the run wrote. */
export async function holds(
  backend: TargetBackend,
  config: BackendConfig,
  { file }: FoundRun,
  signal?: AbortSignal,
): Promise<boolean> {
  const trace = new RunTrace(file);
  try {
    return (await runsIn(backend, config, new Map([["it", trace]]), signal)).size > 0;
  } finally {
    trace.close();
  }
}

/**
 * Reads until each was met.
 * @param traces used up by this
 * @returns the keys of the runs of which something is in the store; of none where there is no such store
 */
export async function runsIn<K>(
  backend: TargetBackend,
  config: BackendConfig,
  traces: ReadonlyMap<K, RunTrace>,
  signal?: AbortSignal,
): Promise<Set<K>> {
  const met = new Set<K>();
  try {
    const store = await backend.openForReading(config, { signal });
    try {
      for await (const batch of store.read()) {
        for (const record of batch) {
          const fingerprint = fingerprintOf(record);
          for (const [key, trace] of traces) if (!met.has(key) && isOf(trace, fingerprint)) met.add(key);
          if (met.size === traces.size) return met;
        }
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    // No store of that kind, or none at all.
    if (!(error instanceof MigrateError)) throw error;
  }
  return met;
}

function isOf(trace: RunTrace, fingerprint: Fingerprint): boolean {
  const { standing } = trace.trace(fingerprint);
  return standing === "unchanged" || standing === "bookkeeping";
}
