/** One migration from end to end: check, plan, transfer, verify, then commit or roll back. */
import type {
  Backend,
  SourceStore,
  StoreDescription,
  TargetPreview,
  TargetSession,
  WriteRequest,
} from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { loadBackend } from "../backends/registry.ts";
import {
  InterruptedError,
  MigrateError,
  RefusedError,
  RollbackError,
  SourceChangedError,
  UsageError,
  VerificationError,
} from "../errors.ts";
import type { ContentDigest } from "../graph/digest.ts";
import type { GraphRecord } from "../graph/record.ts";
import { emptyTally, Summary, tally } from "../memorygraph/summary.ts";
import { assertNothingLost, assertProvable, assertRoom, assertSound, examine } from "./checks.ts";
import { summarise } from "./compare.ts";
import { Ledger } from "./ledger.ts";
import {
  type MigrationOptionsInput,
  type OnProgress,
  parseOptions,
  toInstant,
  type VerificationResult,
} from "./models.ts";
import { Outcome } from "./outcome.ts";
import { noteTarget, PlanFollower, Planner } from "./plan.ts";
import { provenEqual, verifyMerged, verifyWhole } from "./verify.ts";

export interface Hooks {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asked before records of the target are overwritten; without it the caller has decided. @throws RefusedError */
  readonly confirm?: ((question: string) => Promise<void>) | undefined;
}

type Options = ReturnType<typeof parseOptions>;
type Phase = "check" | "plan" | "transfer" | "verify" | "commit" | "rollback";

/**
 * Runs one migration and tells how it came out. What a person can act on is in the outcome (`error`), not thrown;
 * only defects of the program are thrown.
 */
export async function runMigration(
  source: BackendConfig,
  target: BackendConfig,
  input: MigrationOptionsInput,
  hooks: Hooks,
): Promise<Outcome> {
  const options = parseOptions(input);
  const outcome = new Outcome(options);
  try {
    assertComplete(source, target);
    await attempt(source, target, options, hooks, outcome, false);
  } catch (error) {
    if (!(error instanceof SourceChangedError)) return outcome.fail(asMigrateError(error, hooks.signal));
    outcome.step("the source changed while it was read; once more from a private copy");
    try {
      outcome.restart();
      await attempt(source, target, options, hooks, outcome, true);
    } catch (second) {
      return outcome.fail(asMigrateError(second, hooks.signal));
    }
  }
  return outcome.finish();
}

function assertComplete(source: BackendConfig, target: BackendConfig): void {
  const errors = [...source.validate().map((e) => `source: ${e}`), ...target.validate().map((e) => `target: ${e}`)];
  if (errors.length > 0)
    throw new UsageError(errors.join("; "), { next: "Name the store with --from-path or --to-path." });
}

function asMigrateError(error: unknown, signal?: AbortSignal): MigrateError {
  if (error instanceof MigrateError) return error;
  if (signal?.aborted) {
    return new InterruptedError("interrupted", {
      next: "Run the same command again.",
      cause: error,
    });
  }
  throw error;
}

async function attempt(
  from: BackendConfig,
  to: BackendConfig,
  options: Options,
  hooks: Hooks,
  outcome: Outcome,
  isolate: boolean,
): Promise<void> {
  const [fromBackend, toBackend] = [await loadBackend(from.type), await loadBackend(to.type)];
  if (from.type === to.type) await fromBackend.assertDistinct(from, to);
  const progress = new ProgressReporter(hooks);
  progress.start("check", null);
  const source = await fromBackend.openForReading(from, { signal: hooks.signal, isolate });
  try {
    const description = await examine(source);
    outcome.sourceFound(description);
    assertSound(description, options.allowLoss);
    const request: WriteRequest = {
      release: options.for ?? null,
      fallbackRelease: description.release ?? "0.12",
      signal: hooks.signal,
    };
    const run = { source, description, options, hooks, outcome, progress };
    if (options.dryRun) await dryRun(run, toBackend, to, request);
    else await realRun(run, toBackend, to, request);
  } finally {
    await source.close();
  }
}

interface Run {
  readonly source: SourceStore;
  readonly description: StoreDescription;
  readonly options: Options;
  readonly hooks: Hooks;
  readonly outcome: Outcome;
  readonly progress: ProgressReporter;
}

