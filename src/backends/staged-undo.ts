/** Undoes a completed run in a target that is staged: in one step of its own, verified before it is put in place. */
import { statSync } from "node:fs";
import { RollbackError } from "../errors.ts";
import { ContentDigest } from "../graph/digest.ts";
import { markOf } from "../graph/marks.ts";
import { Properties } from "../graph/properties.ts";
import { type GraphNode, type GraphRecord, idOfKey, relationshipId } from "../graph/record.ts";
import { digestOf, hashOf } from "../memorygraph/canonicalizer.ts";
import type { DurableFile } from "../support/durable.ts";
import { failpoint } from "../support/failpoint.ts";
import { openScratch } from "../support/scratch.ts";
import type { StagedTarget, Undone } from "./backend.ts";
import { type CreatedMarks, StagedJournal } from "./staged-journal.ts";

/** A target under change that can also lose records. */
export interface UndoableSession extends StagedTarget {
  /** Takes records out by their identity, or what they hold; relationships before the nodes that they join. */
  remove(batch: readonly GraphRecord[]): Promise<void>;
}

const PAGE = 500;

/** What becomes of each record that stands in the target now. */
export class UndoDecision {
  /** Records of the run that stay, since somebody has changed them. */
  readonly left: string[] = [];
  /** What the target will hold. */
  readonly expected = new ContentDigest();
  readonly #journal: StagedJournal;
  readonly #created: CreatedMarks;

  constructor(file: DurableFile) {
    this.#journal = new StagedJournal(file);
    this.#created = this.#journal.created();
  }

  /** The record that is to stand there: itself, or the former one in its place; null for one that the run created. */
  of(record: GraphRecord): GraphRecord | null {
    const hash = hashOf(record);
    const mark = markOf(record, hash);
    const what = this.#created.take(mark);
    if (what === "ours") return null;
    const noted = what === "changed" ? null : this.#journal.beforeImageOf(mark.identity);
    if (noted !== null && noted.after === mark.content) {
      this.expected.addHash(record, hashOf(noted.former));
      return noted.former;
    }
    if (what === "changed" || (noted !== null && !isFormer(noted.former, mark))) this.left.push(nameOf(record));
    this.expected.addHash(record, hash);
    return record;
  }

  close(): void {
    this.#created.close();
  }
}

/** Commits. @throws RollbackError, after which the target is as it was, when it would not be what it should be */
export async function undoStaged(session: UndoableSession, file: DurableFile): Promise<Undone> {
  const decision = new UndoDecision(file);
  const beforeImages: GraphRecord[] = [];
  const nodes = openScratch("CREATE TEMP TABLE node (key TEXT NOT NULL)");
  try {
    failpoint("before rollback");
    for await (const batch of session.read()) {
      const ours: GraphRecord[] = [];
      for (const record of batch) {
        const next = decision.of(record);
        if (next !== null && next !== record) beforeImages.push(next);
        if (next !== null) continue;
        if (record.kind === "relationship") ours.push(record);
        else nodes.run("INSERT INTO node VALUES (?)", [JSON.stringify(record.key)]);
      }
      await session.remove(ours);
    }
    failpoint("half rolled back");
    for (const page of pagesOf(nodes)) await session.remove(page);
    for (let at = 0; at < beforeImages.length; at += PAGE) await session.replace(beforeImages.slice(at, at + PAGE));
    const undone = await commitDecided(session, decision);
    failpoint("rolled back");
    return undone;
  } catch (error) {
    await session.rollback();
    throw error;
  } finally {
    decision.close();
    nodes.close();
  }
}

/** Puts in place what was written, if it is what was decided. @throws RollbackError */
export async function commitDecided(session: StagedTarget, { expected, left }: UndoDecision): Promise<Undone> {
  await session.finish();
  await assertExpected(session, expected);
  await session.commit();
  return { left, expected };
}

/**
 * Whether a run that was stopped had given its temporary file the target's name: by renaming it, or as a second name
 * before it loses the first.
 */
export function isPublished(temporary: string, target: string, journal: DurableFile): boolean {
  const [left, found] = [temporary, target].map((path) => statSync(path, { throwIfNoEntry: false }));
  const reached = !["started", "writing", "verifying"].includes(journal.fact("state") ?? "started");
  return reached && found !== undefined && (left === undefined || (left.ino === found.ino && left.dev === found.dev));
}

async function assertExpected(session: StagedTarget, expected: ContentDigest): Promise<void> {
  const found = await digestOf(session.read());
  if (found.equals(expected)) return;
  throw new RollbackError(`${session.before.location} would not be what it was; it was left as it is`, {
    details: [`expected: ${expected}`, `found:    ${found}`],
    next: "Look for triggers at work on the target, then run the same command again; please report it if it stays.",
  });
}

function isFormer(former: GraphRecord, mark: { readonly content: bigint }): boolean {
  return markOf(former, hashOf(former)).content === mark.content;
}

function* pagesOf(nodes: ReturnType<typeof openScratch>): Generator<GraphNode[]> {
  for (let after = 0; ; ) {
    const rows = nodes
      .query("SELECT rowid, key FROM node WHERE rowid > ? ORDER BY rowid LIMIT ?")
      .values(after, PAGE) as [number, string][];
    if (rows.length === 0) return;
    yield rows.map(([, key]) => ({
      kind: "node",
      key: JSON.parse(key) as string,
      labels: [],
      properties: Properties.from([]),
    }));
    after = rows.at(-1)![0];
  }
}

function nameOf(record: GraphRecord): string {
  const id = record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
  return `${record.kind} ${id ?? (record.kind === "node" ? record.labels.join(":") : record.type)}`;
}
