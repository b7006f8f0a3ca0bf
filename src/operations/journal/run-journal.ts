/** Keeps the journal of one run: what it is, how far it has come, and whose turn it is on the target. */

import { existsSync } from "node:fs";
import type { TargetBackend } from "../../backends/backend.ts";
import type { BackendConfig } from "../../backends/config.ts";
import { loadBackend } from "../../backends/registry.ts";
import { PartialError, RefusedError, WriteError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { createJournal, inspect, journalsBeside, placeOf, removeJournal } from "../../journal/journal-path.ts";
import type { RunEntry, RunRegistry } from "../../journal/registry.ts";
import { newRunId } from "../../journal/run-id.ts";
import { type Ending, FORMAT, IDENTITY, LISTED, type Listed, noteEnding, RUN } from "../../journal/run-info.ts";
import { RunNotes } from "../../journal/run-notes.ts";
import { isFinal, isUndoing, type RunState, setState } from "../../journal/run-state.ts";
import { removeDurable } from "../../support/durable.ts";
import { failpoint } from "../../support/failpoint.ts";
import { thisProcess } from "../../support/processes.ts";
import type { MigrationOptions, Progress } from "../models.ts";
import { type RunInfo, withoutSecrets } from "./models.ts";

const STATES: Partial<Record<Progress["phase"], RunState>> = {
  transfer: "writing",
  verify: "verifying",
  commit: "committing",
  rollback: "rolling back",
};

interface NewRun extends Pick<RunInfo, "options"> {
  readonly from: BackendConfig;
  readonly to: BackendConfig;
}

/** Of a run in this process, from before the target is opened until the run has ended or stopped. */
export class RunJournal {
  readonly registry: RunRegistry;
  /** Whether an earlier process has begun it. */
  readonly resumed: boolean;
  /** For a staged target: what undoing the completed run will need. */
  staged: RunNotes | null = null;
  #id: string;
  #file: JournalFile | null;
  #state: RunState = "started";
  /** Whether anything may have been written. */
  #begun: boolean;

  private constructor(registry: RunRegistry, id: string, file: JournalFile | null) {
    this.registry = registry;
    this.#id = id;
    this.#file = file;
    this.resumed = file !== null;
    this.#begun = this.resumed;
  }

  static fresh(registry: RunRegistry): RunJournal {
    return new RunJournal(registry, newRunId(), null);
  }

  static reopened(registry: RunRegistry, id: string, file: JournalFile): RunJournal {
    return new RunJournal(registry, id, file);
  }

  /** The journal, made when it is first asked for. @throws AccessError, WriteError */
  async begin(from: BackendConfig, to: BackendConfig, options: MigrationOptions): Promise<() => JournalFile> {
    const locate = async (config: BackendConfig) => (await loadBackend(config)).locate(withoutSecrets(config));
    const [source, target] = [await locate(from), await locate(to)];
    return () => {
      this.#file ??= this.#create({ from, to, options }, source, target);
      return this.#file;
    };
  }

  get id(): string {
    return this.#id;
  }

  #create(run: NewRun, source: string, target: string): JournalFile {
    const { registry } = this;
    const started = new Date().toISOString();
    const owner = thisProcess();
    const entry = (): RunEntry => {
      const id = this.#id;
      const journal = placeOf(id, run.to, registry.folder);
      return { id, started, state: "started", source, target, identity: null, journal, owner };
    };
    // First the list, then the file: whatever is somewhere can be found. A run that has the id already stays.
    while (existsSync(entry().journal!) || !registry.add(entry())) this.#id = newRunId();
    try {
      return this.#begin(entry(), run);
    } catch (error) {
      // Where there is no room for a journal, there is no run either.
      registry.forget(this.#id);
      throw error;
    }
  }

  #begin({ id, started, source, target, owner, journal }: RunEntry, run: NewRun): JournalFile {
    const file = createJournal(journal!);
    try {
      const [from, to] = [withoutSecrets(run.from), withoutSecrets(run.to)];
      file.setMeta(LISTED, JSON.stringify({ source, target, owner } satisfies Listed), "process");
      const { program } = this.registry;
      const info: RunInfo = { format: FORMAT, id, started, program, options: run.options, from, to };
      file.setMeta(RUN, JSON.stringify(info));
    } catch (error) {
      file.close();
      removeDurable(journal!);
      throw error;
    }
    failpoint("journal created");
    return file;
  }

  /**
   * Runs that were stopped before what they did could be seen: what they left is removed. Gives what a person should know.
   * Before the target is opened.
   */
  async sweep(backend: TargetBackend, to: BackendConfig): Promise<string[]> {
    this.registry.reconcile();
    if (backend.target !== "staged" || to.path === undefined) return [];
    const told: string[] = [];
    for (const [id, path] of journalsBeside(to.path)) {
      if (id === this.id) continue;
      const noted = inspect(path);
      if (noted === "unknown") told.push(`${path} is damaged, or of a later release; it was left alone`);
      if (typeof noted === "string") continue;
      const { file, state } = noted;
      if (state === null && (this.registry.find(id)?.state ?? "started") !== "started") {
        told.push(`the journal of run ${id} is empty; ${path} was left unchanged`);
        file.close();
        continue;
      }
      if (state !== null && isFinal(state)) {
        file.close();
        continue;
      }
      const what = await backend.recover(to, file);
      if (what === "complete") setState(file, "done");
      file.close();
      const trouble = what === "as before" ? removeJournal(path) : null;
      if (trouble !== null) told.push(trouble);
      if (what === "complete") this.registry.end(id, "done", "journal kept");
      else this.registry.end(id, "rolled back", "journal gone");
      const came = what === "complete" ? "it had been completed" : "the target is as it was before it";
      told.push(`run ${id} had been stopped; ${came}`);
    }
    return told;
  }

  /** The target is open: nobody else may work on it. @throws BusyError, RefusedError. Gives what a person should know. */
  opened(identity: string, staged: boolean): string[] {
    const left = this.registry.lock(identity, this.id);
    this.#file?.setMeta(IDENTITY, identity, "process");
    failpoint("target opened");
    if (staged && this.#file !== null) {
      // Nothing of an earlier attempt can be seen.
      this.#file.clear();
      this.staged = new RunNotes(this.#file);
    }
    const stopped = this.registry.stoppedOn(identity, this.id).filter(({ state }) => state !== "started");
    if (stopped.length > 0) throw unfinished(stopped[0]!);
    return left === null ? [] : [`the lock of run ${left} was left behind by a process that has ended; it was removed`];
  }

  phase(phase: Progress["phase"]): void {
    const state = STATES[phase];
    if (state === undefined || this.#file === null || state === this.#state) return;
    this.#begun ||= state === "writing";
    // Undoing does not wait for room on a disk: that there was none may be why it is undone.
    if (state === "rolling back") whereRoom(() => this.#enter(state));
    else {
      this.staged?.flush();
      this.#enter(state);
    }
  }

  /** What going on has to find again. @throws RefusedError where an earlier process found something else */
  assertSame(what: "source" | "target", digest: string): void {
    if (this.#file === null) return;
    const noted = this.#file.getMeta(`${what} digest`);
    // Before anything is written to a live target, or seen in a staged one, a state is written that outlives a power cut, and takes this along.
    if (noted === null) this.#file.setMeta(`${what} digest`, digest, "process");
    else if (noted !== digest) throw changed(what, this.id, noted, digest);
  }

  /**
   * All is in place and proven: nothing that is done here can make a failure of it. Gives what went wrong, for a person to know.
   * @param written how many records: where there are none, nothing can be undone
   */
  done(written: Ending["written"]): string[] {
    if (this.#file === null) return [];
    const path = this.#file.path!;
    const warnings: string[] = [];
    const attempt = (work: () => void) => {
      try {
        work();
      } catch (error) {
        warnings.push(`after the run: ${error instanceof Error ? error.message : error}`);
      }
    };
    attempt(() => noteEnding(this.#file!, { ended: new Date().toISOString(), written }));
    attempt(() => this.#enter("done"));
    attempt(() => this.#release());
    if (written.nodes + written.relationships === 0) {
      const trouble = removeJournal(path);
      if (trouble !== null) warnings.push(trouble);
      attempt(() => this.registry.dropJournal(this.id));
    }
    attempt(() => warnings.push(...this.registry.prune()));
    return warnings;
  }

  /** Nothing of the run is left in the target: neither has the journal anything more to tell. */
  undone(): void {
    if (this.#file === null) return;
    const path = this.#file.path!;
    const isTold = whereRoom(() => this.#enter("rolled back"));
    this.#release();
    // Where it cannot be removed, the run is undone all the same: a later run tries again.
    removeJournal(path);
    // On a disk that is full there is room again once the journal is gone.
    if (!isTold) this.registry.end(this.id, "rolled back", "journal gone");
    // What was refused before anything was written is no run that anybody looks for.
    if (this.#begun) this.registry.dropJournal(this.id);
    else this.registry.forget(this.id);
  }

  kept(): void {
    if (this.#file === null) return;
    this.#enter("kept");
    this.#release();
  }

  /** The process ends here, and the run does not. */
  stopped(reason: string, next: string, cause: unknown): PartialError {
    const undoing = this.#file !== null && isUndoing(this.#file);
    if (!undoing) whereRoom(() => this.#enter("writing"));
    this.#release();
    const resume = undoing ? "" : `; memorygraph-migrate resume ${this.id} completes it`;
    return new PartialError(`run ${this.id} was stopped part-way: ${reason}`, {
      next: `${next} Then memorygraph-migrate rollback ${this.id} undoes it${resume}.`,
      cause,
    });
  }

  /** Leaves everything as it stands, for another attempt. */
  close(): void {
    this.#release();
  }

  get active(): boolean {
    return this.#file !== null;
  }

  #enter(state: RunState): void {
    this.#state = state;
    if (this.#file !== null) setState(this.#file, state);
    // How far it has come in between, its journal tells; the list only whether something may have been written.
    if (state === "writing") this.registry.enter(this.id, state);
    else if (isFinal(state)) this.registry.end(this.id, state, "journal kept");
  }

  #release(): void {
    if (this.#file === null) return;
    this.#file.close();
    this.#file = null;
    this.staged = null;
    // The lock of a process that has ended is none.
    if (!isFinal(this.#state)) whereRoom(() => this.registry.unlock(this.id));
  }
}

/** Whether it could be written; a disk that is full must not keep anything from being brought to its end. */
function whereRoom(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof WriteError) return false;
    throw error;
  }
}

function unfinished({ id, target, started }: RunEntry): RefusedError {
  return new RefusedError(`run ${id} was stopped part-way on ${target} (begun ${started})`, {
    next: `memorygraph-migrate resume ${id} completes it, memorygraph-migrate rollback ${id} undoes it. Then run the same command again.`,
  });
}

function changed(what: "source" | "target", id: string, before: string, now: string): RefusedError {
  return new RefusedError(`the ${what} changed since run ${id} was stopped`, {
    details: [`then: ${before}`, `now:  ${now}`],
    next: `Undo the run with memorygraph-migrate rollback ${id}, then migrate anew.`,
  });
}
