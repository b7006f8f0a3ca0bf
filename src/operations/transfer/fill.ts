/** Copies everything of a source into a target that holds nothing, and reads it back. */
import type { BulkCopy, LiveTarget, StagedTarget, TargetSession } from "../../backends/backend.ts";
import type { RunNotes } from "../../journal/run-notes.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { hashAndFingerprint } from "../../memorygraph/fingerprint.ts";
import { Summary, tally } from "../../memorygraph/summary.ts";
import { assertNothingLost } from "../checks.ts";
import { summarise } from "../compare.ts";
import type { VerificationResult } from "../models.ts";
import type { Run } from "../run.ts";
import { provenEqual, verifyWhole } from "../verify.ts";
import { FittedSource } from "./fitted-source.ts";
import { endOfReading, noteDigests } from "./notes.ts";

/** @returns null where nothing is to be verified. @throws RefusedError, DamagedStoreError for what would be lost */
export async function fill(run: Run, session: TargetSession): Promise<VerificationResult | null> {
  if (session.kind === "staged") {
    const bulk = run.options.allowLoss ? null : session.bulkCopyFrom(run.source);
    if (bulk !== null) return fillByBulkCopy(run, session, bulk);
  }
  const fitted = new FittedSource(run.source, session.fitting);
  try {
    const expected =
      session.kind === "staged" ? await fillStaged(run, session, fitted) : await fillLive(run, session, fitted);
    if (!run.options.verify) return null;
    run.progress.start("verify", totalOf(run));
    return await verifyWhole(fitted, expected, session, (records) => run.progress.add(records));
  } finally {
    fitted.close();
  }
}

function totalOf({ description }: Run): number {
  return description.nodes + description.relationships;
}

/** One reading of the source; what the target cannot hold is found while it is written. Gives what the target is to hold. */
async function fillStaged(run: Run, session: StagedTarget, fitted: FittedSource): Promise<Summary> {
  const { source, options, outcome, progress, hooks } = run;
  const { fitting } = session;
  progress.start("transfer", totalOf(run));
  const journal = hooks.runJournal?.staged ?? null;
  const digesting = options.verify || journal !== null;
  // Another thread digests the source while this one writes, where a processor is left for it; its failure counts where it is
  // awaited. Where something may be left behind, only what was fitted tells what is to be there.
  const apart = digesting && (fitting === null || !options.allowLoss);
  const busy = 1 + (session.threads ?? 0);
  const ahead = apart ? source.summarise({ busy, fingerprints: fingerprintsInto(journal) }) : null;
  ahead?.catch(() => {});
  const counted = new Summary();
  for await (const batch of fitted.admitAll()) {
    await session.write(batch);
    for (const record of batch) {
      if (digesting && ahead === null) count(record, counted, journal);
      else tally(counted.counts, record);
    }
    progress.add(batch.length);
  }
  const expected = (await ahead) ?? counted;
  outcome.imported = { ...expected.counts };
  noteDigests(run, expected.digest);
  await endOfReading(run, session);
  if (fitting !== null) {
    assertNothingLost([...source.findings(), ...fitting.rehearsal.losses()], options.allowLoss, outcome);
    fitting.rehearsal.assertPossible();
  }
  await session.finish(digesting ? expected.digest : undefined);
  return expected;
}

function count(record: Parameters<typeof hashOf>[0], into: Summary, journal: RunNotes | null): void {
  if (journal === null) {
    into.addHashed(record, hashOf(record));
    return;
  }
  const { hash, fingerprint } = hashAndFingerprint(record);
  journal.created(fingerprint);
  into.addHashed(record, hash);
}

function fingerprintsInto(journal: RunNotes | null): ((packed: Uint8Array) => void) | undefined {
  return journal === null ? undefined : (packed) => journal.createdPacked(packed);
}

/** Two readings of the source: before anything is written, the first one shows whether the target can hold all of it. */
async function fillLive(run: Run, session: LiveTarget, fitted: FittedSource): Promise<Summary> {
  const { source, outcome, progress, hooks } = run;
  progress.start("plan", totalOf(run));
  const expected = await rehearse(run, session, fitted);
  // A run that is continued has to find the target as it was too, apart from what it has written itself.
  noteDigests(run, expected.digest, hooks.runJournal?.resumed ? (await summarise(session)).digest : undefined);
  progress.start("transfer", totalOf(run));
  for await (const batch of fitted.read()) {
    await session.write(batch);
    progress.add(batch.length);
  }
  outcome.imported = { ...expected.counts };
  await source.assertUnchanged();
  await session.finish();
  outcome.written(session.report);
  return expected;
}

/** What the target is to hold. @throws RefusedError, DamagedStoreError before anything has been written */
async function rehearse(run: Run, { fitting }: LiveTarget, fitted: FittedSource): Promise<Summary> {
  const { source, options, progress, outcome, hooks } = run;
  // A run that is to be continued has to know its source again.
  const digesting = options.verify || hooks.runJournal !== undefined;
  const expected = new Summary();
  for await (const batch of fitted.admitAll()) {
    for (const record of batch) {
      if (digesting) expected.addHashed(record, fitted.keepHashes(record));
      else tally(expected.counts, record);
    }
    progress.add(batch.length);
  }
  await source.assertUnchanged();
  assertNothingLost([...source.findings(), ...fitting.rehearsal.losses()], options.allowLoss, outcome);
  fitting.rehearsal.assertPossible();
  return expected;
}

/** Whole tables are copied and compared byte for byte, while other threads read the source for its digest. */
async function fillByBulkCopy(run: Run, session: StagedTarget, bulk: BulkCopy): Promise<VerificationResult | null> {
  const { source, options, outcome, progress, hooks } = run;
  const total = totalOf(run);
  progress.start("transfer", total);
  let [digested, shown] = [0, 0];
  const each = (records: number) => {
    digested += records;
    if (progress.phase === "verify") show();
  };
  const journal = hooks.runJournal?.staged ?? null;
  const ahead = summarise(source, each, fingerprintsInto(journal), session.release);
  const show = () => {
    progress.add(digested - shown);
    shown = digested;
  };
  ahead.catch(() => {});
  await bulk.run();
  await session.finish();
  progress.add(total);
  if (options.verify) progress.start("verify", total);
  const equal = options.verify && (await bulk.equals());
  show();
  const expected = await ahead;
  session.report.showing.merge(expected.showing?.reasons() ?? []);
  noteDigests(run, expected.digest);
  outcome.imported = { ...expected.counts };
  await endOfReading(run, session);
  if (!options.verify) return null;
  return equal ? provenEqual(expected) : verifyWhole(source, expected, session, () => {});
}
