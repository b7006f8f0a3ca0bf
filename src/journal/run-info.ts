/** What the journal of a run says about the run itself, as far as the list of runs needs it. No password is ever part of it. */
import * as v from "valibot";
import { DamagedJournalError, UsageError } from "../errors.ts";
import type { JournalFile } from "./journal-file.ts";

/** The names in the journal under which it is. */
export const RUN = "run";
/** By these a run gets into a new list, where the list was lost. */
export const LISTED = "listed";
export const IDENTITY = "target identity";
/** How many records of a run that was undone in part are still in the target. */
export const LEFT = "left";
/** The digest of the target before the run. */
export const TARGET_DIGEST = "target digest";

/** When the run was complete, and how many records it wrote. */
const ENDING = "ending";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const EndingSchema = v.object({
  ended: v.string(),
  written: v.object({ nodes: Count, relationships: Count }),
});
export type Ending = v.InferOutput<typeof EndingSchema>;

export function noteEnding(journal: JournalFile, ending: Ending): void {
  // The state that is noted next is what reaches the disk, and this with it.
  journal.setMeta(ENDING, JSON.stringify(ending), "process");
}

/** Null for a run that is not complete, and for one of a release that did not note it. */
export function readEnding(journal: JournalFile): Ending | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), EndingSchema), journal.getMeta(ENDING));
  return parsed.success ? parsed.output : null;
}

/** Of what is written here; a later release can tell what it does not know. */
export const FORMAT = 2;

export const ProcessSchema = v.object({ pid: v.number(), host: v.string(), start: v.string() });

const ListedSchema = v.object({ source: v.string(), target: v.string(), owner: ProcessSchema });
export type Listed = v.InferOutput<typeof ListedSchema>;

/** Null where the journal tells too little of it. */
export function parseListed(text: string | null): Listed | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ListedSchema), text);
  return parsed.success ? parsed.output : null;
}

export const RunHeaderSchema = v.object({
  format: v.literal(FORMAT),
  id: v.string(),
  started: v.string(),
  /** The release of this program that began it. */
  program: v.string(),
});

/**
 * @param schema RunHeaderSchema, or one that knows more
 * @throws DamagedJournalError when it tells of no run; UsageError when this release does not understand it
 */
export function parseRun<S extends v.GenericSchema>(path: string, text: string | null, schema: S): v.InferOutput<S> {
  if (text === null) throw damagedJournal(path);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (parsed.success) return parsed.output;
  throw new UsageError(`${path} is not the journal of a run that this release understands`, {
    next: "Use the release of memorygraph-migrate that began the run, or a newer one.",
  });
}

/** For a file that is not a readable journal. @param cause why, where that is known */
export function damagedJournal(path: string, cause?: unknown): DamagedJournalError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new DamagedJournalError(`${path} is damaged, or not the journal of a run${reason}`, {
    next: "Restore an undamaged copy of it, if there is one: without it the program does not know what the run has written.",
    cause,
  });
}
