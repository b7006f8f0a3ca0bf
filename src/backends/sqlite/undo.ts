/** What becomes of a SQLite target whose run was stopped, or is to be undone. */
import { existsSync, realpathSync } from "node:fs";
import { ContentDigest } from "../../graph/digest.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import { DEFAULT_RELEASE } from "../../memorygraph/releases.ts";
import type { DurableFile } from "../../support/durable.ts";
import { remove } from "../../support/files.ts";
import type { Undone } from "../backend.ts";
import { isPublished, undoStaged } from "../staged-undo.ts";
import { ExistingFile } from "./existing-file.ts";
import { TEMPORARY } from "./new-file.ts";

/** Removes what a stopped run has left beside the target, and tells whether it had been put in place. */
export async function recover(path: string, journal: DurableFile): Promise<"as before" | "complete"> {
  const temporary = journal.fact(TEMPORARY);
  if (temporary !== null) return recoverNew(path, temporary, journal);
  if (!existsSync(path)) return "as before";
  // Opening it takes back what a transaction under way had written.
  const session = open(path);
  try {
    // While nobody else can write, a journal that stands there still holds nothing, and belongs to nobody.
    remove(`${session.identity}-journal`);
    if (journal.fact("state") !== "committing") return "as before";
    const now = await digestOf(session.read());
    return now.toString() === journal.fact("target digest") ? "as before" : "complete";
  } finally {
    await session.rollback();
  }
}

function recoverNew(path: string, temporary: string, journal: DurableFile): "as before" | "complete" {
  const published = isPublished(temporary, path, journal);
  remove(temporary, ...["-journal", "-wal", "-shm"].map((suffix) => temporary + suffix));
  return published ? "complete" : "as before";
}

/** Throws nothing away that is not the run's: a file that it made goes only when nothing else is in it. */
export async function undo(path: string, journal: DurableFile): Promise<Undone> {
  const made = journal.fact(TEMPORARY) !== null;
  const nothing = (await recover(path, journal)) === "as before" && (made || !existsSync(path));
  if (nothing) return { left: [], expected: new ContentDigest(), removed: true };
  const session = open(path);
  const undone = await undoStaged(session, journal);
  const empty = undone.expected.nodes + undone.expected.relationships === 0;
  if (!made || !empty) return undone;
  const real = realpathSync(path);
  remove(`${real}-wal`, `${real}-shm`, real);
  return { ...undone, removed: true };
}

function open(path: string): ExistingFile {
  return new ExistingFile(path, { release: null, fallbackRelease: DEFAULT_RELEASE }, true);
}
