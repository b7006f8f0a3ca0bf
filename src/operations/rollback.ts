/** Undoes runs, whenever: also those that were completed weeks ago, and those whose process was killed. */
import type { CopyElsewhere, RollbackTarget, TargetBackend } from "../backends/backend.ts";
import type { BackendConfig } from "../backends/config.ts";
import { loadTarget } from "../backends/registry.ts";
import { DamagedJournalError } from "../errors.ts";
import { ContentDigest } from "../graph/digest.ts";
import { realTarget, removeJournal } from "../journal/journal-path.ts";
import { retain } from "../journal/leftovers.ts";
import { presentOf } from "../journal/present.ts";
import type { RunRegistry } from "../journal/registry.ts";
import { type PlanOptions, RollbackPlan } from "../journal/rollback-plan.ts";
import { IDENTITY, LEFT } from "../journal/run-info.ts";
import { isFinal, isUndoing, type RunState, setState } from "../journal/run-state.ts";
import { RunTrace } from "../journal/run-trace.ts";
import { holds, isCopyOf } from "./journal/copies.ts";
import type { FoundRun } from "./journal/find-run.ts";
import { laterRuns } from "./journal/later-runs.ts";
import { withoutSecrets } from "./journal/models.ts";
import { prove } from "./rollback-proof.ts";
import { agreed, decided } from "./rollback-questions.ts";
import {
  ambiguous,
  assertNoSource,
  assertSameTarget,
  missing,
  nothingOf,
  stoppedPartWay,
  uncertain,
} from "./rollback-refusals.ts";
import { type Hooks, ProgressReporter } from "./run.ts";
import type { RollbackResult } from "./run-models.ts";

export interface RollbackOptions extends Pick<PlanOptions, "cascade" | "changed"> {
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean;
  /** Later runs that touched the same records are undone as well, newest first. */
  readonly withLater?: boolean;
  /** The target that is named is a copy: the run is undone in it alone, and stays what it is for its own target. */
  readonly copy?: boolean;
  /** Others have deleted every record of the run, or the store with them: the run ends, although nothing shows its target. */
  readonly close?: boolean;
  /** What the server's log of queries has of this program is removed from it as well. */
  readonly cleanQueryLog?: boolean;
}

/** What the server keeps beside the store. */
interface Copies {
  readonly left: readonly CopyElsewhere[];
  /** Without what was this program's. */
  readonly cleaned: readonly string[];
}
const NO_COPIES: Copies = { left: [], cleaned: [] };

/** How many of the records that stay a result lists. */
const LISTED_RECORDS = 1_000;
/**
 * The run's journal is closed afterwards, and gone where nothing of the run is left. Where something is, the run stays open for
 * it: the same command goes on.
 * @param to the target, with the credentials that the journal does not hold
 * @throws RefusedError before anything is written, where later runs touched the same records; RollbackError when it cannot be
 *   undone now
 */
export async function rollbackRun(
  registry: RunRegistry,
  run: FoundRun,
  to: BackendConfig,
  options: RollbackOptions,
  hooks: Hooks,
): Promise<RollbackResult> {
  const opened: { runs: FoundRun[]; traces: RunTrace[] } = { runs: [run], traces: [] };
  try {
    const backend = await loadTarget(to);
    assertSameTarget(backend, run, to);
    assertNoSource(run, to);
    const isCopy = await isCopyOf(backend, run, hooks.signal);
    if (isCopy && options.dryRun !== true && (await holds(backend, to, run, hooks.signal))) {
      const question = `The target of run ${run.id} is still there: ${backend.locate(withoutSecrets(run.noted))}. Undo it in the copy ${backend.locate(withoutSecrets(to))} alone?`;
      await decided(options.copy, ambiguous(backend, run, to), question, hooks);
    }
    const first = traceOf(run);
    opened.traces.push(first);
    for (const later of laterRuns(registry, run, to, first, options.withLater === true, traceOf)) {
      opened.runs.unshift(later.run);
      opened.traces.unshift(later.trace);
    }
    const { runs, traces } = opened;
    const rollback = new Rollback(registry, backend, { asked: run, runs, traces, isCopy }, to, options, hooks);
    return options.dryRun ? await rollback.rehearse() : await rollback.run();
  } catch (error) {
    throw error instanceof DamagedJournalError ? uncertain(run, error) : error;
  } finally {
    for (const trace of opened.traces) trace.close();
    for (const { file } of opened.runs) file.close();
  }
}

