/** What becomes of a FalkorDBLite target whose run was stopped, or is to be undone. */
import { existsSync, readdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { stateOfRun } from "../../journal/run-state.ts";
import { beforeImageBeside } from "../../support/durable.ts";
import { failpoint } from "../../support/failpoint.ts";
import { flushFolder, remove } from "../../support/files.ts";
import type { RollbackTarget, SourceStore } from "../backend.ts";
import { beforeImageOf, commitPlanned, isPublished, MADE, planned, presentOf } from "../staged-rollback.ts";
import type { Target } from "./lite-place.ts";
import type { LiteSession } from "./lite-session.ts";
import { hashOfFile, PUBLISHED, type Purpose, temporaryOf } from "./staged-dump.ts";

/** Removes what a stopped run has left beside the target, and tells whether it had been put in place. */
export function recoverLite(dump: string, journal: JournalFile): "as before" | "complete" {
  const undoing = temporaryFiles(journal, "undoing");
  if (undoing !== null) remove(...undoing);
  const noted = temporaryFiles(journal, "run");
  if (noted === null) return "as before";
  const [temporary, spool] = noted;
  const published = isPublished(temporary, dump, journal);
  remove(temporary, spool);
  return published ? "complete" : "as before";
}

function temporaryFiles(journal: JournalFile, purpose: Purpose): [string, string] | null {
  const noted = journal.getMeta(temporaryOf(purpose));
  return noted === null ? null : (JSON.parse(noted) as [string, string]);
}

export interface LiteAccess {
  readonly place: Target;
  read(): Promise<SourceStore>;
  /** A session in which nothing of the graph is taken over but what is written again. */
  rewrite(journal: JournalFile): Promise<LiteSession>;
}

/** Null where the store is not there any more. */
export async function openLiteForRollback(
  { place, read, rewrite }: LiteAccess,
  journals: readonly JournalFile[],
): Promise<RollbackTarget | null> {
  const { dump } = place;
  for (const journal of journals) if (!existsSync(dump) || stateOfRun(journal) !== "done") recoverLite(dump, journal);
  if (!existsSync(dump)) return null;
  const store = await read();
  return {
    location: place.path,
    present: () => presentOf(store.read()),
    async apply(plan) {
      failpoint("before rollback");
      if (!putBack(dump, journals, plan)) {
        const { nodes, relationships } = plan.expected;
        const isEmptied = nodes + relationships === 0 && journals.some((journal) => journal.getMeta(MADE) !== null);
        if (isEmptied) removeStore(place);
        else await rewriteWithout(await rewrite(journals[0]!), store, plan);
        failpoint("rolled back");
        return isEmptied ? "removed" : "changed";
      }
      failpoint("rolled back");
      return "changed";
    },
    close: () => store.close(),
  };
}

/** The former file itself is restored, byte for byte, as long as nobody has changed the one that took its place. */
function putBack(dump: string, journals: readonly JournalFile[], plan: RollbackPlan): boolean {
  const [journal] = journals;
  if (journals.length !== 1 || plan.left > 0 || hashOfFile(dump) !== journal!.getMeta(PUBLISHED)) return false;
  const image = beforeImageBeside(journal!.path!);
  if (!existsSync(image)) return false;
  renameSync(image, dump);
  flushFolder(dirname(dump));
  return true;
}

function removeStore({ dump, form }: Target): void {
  remove(dump);
  if (form === "directory" && readdirSync(dirname(dump)).length === 0) remove(dirname(dump));
}

async function rewriteWithout(session: LiteSession, store: SourceStore, plan: RollbackPlan): Promise<void> {
  try {
    for await (const batch of planned(store.read(), plan)) {
      await session.write(
        batch
          .map(({ record, action }) => (action === null ? record : beforeImageOf(plan, action)))
          .filter((record) => record !== null),
      );
    }
    failpoint("half rolled back");
    await commitPlanned(session, plan);
  } catch (error) {
    await session.rollback();
    throw error;
  }
}
