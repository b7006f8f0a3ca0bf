/**
 * Undoes what the journal of a run tells, on a connection of its own: the first one may be what failed. It can be ended
 * at any moment and begun again: what is undone already is recognised.
 */
import { ConnectionError, MigrateError, RollbackError } from "../../errors.ts";
import { idOfKey } from "../../graph/record.ts";
import { failpoint } from "../../support/failpoint.ts";
import { sleep } from "../../support/time.ts";
import type { StoreDescription } from "../backend.ts";
import type { BeforeImage } from "./before-images.ts";
import { MarkMultiset, nodeMark, relationshipMark, sameMark } from "./content.ts";
import { deleteFound, SETTLE_MS, wantedOf } from "./in-doubt.ts";
import type { GraphServer, InternalId, ServerNode, ServerRelationship } from "./server.ts";
import type { NotedBatch, NotedFormer, UndoJournal } from "./undo-journal.ts";

/** How long a server that has gone may take to come back. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 500;
const PAGE = 1_000;

/**
 * What makes a record still the one that was written: in the run itself the server's number and its id, later also that
 * nobody has changed it.
 */
export type Ownership = "number" | "content";

export interface RollbackOptions {
  readonly before: StoreDescription;
  readonly ownership: Ownership;
  readonly connect: () => Promise<GraphServer>;
  readonly patience?: number;
}

export class Rollback {
  readonly #journal: UndoJournal;
  readonly #options: RollbackOptions;
  /** Records of ours that stay, since somebody has changed or joined them. */
  readonly #left: string[] = [];

  constructor(journal: UndoJournal, options: RollbackOptions) {
    this.#journal = journal;
    this.#options = options;
  }

