/** What becomes of a FalkorDBLite target whose run was stopped, or is to be undone. */
import { existsSync, readdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { ContentDigest } from "../../graph/digest.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import { beforeImageBeside, type DurableFile } from "../../support/durable.ts";
import { failpoint } from "../../support/failpoint.ts";
import { flushFolder, remove } from "../../support/files.ts";
import type { SourceStore, Undone } from "../backend.ts";
import { commitDecided, isPublished, UndoDecision } from "../staged-undo.ts";
import type { Target } from "./lite-place.ts";
import type { LiteSession } from "./lite-session.ts";
import { hashOfFile, PUBLISHED, type Purpose, temporaryOf } from "./staged-dump.ts";

/** Removes what a stopped run has left beside the target, and tells whether it had been put in place. */
export function recoverLite(dump: string, journal: DurableFile): "as before" | "complete" {
  const undoing = temporaryFiles(journal, "undoing");
  if (undoing !== null) remove(...undoing);
  const noted = temporaryFiles(journal, "run");
  if (noted === null) return "as before";
  const [temporary, spool] = noted;
  const published = isPublished(temporary, dump, journal);
  remove(temporary, spool);
  return published ? "complete" : "as before";
}

function temporaryFiles(journal: DurableFile, purpose: Purpose): [string, string] | null {
  const noted = journal.fact(temporaryOf(purpose));
  return noted === null ? null : (JSON.parse(noted) as [string, string]);
}

export interface LiteAccess {
  readonly place: Target;
  read(): Promise<SourceStore>;
  /** A session in which nothing of the graph is taken over but what is written again. */
  rewrite(journal: DurableFile): Promise<LiteSession>;
}

/** Byte for byte where nobody has changed the dump since; else by writing it once more without what the run did. */
export async function undoLite({ place, read, rewrite }: LiteAccess, journal: DurableFile): Promise<Undone> {
  const { dump } = place;
  const complete = recoverLite(dump, journal) === "complete";
  const former = beforeImageBeside(journal.path);
  if (!existsSync(dump)) return { left: [], expected: new ContentDigest(), removed: true };
  if (!complete) return { left: [], expected: await digestAndClose(await read()) };
  failpoint("before rollback");
  const untouched = hashOfFile(dump) === journal.fact(PUBLISHED);
  if (untouched && existsSync(former)) {
    renameSync(former, dump);
    flushFolder(dirname(dump));
    failpoint("rolled back");
    return { left: [], expected: await digestAndClose(await read()) };
  }
  const isOld = existsSync(former);
  const undone = untouched
    ? { left: [], expected: new ContentDigest() }
    : await rewriteWithout(await rewrite(journal), await read(), journal);
  // With a former version it was there before the run.
  if (isOld || undone.expected.nodes + undone.expected.relationships > 0) return undone;
  removeStore(place);
  failpoint("rolled back");
  return { ...undone, removed: true };
}

function removeStore({ dump, form }: Target): void {
  remove(dump);
  if (form === "directory" && readdirSync(dirname(dump)).length === 0) remove(dirname(dump));
}

async function rewriteWithout(session: LiteSession, store: SourceStore, journal: DurableFile): Promise<Undone> {
  const decision = new UndoDecision(journal);
  try {
    for await (const batch of store.read()) {
      await session.write(batch.map((record) => decision.of(record)).filter((record) => record !== null));
    }
    failpoint("half rolled back");
    return await commitDecided(session, decision);
  } catch (error) {
    await session.rollback();
    throw error;
  } finally {
    decision.close();
    await store.close();
  }
}

async function digestAndClose(store: SourceStore): Promise<ContentDigest> {
  try {
    return await digestOf(store.read());
  } finally {
    await store.close();
  }
}
