/** A graph as it was before a run that was stopped: without what the run created, and with what it overwrote. */
import { RefusedError } from "../../errors.ts";
import type { ShortHash } from "../../memorygraph/fingerprint.ts";
import { CreatedHashes, HashMultiset, nodeHash, relationshipHash, sameShortHash } from "./content.ts";
import type { GraphServer, InternalId, RecordStore, ServerNode, ServerRelationship } from "./server.ts";
import type { ServerJournal } from "./server-journal.ts";

/** Everything that the run has written must still be there. */
interface Complete {
  readonly location: string;
}

/**
 * Nothing here decides whether somebody else has changed the graph: what the run wrote is only hidden while it is there
 * as it was written, so that every change shows in the digest of the view.
 */
export function viewBefore(server: GraphServer, journal: ServerJournal, complete: Complete): RecordStore {
  const created = marksOf(journal);
  return {
    sharedIds: () => server.sharedIds(),
    sharedRelationshipIds: () => server.sharedRelationshipIds(),
    ...(server.beginSnapshot !== undefined && { beginSnapshot: () => server.beginSnapshot!() }),
    ...(server.endMoment !== undefined && { endMoment: () => server.endMoment!() }),
    async *nodes(signal) {
      let hidden = 0;
      for await (const batch of server.nodes(signal)) {
        const kept = batch.filter((node) => !isOurs(created.get("node", node.id), () => nodeHash(node)));
        hidden += batch.length - kept.length;
        yield kept.map((node) => nodeBefore(journal, node));
      }
      assertAll(created.counts.node, hidden, complete);
    },
    async *relationships(signal) {
      let hidden = 0;
      const gone = goneMarks(journal);
      for await (const batch of server.relationships(signal)) {
        const ours = (record: ServerRelationship) =>
          isOurs(created.get("relationship", record.id), () => relationshipHash(record));
        const kept = batch.filter((record) => !ours(record));
        hidden += batch.length - kept.length;
        // It stands there still, or again: what was put back has another number.
        if (gone.size > 0) for (const record of kept) gone.take(relationshipHash(record));
        yield kept.map((record) => relationshipBefore(journal, record));
      }
      assertAll(created.counts.relationship, hidden, complete);
      for (const { image } of journal.images("relationship")) {
        if (image.kind === "relationship" && image.moved && gone.take(relationshipHash(image))) yield [image];
      }
    },
  };
}

function goneMarks(journal: ServerJournal): HashMultiset {
  const hashes = new HashMultiset();
  for (const { image } of journal.images("relationship")) {
    if (image.kind === "relationship" && image.moved) hashes.add(relationshipHash(image));
  }
  return hashes;
}

/** Of those wanted and not there, the ones that the run itself had deleted. */
export function missingMoved(
  journal: ServerJournal,
  wanted: readonly InternalId[],
  there: readonly ServerRelationship[],
): InternalId[] {
  const found = new Set(there.map(({ id }) => id));
  return wanted.filter((id) => !found.has(id) && isMoved(journal, id));
}

/** Servers give the number of what was deleted to the next: it need not be what the run has noted under it. */
export function hasNumberOfMoved(journal: ServerJournal, record: ServerRelationship): boolean {
  const image = journal.imageOf("relationship", record.id)?.image;
  if (image?.kind !== "relationship" || !image.moved) return false;
  return !sameShortHash(relationshipHash(record), relationshipHash(image));
}

function isMoved(journal: ServerJournal, id: InternalId): boolean {
  const image = journal.imageOf("relationship", id)?.image;
  return image?.kind === "relationship" && image.moved;
}

function marksOf(journal: ServerJournal): CreatedHashes {
  const created = new CreatedHashes();
  for (const { kind, creations, ids } of journal.batches()) {
    if (ids !== null) for (const [at, { hash }] of creations.entries()) created.add(kind, ids[at]!, hash);
  }
  return created;
}

function isOurs(created: ShortHash | null, found: () => ShortHash): boolean {
  return created !== null && sameShortHash(created, found());
}

function nodeBefore(journal: ServerJournal, node: ServerNode): ServerNode {
  const noted = journal.imageOf("node", node.id);
  return noted !== null && noted.image.kind === "node" && sameShortHash(noted.after, nodeHash(node))
    ? noted.image
    : node;
}

function relationshipBefore(journal: ServerJournal, record: ServerRelationship): ServerRelationship {
  const noted = journal.imageOf("relationship", record.id);
  if (noted === null || noted.image.kind !== "relationship") return record;
  return sameShortHash(noted.after, relationshipHash(record)) ? noted.image : record;
}

function assertAll(wanted: number, found: number, { location }: Complete): void {
  if (wanted === found) return;
  throw new RefusedError(
    `${location} changed since the run was stopped: ${wanted - found} records that it had written are gone or changed`,
    { next: "Undo the run instead: what somebody changed since stays, and is listed." },
  );
}
