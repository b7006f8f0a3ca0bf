/** Decides about every record before anything is written, and asks where somebody has to agree. */

import type { TargetBackend, TargetPreview, TargetSession, WriteRequest } from "../../backends/backend.ts";
import type { BackendConfig } from "../../backends/config.ts";
import type { Fitted } from "../../backends/fitting.ts";
import { RefusedError } from "../../errors.ts";
import type { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { emptyTally, type Tally, tally } from "../../memorygraph/summary.ts";
import { counted } from "../../support/count.ts";
import { assertProvable } from "../checks.ts";
import { toInstant } from "../models.ts";
import { Outcome } from "../outcome.ts";
import type { Run } from "../run.ts";
import { ConflictSample } from "./conflict-sample.ts";
import { FittedSource } from "./fitted-source.ts";
import { Ledger } from "./ledger.ts";
import { type Action, noteTarget, Planner, type Undated } from "./planner.ts";

interface Planned {
  /** Of the target before anything is written. */
  readonly before: ContentDigest;
  /** Of the selected records, as the source has them, and how many they are. */
  readonly selected: ContentDigest;
  readonly selectedCounts: Tally;
  /** Of what the target holds beside them. */
  readonly untouched: ContentDigest;
}

interface PlanObserver {
  /** Gets the digest of the target, before anything is decided. */
  readonly before?: (digest: ContentDigest) => void;
  /** Gets every record that is to be written. */
  readonly toWrite?: (record: GraphRecord) => void;
}

/**
 * Writes each decision into the ledger, and counts it in the outcome of the run.
 * @throws DamagedStoreError where the target cannot be read whole
 */
export async function plan(
  run: Run,
  target: TargetSession | TargetPreview,
  fitted: FittedSource,
  ledger: Ledger,
  observer: PlanObserver = {},
): Promise<Planned> {
  const { description, options, outcome, progress } = run;
  progress.start(
    "plan",
    target.before.nodes + target.before.relationships + description.nodes + description.relationships,
  );
  const before = await noteTarget(target, ledger, (records) => progress.add(records));
  observer.before?.(before);
  assertProvable(target);
  const since = options.since === undefined ? null : toInstant(options.since);
  const undated = (record: GraphRecord, decision: Undated) => outcome.undated(record, decision);
  const planner = new Planner(ledger, before, options.onConflict, since, undated);
  const selectedCounts = emptyTally();
  const sample = new ConflictSample();
  const decide = (candidate: Fitted) => {
    const { record } = candidate;
    if (record === null) return;
    const action = planner.plan(record);
    outcome.decided(record, action);
    if (action === "conflict" || action === "overwrite") sample.add(record, action);
    if (isSelected(action)) tally(selectedCounts, record);
    if (action !== "create" && action !== "overwrite") return;
    target.fitting?.rehearsal.admit(candidate);
    observer.toWrite?.(record);
  };
  for await (const batch of fitted.rehearse()) {
    for (const candidate of batch) decide(candidate);
    progress.add(batch.length);
  }
  outcome.compared(await sample.compareWith(target));
  return { before, selected: planner.selected, selectedCounts, untouched: planner.untouched };
}

function isSelected(action: Action): boolean {
  return action !== "unselected" && action !== "dangling";
}

/**
 * Asks before anything of the target is overwritten, and before it is locked: a person may take their time.
 * @returns how many records they agreed to; null where nobody needs to be asked
 * @throws RefusedError when they did not agree
 */
export async function askFirst(
  run: Run,
  backend: TargetBackend,
  to: BackendConfig,
  request: WriteRequest,
): Promise<number | null> {
  const { hooks, options } = run;
  if (hooks.confirm === undefined || (options.onConflict !== "overwrite" && options.onConflict !== "newest"))
    return null;
  const target = await backend.preview(to, request);
  const ledger = new Ledger();
  try {
    const rehearsal = new Outcome(options);
    await plan({ ...run, outcome: rehearsal }, target, new FittedSource(run.source, target.fitting), ledger);
    const { nodes, relationships } = rehearsal.overwritten;
    const total = nodes + relationships;
    if (total > 0) {
      const what = `${counted(total, "record")} (${counted(nodes, "node")}, ${counted(relationships, "relationship")})`;
      await hooks.confirm(`Overwrite ${what} in ${target.before.location}?`, rehearsal.toOverwrite);
    }
    return total;
  } finally {
    ledger.close();
    await target.close();
  }
}

/** @throws RefusedError when more would be overwritten than somebody agreed to */
export function assertConfirmed({ overwritten: { nodes, relationships } }: Outcome, confirmed: number | null): void {
  if (confirmed === null || nodes + relationships <= confirmed) return;
  throw new RefusedError("the target changed before you confirmed: more records would be overwritten now", {
    next: "Run the same command again.",
  });
}

/** @throws RefusedError where the policy is to fail */
export function assertNoConflict(outcome: Outcome): void {
  const { count, ids } = outcome.conflicts;
  if (outcome.options.onConflict !== "fail" || count === 0) return;
  throw new RefusedError(`${counted(count, "record")} ${count === 1 ? "is" : "are"} in the target with other content`, {
    details: ids,
    next: "Choose what to do with them: --on-conflict skip, overwrite or newest. Nothing was written.",
  });
}
