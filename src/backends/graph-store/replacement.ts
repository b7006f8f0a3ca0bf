/** Records of a graph put in the place of those with the same identity; what stood there is written down first. */
import { RefusedError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, keyOfId, relationshipId } from "../../graph/record.ts";
import { failpoint } from "../../support/failpoint.ts";
import { nodeHash, relationshipHash } from "./content.ts";
import type { GraphServer, InternalId, ServerNode, ServerRelationship } from "./server.ts";
import type { NewImage, ServerJournal } from "./server-journal.ts";
import { hasNumberOfMoved, missingMoved } from "./view-without-run.ts";

export interface RelationshipRow {
  readonly relationship: GraphRelationship;
  readonly from: InternalId;
  readonly to: InternalId;
  readonly properties: Properties;
}

export interface TypedRow extends RelationshipRow {
  readonly type: string;
}

/** Notes each before-image in the journal, then changes the record in place where the server can. */
export class Replacement {
  readonly #server: GraphServer;
  readonly #journal: ServerJournal;
  readonly #location: string;
  readonly #resumed: boolean;

  constructor(server: GraphServer, journal: ServerJournal, location: string, resumed: boolean) {
    this.#server = server;
    this.#journal = journal;
    this.#location = location;
    this.#resumed = resumed;
  }

  async nodes(nodes: readonly GraphNode[]): Promise<void> {
    if (nodes.length === 0) return;
    const wanted = new Map(nodes.map((node) => [this.#journal.known.internalOf(node.key)!, node]));
    const there = await this.#server.nodesById([...wanted.keys()]);
    this.#assertAllThere(wanted.size, there.length);
    this.#assertSameKind(there, wanted);
    this.#note(
      there.map((found) => {
        const next = wanted.get(found.id)!;
        const { labels, properties } = found;
        const before = { kind: "node" as const, key: next.key, labels, properties };
        return { image: { kind: "node", ...found }, after: nodeHash(next), before, next };
      }),
    );
    await this.#server.writer.changeNodes(
      there.map(({ id, labels: labelsBefore }) => {
        const { labels, properties } = wanted.get(id)!;
        return { id, labelsBefore, labels, properties };
      }),
    );
    failpoint("before-image replaced");
  }

  /** An id can be that of somebody else's node: nothing of it would be left. @throws RefusedError */
  #assertSameKind(there: readonly ServerNode[], wanted: ReadonlyMap<InternalId, GraphNode>): void {
    const strangers = there.filter(({ id, labels }) => {
      const next = wanted.get(id)!.labels;
      return labels.length + next.length > 0 && !labels.some((label) => next.includes(label));
    });
    if (strangers.length === 0) return;
    throw new RefusedError(
      `${strangers.length} nodes of ${this.#location} have the same id as a node of the source, but different labels`,
      {
        details: strangers.slice(0, 10).map(({ id, labels }) => {
          const next = wanted.get(id)!;
          return `${next.properties.get("id")}: (:${labels.join(":")}) there, (:${next.labels.join(":")}) in the source`;
        }),
        next: "Choose an empty database or another graph as the target; or leave those as they are with --on-conflict skip.",
      },
    );
  }

  /** Gives those that are to be created anew, since their type or ends change, and a relationship cannot change them. */
  async relationships(
    relationships: readonly GraphRelationship[],
    rowOf: (record: GraphRelationship) => TypedRow,
  ): Promise<GraphRelationship[]> {
    const { known } = this.#journal;
    const refs = relationships.map((relationship) => known.findRelationship(relationshipId(relationship)!)!);
    const wanted = new Map(refs.map(({ id }, at) => [id, rowOf(relationships[at]!)]));
    const found = await this.#server.relationshipsById(refs);
    const there = this.#resumed ? found.filter((record) => !hasNumberOfMoved(this.#journal, record)) : found;
    // Deleted already, before an earlier process ended.
    const gone = this.#resumed ? missingMoved(this.#journal, [...wanted.keys()], there) : [];
    this.#assertAllThere(wanted.size, there.length + gone.length);
    const moved = there.filter(({ id, from, to, type }) => {
      const next = wanted.get(id)!;
      return next.from !== from || next.to !== to || next.type !== type;
    });
    this.#note(
      there.map((found) => {
        const next = wanted.get(found.id)!;
        const image = { kind: "relationship" as const, ...found, moved: moved.includes(found) };
        return { image, after: relationshipHash(next), before: this.#recordOf(found), next: next.relationship };
      }),
    );
    const kept = there.filter((image) => !moved.includes(image));
    await this.#server.writer.changeRelationships(
      kept.map(({ id, from }) => ({ id, from, properties: wanted.get(id)!.properties })),
    );
    failpoint("before-image replaced");
    // Neither the type nor the ends of a relationship can be changed in place.
    await this.#server.writer.deleteRelationships(moved);
    const anew = [...moved.map((image) => image.id), ...gone];
    for (const id of anew) known.forgetRelationship(id);
    return anew.map((id) => wanted.get(id)!.relationship);
  }

  /** Where a run goes on, what an earlier process has noted was before the run; what is there now need not have been. */
  #note(images: readonly NewImage[]): void {
    this.#journal.noteImages(
      images.filter(({ image: { kind, id } }) => !this.#resumed || this.#journal.imageOf(kind, id) === null),
    );
  }

  #recordOf({ from, to, fromId, toId, type, properties }: ServerRelationship): GraphRelationship {
    const { known } = this.#journal;
    const [start, end] = [known.keyOf(from) ?? keyOfId(String(fromId)), known.keyOf(to) ?? keyOfId(String(toId))];
    return { kind: "relationship", from: start, to: end, type, properties };
  }

  #assertAllThere(wanted: number, found: number): void {
    if (wanted === found) return;
    throw new RefusedError(`${this.#location} changed during the run: ${wanted - found} records are gone`, {
      next: "Stop the applications that use it, and run the same command again.",
    });
  }
}