interface Undone {
  readonly asked: FoundRun;
  /** The latest first. */
  readonly runs: readonly FoundRun[];
  readonly traces: readonly RunTrace[];
  /** What is done to a copy says nothing about the target of the runs. */
  readonly isCopy: boolean;
}

/** Runs that are undone together, in one target. */
class Rollback {
  readonly asked: FoundRun;
  readonly runs: readonly FoundRun[];
  readonly traces: readonly RunTrace[];
  readonly isCopy: boolean;
  readonly #progress: ProgressReporter;

  constructor(
    readonly registry: RunRegistry,
    readonly backend: TargetBackend,
    { asked, runs, traces, isCopy }: Undone,
    readonly to: BackendConfig,
    readonly options: RollbackOptions,
    readonly hooks: Hooks,
  ) {
    [this.asked, this.runs, this.traces, this.isCopy] = [asked, runs, traces, isCopy];
    this.#progress = new ProgressReporter(hooks);
  }

  /** What would be done, read as any other reader would. */
  async rehearse(): Promise<RollbackResult> {
    this.#progress.start("rollback", null);
    const store = await this.backend.openForReading(this.to, { signal: this.hooks.signal, maybeMissing: true });
    try {
      const plan = await this.#plan(store.present?.() ?? presentOf(store.read()));
      return this.#close(plan, plan.expected);
    } finally {
      await store.close();
    }
  }

  async run(): Promise<RollbackResult> {
    const { registry, asked } = this;
    this.#progress.start("rollback", null);
    const identity = this.#identity();
    if (identity !== null) registry.lock(identity, asked.id);
    try {
      return await this.#run();
    } catch (error) {
      throw stoppedPartWay(asked.id, error);
    } finally {
      registry.unlock(asked.id);
    }
  }

