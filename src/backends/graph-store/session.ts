/** A graph on a server as a target: written at once, batch by batch, with a journal by which all of it can be undone. */
import type { GraphRecord } from "../../graph/record.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { deadlineAfter, patience } from "../../support/patience.ts";
import type { CopyElsewhere, LiveTarget, WriteReport, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { emptyReport } from "../report.ts";
import { BASELINE, type Baseline, baselineOf, notedBaseline } from "./baseline.ts";
import { describe } from "./describe.ts";
import { Fitter } from "./fitting.ts";
import { resolveInDoubt } from "./in-doubt.ts";
import { readBefore } from "./read-before.ts";
import { readRecords } from "./reader.ts";
import { RecordWriter } from "./record-writer.ts";
import { Replacement } from "./replacement.ts";
import { rollBackNow } from "./rollback.ts";
import type { GraphServer, OpenServer } from "./server.ts";
import { ServerJournal } from "./server-journal.ts";
import type { TargetRule } from "./target-rules.ts";
import { TargetSchema, wantedSchema } from "./target-schema.ts";
import { viewBefore } from "./view-without-run.ts";

/** A graph under change: exactly one of commit, rollback and preserve ends it. */
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
  readonly #writer: RecordWriter;
  readonly #replacement: Replacement;
  readonly #schema: TargetSchema;
  /** Whether records were replaced, or indexes and constraints created. */
  #hasChanged = false;
  /** Whether this process has begun to write: until then, what is read is the graph before the run. */
  #begun = false;
  #findings = new FindingLog();
  #copies: readonly CopyElsewhere[] = [];

  private constructor(
    server: GraphServer,
    open: OpenServer,
    config: BackendConfig,
    request: WriteRequest,
    { before, uniqueIds, sharedIds, sharedRelationshipIds, identity }: Baseline,
    rules: readonly TargetRule[],
    journal: ServerJournal,
    resumed: boolean,
  ) {
    this.#journal = journal;
    this.#resumed = resumed;
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
    this.#writer = new RecordWriter(server, journal, resumed);
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

  async write(batch: readonly GraphRecord[]): Promise<void> {
    this.#request.signal?.throwIfAborted();
    this.#begun = true;
    for (const record of batch) await this.#writer.create(record);
  }

  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length === 0) return;
    this.#request.signal?.throwIfAborted();
    this.#hasChanged = true;
    await this.#replacement.nodes(batch.filter((record) => record.kind === "node"));
    const relationships = batch.filter((record) => record.kind === "relationship");
    if (relationships.length === 0) return;
    await this.#writer.nodesDone();
    const deleted = await this.#replacement.relationships(relationships, (record) => this.#writer.row(record));
    for (const record of deleted) await this.#writer.createRelationship(record);
  }

  async finish(): Promise<void> {
    this.#begun = true;
    await this.#writer.done();
    this.#hasChanged = (await this.#schema.create()) || this.#hasChanged;
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

  #readBefore(server: GraphServer): AsyncIterable<readonly GraphRecord[]> {
    const journal = this.#journal;
    return readBefore({
      store: this.#resumed ? viewBefore(server, journal, this.before) : server,
      known: journal.known,
      fitting: this.fitting,
      findings: this.#findings,
      signal: this.#request.signal,
      ...(!this.#resumed && { taken: (kind, ids) => journal.noteTaken(kind, ids) }),
    });
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
    this.#journal.close();
    await this.#server.close();
  }

  async rollback(): Promise<void> {
    // Who stops a run does not wait for long; the journal knows how to go on.
    const deadline = deadlineAfter(this.#request.signal, patience().cleanup);
    await this.#writer.quiet();
    await this.#schema.ready().catch(() => {});
    await this.#server.close();
    try {
      if (!this.#resumed && !this.#hasChanged && !this.#writer.hasSent) return;
      this.#copies = await rollBackNow(this.#journal, {
        before: this.before,
        // What another process has begun, others may have changed before this one.
        isOwn: !this.#resumed,
        connect: () => this.#open(this.#config, { access: "write", signal: deadline }),
      });
    } finally {
      this.#journal.close();
    }
  }

  copies(): readonly CopyElsewhere[] {
    return this.#copies;
  }

  async preserve(): Promise<string> {
    await this.#writer.quiet();
    // What failed may be just that.
    await this.#schema.ready().catch(() => {});
    this.#schema.forget();
    const { nodes, relationships } = this.#journal.count();
    await this.commit();
    return `${this.before.location} (${nodes} nodes and ${relationships} relationships)`;
  }
}
