/** Proves that a target is what the plan of a rollback says, once it was opened anew. */
import type { RollbackTarget, TargetBackend } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { BusyError, RollbackError } from "../errors.ts";
import type { ContentDigest } from "../graph/digest.ts";
import { sleep } from "../support/time.ts";
import { summarise } from "./compare.ts";
import type { Hooks, ProgressReporter } from "./run.ts";

/** Between two readings that show whether somebody writes to the target. */
const PAUSE_MS = 500;

interface Proof {
  /** Closed. */
  readonly target: RollbackTarget;
  readonly backend: TargetBackend;
  readonly to: BackendConfig;
  /** The run that was asked for. */
  readonly run: string;
  readonly progress: ProgressReporter;
  readonly hooks: Hooks;
}

/**
 * The digest of what the target holds now, which is `expected`.
 * @throws RollbackError; BusyError while somebody else writes to it
 */
export async function prove(proof: Proof, expected: ContentDigest): Promise<ContentDigest> {
  const { target, backend, to, run, progress } = proof;
  if ((await target.isAsPlanned?.((records) => progress.add(records))) === true) return expected;
  const digest = await digestNow(proof);
  if (digest.equals(expected)) return digest;
  const location = backend.locate(to);
  if (backend.target === "live") {
    await sleep(PAUSE_MS);
    if (!(await digestNow(proof)).equals(digest)) {
      throw new BusyError(`${location} keeps changing: what others have in it could not be proven untouched`, {
        next: `Stop the applications that use it, then run memorygraph-migrate rollback ${run} again.`,
      });
    }
  }
  throw new RollbackError(`${location} is not what it should be without run ${run}`, {
    details: [`expected: ${expected}`, `found:    ${digest}`],
    next: "Stop the applications that use it, keep it unchanged, and compare it with a backup.",
  });
}

async function digestNow({ backend, to, hooks, progress }: Proof): Promise<ContentDigest> {
  const store = await backend.openForReading(to, { signal: hooks.signal, maybeMissing: true });
  try {
    return (await summarise(store, (records) => progress.add(records))).digest;
  } finally {
    await store.close();
  }
}