  async #run(): Promise<RollbackResult> {
    const target = await this.backend.openForRollback(
      this.to,
      this.runs.map(({ file }) => file),
      this.hooks.signal,
    );
    if (target === null) return this.#nothingThere();
    let plan: RollbackPlan;
    let became: "changed" | "removed";
    let copies: Copies;
    try {
      plan = await this.#plan((await target.survey?.((records) => this.#progress.add(records))) ?? target.present());
      await this.#assertItsTarget(plan, target.location);
      became = await this.#apply(target, plan);
      copies = await this.#copies(target);
    } finally {
      await target.close();
    }
    const digest = became === "removed" ? new ContentDigest() : await this.#prove(target, plan);
    this.#finish(plan);
    return this.#close(plan, digest, copies);
  }

  /** Those that are separable are cleaned of the program's own where that is wanted. */
  async #copies(target: RollbackTarget): Promise<Copies> {
    const all = (await target.copies?.()) ?? [];
    const separable = all.filter((copy) => copy.separable);
    if (separable.length === 0 || target.removeOwn === undefined) return { left: all, cleaned: [] };
    const cleaned = separable.map(({ what }) => what);
    const question = `Remove what this program has left there: ${cleaned.join(", ")}?`;
    if (this.options.cleanQueryLog !== true && !(await agreed(question, this.hooks))) return { left: all, cleaned: [] };
    await target.removeOwn();
    return { left: all.filter((copy) => !copy.separable), cleaned };
  }

  /** By which others know the target; null for a copy, of which no run says anything. */
  #identity(): string | null {
    const { asked, to, backend } = this;
    if (this.isCopy) return null;
    if (!asked.isMoved) return asked.file.getMeta(IDENTITY);
    return to.path === undefined ? backend.locate(to) : realTarget(to.path);
  }

  #plan(present: Parameters<typeof RollbackPlan.of>[0]): Promise<RollbackPlan> {
    const { cascade = false, changed = false } = this.options;
    return RollbackPlan.of(present, this.traces, { cascade, changed }, (records) => this.#progress.add(records));
  }

  async #apply(target: RollbackTarget, plan: RollbackPlan): Promise<"changed" | "removed"> {
    // What is staged and has nothing to change need not be written anew; a server's indexes may still be the run's.
    if (plan.isEmpty && this.backend.target === "staged" && plan.left > 0) return "changed";
    for (const run of this.runs) this.#enter(run, "rolling back");
    try {
      return await target.apply(plan);
    } catch (error) {
      // Nothing has been changed, as where the server cannot be reached: each run is what it was.
      for (const run of this.runs) if (!isUndoing(run.file)) this.#enter(run, run.state);
      throw error;
    }
  }

  /** @throws RefusedError where there is not a trace of a completed run, and the target is not what it was before it */
  async #assertItsTarget(plan: RollbackPlan, location: string): Promise<void> {
    const { asked, traces } = this;
    const isUntraced = plan.isEmpty && plan.left === 0 && traces.some(({ size }) => size > 0);
    const isBefore = plan.expected.toString() === asked.digestBefore;
    if (!isUntraced || isBefore || !isFinal(asked.state)) return;
    // The target is somewhere else, with what the run wrote.
    if (this.isCopy) throw nothingOf(asked, location);
    const question = `${location} holds nothing of run ${asked.id}. Is it the target, and were all records of the run deleted since? Then the run ends.`;
    await decided(this.options.close, nothingOf(asked, location), question, this.hooks);
  }

  #enter({ id, file }: FoundRun, state: RunState): void {
    if (this.isCopy) return;
    setState(file, state);
    this.registry.enter(id, state);
  }

  #prove(target: RollbackTarget, { expected }: RollbackPlan): Promise<ContentDigest> {
    const { backend, to, hooks } = this;
    return prove({ target, backend, to, run: this.asked.id, progress: this.#progress, hooks }, expected);
  }

  /** A run of which something is left stays open for it; of the others nothing has to be known any more. */
  #finish(plan: RollbackPlan): void {
    if (this.isCopy) return;
    for (const [at, { id, file, path }] of this.runs.entries()) {
      const left = retain(file, this.traces[at]!, plan.actions, at);
      if (left > 0) {
        file.setMeta(LEFT, String(left));
        setState(file, "partly rolled back");
        this.registry.end(id, "partly rolled back", "journal kept");
        continue;
      }
      setState(file, "rolled back");
      file.close();
      // The list learns of it last: until then it tells where the journal is. What cannot be removed now is removed later.
      this.registry.end(id, "rolled back", removeJournal(path) === null ? "journal gone" : "journal kept");
    }
  }

  /** The store itself is not there any more, and nothing of the runs with it. */
  async #nothingThere(): Promise<RollbackResult> {
    const { id, state } = this.asked;
    const location = this.backend.locate(this.to);
    if (isFinal(state)) {
      const question = `There is no store any more at ${location}. Was it deleted with all that run ${id} wrote? Then the run ends.`;
      await decided(this.options.close, missing(id, location), question, this.hooks);
    }
    const plan = new RollbackPlan(this.traces);
    this.#finish(plan);
    return this.#close(plan, new ContentDigest());
  }

  #close(plan: RollbackPlan, digest: ContentDigest, { left, cleaned }: Copies = NO_COPIES): RollbackResult {
    const kept = plan.kept(LISTED_RECORDS);
    const digestBefore = this.asked.digestBefore;
    const result = {
      run: this.asked.id,
      runs: this.runs.map(({ id }) => id),
      target: this.backend.locate(this.to),
      dryRun: this.options.dryRun === true,
      exact: plan.left === 0 && (digestBefore === null || digest.toString() === digestBefore),
      counts: plan.counts,
      left: kept.map(({ name }) => name),
      kept: kept.map(({ name, title, heldBy }) => ({ record: name, title, heldBy })),
      digestBefore,
      digestAfter: digest.toString(),
      copies: left.map(({ what, remove }) => ({ what, remove })),
      cleaned: [...cleaned],
    };
    plan.close();
    return result;
  }
}

function traceOf({ file, state }: FoundRun): RunTrace {
  return new RunTrace(file, !isFinal(state) || isUndoing(file));
}
