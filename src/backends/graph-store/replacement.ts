/** Records of a graph put in the place of those with the same identity; what stood there is written down first. */
import { RefusedError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRelationship, relationshipId } from "../../graph/record.ts";
import { failpoint } from "../../support/failpoint.ts";
import { nodeMark, relationshipMark } from "./content.ts";
import type { GraphServer, InternalId, ServerNode } from "./server.ts";
import type { UndoJournal } from "./undo-journal.ts";
import { hasNumberOfGone, missingFormers } from "./view-without-run.ts";

export interface RelationshipRow {
  readonly id: string | null;
  readonly from: InternalId;
  readonly to: InternalId;
  readonly properties: Properties;
}

export interface TypedRow extends RelationshipRow {
  readonly type: string;
}

export class Replacement {
  readonly #server: GraphServer;
  readonly #journal: UndoJournal;
  readonly #location: string;
  readonly #resumed: boolean;

  constructor(server: GraphServer, journal: UndoJournal, location: string, resumed: boolean) {
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
    const beforeImages = there.map((former) => {
      const { labels, properties } = wanted.get(former.id)!;
      return {
        former: { kind: "node" as const, ...former, labelsAfter: labels },
        after: nodeMark({ labels, properties }),
      };
    });
    this.#journal.noteFormers(
      beforeImages.filter(({ former: { id } }) => this.#journal.beforeImageOf("node", id) === null),
    );
    await this.#server.changeNodes(
      there.map(({ id, labels: labelsBefore }) => {
        const { labels, properties } = wanted.get(id)!;
        return { id, labelsBefore, labels, properties };
      }),
    );
    failpoint("former replaced");
  }

  /** An id can be that of somebody else's node: nothing of it would be left. @throws RefusedError */
  #assertSameKind(there: readonly ServerNode[], wanted: ReadonlyMap<InternalId, GraphNode>): void {
    const strangers = there.filter(({ id, labels }) => {
      const next = wanted.get(id)!.labels;
      return labels.length + next.length > 0 && !labels.some((label) => next.includes(label));
    });
    if (strangers.length === 0) return;
    throw new RefusedError(
      `${strangers.length} nodes of ${this.#location} have the id of a node that comes, but are something else`,
      {
        details: strangers.slice(0, 10).map(({ id, labels }) => {
          const next = wanted.get(id)!;
          return `${next.properties.get("id")}: (:${labels.join(":")}) there, (:${next.labels.join(":")}) in the source`;
        }),
        next: "Choose an empty database or another graph as the target; or leave those as they are with --on-conflict skip.",
      },
    );
  }

  /** Gives those that are to be created anew, since what stood there had to be deleted. */
  async relationships(
    relationships: readonly GraphRelationship[],
    rowOf: (record: GraphRelationship) => TypedRow,
  ): Promise<TypedRow[]> {
    const { known } = this.#journal;
    const refs = relationships.map((relationship) => known.findRelationship(relationshipId(relationship)!)!);
    const wanted = new Map(refs.map(({ id }, at) => [id, rowOf(relationships[at]!)]));
    const found = await this.#server.relationshipsById(refs);
    const there = this.#resumed ? found.filter((record) => !hasNumberOfGone(this.#journal, record)) : found;
    // Deleted already, before an earlier process ended.
    const gone = this.#resumed ? missingFormers(this.#journal, [...wanted.keys()], there) : [];
    this.#assertAllThere(wanted.size, there.length + gone.length);
    const moved = there.filter(({ id, from, to, type }) => {
      const next = wanted.get(id)!;
      return next.from !== from || next.to !== to || next.type !== type;
    });
    const beforeImages = there.map((former) => ({
      former: { kind: "relationship" as const, ...former, gone: moved.includes(former) },
      after: relationshipMark(wanted.get(former.id)!),
    }));
    this.#journal.noteFormers(
      beforeImages.filter(({ former: { id } }) => this.#journal.beforeImageOf("relationship", id) === null),
    );
    const kept = there.filter((former) => !moved.includes(former));
    await this.#server.changeRelationships(
      kept.map(({ id, from }) => ({ id, from, properties: wanted.get(id)!.properties })),
    );
    failpoint("former replaced");
    // Neither the type nor the ends of a relationship can be changed in place.
    await this.#server.deleteRelationships(moved);
    const anew = [...moved.map((former) => former.id), ...gone];
    for (const id of anew) known.forgetRelationship(id);
    return anew.map((id) => wanted.get(id)!);
  }

  #assertAllThere(wanted: number, found: number): void {
    if (wanted === found) return;
    throw new RefusedError(`${this.#location} changed meanwhile: ${wanted - found} records are gone`, {
      next: "Stop the applications that use it, and run the same command again.",
    });
  }
}
