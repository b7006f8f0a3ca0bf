/** From the source into the target under change, planned where the target holds something, and read back. */
import type {
  BulkCopy,
  Fitting,
  LiveTarget,
  StagedTarget,
  TargetBackend,
  TargetPreview,
  TargetSession,
  WriteReport,
  WriteRequest,
} from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { RefusedError } from "../errors.ts";
import { ContentDigest, sameHash } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import type { RunNotes } from "../journal/run-notes.ts";
import { hashOf } from "../memorygraph/canonicalizer.ts";
import { emptyTally, Summary, tally } from "../memorygraph/summary.ts";
import { assertNothingLost, assertProvable } from "./checks.ts";
import { type Readable, summarise } from "./compare.ts";
import { ConflictSample } from "./conflict-sample.ts";
import { Ledger } from "./ledger.ts";
import { toInstant, type VerificationResult } from "./models.ts";
import { Outcome } from "./outcome.ts";
import { noteTarget, PlanFollower, Planner, type Undated } from "./plan.ts";
import type { Run } from "./run.ts";
import { provenEqual, verifyMerged, verifyWhole } from "./verify.ts";

/** Copies everything into a target that holds nothing. */
export function fill(run: Run, session: TargetSession): Promise<VerificationResult | null> {
  return session.kind === "live" ? fillLive(run, session) : fillStaged(run, session);
}

/** One reading of the source, one of the target. */
async function fillStaged(run: Run, session: StagedTarget): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress, hooks } = run;
  const total = description.nodes + description.relationships;
  const { fitting } = session;
  progress.start("transfer", total);
  const bulk = options.allowLoss ? null : session.bulkCopyFrom(source);
  if (bulk !== null) return bulkCopy(run, session, bulk);
  const journal = hooks.runJournal?.staged ?? null;
  const digesting = options.verify || journal !== null;
  // Another thread digests the source while this one writes; its failure counts where it is awaited. Where something
  // may be left behind, only what was fitted tells what is to be there.
  const apart = digesting && (fitting === null || !options.allowLoss);
  const ahead = apart ? source.summarise({ busy: true, marks: marksInto(journal) }) : null;
  ahead?.catch(() => {});
  const fitted = fittedTo(source, fitting);
  const counted = new Summary();
  for await (const batch of fitted.read()) {
    await session.write(batch);
    for (const record of batch) {
      fitting?.admit(record);
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
    assertNothingLost([...source.findings(), ...fitting.losses()], options.allowLoss, outcome);
    fitting.assertPossible();
  }
  await session.finish();
  if (!options.verify) return null;
  progress.start("verify", total);
  return verifyWhole(fitted, expected, session, (records) => progress.add(records));
}

function count(record: GraphRecord, into: Summary, staged: RunNotes | null): void {
  into.addHashed(record, staged?.created(record) ?? hashOf(record));
}

function marksInto(staged: RunNotes | null): ((marks: Uint8Array) => void) | undefined {
  return staged === null ? undefined : (marks) => staged.createdPacked(marks);
}

/** For a run that is to be gone on with, or undone: what it started from. */
function noteDigests(
  { hooks: { runJournal } }: Pick<Run, "hooks">,
  source: ContentDigest,
  target = new ContentDigest(),
): void {
  runJournal?.assertSame("source", source.toString());
  runJournal?.assertSame("target", target.toString());
}

/** Reads the source twice: first to find out whether the target can hold all of it, before anything is written. */
async function fillLive(run: Run, session: LiveTarget): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress } = run;
  const { fitting } = session;
  const total = description.nodes + description.relationships;
  progress.start("plan", total);
  const expected = await rehearse(run, session);
  await assertResumable(run, session, expected.digest);
  progress.start("transfer", total);
  const fitted = fittedTo(source, fitting);
  for await (const batch of fitted.read()) {
    await session.write(batch);
    progress.add(batch.length);
  }
  outcome.imported = { ...expected.counts };
  await source.assertUnchanged();
  await session.finish();
  outcome.written(session.report);
  if (!options.verify) return null;
  progress.start("verify", total);
  return verifyWhole(fitted, expected, session, (records) => progress.add(records));
}