async function dryRun(run: Run, backend: Backend, to: BackendConfig, request: WriteRequest): Promise<void> {
  const { outcome } = run;
  const target = await backend.preview(to, request);
  const ledger = new Ledger();
  try {
    targetFound(run, target, request);
    assertRoom(backend, to, run.description);
    await plan(run, target, ledger, (record, action) => {
      if (action !== "nothing") target.assess([record]);
    });
    await run.source.assertUnchanged();
    outcome.written(target.report);
    assertNothingLost(run.source.oddities(), run.options.allowLoss, outcome);
    assertNoConflict(outcome);
  } finally {
    ledger.close();
    await target.close();
  }
}

async function realRun(run: Run, backend: Backend, to: BackendConfig, request: WriteRequest): Promise<void> {
  assertRoom(backend, to, run.description);
  const session = await backend.openForWriting(to, request);
  let before: ContentDigest | null = null;
  try {
    targetFound(run, session, request);
    const filled = session.before.nodes + session.before.relationships > 0;
    const verification =
      filled || run.options.since !== undefined
        ? await merge(run, session, (digest) => {
            before = digest;
          })
        : await fill(run, session);
    run.outcome.verified(verification);
    if (verification !== null && !verification.valid) throw differs(verification);
    run.progress.start("commit", null);
    const after = await session.describe();
    await session.commit();
    run.outcome.targetAfter(after);
  } catch (error) {
    await undo(run, session, backend, to, before, error);
    throw error;
  }
}

/** Everything goes into a target that holds nothing: one reading of the source, one of the target. */
async function fill(run: Run, session: TargetSession): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress } = run;
  const total = description.nodes + description.relationships;
  progress.start("transfer", total);
  const adopted = !options.allowLoss && (session.canAdopt?.(source) ?? false);
  // Other threads digest the source while this one writes.
  const ahead = adopted || options.verify ? (source.summarise?.(undefined, !adopted) ?? null) : null;
  // Its failure counts where it is awaited.
  ahead?.catch(() => {});
  let expected: Summary | null = null;
  if (adopted) {
    await session.adopt?.(source);
    expected = (await ahead) ?? (await summarise(source));
  } else {
    const counted = new Summary();
    for await (const batch of source.read()) {
      await session.write(batch);
      for (const record of batch) {
        if (options.verify && ahead === null) counted.add(record);
        else tally(counted.counts, record);
      }
      progress.add(batch.length);
    }
    expected = (await ahead) ?? counted;
  }
  outcome.imported = { ...expected.counts };
  await endOfWriting(run, session);
  if (!options.verify) return null;
  progress.start("verify", total);
  if (adopted && (await session.equals?.(source))) return provenEqual(expected);
  return verifyWhole(source, expected, session, (records) => progress.add(records));
}

/** What stands in the target decides about each record, and must be proven unharmed. */
async function merge(
  run: Run,
  session: TargetSession,
  onBefore: (digest: ContentDigest) => void,
): Promise<VerificationResult | null> {
  const { source, description, options, outcome, progress, hooks } = run;
  const ledger = new Ledger();
  try {
    const planned = await plan(run, session, ledger, () => {}, onBefore);
    assertNoConflict(outcome);
    const { nodes, relationships } = outcome.overwritten;
    if (nodes + relationships > 0) {
      await hooks.confirm?.(
        `Overwrite ${nodes} nodes and ${relationships} relationships in ${session.before.location}?`,
      );
    }
    progress.start("transfer", description.nodes + description.relationships);
    const follower = new PlanFollower(ledger);
    for await (const batch of source.read()) {
      const steps = batch.map((record) => follower.step(record));
      const of = (step: "create" | "overwrite") => batch.filter((_, at) => steps[at] === step);
      await session.write(of("create"));
      await session.replace(of("overwrite"));
      progress.add(batch.length);
    }
    await endOfWriting(run, session);
    if (!options.verify) return null;
    progress.start("verify", null);
    return await verifyMerged(source, { ledger, ...planned }, session, (records) => progress.add(records));
  } finally {
    ledger.close();
  }
}

