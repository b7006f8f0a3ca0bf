/** A graph on a server as a target: written at once, batch by batch, with a journal by which all of it can be undone. */
import { ConnectionError, RefusedError, SchemaConflictError, WriteError } from "../../errors.ts";
import type { Properties } from "../../graph/properties.ts";
import { type GraphNode, type GraphRecord, type GraphRelationship, relationshipId } from "../../graph/record.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { Oddity, SchemaItem, StoreDescription, TargetSession, WriteReport, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { OddityLog } from "../oddities.ts";
import { Batches, InFlight, sizeOfProperties } from "./batches.ts";
import { describe } from "./describe.ts";
import { Fitter } from "./fitting.ts";
import { readRecords, type Witness } from "./reader.ts";
import { Rollback } from "./rollback.ts";
import type { GraphServer, InternalId, NewNodes, NewRelationships, OpenServer, ServerNode } from "./server.ts";
import { UndoJournal } from "./undo-journal.ts";

interface NodeRow {
  readonly key: string;
  readonly labels: readonly string[];
  readonly properties: Properties;
}

interface RelationshipRow {
  readonly id: string | null;
  readonly from: InternalId;
  readonly to: InternalId;
  readonly properties: Properties;
}

export class ServerSession implements TargetSession {
  readonly before: StoreDescription;
  readonly release: Release;
  readonly report: WriteReport & { notes: Oddity[] } = { respelled: 0, defaulted: {}, setAside: {}, notes: [] };
  readonly fitting: Fitter;
  readonly #server: GraphServer;
  readonly #open: OpenServer;
  readonly #config: BackendConfig;
  readonly #request: WriteRequest;
  readonly #journal = new UndoJournal();
  readonly #inFlight: InFlight;
  readonly #nodes: Batches<NodeRow>;
  readonly #relationships: Batches<RelationshipRow>;
  readonly #createdSchema: SchemaItem[] = [];
  #written = false;
  #indexing: Promise<void> = Promise.resolve();
  /** Whether nodes wait to be sent or are under way: relationships need the numbers that the server gives them. */
  #nodesOpen = false;
  #oddities = new OddityLog();

  private constructor(
    server: GraphServer,
    open: OpenServer,
    config: BackendConfig,
    request: WriteRequest,
    before: StoreDescription,
    uniqueIds: readonly string[],
  ) {
    this.#server = server;
    this.#open = open;
    this.#config = config;
    this.#request = request;
    this.before = before;
    this.release = request.release ?? before.release ?? request.fallbackRelease;
    this.fitting = new Fitter(server, {
      release: this.release,
      report: this.report,
      uniqueIds,
      addNode: (key) => this.#journal.expectNode(key),
      hasNode: (key) => this.#journal.knowsNode(key),
    });
    this.#inFlight = new InFlight(server.limits.inFlight);
    this.#nodes = new Batches(server.limits, (_, rows) => this.#sendNodes(rows));
    this.#relationships = new Batches(server.limits, (type, rows) => this.#sendRelationships(type, rows));
  }

  /** @throws ConnectionError, StoreKindError, RefusedError, AccessError */
  static async begin(open: OpenServer, config: BackendConfig, request: WriteRequest): Promise<ServerSession> {
    const server = await open(config, { access: "write", signal: request.signal });
    try {
      const before = await describe(server);
      return new ServerSession(server, open, config, request, before, await server.uniqueIdLabels());
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#request.signal?.throwIfAborted();
    for (const record of batch) {
      const { properties } = record;
      const bytes = sizeOfProperties(properties);
      if (record.kind === "node") {
        const { key, labels } = record;
        this.#nodesOpen = true;
        await this.#nodes.add(labels.join("\0"), { key, labels, properties }, bytes);
      } else {
        await this.#nodesDone();
        const { type, ...row } = this.#row(record);
        await this.#relationships.add(type, row, bytes);
      }
    }
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length === 0) return;
    this.#request.signal?.throwIfAborted();
    this.#written = true;
    await this.#replaceNodes(batch.filter((record) => record.kind === "node"));
    const relationships = batch.filter((record) => record.kind === "relationship");
    if (relationships.length === 0) return;
    await this.#nodesDone();
    await this.#replaceRelationships(relationships);
  }