/** A run that goes on must find source and target as they were when it began, apart from what it has written itself. */
async function assertResumable(
  { hooks }: Pick<Run, "hooks">,
  session: TargetSession,
  expected: ContentDigest,
): Promise<void> {
  const { runJournal } = hooks;
  if (runJournal === undefined) return;
  noteDigests({ hooks }, expected, runJournal.resumed ? (await summarise(session)).digest : undefined);
}

/** What the target is to hold. @throws RefusedError, DamagedStoreError before anything has been written */
async function rehearse(run: Run, session: LiveTarget): Promise<Summary> {
  const { fitting } = session;
  const { source, options, progress, outcome, hooks } = run;
  // A run that is to be continued has to know its source again.
  const digesting = options.verify || hooks.runJournal !== undefined;
  const expected = new Summary();
  for await (const batch of source.read()) {
    for (const record of batch) {
      const fitted = fitting.fit(record);
      if (fitted === null) continue;
      fitting.admit(fitted);
      if (digesting) expected.addHashed(fitted, session.precomputeHash(fitted));
      else tally(expected.counts, fitted);
    }
    progress.add(batch.length);
  }
  await source.assertUnchanged();
  assertNothingLost([...source.findings(), ...fitting.losses()], options.allowLoss, outcome);
  fitting.assertPossible();
  // What is told of respelling is told by the transfer.
  forget(session.report);
  return expected;
}

function forget(report: WriteReport): void {
  Object.assign(report, { respelled: 0, defaulted: {}, setAside: {} });
}

/** The source as the target will hold it. */
function fittedTo(source: Readable, fitting: Fitting | null): Readable {
  if (fitting === null) return source;
  return {
    async *read() {
      for await (const batch of source.read()) {
        yield batch.map((record) => fitting.fit(record)).filter((record) => record !== null);
      }
    },
  };
}

/** Whole tables go over and are compared byte for byte, while other threads read the source for its digest. */
async function bulkCopy(run: Run, session: StagedTarget, bulk: BulkCopy): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress, hooks } = run;
  const total = description.nodes + description.relationships;
  let [digested, told] = [0, 0];
  const each = (records: number) => {
    digested += records;
    if (progress.phase === "verify") tell();
  };
  const ahead = summarise(source, each, marksInto(hooks.runJournal?.staged ?? null), session.release);
  const tell = () => {
    progress.add(digested - told);
    told = digested;
  };
  ahead.catch(() => {});
  await bulk.run();
  await session.finish();
  progress.add(total);
  if (options.verify) progress.start("verify", total);
  const equal = options.verify && (await bulk.equals());
  tell();
  const expected = await ahead;
  session.report.showing.merge(expected.showing?.reasons() ?? []);
  noteDigests(run, expected.digest);
  outcome.imported = { ...expected.counts };
  await endOfReading(run, session);
  if (!options.verify) return null;
  return equal ? provenEqual(expected) : verifyWhole(source, expected, session, () => {});
}

/** What stands in the target decides about each record, and must be proven unharmed. */
export async function merge(
  run: Run,
  session: TargetSession,
  onBefore: (digest: ContentDigest) => void,
  confirmed: number | null,
): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress } = run;
  const ledger = new Ledger();
  try {
    let before: ContentDigest | undefined;
    const noteBefore = (digest: ContentDigest) => {
      onBefore(digest);
      before = digest;
    };
    const planned = await plan(run, session, ledger, () => {}, noteBefore);
    noteDigests(run, planned.selected, before);
    const lost = [...source.findings(), ...(session.fitting?.losses() ?? [])];
    assertNothingLost(lost, options.allowLoss, outcome);
    session.fitting?.assertPossible();
    if (session.fitting !== null) forget(session.report);
    assertNoConflict(outcome);
    assertConfirmed(outcome, confirmed);
    const fitted = fittedTo(source, session.fitting);
    progress.start("transfer", description.nodes + description.relationships);
    const staged = run.hooks.runJournal?.staged ?? null;
    if (staged !== null && outcome.overwritten.nodes + outcome.overwritten.relationships > 0) {
      await noteBeforeImages(session, ledger, staged);
    }
    const follower = new PlanFollower(ledger);
    for await (const batch of fitted.read()) {
      const steps = batch.map((record) => follower.step(record));
      const of = (step: "create" | "overwrite") => batch.filter((_, at) => steps[at]!.what === step);
      for (const [at, { what }] of steps.entries()) {
        if (what === "create") staged?.created(batch[at]!);
        else if (what === "overwrite") staged?.overwritten(batch[at]!);
      }
      await session.write(of("create"));
      await session.replace(of("overwrite"));
      progress.add(batch.length);
    }
    await endOfReading(run, session);
    await session.finish();
    outcome.written(session.report);
    if (!options.verify) return null;
    progress.start("verify", null);
    return await verifyMerged(fitted, { ledger, ...planned }, session, (records) => progress.add(records));
  } finally {
    ledger.close();
  }
}

