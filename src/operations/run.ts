/** What the phases of one run share. */
import type { SourceStore } from "../backends/backend.ts";
import type { StoreDescription } from "../backends/description.ts";
import { failpoint } from "../support/failpoint.ts";
import type { RunJournal } from "./journal/run-journal.ts";
import type { Difference, OnProgress, Progress, parseOptions } from "./models.ts";
import type { Outcome } from "./outcome.ts";

export interface Hooks {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked before records of the target are overwritten, with the first of them, and before writing where something acts
   * by itself on what is written; without it the caller has decided. @throws RefusedError
   */
  readonly confirm?: ((question: string, about?: readonly Difference[]) => Promise<void>) | undefined;
  /** Keeps the journal of the run; without it, undoing needs this process. */
  readonly runJournal?: RunJournal | undefined;
}

export interface Run {
  readonly source: SourceStore;
  readonly description: StoreDescription;
  readonly options: ReturnType<typeof parseOptions>;
  readonly hooks: Hooks;
  readonly outcome: Outcome;
  readonly progress: ProgressReporter;
}

/** Tells the caller of each phase and its records, and the journal of each phase. */
export class ProgressReporter {
  phase: Progress["phase"] = "check";
  #done = 0;
  #total: number | null = null;

  readonly #phases: readonly Progress["phase"][];

  /** @param phases those that go through all records, in their order, where that is known beforehand */
  constructor(
    readonly hooks: Hooks,
    phases: readonly Progress["phase"][] = [],
  ) {
    this.#phases = phases;
  }

  start(phase: Progress["phase"], total: number | null): void {
    // Undoing is what an abort is for.
    if (phase !== "rollback") this.hooks.signal?.throwIfAborted();
    this.phase = phase;
    if (phase === "verify") failpoint("written");
    this.hooks.runJournal?.phase(phase);
    this.#done = 0;
    this.#total = total;
    this.add(0);
  }

  add(records: number): void {
    this.#done += records;
    const at = this.#phases.indexOf(this.phase);
    const ahead = at === -1 ? [] : this.#phases.slice(at + 1);
    this.hooks.onProgress?.({ phase: this.phase, done: this.#done, total: this.#total, unit: "records", ahead });
  }
}
