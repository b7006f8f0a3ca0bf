/** What every transfer notes in the journal of the run, and asks of the source once it has been read. */
import type { TargetSession } from "../../backends/backend.ts";
import { ContentDigest } from "../../graph/digest.ts";
import { assertNothingLost } from "../checks.ts";
import type { Run } from "../run.ts";

/**
 * What the run started from, for continuing it and undoing it.
 * @throws RefusedError where an earlier process of the run found another source or target
 */
export function noteDigests({ hooks: { runJournal } }: Run, source: ContentDigest, target = new ContentDigest()): void {
  runJournal?.assertSame("source", source.toString());
  runJournal?.assertSame("target", target.toString());
}

/** @throws SourceChangedError; RefusedError, DamagedStoreError for what would be left behind */
export async function endOfReading({ source, options, outcome }: Run, session: TargetSession): Promise<void> {
  await source.assertUnchanged();
  outcome.written(session.report);
  // Where records are fitted, that was asked before anything was written.
  if (session.fitting === null) assertNothingLost(source.findings(), options.allowLoss, outcome);
}
