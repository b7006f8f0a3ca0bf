/** What becomes of a SQLite target whose run was stopped, or is to be undone. */
import { existsSync, realpathSync } from "node:fs";
import { Properties } from "../../graph/properties.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Present } from "../../journal/present.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { TARGET_DIGEST } from "../../journal/run-info.ts";
import { hasWritten, stateOfRun } from "../../journal/run-state.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import { failpoint } from "../../support/failpoint.ts";
import { remove } from "../../support/files.ts";
import type { RollbackTarget } from "../backend.ts";
import { assertReplaceable } from "../file/place.ts";
import { assertPlanned, isEmptied, toRecover, wasMade } from "../file/staged-rollback.ts";
import { recoverStaged } from "../file/staging.ts";
import { ExistingFile } from "./existing-file.ts";
import { readWholeRecord, writeWholeRecord } from "./side-table.ts";
import { SurveyedFile } from "./surveyed-file.ts";

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
export async function openForRollback(
  path: string,
  journals: readonly JournalFile[],
  signal?: AbortSignal,
): Promise<RollbackTarget | null> {
  for (const journal of toRecover(existsSync(path), journals)) await recover(path, journal);
  if (!existsSync(path)) return null;
  // A store that the run has made goes, where nothing else is in it.
  if (journals.some(wasMade)) assertReplaceable(path);
  const session = ExistingFile.forRollback(path);
  let surveyed: SurveyedFile | null = null;
  let isProven = false;
  let isDone = false;
  return {
    location: path,
    present: () => present(session),
    async survey(each) {
      surveyed = SurveyedFile.of({ path, session, each, signal }, journals);
      return surveyed;
    },
    async apply(plan) {
      failpoint("before rollback");
      isProven = surveyed === null ? await change(session, plan) : await surveyed.change(plan);
      failpoint("half rolled back");
      await session.finish();
      if (!isProven) await assertPlanned(session, plan);
      await session.commit();
      isDone = true;
      const isGone = isEmptied(plan, journals);
      if (isGone) {
        const real = realpathSync(path);
        remove(`${real}-wal`, `${real}-shm`, real);
      }
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    isAsPlanned: async (each) => isProven && (await surveyed?.isAsPlanned(each)) === true,
    async close() {
      surveyed?.close();
      if (!isDone) await session.rollback();
    },
  };
}

/** Each record with what is enough to find it again, so that the file need not be read a second time to change it. */
async function* present(session: ExistingFile): AsyncGenerator<readonly Present[]> {
  for await (const batch of session.read()) yield batch.map((record) => ({ record, mark: () => markOf(record) }));
}

/** Gives false: what came of it is told by reading the file. */
async function change(session: ExistingFile, { actions, traces }: RollbackPlan): Promise<false> {
  for (const kind of ["relationship", "node"] as const) {
    for (const page of actions.pages(kind, "remove")) {
      await session.remove(page.map(({ mark }) => recordOf(kind, mark!)));
    }
  }
  for (const kind of ["node", "relationship"] as const) {
    for (const page of actions.pages(kind, "restore")) {
      await session.replace(page.map(({ image }) => traces[image!.run]!.imageAt(image!.entry)));
    }
  }
  return false;
}

/** A node is taken out by its key; a relationship beside the tables by all that it holds. */
function markOf(record: GraphRecord): Uint8Array {
  if (record.kind === "relationship") return Buffer.from(writeWholeRecord({ record, dangling: false }));
  return Buffer.from(JSON.stringify(record.key));
}

function recordOf(kind: GraphRecord["kind"], mark: Uint8Array): GraphRecord {
  const text = Buffer.from(mark).toString();
  if (kind === "relationship") return readWholeRecord(kind, text).record;
  return { kind, key: JSON.parse(text) as string, labels: [], properties: Properties.from([]) };
}
