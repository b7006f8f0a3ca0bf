/** A graph as it was before a run that was stopped: without what the run created, and with what it overwrote. */
import { RefusedError } from "../../errors.ts";
import { MarkMultiset, nodeMark, relationshipMark, sameMark } from "./content.ts";
import type { GraphServer, InternalId, RecordStore, ServerNode, ServerRelationship } from "./server.ts";
import type { UndoJournal } from "./undo-journal.ts";

/** Everything that the run has written must still be there. */
interface Complete {
  readonly location: string;
}

/**
 * Nothing here decides whether somebody else has changed the graph: what the run wrote is only hidden while it is there
 * as it was written, so that every change shows in the digest of the view.
 */
export function viewBefore(server: GraphServer, journal: UndoJournal, each: "as it is" | Complete): RecordStore {
  const created = marksOf(journal);
  return {
    sharedIds: () => server.sharedIds(),
    sharedRelationshipIds: () => server.sharedRelationshipIds(),
    ...(server.beginSnapshot !== undefined && { beginSnapshot: () => server.beginSnapshot!() }),
    ...(server.endMoment !== undefined && { endMoment: () => server.endMoment!() }),
    async *nodes(signal) {
      let hidden = 0;
      for await (const batch of server.nodes(signal)) {
        const kept = batch.filter((node) => !isOurs(created.node.get(node.id), () => nodeMark(node)));
        hidden += batch.length - kept.length;
        yield kept.map((node) => nodeBefore(journal, node));
      }
      if (each !== "as it is") assertAll(created.node.size, hidden, each);
    },
    async *relationships(signal) {
      let hidden = 0;
      const gone = goneMarks(journal);
      for await (const batch of server.relationships(signal)) {
        const ours = (record: ServerRelationship) =>
          isOurs(created.relationship.get(record.id), () => relationshipMark(record));
        const kept = batch.filter((record) => !ours(record));
        hidden += batch.length - kept.length;
        // It stands there still, or again: what was put back has another number.
        if (gone.size > 0) for (const record of kept) gone.take(relationshipMark(record));
        yield kept.map((record) => relationshipBefore(journal, record));
      }
      if (each !== "as it is") assertAll(created.relationship.size, hidden, each);
      for (const { former } of journal.beforeImages("relationship")) {
        if (former.kind === "relationship" && former.gone && gone.take(relationshipMark(former))) yield [former];
      }
    },
  };
}

function goneMarks(journal: UndoJournal): MarkMultiset {
  const marks = new MarkMultiset();
  for (const { former } of journal.beforeImages("relationship")) {
    if (former.kind === "relationship" && former.gone) marks.add(relationshipMark(former));
  }
  return marks;
}

/** Of those wanted and not there, the ones that the run itself had deleted. */
export function missingFormers(
  journal: UndoJournal,
  wanted: readonly InternalId[],
  there: readonly ServerRelationship[],
): InternalId[] {
  const found = new Set(there.map(({ id }) => id));
  return wanted.filter((id) => !found.has(id) && isGone(journal, id));
}

/** Servers give the number of what was deleted to the next: it need not be what the run has noted under it. */
export function hasNumberOfGone(journal: UndoJournal, record: ServerRelationship): boolean {
  const former = journal.beforeImageOf("relationship", record.id)?.former;
  if (former?.kind !== "relationship" || !former.gone) return false;
  return !sameMark(relationshipMark(record), relationshipMark(former));
}

function isGone(journal: UndoJournal, id: InternalId): boolean {
  const former = journal.beforeImageOf("relationship", id)?.former;
  return former?.kind === "relationship" && former.gone;
}

function marksOf(journal: UndoJournal): Record<"node" | "relationship", Map<InternalId, Uint8Array>> {
  const marks = { node: new Map<InternalId, Uint8Array>(), relationship: new Map<InternalId, Uint8Array>() };
  for (const { kind, creations, ids } of journal.batches()) {
    if (ids !== null) for (const [at, { mark }] of creations.entries()) marks[kind].set(ids[at]!, mark);
  }
  return marks;
}

function isOurs(created: Uint8Array | undefined, found: () => Uint8Array): boolean {
  return created !== undefined && sameMark(created, found());
}

function nodeBefore(journal: UndoJournal, node: ServerNode): ServerNode {
  const noted = journal.beforeImageOf("node", node.id);
  return noted !== null && noted.former.kind === "node" && sameMark(noted.after, nodeMark(node)) ? noted.former : node;
}

function relationshipBefore(journal: UndoJournal, record: ServerRelationship): ServerRelationship {
  const noted = journal.beforeImageOf("relationship", record.id);
  if (noted === null || noted.former.kind !== "relationship") return record;
  return sameMark(noted.after, relationshipMark(record)) ? noted.former : record;
}

function assertAll(wanted: number, found: number, { location }: Complete): void {
  if (wanted === found) return;
  throw new RefusedError(
    `${location} changed since the run was stopped: ${wanted - found} records that it had written are gone or changed`,
    { next: "Undo the run instead: what somebody changed since stays, and is listed." },
  );
}
