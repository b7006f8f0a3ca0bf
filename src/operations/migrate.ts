/** One migration from end to end: check, plan, transfer, verify, then commit or roll back. */
import type { SourceStore, TargetBackend, TargetPreview, TargetSession, WriteRequest } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { loadBackend, loadTarget } from "../backends/registry.ts";
import {
  InterruptedError,
  MigrateError,
  RereadError,
  SourceChangedError,
  UsageError,
  VerificationError,
} from "../errors.ts";
import { ContentDigest } from "../graph/digest.ts";
import { DEFAULT_RELEASE } from "../memorygraph/releases.ts";
import { failpoint } from "../support/failpoint.ts";
import { rollBackAfterFailure } from "./after-failure.ts";
import {
  assertAgreed,
  assertLatest,
  assertNotEmpty,
  assertNothingLost,
  assertRoom,
  assertSound,
  examine,
} from "./checks.ts";
import type { RunJournal } from "./journal/run-journal.ts";
import { type MigrationOptionsInput, type Progress, parseOptions, type VerificationResult } from "./models.ts";
import { Outcome } from "./outcome.ts";
import { type Hooks, ProgressReporter, type Run } from "./run.ts";
import { readFor } from "./shared-ids.ts";
import { fill } from "./transfer/fill.ts";
import { FittedSource } from "./transfer/fitted-source.ts";
import { Ledger } from "./transfer/ledger.ts";
import { merge } from "./transfer/merge.ts";
import { askFirst, assertNoConflict, plan } from "./transfer/plan.ts";

type Options = ReturnType<typeof parseOptions>;

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
    outcome.step(
      error instanceof RereadError
        ? `${error.message}; reading again, row by row`
        : "the source changed while it was read; reading it again, guarded against changes",
    );
    try {
      outcome.restart();
      await attempt(source, target, options, hooks, outcome, true);
    } catch (second) {
      return outcome.fail(asMigrateError(second, hooks.signal));
    }
  } finally {
    hooks.runJournal?.close();
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
  const [fromBackend, toBackend] = [await loadBackend(from), await loadTarget(to)];
  const progress = new ProgressReporter(hooks, phasesOf(options));
  progress.start("check", null);
  const distinct =
    fromBackend.type === toBackend.type
      ? await toBackend.assertDistinct(from, to, hooks.signal)
      : { sameServer: false };
  let source = await fromBackend.openForReading(from, {
    signal: hooks.signal,
    isolate: isolate || distinct.sameServer,
  });
  try {
    const description = await examine(source);
    outcome.sourceFound(description);
    assertSound(description, options.allowLoss);
    if (!options.allowEmpty) await assertNotEmpty(source, description);
    source = await readFor(toBackend.type, source);
    const request: WriteRequest = {
      release: options.for ?? null,
      fallbackRelease: description.release ?? DEFAULT_RELEASE,
      schema: description.schema,
      source: description,
      signal: hooks.signal,
    };
    const run = { source, description, options, hooks, outcome, progress };
    if (options.dryRun) await dryRun(run, toBackend, to, request);
    else await realRun(run, toBackend, from, to, request);
  } catch (error) {
    throw await causeOf(source, error, hooks.signal);
  } finally {
    await source.close();
  }
}

function phasesOf({ dryRun, verify }: Options): Progress["phase"][] {
  if (dryRun) return ["plan"];
  return verify ? ["plan", "transfer", "verify"] : ["plan", "transfer"];
}

/** What changes while it is read can look damaged, or give a record twice: then the change is what there is to tell. */
async function causeOf(source: SourceStore, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal?.aborted) return error;
  try {
    await source.assertUnchanged(true);
    return error;
  } catch (changed) {
    return changed;
  }
}