/** Decides about every record, counts the decisions, and calls `each` with what is to be done. */
async function plan(
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
  const planner = new Planner(ledger, before, options.onConflict, since);
  const selectedCounts = emptyTally();
  for await (const batch of source.read()) {
    for (const record of batch) {
      const action = planner.plan(record);
      outcome.decided(record, action);
      if (action !== "unselected" && action !== "endless") tally(selectedCounts, record);
      each(record, action === "create" || action === "overwrite" ? action : "nothing");
    }
    progress.add(batch.length);
  }
  return { selected: planner.selected, untouched: planner.untouched, selectedCounts };
}

async function endOfWriting({ source, options, outcome }: Run, session: TargetSession): Promise<void> {
  await source.assertUnchanged();
  outcome.written(session.report);
  assertNothingLost(source.oddities(), options.allowLoss, outcome);
  await session.finish();
}

function targetFound(
  { outcome, options, description }: Run,
  target: TargetSession | TargetPreview,
  request: WriteRequest,
): void {
  assertSound(target.before, false);
  const reason =
    options.for !== undefined
      ? "asked for with --for"
      : target.before.release !== null && target.before.layout !== "new"
        ? "that of the existing target"
        : description.release === null
          ? "the default, since the source does not tell its own"
          : description.layout === "hybrid"
            ? "the one that opened the hybrid source last"
            : "that of the source";
  outcome.targetFound(target.before, target.release ?? request.fallbackRelease, reason);
}

function assertNoConflict(outcome: Outcome): void {
  const { count, ids } = outcome.conflicts;
  if (outcome.options.onConflict !== "fail" || count === 0) return;
  throw new RefusedError(`${count} records are in the target with other content`, {
    details: ids,
    next: "Choose what to do with them: --on-conflict skip, overwrite or newest. Nothing was written.",
  });
}

function differs(verification: VerificationResult): VerificationError {
  return new VerificationError(`the target is not what it should be: ${verification.errors.join("; ")}`, {
    details: verification.differences.map(({ kind, record, id, fields }) =>
      [
        `${kind} ${record} ${id}`,
        ...fields.map(({ name, source, target }) => `${name}: ${source} became ${target}`),
      ].join("; "),
    ),
    next: "Look for triggers or another program at work on the target, then run the same command again; please report it if it stays.",
  });
}

/** Back to what was there, told step by step and proven by digest; or kept, where that was asked for. */
async function undo(
  { options, outcome, progress }: Run,
  session: TargetSession,
  backend: Backend,
  to: BackendConfig,
  before: ContentDigest | null,
  cause: unknown,
): Promise<void> {
  if (!options.rollbackOnFailure && !(cause instanceof SourceChangedError)) {
    const kept = await session.keep();
    outcome.step(`rollback was switched off: what was written is kept in ${kept}`);
    return;
  }
  progress.start("rollback", null);
  await session.rollback();
  outcome.step(`undid what had been written to ${session.before.location}`);
  if (session.before.layout === "new") {
    outcome.step("no file was put in place");
    return;
  }
  if (before === null) {
    outcome.step("nothing had been changed yet");
    return;
  }
  const store = await backend.openForReading(to);
  try {
    const after = (await summarise(store)).digest;
    if (!after.equals(before)) {
      throw new RollbackError(`${session.before.location} is not as it was before`, {
        details: [`before: ${before}`, `after: ${after}`],
        next: "Stop the application that uses it, keep the file, and compare it with a backup.",
        cause,
      });
    }
    outcome.step(`proved by digest that it is as before: ${after}`);
  } finally {
    await store.close();
  }
}

class ProgressReporter {
  #phase: Phase = "check";
  #done = 0;
  #total: number | null = null;

  constructor(readonly hooks: Hooks) {}

  start(phase: Phase, total: number | null): void {
    // Undoing is what an abort is for.
    if (phase !== "rollback") this.hooks.signal?.throwIfAborted();
    this.#phase = phase;
    this.#done = 0;
    this.#total = total;
    this.add(0);
  }

  add(records: number): void {
    this.#done += records;
    this.hooks.onProgress?.({ phase: this.#phase, done: this.#done, total: this.#total, unit: "records" });
  }
}
