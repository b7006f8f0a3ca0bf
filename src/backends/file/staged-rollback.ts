/** What all stores that are files share when runs are rolled back in them: nothing can be seen before it has been verified. */
import { RollbackError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Action } from "../../journal/planned-actions.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { stateOfRun } from "../../journal/run-state.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import type { TargetSession } from "../backend.ts";
import { MADE } from "./staging.ts";

/** The runs whose rollback has to begin with what they left: stopped ones, and all where the store is not there any more. */
export function toRecover(isThere: boolean, journals: readonly JournalFile[]): JournalFile[] {
  return journals.filter((journal) => !isThere || stateOfRun(journal) !== "done");
}

/** Whether nothing is left in a store that one of the runs had made: then the store itself goes. */
export function isEmptied(
  { expected: { nodes, relationships } }: RollbackPlan,
  journals: readonly JournalFile[],
): boolean {
  return nodes + relationships === 0 && journals.some(wasMade);
}

/** Whether the run has made the store. */
export function wasMade(journal: JournalFile): boolean {
  return journal.getMeta(MADE) !== null;
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
  await assertPlanned(session, plan);
  await session.commit();
}

/** What was written, read anew, is what was planned. @throws RollbackError */
export async function assertPlanned(session: TargetSession, plan: RollbackPlan): Promise<void> {
  const found = await digestOf(session.read());
  if (found.equals(plan.expected)) return;
  throw new RollbackError(`${session.before.location} would not match the plan; it was left unchanged`, {
    details: [`expected: ${plan.expected}`, `found:    ${found}`],
    next: "Look for triggers on the target's tables, then run the same command again; please report it if it stays.",
  });
}
