/** What becomes of a SQLite target whose run was stopped, or is to be undone. */
import { existsSync, realpathSync } from "node:fs";
import { Properties } from "../../graph/properties.ts";
import type { GraphNode, GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { presentOf, type RollbackPlan } from "../../journal/rollback-plan.ts";
import { TARGET_DIGEST } from "../../journal/run-info.ts";
import { hasWritten, stateOfRun } from "../../journal/run-state.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import { failpoint } from "../../support/failpoint.ts";
import { remove } from "../../support/files.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";
import type { RollbackTarget } from "../backend.ts";
import { assertReplaceable } from "../file/place.ts";
import { commitPlanned, isEmptied, planned, toRecover, wasMade } from "../file/staged-rollback.ts";
import { recoverStaged } from "../file/staging.ts";
import { ExistingFile } from "./existing-file.ts";

const PAGE = 500;

/** Removes what a stopped run has left beside the target, and tells whether it had been put in place. */
export async function recover(path: string, journal: JournalFile): Promise<"as before" | "complete"> {
  const staged = recoverStaged(path, journal);
  if (staged !== null) return staged;
  if (!existsSync(path)) return "as before";
  // Opening it takes back what a transaction under way had written.
  const session = ExistingFile.forRollback(path);
  try {
    // While nobody else can write, a journal that stands there still holds nothing, and belongs to nobody.
    remove(`${session.identity}-journal`);
    // Undone in one transaction as well, a completed run is there whole until that is committed.
    if (!hasWritten(stateOfRun(journal))) return "as before";
    const now = await digestOf(session.read());
    return now.toString() === journal.getMeta(TARGET_DIGEST) ? "as before" : "complete";
  } finally {
    await session.rollback();
  }
}

/** Null where the file is not there any more. */
export async function openForRollback(path: string, journals: readonly JournalFile[]): Promise<RollbackTarget | null> {
  for (const journal of toRecover(existsSync(path), journals)) await recover(path, journal);
  if (!existsSync(path)) return null;
  // A store that the run has made goes, where nothing else is in it.
  if (journals.some(wasMade)) assertReplaceable(path);
  const session = ExistingFile.forRollback(path);
  let isDone = false;
  return {
    location: path,
    present: () => presentOf(session.read()),
    async apply(plan) {
      failpoint("before rollback");
      await change(session, plan);
      failpoint("half rolled back");
      await commitPlanned(session, plan);
      isDone = true;
      const isGone = isEmptied(plan, journals);
      if (isGone) {
        const real = realpathSync(path);
        remove(`${real}-wal`, `${real}-shm`, real);
      }
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    async close() {
      if (!isDone) await session.rollback();
    },
  };
}

async function change(session: ExistingFile, plan: RollbackPlan): Promise<void> {
  // While relationships are read, the nodes that they join have to be there.
  const nodes = openScratch("CREATE TEMP TABLE node (key TEXT NOT NULL)");
  const restored = openScratch("CREATE TEMP TABLE image (run INTEGER NOT NULL, entry INTEGER NOT NULL)");
  try {
    for await (const batch of planned(session.read(), plan)) {
      const gone: GraphRecord[] = [];
      for (const { record, action } of batch) {
        if (action === null) continue;
        const { image } = action;
        if (image !== null) restored.run("INSERT INTO image VALUES (?, ?)", [image.run, image.entry]);
        else if (record.kind === "relationship") gone.push(record);
        else nodes.run("INSERT INTO node VALUES (?)", [JSON.stringify(record.key)]);
      }
      await session.remove(gone);
    }
    for (const page of pagesOf<[number, string]>(nodes, "SELECT rowid, key FROM node")) {
      await session.remove(page.map(([, key]) => nodeOf(JSON.parse(key) as string)));
    }
    for (const page of pagesOf<[number, number, number]>(restored, "SELECT rowid, run, entry FROM image")) {
      await session.replace(page.map(([, run, entry]) => plan.traces[run]!.imageAt(entry)));
    }
  } finally {
    nodes.close();
    restored.close();
  }
}

function* pagesOf<R extends [number, ...unknown[]]>(scratch: Scratch, query: string) {
  for (let after = 0; ; ) {
    const rows = scratch.query(`${query} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`).values(after) as R[];
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)![0];
  }
}

function nodeOf(key: string): GraphNode {
  return { kind: "node", key, labels: [], properties: Properties.from([]) };
}
