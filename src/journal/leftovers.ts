/** What a journal still has to know of a run that was undone in part: only what is left of it. */
import { FINGERPRINT_BYTES, putFingerprint } from "../memorygraph/fingerprint.ts";
import { beforeImageBeside } from "../support/durable.ts";
import { remove } from "../support/files.ts";
import { BEFORE_IMAGE, CREATED, DROPPED, identityOfImage, OVERWRITTEN, readFingerprints } from "./entries.ts";
import type { JournalFile, LogRow, NumberedRow } from "./journal-file.ts";
import type { PlannedActions } from "./planned-actions.ts";
import { REST } from "./rest.ts";
import { clearUndoing } from "./run-state.ts";
import type { RunTrace } from "./run-trace.ts";

/**
 * Strikes out of the journal what was undone: a later run may create the same records again, and they are not this run's.
 * @param run its place among the runs that were undone together
 * @returns how many records of the run stay; where none does, the journal is left as it is
 */
export function retain(file: JournalFile, trace: RunTrace, actions: PlannedActions, run: number): number {
  let left = 0;
  for (const identity of actions.keptIdentities(run)) if (trace.knows(identity)) left++;
  if (left === 0) return 0;
  file.rewrite((row) => retained(file, row, (identity) => actions.isKept(identity, run)));
  clearUndoing(file);
  // What the target was before is not what is left to undo.
  if (file.path !== null) remove(beforeImageBeside(file.path));
  return left;
}

function retained(file: JournalFile, row: NumberedRow, isKept: (identity: bigint) => boolean): LogRow[] {
  if (row.kind === BEFORE_IMAGE) return isKept(identityOfImage(row.bytes)) ? [row] : [];
  // Its sums are of what the whole run had nothing to do with: what is not the run's any more is then found to have come since.
  if (row.kind === REST) return [row];
  if (row.kind !== CREATED && row.kind !== OVERWRITTEN) return [];
  if (file.find(DROPPED, BigInt(row.number)) !== null) return [];
  const kept = [...readFingerprints(row)].filter(({ identity }) => isKept(identity));
  if (kept.length === 0) return [];
  const bytes = new Uint8Array(kept.length * FINGERPRINT_BYTES);
  const lanes = new DataView(bytes.buffer);
  for (const [at, fingerprint] of kept.entries()) putFingerprint(lanes, at * FINGERPRINT_BYTES, fingerprint);
  return [{ ...row, bytes }];
}
