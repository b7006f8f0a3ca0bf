/**
 * Undoing a run that has made a folder of notes. A note goes if it is, to the letter, what the run wrote; one that somebody has
 * changed stays, with what it is joined to, and so does everything that is no note. Every step is whole: the folder loses its
 * name at once if nothing in it stays, else notes are replaced and removed one by one, and the next rollback goes on.
 */
import { existsSync, readdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RollbackError, SourceChangedError } from "../../../errors.ts";
import type { JournalFile } from "../../../journal/journal-file.ts";
import type { RollbackPlan } from "../../../journal/rollback-plan.ts";
import { stateOfRun } from "../../../journal/run-state.ts";
import { failpoint } from "../../../support/failpoint.ts";
import { codeOf, flush, flushFolder, remove, renameOver, temporaryBeside, whenFree } from "../../../support/files.ts";
import { openScratch } from "../../../support/scratch.ts";
import { breathe } from "../../../support/time.ts";
import type { RollbackTarget } from "../../backend.ts";
import type { BackendConfig } from "../../config.ts";
import { onFile } from "../../file/errors.ts";
import { pathOf } from "../../file/place.ts";
import { isEmptied, toRecover } from "../../file/staged-rollback.ts";
import { IN_EMPTY_FOLDER, MADE, noteTemporary, recoverStaged } from "../../file/staging.ts";
import { assertWhole } from "../../file/written-once.ts";
import { hasIndex, indexIn, stateOfNote } from "./folder.ts";
import { CACHE_KILOBYTES } from "./names.ts";
import { withoutLines } from "./note.ts";
import type { ReadNote } from "./records.ts";
import { type NotesSource, openNotes } from "./source.ts";

/** A note that is being replaced is written here first. */
const TEMPORARY = ".memorygraph-migrate.tmp";
const PAGE = 500;

/** Null where the folder is not there any more, or nothing of ours in it. */
export async function openForRollback(
  config: BackendConfig,
  journals: readonly JournalFile[],
  signal?: AbortSignal,
): Promise<RollbackTarget | null> {
  const path = pathOf(config);
  for (const journal of toRecover(existsSync(path), journals)) recoverStaged(path, journal);
  if (!existsSync(path)) return null;
  const isUndoing = journals.some((journal) => stateOfRun(journal) === "rolling back");
  if (isUndoing && !hasIndex(path)) return null;
  const source = await openNotes(config, { side: "to", signal });
  return {
    location: path,
    present: () => source.present(),
    apply: (plan) => onFile(path, () => apply(path, source, plan, journals)),
    close: () => source.close(),
  };
}

async function apply(
  path: string,
  source: NotesSource,
  plan: RollbackPlan,
  journals: readonly JournalFile[],
): Promise<"changed" | "removed"> {
  assertWhole(path, source.findings());
  if (!source.records.folder.isUnchanged()) throw changed(path);
  failpoint("before rollback");
  const isGone = isEmptied(plan, journals);
  const wasEmpty = journals.some((journal) => journal.getMeta(MADE) === IN_EMPTY_FOLDER);
  if (isGone && !wasEmpty && source.records.folder.others === 0) removeWhole(source.folder, journals[0]!);
  else await removePlanned(source, plan, journals[0]!, isGone);
  failpoint("rolled back");
  return isGone ? "removed" : "changed";
}

/** It loses its name at once, and its notes after that. */
function removeWhole(folder: string, journal: JournalFile): void {
  const away = temporaryBeside(folder);
  noteTemporary(journal, "rollback", [away]);
  whenFree(() => renameSync(folder, away));
  flushFolder(dirname(resolve(folder)));
  failpoint("half rolled back");
  remove(away);
}

/** Notes that stay lose the relationships that go, before notes go: what a relationship leads to is then still there. */
async function removePlanned(
  source: NotesSource,
  plan: RollbackPlan,
  journal: JournalFile,
  isGone: boolean,
): Promise<void> {
  const { folder, records } = source;
  noteTemporary(journal, "rollback", [join(folder, TEMPORARY)]);
  const going = openScratch(
    "CREATE TEMP TABLE going (path TEXT PRIMARY KEY, state TEXT NOT NULL, hasId INTEGER) WITHOUT ROWID",
    CACHE_KILOBYTES,
  );
  try {
    const put = going.prepare("INSERT INTO going VALUES (?, ?, ?)");
    const ordinals = { node: 0, relationship: 0 };
    for await (const batch of records.notes()) {
      for (const note of batch) {
        const goes = !note.isIndex && isRemoved(plan, "node", ordinals.node++);
        const lines = note.links.map(() => isRemoved(plan, "relationship", ordinals.relationship++));
        if (goes) put.run(note.path, note.state, typeof note.properties.get("id") === "string" ? 1 : 0);
        else if (lines.includes(true)) replace(folder, note, lines);
      }
    }
    put.finalize();
    failpoint("half rolled back");
    // Only those with an id are known by it while others lead to them.
    const pages = going.prepare(
      `SELECT path, state FROM going WHERE hasId = ? AND path > ? ORDER BY path LIMIT ${PAGE}`,
    );
    for (const hasId of [1, 0]) {
      for (let after = ""; ; ) {
        const rows = pages.values(hasId, after) as [string, string][];
        if (rows.length === 0) break;
        for (const [path, state] of rows) {
          assertAsRead(folder, path, state);
          remove(join(folder, path));
        }
        await breathe();
        after = rows.at(-1)![0];
      }
    }
    pages.finalize();
  } finally {
    going.close();
  }
  if (isGone) remove(indexIn(folder));
  flushFolder(folder);
  if (isGone && journal.getMeta(MADE) !== IN_EMPTY_FOLDER) removeIfEmpty(folder);
}

/** @throws RollbackError for what no run can have done here */
function isRemoved(plan: RollbackPlan, kind: "node" | "relationship", ordinal: number): boolean {
  const action = plan.actions.at(kind, ordinal);
  if (action === null || action.image === null) return action !== null;
  throw new RollbackError(`${action.name} would have to get a former content back, which no note ever had`, {
    next: "Please report it.",
  });
}

/** The note without the relationships that go. @param goes of each of its relationships */
function replace(folder: string, { path, state, text, links }: ReadNote, goes: readonly boolean[]): void {
  const gone = links.filter((_, at) => goes[at]).map(({ at }) => at);
  const temporary = join(folder, TEMPORARY);
  writeFileSync(temporary, withoutLines(text, new Set(gone)), { mode: 0o600 });
  flush(temporary);
  assertAsRead(folder, path, state);
  renameOver(temporary, join(folder, path));
}

function assertAsRead(folder: string, path: string, state: string): void {
  if (stateOfNote(join(folder, path))?.state !== state) throw changed(join(folder, path));
}

function changed(path: string): SourceChangedError {
  return new SourceChangedError(`${path} changed while the run was undone`, {
    next: "Close the application that writes to it, and run the same command again.",
  });
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== "ENOTEMPTY") throw error;
  }
}