/** The records that are to be overwritten, as they stand there now. */
async function noteBeforeImages(session: TargetSession, ledger: Ledger, staged: RunNotes): Promise<void> {
  const follower = new PlanFollower(ledger);
  for await (const batch of session.read()) {
    const images = batch.flatMap((record) => {
      const { entry, hash } = follower.find(record);
      return entry === null || !entry.selected || sameHash(entry.expected, hash) ? [] : [record];
    });
    staged.beforeImages(images);
  }
}

/** Decides about every record, counts the decisions, and calls `each` with what is to be done. */
export async function plan(
  run: Run,
  target: TargetSession | TargetPreview,
  ledger: Ledger,
  each: (record: GraphRecord, action: "create" | "overwrite" | "nothing") => void,
  onBefore: (digest: ContentDigest) => void = () => {},
) {
  const { source, description, options, outcome, progress } = run;
  progress.start(
    "plan",
    target.before.nodes + target.before.relationships + description.nodes + description.relationships,
  );
  const before = await noteTarget(target, ledger, (records) => progress.add(records));
  onBefore(before);
  assertProvable(target);
  const since = options.since === undefined ? null : toInstant(options.since);
  const undated = (record: GraphRecord, decision: Undated) => outcome.undated(record, decision);
  const planner = new Planner(ledger, before, options.onConflict, since, undated);
  const selectedCounts = emptyTally();
  const sample = new ConflictSample();
  for await (const batch of fittedTo(source, target.fitting).read()) {
    for (const record of batch) {
      const action = planner.plan(record);
      outcome.decided(record, action);
      if (action === "conflict" || action === "overwrite") sample.add(record, action);
      if (action === "create" || action === "overwrite") target.fitting?.admit(record);
      if (action !== "unselected" && action !== "dangling") tally(selectedCounts, record);
      each(record, action === "create" || action === "overwrite" ? action : "nothing");
    }
    progress.add(batch.length);
  }
  outcome.compared(await sample.compareWith(target));
  return { selected: planner.selected, untouched: planner.untouched, selectedCounts };
}

/** The source has been read to its end: whether it stood still, and whether anything of it stays behind. */
async function endOfReading({ source, options, outcome }: Run, session: TargetSession): Promise<void> {
  await source.assertUnchanged();
  outcome.written(session.report);
  // Where every record had to be fitted first, that was asked before anything was written.
  if (session.fitting === null) assertNothingLost(source.findings(), options.allowLoss, outcome);
}

/**
 * Asks before anything of the target is overwritten, and before it is locked: a person may take their time. Null where
 * nobody needs to be asked, else how many records they agreed to.
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
    await plan({ ...run, outcome: rehearsal }, target, ledger, () => {});
    const { nodes, relationships } = rehearsal.overwritten;
    const total = nodes + relationships;
    if (total > 0) {
      const what = `${total} records (${nodes} nodes, ${relationships} relationships)`;
      await hooks.confirm(`Overwrite ${what} in ${target.before.location}?`, rehearsal.toOverwrite);
    }
    return total;
  } finally {
    ledger.close();
    await target.close();
  }
}

/** @throws RefusedError when more would be overwritten than somebody agreed to */
function assertConfirmed({ overwritten: { nodes, relationships } }: Outcome, confirmed: number | null): void {
  if (confirmed === null || nodes + relationships <= confirmed) return;
  throw new RefusedError("the target changed while the question waited: more would be overwritten now", {
    next: "Run the same command again.",
  });
}

/** @throws RefusedError where the policy is to fail */
export function assertNoConflict(outcome: Outcome): void {
  const { count, ids } = outcome.conflicts;
  if (outcome.options.onConflict !== "fail" || count === 0) return;
  throw new RefusedError(`${count} records are in the target with other content`, {
    details: ids,
    next: "Choose what to do with them: --on-conflict skip, overwrite or newest. Nothing was written.",
  });
}
