/** How far a run has come: one type and one place for all that ask. */
import type { JournalFile } from "./journal-file.ts";

/**
 * `started`: nothing has been written. `committing`: all is written, and being put in place. The last five are final: `partly
 * rolled back` is a run of which somebody's later work has kept something in the target, `kept` a failed one whose target was
 * left for inspection, `lost` one whose journal is gone.
 */
export const RUN_STATES = [
  "started",
  "writing",
  "verifying",
  "committing",
  "rolling back",
  "done",
  "partly rolled back",
  "rolled back",
  "kept",
  "lost",
] as const;
export type RunState = (typeof RUN_STATES)[number];

const FINAL_STATES = [
  "done",
  "partly rolled back",
  "rolled back",
  "kept",
  "lost",
] as const satisfies readonly RunState[];

/** Whether no process has to go on with it before others may work on its target. */
export function isFinal(state: RunState): state is (typeof FINAL_STATES)[number] {
  return FINAL_STATES.some((final) => final === state);
}

/** Whether everything had been written and verified, so that it may have been put in place. */
export function hasWritten(state: RunState): boolean {
  return !["started", "writing", "verifying"].includes(state);
}

/** What cannot be read is a run that has done nothing yet. */
export function parseState(text: string | null): RunState {
  return RUN_STATES.find((state) => state === text) ?? "started";
}

const STATE = "state";
/** Only what has changed the target on its way back. */
const UNDOING = "undoing";

/** `started` for a journal without a state. */
export function stateOfRun(journal: JournalFile): RunState {
  return parseState(journal.getMeta(STATE));
}

/**
 * Durable when it returns, but for `verifying`: that a run was further than `writing` decides nothing, and the disk has the target to
 * write meanwhile.
 */
export function setState(journal: JournalFile, state: RunState): void {
  journal.setMeta(STATE, state, state === "verifying" ? "process" : "power");
}

/** Whether undoing the run has changed the target already: going on with the run is no longer possible. */
export function isUndoing(journal: JournalFile): boolean {
  return journal.getMeta(UNDOING) !== null;
}

/** For a run that was undone in part: it can be undone again. */
export function clearUndoing(journal: JournalFile): void {
  journal.dropMeta(UNDOING);
}

/** Before the first change of the target on its way back. */
export function setUndoing(journal: JournalFile): void {
  if (!isUndoing(journal)) journal.setMeta(UNDOING, "begun");
}