async function dryRun(run: Run, backend: TargetBackend, to: BackendConfig, request: WriteRequest): Promise<void> {
  const { outcome } = run;
  const target = await backend.preview(to, request);
  const ledger = new Ledger();
  try {
    targetFound(run, target);
    assertRoom(backend, to, run.description);
    await plan(run, target, new FittedSource(run.source, target.fitting), ledger, {
      toWrite: (record) => target.assess(record),
    });
    await run.source.assertUnchanged();
    outcome.planned = true;
    outcome.written(target.report);
    const lost = [...run.source.findings(), ...(target.fitting?.rehearsal.losses() ?? [])];
    assertNothingLost(lost, run.options.allowLoss, outcome);
    target.fitting?.rehearsal.assertPossible();
    assertNoConflict(outcome);
  } finally {
    ledger.close();
    await target.close();
  }
}

async function realRun(
  run: Run,
  backend: TargetBackend,
  from: BackendConfig,
  to: BackendConfig,
  request: WriteRequest,
): Promise<void> {
  assertRoom(backend, to, run.description);
  if (!run.hooks.runJournal?.resumed) await assertLatest(run.description, run.hooks.confirm);
  const confirmed = await askFirst(run, backend, to, request);
  const { runJournal } = run.hooks;
  for (const step of (await runJournal?.sweep(backend, to)) ?? []) run.outcome.step(step);
  const journal = await runJournal?.begin(from, to, run.options);
  const session = await openForWriting(backend, to, { ...request, journal }, runJournal);
  // In what other programs can write to as well, also that nothing is left has to be proven.
  let before: ContentDigest | null = backend.target === "live" ? new ContentDigest() : null;
  const keep = (digest: ContentDigest) => {
    before = digest;
  };
  try {
    for (const step of runJournal?.opened(session.identity, session.kind === "staged") ?? []) run.outcome.step(step);
    targetFound(run, session);
    if (!runJournal?.resumed) await assertAgreed(session.before, run.hooks.confirm);
    const filled = session.before.nodes + session.before.relationships > 0;
    const verification =
      filled || run.options.since !== undefined ? await merge(run, session, keep, confirmed) : await fill(run, session);
    run.outcome.verified(verification);
    failpoint("verified");
    if (verification !== null && !verification.valid) throw differs(verification);
    run.progress.start("commit", null);
    const after = await session.describe();
    failpoint("before commit");
    await session.commit();
    failpoint("after commit");
    const written = recordsWritten(run.outcome);
    if (runJournal?.active && written.nodes + written.relationships > 0) run.outcome.recorded(runJournal.id);
    for (const warning of runJournal?.done(written) ?? []) run.outcome.warn(warning);
    run.outcome.targetAfter(after);
  } catch (error) {
    const cause = await causeOf(run.source, error, run.hooks.signal);
    throw await rollBackAfterFailure(run, session, backend, to, before, cause);
  }
}

function recordsWritten({ imported, overwritten }: Outcome): Record<"nodes" | "relationships", number> {
  return {
    nodes: imported.nodes + overwritten.nodes,
    relationships: imported.relationships + overwritten.relationships,
  };
}

async function openForWriting(
  backend: TargetBackend,
  to: BackendConfig,
  request: WriteRequest,
  runJournal: RunJournal | undefined,
): Promise<TargetSession> {
  try {
    return await backend.openForWriting(to, request);
  } catch (error) {
    // Nothing has been written: what an earlier process has left stays as it was.
    if (runJournal?.resumed === false) runJournal.undone();
    throw error;
  }
}

function targetFound({ outcome, options, description }: Run, target: TargetSession | TargetPreview): void {
  assertSound(target.before, false);
  const reason =
    options.for !== undefined
      ? "asked for with --for"
      : target.before.release !== null && target.before.layout !== "new"
        ? "that of the existing target"
        : description.release === null
          ? "the default, since the release of the source is unknown"
          : description.layout === "hybrid"
            ? "the one that opened the hybrid source last"
            : "that of the source";
  outcome.targetFound(target.before, target.release, reason);
}

function differs(verification: VerificationResult): VerificationError {
  return new VerificationError(`the target differs from what was written: ${verification.errors.join("; ")}`, {
    details: verification.differences.map(({ kind, record, id, fields }) =>
      [
        `${kind} ${record} ${id}`,
        ...fields.map(({ name, source, target }) => `${name}: ${source} became ${target}`),
      ].join("; "),
    ),
    next: "Look for triggers, or another program that writes to the target, then run the same command again; please report it if it stays.",
  });
}