  async finish(): Promise<void> {
    await this.#nodesDone();
    await this.#relationships.flush();
    await this.#inFlight.settle();
    const there = new Set((await this.#server.schema()).map(({ what }) => what));
    const carried = (this.#request.schema ?? []).filter(({ own, backend }) => !own && backend === this.#server.type);
    for (const item of [...this.#server.ownSchema(this.release), ...carried]) {
      if (there.has(item.what)) continue;
      this.#written = true;
      there.add(item.what);
      try {
        await this.#server.createSchema(item);
        this.#createdSchema.push(item);
      } catch (error) {
        if (!(error instanceof SchemaConflictError)) throw error;
        this.#leaveWithout(item, error.message);
      }
    }
    // The server fills its indexes while we read back.
    this.#indexing = this.#awaitSchema();
    this.#indexing.catch(() => {});
  }

  async #awaitSchema(): Promise<void> {
    for (const { item, why } of await this.#server.schemaReady(this.#createdSchema)) this.#leaveWithout(item, why);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#oddities = new OddityLog();
    const { signal } = this.#request;
    // Through a connection of its own, so that it is what anybody else would read.
    const server = await this.#open(this.#config, { access: "read", signal });
    // The first reading tells what stands there, for finding what is to be replaced and joined.
    const noting = !this.#written;
    try {
      const journal = this.#journal;
      const witness: Witness = {
        node: ({ key }, id) => journal.noteNode(key, id, "before"),
        relationship: (record, ref) => journal.noteRelationship(relationshipId(record), ref, "before"),
      };
      yield* readRecords(server, this.#oddities, signal, noting ? witness : undefined);
    } finally {
      await server.close();
    }
  }

  oddities(): readonly Oddity[] {
    return this.#oddities.list();
  }

  async describe(): Promise<StoreDescription> {
    await this.#indexing;
    return describe(this.#server);
  }

  async commit(): Promise<void> {
    await this.#indexing;
    this.#journal.close();
    await this.#server.close();
  }

  async rollback(): Promise<void> {
    await this.#inFlight.quiet();
    await this.#indexing.catch(() => {});
    await this.#server.close();
    try {
      if (!this.#written) return;
      await new Rollback(this.#journal, this.#createdSchema, () => this.#open(this.#config, { access: "write" })).run(
        this.before,
      );
    } finally {
      this.#journal.close();
    }
  }

  async keep(): Promise<string> {
    await this.#inFlight.quiet();
    // What failed may be just that.
    await this.#indexing.catch(() => {});
    this.#indexing = Promise.resolve();
    const { nodes, relationships } = this.#journal.count("created");
    await this.commit();
    return `${this.before.location} (${nodes} nodes and ${relationships} relationships)`;
  }

  #leaveWithout({ kind, what }: SchemaItem, why: string): void {
    this.report.notes.push({
      kind: "note",
      what: `${kind === "index" ? "an index" : "a constraint"} that what the store holds does not allow, and that it is left without: ${why}`,
      count: 1,
      examples: [what],
    });
  }

  async #nodesDone(): Promise<void> {
    if (!this.#nodesOpen) return;
    await this.#nodes.flush();
    await this.#inFlight.settle();
    this.#nodesOpen = false;
  }

  #internal(key: string): InternalId {
    const internal = this.#journal.internalOf(key);
    if (internal !== null) return internal;
    throw new WriteError(`a relationship leads to a node that is not there: ${key.replace(/^=/, "")}`, {
      next: "The source may have changed meanwhile; run the same command again.",
    });
  }

  async #sendNodes(rows: readonly NodeRow[]): Promise<void> {
    const batch: NewNodes = { labels: rows[0]!.labels, rows: rows.map(({ properties }) => properties) };
    await this.#send(batch, async () => {
      const ids = await this.#server.createNodes(batch);
      for (const [at, { key }] of rows.entries()) this.#journal.noteNode(key, ids[at]!, "created");
    });
  }

  async #sendRelationships(type: string, rows: readonly RelationshipRow[]): Promise<void> {
    const batch: NewRelationships = { type, rows };
    await this.#send(batch, async () => {
      const ids = await this.#server.createRelationships(batch);
      // Nobody looks for it by its own id any more.
      for (const [at, { from }] of rows.entries()) {
        this.#journal.noteRelationship(null, { id: ids[at]!, from }, "created");
      }
    });
  }

  async #send(batch: NewNodes | NewRelationships, call: () => Promise<void>): Promise<void> {
    this.#written = true;
    await this.#inFlight.start(async () => {
      try {
        await call();
      } catch (error) {
        // Without an answer nobody knows whether the server has taken it.
        if (error instanceof ConnectionError) this.#journal.unanswered.push(batch);
        throw error;
      }
    });
  }

  async #replaceNodes(nodes: readonly GraphNode[]): Promise<void> {
    if (nodes.length === 0) return;
    const wanted = new Map(nodes.map((node) => [this.#internal(node.key), node]));
    const there = await this.#server.nodesById([...wanted.keys()]);
    this.#assertAllThere(wanted.size, there.length);
    this.#assertSameKind(there, wanted);
    for (const former of there) {
      this.#journal.noteFormer({ kind: "node", ...former, labelsAfter: wanted.get(former.id)!.labels });
    }
    await this.#server.changeNodes(
      there.map(({ id, labels: labelsBefore }) => {
        const { labels, properties } = wanted.get(id)!;
        return { id, labelsBefore, labels, properties };
      }),
    );
  }

  /** An id can be that of somebody else's node: nothing of it would be left. @throws RefusedError */
  #assertSameKind(there: readonly ServerNode[], wanted: ReadonlyMap<InternalId, GraphNode>): void {
    const strangers = there.filter(({ id, labels }) => {
      const next = wanted.get(id)!.labels;
      return labels.length + next.length > 0 && !labels.some((label) => next.includes(label));
    });
    if (strangers.length === 0) return;
    throw new RefusedError(
      `${strangers.length} nodes of ${this.before.location} have the id of a node that comes, but are something else`,
      {
        details: strangers.slice(0, 10).map(({ id, labels }) => {
          const next = wanted.get(id)!;
          return `${next.properties.get("id")}: (:${labels.join(":")}) there, (:${next.labels.join(":")}) in the source`;
        }),
        next: "Choose an empty database or another graph as the target; or leave those as they are with --on-conflict skip.",
      },
    );
  }

  async #replaceRelationships(relationships: readonly GraphRelationship[]): Promise<void> {
    const refs = relationships.map((relationship) => this.#journal.findRelationship(relationshipId(relationship)!)!);
    const wanted = new Map(refs.map(({ id }, at) => [id, this.#row(relationships[at]!)]));
    const there = await this.#server.relationshipsById(refs);
    this.#assertAllThere(wanted.size, there.length);
    const moved = there.filter(({ id, from, to, type }) => {
      const next = wanted.get(id)!;
      return next.from !== from || next.to !== to || next.type !== type;
    });
    for (const former of there) {
      this.#journal.noteFormer({ kind: "relationship", ...former, gone: moved.includes(former) });
    }
    const kept = there.filter((former) => !moved.includes(former));
    await this.#server.changeRelationships(
      kept.map(({ id, from }) => ({ id, from, properties: wanted.get(id)!.properties })),
    );
    if (moved.length === 0) return;
    // Neither the type nor the ends of a relationship can be changed in place.
    await this.#server.deleteRelationships(moved);
    for (const { id } of moved) {
      this.#journal.forgetRelationship(id);
      const { type, ...row } = wanted.get(id)!;
      await this.#relationships.add(type, row, sizeOfProperties(row.properties));
    }
  }

  #row(relationship: GraphRelationship): RelationshipRow & { readonly type: string } {
    const { type, from, to, properties } = relationship;
    return { id: relationshipId(relationship), type, from: this.#internal(from), to: this.#internal(to), properties };
  }

  #assertAllThere(wanted: number, found: number): void {
    if (wanted === found) return;
    throw new RefusedError(`${this.before.location} changed meanwhile: ${wanted - found} records are gone`, {
      next: "Stop the applications that use it, and run the same command again.",
    });
  }
}
