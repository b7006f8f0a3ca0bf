/** Rolls runs back in a FalkorDBLite store. */
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { JournalFile } from "../../journal/journal-file.ts";
import { presentOf } from "../../journal/present.ts";
import type { RollbackPlan } from "../../journal/rollback-plan.ts";
import { failpoint } from "../../support/failpoint.ts";
import { remove } from "../../support/files.ts";
import type { RollbackTarget, SourceStore } from "../backend.ts";
import { hasBeforeImage, restoreBeforeImage } from "../file/before-image.ts";
import { assertReplaceable } from "../file/place.ts";
import { beforeImageOf, commitPlanned, isEmptied, planned, toRecover } from "../file/staged-rollback.ts";
import { recoverStaged } from "../file/staging.ts";
import type { Target } from "./lite-place.ts";
import type { LiteSession } from "./lite-session.ts";

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
  for (const journal of toRecover(existsSync(dump), journals)) recoverStaged(dump, journal);
  if (!existsSync(dump)) return null;
  assertReplaceable(dump);
  const store = await read();
  let isOpen = true;
  // Before the file is replaced or removed: Windows does neither to one that is open.
  const closeStore = async () => {
    if (isOpen) await store.close();
    isOpen = false;
  };
  const rollBack = async (plan: RollbackPlan) => {
    // Where all of a single run goes, the file that it replaced is put back itself.
    if (journals.length === 1 && plan.left === 0 && hasBeforeImage(journals[0]!, dump)) {
      await closeStore();
      restoreBeforeImage(journals[0]!, dump);
      return false;
    }
    if (isEmptied(plan, journals)) {
      await closeStore();
      removeStore(place);
      return true;
    }
    await rewriteWithout(await rewrite(journals[0]!), store, plan, closeStore);
    return false;
  };
  return {
    location: place.path,
    present: () => presentOf(store.read()),
    async apply(plan) {
      failpoint("before rollback");
      const isGone = await rollBack(plan);
      failpoint("rolled back");
      return isGone ? "removed" : "changed";
    },
    close: closeStore,
  };
}

function removeStore({ dump, form }: Target): void {
  remove(dump);
  if (form === "directory" && readdirSync(dirname(dump)).length === 0) remove(dirname(dump));
}

async function rewriteWithout(
  session: LiteSession,
  store: SourceStore,
  plan: RollbackPlan,
  closeStore: () => Promise<void>,
): Promise<void> {
  try {
    for await (const batch of planned(store.read(), plan)) {
      await session.write(
        batch
          .map(({ record, action }) => (action === null ? record : beforeImageOf(plan, action)))
          .filter((record) => record !== null),
      );
    }
    failpoint("half rolled back");
    await closeStore();
    await commitPlanned(session, plan);
  } catch (error) {
    await session.rollback();
    throw error;
  }
}
