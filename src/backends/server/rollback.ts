/** Undoes what the journal of a run tells, on a connection of its own: the first one may be what failed. */
import { ConnectionError, MigrateError, RollbackError } from "../../errors.ts";
import { hashText } from "../../graph/digest.ts";
import type { Properties } from "../../graph/properties.ts";
import { idOfKey } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { sleep } from "../../support/time.ts";
import type { SchemaItem, StoreDescription } from "../backend.ts";
import type { GraphServer, InternalId } from "./server.ts";
import type { Former, UndoJournal } from "./undo-journal.ts";

/** How long a server that has gone may take to come back. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 500;

export class Rollback {
  readonly #journal: UndoJournal;
  readonly #schema: readonly SchemaItem[];
  readonly #connect: () => Promise<GraphServer>;

  constructor(journal: UndoJournal, schema: readonly SchemaItem[], connect: () => Promise<GraphServer>) {
    this.#journal = journal;
    this.#schema = schema;
    this.#connect = connect;
  }

  /** @throws RollbackError naming what is still there */
  async run(before: StoreDescription): Promise<void> {
    let server: GraphServer | null = null;
    try {
      server = await this.#reconnect();
      try {
        await this.#undo(server, before);
      } catch (cause) {
        if (cause instanceof RollbackError || !(await this.#isDiscarded(server, before))) throw cause;
      }
    } catch (cause) {
      if (cause instanceof RollbackError) throw cause;
      throw this.#failed(before.location, cause);
    } finally {
      await server?.close();
    }
  }

  async #undo(server: GraphServer, { nodes, relationships }: StoreDescription): Promise<void> {
    for (const item of [...this.#schema].reverse()) await server.dropSchema(item);
    await this.#deleteUnanswered(server);
    for (const page of this.#journal.createdRelationships()) await server.deleteRelationships(page);
    for (const former of this.#journal.formers()) if (former.kind === "relationship") await restore(server, former);
    await this.#deleteNodes(server);
    for (const former of this.#journal.formers()) if (former.kind === "node") await restore(server, former);
    // An empty graph that stays behind does no harm.
    if (nodes + relationships === 0) await server.removeEmpty().catch(() => {});
  }

  /** A graph that was empty and holds nothing but what this run made can go as a whole. */
  async #isDiscarded(server: GraphServer, { nodes, relationships, indexes }: StoreDescription): Promise<boolean> {
    if (server.discard === undefined || nodes + relationships + indexes.length > 0) return false;
    if (this.#journal.unanswered.length > 0) return false;
    for await (const batch of server.nodes()) {
      if (!batch.every(({ id }) => this.#journal.isKnown("node", id))) return false;
    }
    for await (const batch of server.relationships()) {
      if (!batch.every(({ id }) => this.#journal.isKnown("relationship", id))) return false;
    }
    await server.discard();
    return true;
  }

  async #reconnect(): Promise<GraphServer> {
    const start = performance.now();
    while (true) {
      try {
        return await this.#connect();
      } catch (error) {
        if (!(error instanceof ConnectionError) || performance.now() - start > PATIENCE_MS) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  /** A node that somebody joined to others meanwhile stays, and is named. */
  async #deleteNodes(server: GraphServer): Promise<void> {
    const left: string[] = [];
    for (const page of this.#journal.createdNodes()) {
      // The server gives the number of a deleted node to another one: the id tells whether it is still ours.
      const there = new Map(
        (await server.nodesById(page.map(({ internal }) => internal))).map((node) => [node.id, node]),
      );
      const ours = page.filter(({ key, internal }) => {
        const node = there.get(internal);
        const id = idOfKey(key);
        return node !== undefined && (id === null || node.properties.get("id") === id);
      });
      const gone = new Set(await server.deleteNodes(ours.map(({ internal }) => internal)));
      left.push(
        ...ours.filter(({ internal }) => !gone.has(internal)).map(({ key }) => idOfKey(key) ?? "a node without id"),
      );
    }
    if (left.length === 0) return;
    throw new RollbackError(`${left.length} nodes that this run created stay, since somebody joined them to others`, {
      details: left.slice(0, 10),
      next: "Look at what was joined to them, and delete them by hand.",
    });
  }

  /** Of a batch without an answer everything or nothing is there: found by content, among what nobody else is known to have made. */
  async #deleteUnanswered(server: GraphServer): Promise<void> {
    const { unanswered } = this.#journal;
    if (unanswered.length === 0) return;
    const nodes = new Multiset();
    const relationships = new Multiset();
    for (const batch of unanswered) {
      if ("labels" in batch) for (const properties of batch.rows) nodes.add(nodeContent(batch.labels, properties));
      else {
        for (const { from, to, properties } of batch.rows) {
          relationships.add(relationshipContent(from, to, batch.type, properties));
        }
      }
    }
    await this.#deleteFound(server.relationships(), relationships, "relationship", (found) =>
      relationshipContent(found.from, found.to, found.type, found.properties),
    ).then((found) => server.deleteRelationships(found));
    const found = await this.#deleteFound(server.nodes(), nodes, "node", (found) =>
      nodeContent(found.labels, found.properties),
    );
    await server.deleteNodes(found.map(({ id }) => id));
  }

  async #deleteFound<R extends { readonly id: InternalId }>(
    all: AsyncIterable<readonly R[]>,
    wanted: Multiset,
    kind: "node" | "relationship",
    contentOf: (record: R) => string,
  ): Promise<R[]> {
    const found: R[] = [];
    if (wanted.size === 0) return found;
    for await (const batch of all) {
      for (const record of batch) {
        if (!this.#journal.isKnown(kind, record.id) && wanted.take(contentOf(record))) found.push(record);
      }
    }
    return found;
  }

  #failed(location: string, cause: unknown): RollbackError {
    const created = this.#journal.count("created");
    const former = this.#journal.countFormers();
    const ids = this.#journal.createdNodes().next().value ?? [];
    return new RollbackError(`what this run did to ${location} could not be undone: ${reasonOf(cause)}`, {
      details: [
        `created and to be deleted: ${created.nodes} nodes and ${created.relationships} relationships`,
        `overwritten and to be put back: ${former} records`,
        `without an answer: ${this.#journal.unanswered.reduce((sum, { rows }) => sum + rows.length, 0)} records`,
        ...ids.slice(0, 10).map(({ key }: { key: string }) => `  ${idOfKey(key) ?? "a node without id"}`),
      ],
      next: `${cause instanceof ConnectionError ? "Start the server again." : wayOut(cause)} The same command then completes what is there; to undo it instead, delete what the source and the target have in common, or restore a backup of the target.`,
      cause,
    });
  }
}

async function restore(server: GraphServer, former: Former): Promise<void> {
  const { id, properties } = former;
  if (former.kind === "node") {
    await server.changeNodes([{ id, labelsBefore: former.labelsAfter, labels: former.labels, properties }]);
  } else if (former.gone) {
    const { from, to, type } = former;
    // The line can have broken before it was deleted.
    const [there] = await server.relationshipsById([{ id, from }]);
    const content = relationshipContent(from, to, type, properties);
    if (there !== undefined && relationshipContent(there.from, there.to, there.type, there.properties) === content)
      return;
    await server.createRelationships({ type, rows: [{ from, to, properties }] });
  } else {
    await server.changeRelationships([{ id, from: former.from, properties }]);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof MigrateError || cause instanceof Error ? cause.message : String(cause);
}

/** What the failure itself asks for, without its running the command again. */
function wayOut(cause: unknown): string {
  const next = cause instanceof MigrateError ? cause.next : "Look into the server's log.";
  return next.replace(/, then run the same command again\.$/, ".");
}

function nodeContent(labels: readonly string[], properties: Properties): string {
  return hashText(canonicalizer.text({ kind: "node", key: "#", labels, properties })).toHex();
}

function relationshipContent(from: InternalId, to: InternalId, type: string, properties: Properties): string {
  return hashText(
    canonicalizer.text({ kind: "relationship", from: `#${from}`, to: `#${to}`, type, properties }),
  ).toHex();
}

class Multiset {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  add(item: string): void {
    this.#counts.set(item, (this.#counts.get(item) ?? 0) + 1);
  }

  /** Whether there was one left of it. */
  take(item: string): boolean {
    const count = this.#counts.get(item) ?? 0;
    if (count > 0) this.#counts.set(item, count - 1);
    return count > 0;
  }
}