  /**
   * Gives the records of the run that stay, since somebody has changed them or joined them to others.
   * @throws RollbackError naming what is still there
   */
  async run(): Promise<readonly string[]> {
    const { before } = this.#options;
    let server: GraphServer | null = null;
    try {
      server = await this.#reconnect();
      this.#journal.noteUndoing();
      failpoint("before rollback");
      try {
        await this.#undo(server, before);
      } catch (cause) {
        if (cause instanceof RollbackError || !(await this.#isDiscarded(server, before))) throw cause;
      }
      return this.#left;
    } catch (cause) {
      if (cause instanceof RollbackError) throw cause;
      throw this.#failed(before.location, cause);
    } finally {
      await server?.close();
    }
  }

  async #undo(server: GraphServer, { nodes, relationships }: StoreDescription): Promise<void> {
    const there = new Set((await server.schema()).map(({ what }) => what));
    for (const item of this.#journal.schema().reverse()) if (there.has(item.what)) await server.dropSchema(item);
    const lost = await this.#deleteRelationships(server);
    await this.#restoreRelationships(server);
    failpoint("half rolled back");
    await this.#deleteNodes(server, lost);
    for (const noted of this.#journal.beforeImages("node")) await this.#restoreNode(server, noted);
    // An empty graph that stays behind does no harm.
    if (nodes + relationships === 0) await server.removeEmpty().catch(() => {});
    failpoint("rolled back");
  }

  /** A graph that was empty and holds nothing but what this run made can go as a whole. */
  async #isDiscarded(server: GraphServer, { nodes, relationships, indexes }: StoreDescription): Promise<boolean> {
    if (server.discard === undefined || nodes + relationships + indexes.length > 0) return false;
    if (this.#journal.unanswered().length > 0) return false;
    for await (const batch of server.nodes()) {
      if (!batch.every(({ id }) => this.#journal.known.isKnown("node", id))) return false;
    }
    for await (const batch of server.relationships()) {
      if (!batch.every(({ id }) => this.#journal.known.isKnown("relationship", id))) return false;
    }
    await server.discard();
    return true;
  }

  async #reconnect(): Promise<GraphServer> {
    const { connect, patience = PATIENCE_MS } = this.#options;
    const start = performance.now();
    while (true) {
      try {
        return await connect();
      } catch (error) {
        if (!(error instanceof ConnectionError) || performance.now() - start > patience) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  /** Gives the nodes that are looked for by content: batches without an answer, and what is not where it was written. */
  async #deleteRelationships(server: GraphServer): Promise<MarkMultiset> {
    const unanswered = this.#journal.unanswered();
    if (unanswered.length > 0) await sleep(SETTLE_MS);
    const { nodes, relationships } = wantedOf(unanswered);
    for (const batch of this.#answered("relationship")) {
      for (const page of pages(batch)) {
        const refs = page.map(({ id, from }) => ({ id, from }));
        if (this.#options.ownership === "number") {
          await server.deleteRelationships(refs);
          continue;
        }
        const found = new Map((await server.relationshipsById(refs)).map((record) => [record.id, record]));
        const ours = page.filter(({ id, from, name, mark }) => {
          const record = found.get(id);
          if (record !== undefined && sameMark(relationshipMark(record), mark)) return true;
          if (record !== undefined && record.from === from && record.type === name) this.#left.push(nameOf(record));
          else relationships.add(mark);
          return false;
        });
        await server.deleteRelationships(ours.map(({ id, from }) => ({ id, from })));
      }
    }
    await deleteFound(server, this.#journal.known, "relationship", relationships);
    return nodes;
  }

  async #deleteNodes(server: GraphServer, lost: MarkMultiset): Promise<void> {
    for (const batch of this.#answered("node")) {
      for (const page of pages(batch)) {
        // The server gives the number of a deleted node to another one: what it holds tells whether it is still ours.
        const found = new Map((await server.nodesById(page.map(({ id }) => id))).map((node) => [node.id, node]));
        const ours = page.filter(({ id, name, mark }) => {
          const node = found.get(id);
          if (node !== undefined && this.#isOurs(node, name, mark)) return true;
          if (node !== undefined && hasId(node, name)) this.#left.push(nameOf(node));
          else if (this.#options.ownership === "content") lost.add(mark);
          return false;
        });
        const gone = new Set(await server.deleteNodes(ours.map(({ id }) => id)));
        for (const { id } of ours) if (!gone.has(id)) this.#left.push(nameOf(found.get(id)!));
      }
    }
    await deleteFound(server, this.#journal.known, "node", lost);
  }

  #isOurs(node: ServerNode, key: string, mark: Uint8Array): boolean {
    if (this.#options.ownership === "content") return sameMark(nodeMark(node), mark);
    return idOfKey(key) === null || hasId(node, key);
  }

  async #restoreNode(server: GraphServer, { former, after }: NotedFormer): Promise<void> {
    if (former.kind !== "node") return;
    const [now] = await server.nodesById([former.id]);
    const { id, labels, labelsAfter, properties } = former;
    if (now !== undefined && this.#options.ownership === "content") {
      const mark = nodeMark(now);
      if (sameMark(mark, nodeMark(former))) return;
      if (!sameMark(mark, after)) {
        this.#left.push(nameOf(now));
        return;
      }
    }
    if (now === undefined) this.#left.push(`${nameOf(former)} (deleted since)`);
    else await server.changeNodes([{ id, labelsBefore: labelsAfter, labels, properties }]);
  }

  async #restoreRelationships(server: GraphServer): Promise<void> {
    const restored = await this.#restoredBefore(server);
    for (const { former, after } of this.#journal.beforeImages("relationship")) {
      if (former.kind !== "relationship") continue;
      const { id, from, to, type, properties } = former;
      if (former.gone) {
        if (restored.take(relationshipMark(former))) continue;
        await server.createRelationships({ type, rows: [{ from, to, properties }] });
        continue;
      }
      const [now] = await server.relationshipsById([{ id, from }]);
      if (now === undefined) {
        this.#left.push(`${nameOf(former)} (deleted since)`);
        continue;
      }
      const mark = relationshipMark(now);
      if (sameMark(mark, relationshipMark(former))) continue;
      if (this.#options.ownership === "number" || sameMark(mark, after)) {
        await server.changeRelationships([{ id, from, properties }]);
      } else this.#left.push(nameOf(now));
    }
  }

  /** Relationships that had been deleted and stand there again, or still: an earlier attempt may have been cut short. */
  async #restoredBefore(server: GraphServer): Promise<MarkMultiset> {
    const there = new MarkMultiset();
    const wanted = new MarkMultiset();
    for (const { former } of this.#journal.beforeImages("relationship")) {
      if (former.kind === "relationship" && former.gone) wanted.add(relationshipMark(former));
    }
    if (wanted.size === 0) return there;
    for await (const batch of server.relationships()) {
      for (const record of batch) if (wanted.take(relationshipMark(record))) there.add(relationshipMark(record));
    }
    return there;
  }

  *#answered(kind: NotedBatch["kind"]): Generator<NotedBatch> {
    for (const batch of this.#journal.batches()) if (batch.kind === kind && batch.ids !== null) yield batch;
  }

  #failed(location: string, cause: unknown): RollbackError {
    const { nodes, relationships, beforeImages, unanswered } = this.#journal.count();
    const first = [...this.#answered("node").take(1)].flatMap(({ creations }) => creations.slice(0, 10));
    return new RollbackError(`what this run did to ${location} could not be undone: ${reasonOf(cause)}`, {
      details: [
        `created and to be deleted: ${nodes} nodes and ${relationships} relationships`,
        `overwritten and to be put back: ${beforeImages} records`,
        `without an answer: ${unanswered} records`,
        ...first.map(({ name }) => `  ${idOfKey(name) ?? "a node without id"}`),
      ],
      next: `${cause instanceof ConnectionError ? "Start the server again." : wayOut(cause)} The same command then completes what is there; to undo it instead, delete what the source and the target have in common, or restore a backup of the target.`,
      cause,
    });
  }
}

interface Placed {
  readonly id: InternalId;
  readonly from: InternalId;
  readonly name: string;
  readonly mark: Uint8Array;
}

function* pages({ creations, ids }: NotedBatch): Generator<Placed[]> {
  const placed = creations.map((creation, at) => ({ ...creation, id: ids![at]! }));
  for (let at = 0; at < placed.length; at += PAGE) yield placed.slice(at, at + PAGE);
}

function hasId({ properties }: ServerNode, key: string): boolean {
  const id = idOfKey(key);
  return id !== null && properties.get("id") === id;
}

function nameOf(record: ServerNode | ServerRelationship | BeforeImage): string {
  const id = record.properties.get("id");
  const what = "type" in record ? `relationship ${record.type}` : `node ${record.labels.join(":")}`;
  return typeof id === "string" ? `${what} ${id}` : `${what} without id`;
}

function reasonOf(cause: unknown): string {
  return cause instanceof MigrateError || cause instanceof Error ? cause.message : String(cause);
}

/** What the failure itself asks for, without its running the command again. */
export function wayOut(cause: unknown): string {
  const next = cause instanceof MigrateError ? cause.next : "Look into the server's log.";
  return next.replace(/, then run the same command again\.$/, ".");
}
