/** Brings the records of a source into a target that holds others, which must be proven unharmed. */
import type { TargetSession } from "../../backends/backend.ts";
import { type ContentDigest, sameHash } from "../../graph/digest.ts";
import type { RunNotes } from "../../journal/run-notes.ts";
import { withHashes } from "../../memorygraph/fingerprint.ts";
import { assertNothingLost } from "../checks.ts";
import type { VerificationResult } from "../models.ts";
import type { Run } from "../run.ts";
import { verifyMerged } from "../verify.ts";
import { FittedSource } from "./fitted-source.ts";
import { Ledger } from "./ledger.ts";
import { endOfReading, noteDigests } from "./notes.ts";
import { assertConfirmed, assertNoConflict, plan } from "./plan.ts";
import { PlanFollower } from "./planner.ts";

/**
 * @param onBefore gets the digest of the target before anything is written
 * @param confirmed how many records somebody agreed to overwrite; null where nobody was asked
 * @returns null where nothing is to be verified
 * @throws RefusedError, DamagedStoreError before anything has been written
 */
export async function merge(
  run: Run,
  session: TargetSession,
  onBefore: (digest: ContentDigest) => void,
  confirmed: number | null,
): Promise<VerificationResult | null> {
  const { source, options, outcome, progress } = run;
  const fitted = new FittedSource(source, session.fitting);
  const ledger = new Ledger();
  try {
    const planned = await plan(run, session, fitted, ledger, { before: onBefore });
    noteDigests(run, planned.selected, planned.before);
    const lost = [...source.findings(), ...(session.fitting?.rehearsal.losses() ?? [])];
    assertNothingLost(lost, options.allowLoss, outcome);
    session.fitting?.rehearsal.assertPossible();
    assertNoConflict(outcome);
    assertConfirmed(outcome, confirmed);
    await carryOut(run, session, fitted, ledger);
    await endOfReading(run, session);
    await session.finish();
    outcome.written(session.report);
    if (!options.verify) return null;
    progress.start("verify", null);
    const notes = run.hooks.runJournal?.staged ?? null;
    const rest = notes !== null && session.kind === "staged" ? (session.restBeside?.(notes) ?? null) : null;
    return await verifyMerged(fitted, { ledger, rest, ...planned }, session, (records) => progress.add(records));
  } finally {
    ledger.close();
    fitted.close();
  }
}

async function carryOut(run: Run, session: TargetSession, fitted: FittedSource, ledger: Ledger): Promise<void> {
  const { description, outcome, progress, hooks } = run;
  progress.start("transfer", description.nodes + description.relationships);
  const journal = hooks.runJournal?.staged ?? null;
  if (journal !== null && outcome.overwritten.nodes + outcome.overwritten.relationships > 0) {
    await noteBeforeImages(session, ledger, journal);
  }
  const follower = new PlanFollower(ledger);
  for await (const batch of fitted.read()) {
    const steps = batch.map((record) => ({ record, step: follower.step(record) }));
    const of = (wanted: "create" | "overwrite") =>
      steps.filter(({ step }) => step === wanted).map(({ record }) => withHashes(record));
    const [created, overwritten] = [of("create"), of("overwrite")];
    for (const { hashes } of created) journal?.created(hashes.fingerprint);
    for (const { hashes } of overwritten) journal?.overwritten(hashes.fingerprint);
    await session.write(created);
    await session.replace(overwritten);
    progress.add(batch.length);
  }
}

/** The records that are to be overwritten, as they are in the target now. */
async function noteBeforeImages(session: TargetSession, ledger: Ledger, journal: RunNotes): Promise<void> {
  const follower = new PlanFollower(ledger);
  for await (const batch of session.read()) {
    const images = batch.filter((record) => {
      const { entry, hash } = follower.find(record);
      return entry?.selected && !sameHash(entry.expected, hash);
    });
    journal.beforeImages(images);
  }
}
