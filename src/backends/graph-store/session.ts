/** A graph on a server as a target: written at once, batch by batch, with a journal by which all of it can be undone. */
import { ConnectionError, MigrateError, WriteError } from "../../errors.ts";
import type { ContentHash } from "../../graph/digest.ts";
import { type GraphNode, type GraphRecord, type GraphRelationship, relationshipId } from "../../graph/record.ts";
import { fingerprintOf } from "../../memorygraph/fingerprint.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { failpoint } from "../../support/failpoint.ts";
import { deadlineAfter, patience } from "../../support/patience.ts";
import type { Finding, LiveTarget, StoreDescription, WriteReport, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { FindingLog } from "../findings.ts";
import { emptyReport } from "../report.ts";
import { BASELINE, type Baseline, baselineOf, notedBaseline } from "./baseline.ts";
import { Batches, InFlight, sizeOfProperties } from "./batches.ts";
import { hashesOf, MarkMultiset, nodeMark, relationshipMark } from "./content.ts";
import { describe } from "./describe.ts";
import { Fitter } from "./fitting.ts";
import { resolveInDoubt } from "./in-doubt.ts";
import { type Precomputed, PrecomputedHashes } from "./precomputed-hashes.ts";
import { type RecordObserver, readRecords } from "./reader.ts";
import { type RelationshipRow, Replacement, type TypedRow } from "./replacement.ts";
import { rollBackNow } from "./rollback.ts";
import type { GraphServer, InternalId, OpenServer } from "./server.ts";
import { type PrintedCreation, ServerJournal } from "./server-journal.ts";
import type { TargetRule } from "./target-rules.ts";
import { TargetSchema, wantedSchema } from "./target-schema.ts";
import { viewBefore } from "./view-without-run.ts";

interface NodeRow {
  readonly node: GraphNode;
  readonly hashes: Precomputed | null;
}

interface RelationshipToSend extends RelationshipRow {
  readonly hashes: Precomputed | null;
}

export class ServerSession implements LiveTarget {
  readonly kind = "live";
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport & { notes: Finding[] };
  readonly fitting: Fitter;
  readonly #server: GraphServer;
  readonly #open: OpenServer;
  readonly #config: BackendConfig;
  readonly #request: WriteRequest;
  readonly #journal: ServerJournal;
  /** Whether an earlier process has begun this run: what it wrote is there, and is hidden from the first reading. */
  readonly #resumed: boolean;
  readonly #replacement: Replacement;
  readonly #inFlight: InFlight;
  readonly #nodes: Batches<NodeRow>;
  readonly #relationships: Batches<RelationshipToSend>;
  readonly #precomputed = new PrecomputedHashes();
  #written: boolean;
  /** Whether this process has begun to write: until then, what is read is what stood there before the run. */
  #begun = false;
  /** Relationships that are there already, to be left out when they come again. */
  readonly #done: MarkMultiset;
  readonly #schema: TargetSchema;
  /** Whether nodes wait to be sent or are under way: relationships need the numbers that the server gives them. */
  #nodesOpen = false;
  #findings = new FindingLog();

  private constructor(
    server: GraphServer,
    open: OpenServer,
    config: BackendConfig,
    request: WriteRequest,
    { before, uniqueIds, sharedIds = [], sharedRelationshipIds = [], identity }: Baseline,
    rules: readonly TargetRule[],
    journal: ServerJournal,
    resumed: boolean,
  ) {
    this.#journal = journal;
    this.#resumed = resumed;
    this.#written = resumed;
    this.#done = resumed ? journal.createdRelationships() : new MarkMultiset();
    this.identity = identity;
    this.#server = server;
    this.#open = open;
    this.#config = config;
    this.#request = request;
    this.before = before;
    this.release = request.release ?? before.release ?? request.fallbackRelease;
    this.report = emptyReport(this.release, before.backend);
    this.fitting = new Fitter(server, {
      release: this.release,
      report: this.report,
      uniqueIds,
      sharedIds,
      sharedRelationshipIds,
      known: journal.known,
      rules,
    });
    this.#schema = new TargetSchema(
      server,
      journal,
      this.report,
      wantedSchema(server, this.release, request.schema ?? []),
    );
    this.#replacement = new Replacement(server, journal, before.location, resumed);
    this.#inFlight = new InFlight(server.limits.inFlight);
    const isIdle = () => this.#inFlight.isIdle;
    this.#nodes = new Batches(server.limits, (_, rows) => this.#sendNodes(rows), isIdle);
    this.#relationships = new Batches(server.limits, (type, rows) => this.#sendRelationships(type, rows), isIdle);
  }

  /** @throws ConnectionError, StoreKindError, RefusedError, AccessError */
  static async begin(open: OpenServer, config: BackendConfig, request: WriteRequest): Promise<ServerSession> {
    const server = await open(config, { access: "write", signal: request.signal });
    let journal: ServerJournal | null = null;
    try {
      const file = request.journal?.() ?? null;
      journal = new ServerJournal(file);
      const noted = file === null ? null : notedBaseline(file);
      if (noted === null) await server.assertKeeps?.();
      const baseline = noted ?? (await baselineOf(server));
      if (noted === null) file?.setMeta(BASELINE, JSON.stringify(baseline));
      else {
        journal.recall();
        await resolveInDoubt(server, journal);
      }
      // What the run itself has made is no rule for it: an index that cannot hold a value is left out.
      const made = new Set(journal.schema().map(({ what }) => what));
      const rules = ((await server.rules?.()) ?? []).filter(({ what }) => !made.has(what));
      return new ServerSession(server, open, config, request, baseline, rules, journal, noted !== null);
    } catch (error) {
      journal?.close();
      await server.close();
      throw error;
    }
  }

  precomputeHash(record: GraphRecord): ContentHash {
    const { hash, ...precomputed } = hashesOf(record);
    this.#precomputed.add(precomputed);
    return hash;
  }

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#request.signal?.throwIfAborted();
    this.#begun = true;
    for (const record of batch) {
      const hashes = this.#precomputed.take();
      const bytes = sizeOfProperties(record.properties);
      if (record.kind === "node") {
        if (this.#resumed && this.#journal.known.isCreated(record.key)) continue;
        this.#nodesOpen = true;
        await this.#nodes.add(record.labels.join("\0"), { node: record, hashes }, bytes);
      } else {
        await this.#nodesDone();
        const { type, ...row } = this.#row(record);
        if (this.#done.size > 0 && this.#done.take(relationshipMark({ type, ...row }, hashes?.mark))) continue;
        await this.#relationships.add(type, { ...row, hashes }, bytes);
      }
    }
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length === 0) return;
    this.#request.signal?.throwIfAborted();
    this.#written = true;
    await this.#replacement.nodes(batch.filter((record) => record.kind === "node"));
    const relationships = batch.filter((record) => record.kind === "relationship");
    if (relationships.length === 0) return;
    await this.#nodesDone();
    const moved = await this.#replacement.relationships(relationships, (record) => this.#row(record));
    for (const { type, ...row } of moved) {
      if (this.#done.take(relationshipMark({ type, ...row }))) continue;
      await this.#relationships.add(type, { ...row, hashes: null }, sizeOfProperties(row.properties));
    }
  }

  async finish(): Promise<void> {
    this.#begun = true;
    await this.#nodesDone();
    await this.#relationships.flush();
    await this.#inFlight.drain();
    this.#written = (await this.#schema.create()) || this.#written;
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const { signal } = this.#request;
    // Through a connection of its own, so that it is what anybody else would read.
    const server = await this.#open(this.#config, { access: "read", signal });
    try {
      if (this.#begun) yield* readRecords(server, this.#findings, signal);
      else yield* this.#readBefore(server);
    } finally {
      await server.close();
    }
  }

  /** What stood there before the run, for finding what is to be replaced and joined. */
  async *#readBefore(server: GraphServer): AsyncIterable<readonly GraphRecord[]> {
    const journal = this.#journal;
    const taken: Record<GraphRecord["kind"], InternalId[]> = { node: [], relationship: [] };
    const observer: RecordObserver = {
      node: ({ key }, id) => {
        taken.node.push(id);
        journal.known.noteNode(key, id, "before");
      },
      relationship: (record, ref) => {
        taken.relationship.push(ref.id);
        journal.known.noteRelationship(relationshipId(record), ref, "before");
      },
    };
    const store = this.#resumed ? viewBefore(server, journal, this.before) : server;
    for await (const batch of readRecords(store, this.#findings, this.#request.signal, observer)) {
      for (const kind of ["node", "relationship"] as const) {
        const ids = taken[kind].splice(0);
        if (!this.#resumed) journal.noteTaken(kind, ids);
      }
      for (const record of batch) this.fitting.present(record);
      yield batch;
    }
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async describe(): Promise<StoreDescription> {
    await this.#schema.ready();
    const description = await describe(this.#server);
    this.#schema.assertMade(description);
    return description;
  }

  async commit(): Promise<void> {
    await this.#schema.ready();
    this.#precomputed.close();
    this.#journal.close();
    await this.#server.close();
  }

  async rollback(): Promise<void> {
    // Who stops a run does not wait for long; the journal knows how to go on.
    const deadline = deadlineAfter(this.#request.signal, patience().cleanup);
    await this.#inFlight.quiet();
    await this.#schema.ready().catch(() => {});
    await this.#server.close();
    try {
      if (!this.#written) return;
      await rollBackNow(this.#journal, {
        before: this.before,
        // What another process has begun, others may have changed before this one.
        isOwn: !this.#resumed,
        connect: () => this.#open(this.#config, { access: "write", signal: deadline }),
      });
    } finally {
      this.#precomputed.close();
      this.#journal.close();
    }
  }

  async preserve(): Promise<string> {
    await this.#inFlight.quiet();
    // What failed may be just that.
    await this.#schema.ready().catch(() => {});
    this.#schema.forget();
    const { nodes, relationships } = this.#journal.count();
    await this.commit();
    return `${this.before.location} (${nodes} nodes and ${relationships} relationships)`;
  }

  async #nodesDone(): Promise<void> {
    if (!this.#nodesOpen) return;
    await this.#nodes.flush();
    await this.#inFlight.drain();
    this.#nodesOpen = false;
  }

  #internal(key: string): InternalId {
    const internal = this.#journal.known.internalOf(key);
    if (internal !== null) return internal;
    throw new WriteError(`a relationship leads to a node that is not there: ${key.replace(/^=/, "")}`, {
      next: "The source may have changed meanwhile; run the same command again.",
    });
  }

  async #sendNodes(rows: readonly NodeRow[]): Promise<void> {
    const { labels } = rows[0]!.node;
    const creations = () =>
      rows.map(({ node, hashes }) => ({
        name: node.key,
        from: 0n,
        mark: hashes?.mark ?? nodeMark(node),
        fingerprint: hashes?.fingerprint ?? fingerprintOf(node),
      }));
    await this.#send("node", creations, () =>
      this.#server.createNodes({ labels, rows: rows.map(({ node: { properties } }) => properties) }),
    );
  }

  async #sendRelationships(type: string, rows: readonly RelationshipToSend[]): Promise<void> {
    const creations = () =>
      rows.map(({ from, to, properties, relationship, hashes }) => ({
        name: type,
        from,
        mark: relationshipMark({ type, from, to, properties }, hashes?.mark),
        fingerprint: hashes?.fingerprint ?? fingerprintOf(relationship),
      }));
    await this.#send("relationship", creations, () => this.#server.createRelationships({ type, rows }));
  }

  async #send(
    kind: "node" | "relationship",
    creationsOf: () => PrintedCreation[],
    call: () => Promise<InternalId[]>,
  ): Promise<void> {
    if (!this.#written) failpoint("before writing");
    this.#written = true;
    await this.#inFlight.start(async () => {
      const creations = creationsOf();
      const number = await this.#journal.beginBatch(kind, creations);
      const ids = await call().catch((error: unknown) => {
        // Without an answer nobody knows whether the server has taken it.
        if (error instanceof MigrateError && !(error instanceof ConnectionError)) this.#journal.dropBatch(number);
        throw error;
      });
      // Where this fails, the server has taken it all the same.
      this.#journal.answerBatch(number, kind, creations, ids);
    });
  }

  #row(relationship: GraphRelationship): TypedRow {
    const { type, from, to, properties } = relationship;
    return { relationship, type, from: this.#internal(from), to: this.#internal(to), properties };
  }
}
