/** Creates records on a server: in batches, some of them under way at once, each in the journal before it is sent. */
import { ConnectionError, MigrateError } from "../../errors.ts";
import type { GraphNode, GraphRecord, GraphRelationship, RecordHashes } from "../../graph/record.ts";
import { withHashes } from "../../memorygraph/fingerprint.ts";
import { failpoint } from "../../support/failpoint.ts";
import { Batches, InFlight, sizeOfProperties } from "./batches.ts";
import { HashMultiset, relationshipHash } from "./content.ts";
import type { RelationshipRow, TypedRow } from "./replacement.ts";
import type { GraphServer, InternalId } from "./server.ts";
import type { FingerprintedCreation, ServerJournal } from "./server-journal.ts";

type HashedNode = GraphNode & { readonly hashes: RecordHashes };

interface HashedRow extends RelationshipRow {
  readonly hashes: RecordHashes;
}

/** After the last record, `done`; where a run fails, `quiet` before anything is undone. */
export class RecordWriter {
  readonly #server: GraphServer;
  readonly #journal: ServerJournal;
  readonly #resumed: boolean;
  readonly #inFlight: InFlight;
  readonly #nodes: Batches<HashedNode>;
  readonly #relationships: Batches<HashedRow>;
  /** Relationships that an earlier process has created, to be left out when they come again. */
  readonly #created: HashMultiset;
  /** Whether nodes wait to be sent or are under way: relationships need the numbers that the server gives them. */
  #nodesOpen = false;
  #hasSent = false;

  /** @param resumed whether an earlier process has begun the run: what it has created is not created again */
  constructor(server: GraphServer, journal: ServerJournal, resumed: boolean) {
    this.#server = server;
    this.#journal = journal;
    this.#resumed = resumed;
    this.#created = resumed ? journal.createdRelationships() : new HashMultiset();
    this.#inFlight = new InFlight(server.limits.inFlight);
    const isIdle = () => this.#inFlight.isIdle;
    this.#nodes = new Batches(server.limits, (_, rows) => this.#sendNodes(rows), isIdle);
    this.#relationships = new Batches(server.limits, (type, rows) => this.#sendRelationships(type, rows), isIdle);
  }

  /** Whether anything may have reached the server. */
  get hasSent(): boolean {
    return this.#hasSent;
  }

  /** Nodes before the relationships that join them. @throws WriteError, ConnectionError */
  async create(record: GraphRecord): Promise<void> {
    if (record.kind === "relationship") return this.createRelationship(record);
    if (this.#resumed && this.#journal.known.isCreated(record.key)) return;
    this.#nodesOpen = true;
    await this.#nodes.add(record.labels.join("\0"), withHashes(record), sizeOfProperties(record.properties));
  }

  /** As create. */
  async createRelationship(record: GraphRelationship): Promise<void> {
    await this.nodesDone();
    const { hashes } = withHashes(record);
    const { type, ...row } = this.row(record);
    if (this.#created.size > 0 && this.#created.take(relationshipHash({ type, ...row }, hashes.content))) return;
    await this.#relationships.add(type, { ...row, hashes }, sizeOfProperties(record.properties));
  }

  /** The server has answered for every node that was created so far. */
  async nodesDone(): Promise<void> {
    if (!this.#nodesOpen) return;
    await this.#nodes.flush();
    await this.#inFlight.drain();
    this.#nodesOpen = false;
  }

  /** The server has answered for every record. */
  async done(): Promise<void> {
    await this.nodesDone();
    await this.#relationships.flush();
    await this.#inFlight.drain();
  }

  /** Nothing is under way any more, whatever came of it. */
  quiet(): Promise<void> {
    return this.#inFlight.quiet();
  }

  /** With the server's numbers of its ends. @throws WriteError */
  row(relationship: GraphRelationship): TypedRow {
    const { type, from, to, properties } = relationship;
    const { known } = this.#journal;
    return { relationship, type, from: known.numberOf(from), to: known.numberOf(to), properties };
  }

  async #sendNodes(rows: readonly HashedNode[]): Promise<void> {
    const { labels } = rows[0]!;
    const creations = rows.map(({ key, hashes: { content, fingerprint } }) => ({
      name: key,
      from: 0n,
      hash: content,
      fingerprint,
    }));
    await this.#send("node", creations, () =>
      this.#server.writer.createNodes({ labels, rows: rows.map(({ properties }) => properties) }),
    );
  }

  async #sendRelationships(type: string, rows: readonly HashedRow[]): Promise<void> {
    const creations = rows.map(({ from, to, properties, hashes: { content, fingerprint } }) => ({
      name: type,
      from,
      hash: relationshipHash({ type, from, to, properties }, content),
      fingerprint,
    }));
    await this.#send("relationship", creations, () => this.#server.writer.createRelationships({ type, rows }));
  }

  async #send(
    kind: "node" | "relationship",
    creations: readonly FingerprintedCreation[],
    call: () => Promise<InternalId[]>,
  ): Promise<void> {
    if (!this.#hasSent) failpoint("before writing");
    this.#hasSent = true;
    await this.#inFlight.start(async () => {
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
}
