/** What all staged targets share when runs are undone in them: nothing can be seen before it has been verified. */
import { statSync } from "node:fs";
import { RollbackError } from "../errors.ts";
import type { GraphRecord } from "../graph/record.ts";
import type { JournalFile } from "../journal/journal-file.ts";
import type { Action } from "../journal/planned-actions.ts";
import type { Present, RollbackPlan } from "../journal/rollback-plan.ts";
import { hasWritten, stateOfRun } from "../journal/run-state.ts";
import { digestOf } from "../memorygraph/canonicalizer.ts";
import type { TargetSession } from "./backend.ts";

/** The name in a run's journal by which the target is known to have been made by the run. */
export const MADE = "target made";

export async function* presentOf(batches: AsyncIterable<readonly GraphRecord[]>): AsyncGenerator<readonly Present[]> {
  for await (const batch of batches) yield batch.map((record) => ({ record }));
}

/** Each record with what the plan says of it, in the order in which the plan was made. */
export async function* planned(
  batches: AsyncIterable<readonly GraphRecord[]>,
  plan: RollbackPlan,
): AsyncGenerator<readonly { readonly record: GraphRecord; readonly action: Action | null }[]> {
  const ordinals = { node: 0, relationship: 0 };
  for await (const batch of batches) {
    yield batch.map((record) => ({ record, action: plan.actions.at(record.kind, ordinals[record.kind]++) }));
  }
}

/** The before-image that an action restores; null for one that takes a record out. */
export function beforeImageOf(plan: RollbackPlan, { image }: Action): GraphRecord | null {
  return image === null ? null : plan.traces[image.run]!.imageAt(image.entry);
}

/** Puts in place what was written, if it is what was planned. @throws RollbackError */
export async function commitPlanned(session: TargetSession, plan: RollbackPlan): Promise<void> {
  await session.finish();
  const found = await digestOf(session.read());
  if (!found.equals(plan.expected)) {
    throw new RollbackError(`${session.before.location} would not be what was planned; it was left unchanged`, {
      details: [`expected: ${plan.expected}`, `found:    ${found}`],
      next: "Look for triggers on the target's tables, then run the same command again; please report it if it stays.",
    });
  }
  await session.commit();
}

/**
 * Whether a run that was stopped had given its temporary file the target's name: by renaming it, or as a second name
 * before it loses the first.
 */
export function isPublished(temporary: string, target: string, journal: JournalFile): boolean {
  const [left, found] = [temporary, target].map((path) => statSync(path, { throwIfNoEntry: false }));
  if (!hasWritten(stateOfRun(journal))) return false;
  return found !== undefined && (left === undefined || (left.ino === found.ino && left.dev === found.dev));
}
