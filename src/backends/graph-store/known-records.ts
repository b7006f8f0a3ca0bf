/** What stands in a graph under which number, as far as the run knows: beside memory, since it grows with the store. */
import { WriteError } from "../../errors.ts";
import { openScratch, restored, storable } from "../../support/scratch.ts";
import type { InternalId, RelationshipRef } from "./server.ts";

/** Whether the record was there before, was written by us, or is only known from the source so far. */
export type Standing = "before" | "created" | "expected";
type Kind = "node" | "relationship";

/** Nodes that are at hand without asking the database. */
const AT_HAND = 50_000;

interface KnownNode {
  readonly internal: InternalId | null;
  readonly state: Standing;
}

/** In a scratch database with a cache in front; close it in the end. */
export class KnownRecords {
  /** What the table says of some of the nodes: relationships ask for each of them over and over. */
  readonly #atHand = new Map<string, KnownNode>();
  readonly database = openScratch(
    "CREATE TEMP TABLE node (key TEXT PRIMARY KEY, internal INTEGER, state TEXT NOT NULL) WITHOUT ROWID",
  );
  readonly #statements;

  constructor() {
    this.database.run(
      "CREATE TEMP TABLE relationship (internal INTEGER PRIMARY KEY, source INTEGER NOT NULL, id TEXT, state TEXT NOT NULL)",
    );
    this.database.run("CREATE INDEX temp.relationship_id ON relationship(id) WHERE id IS NOT NULL");
    const prepare = (sql: string) => this.database.prepare(sql);
    this.#statements = {
      expect: prepare("INSERT OR IGNORE INTO node VALUES (?, NULL, 'expected')"),
      node: prepare("INSERT OR REPLACE INTO node VALUES (?, ?, ?)"),
      find: prepare("SELECT internal, state FROM node WHERE key = ?"),
      relationship: prepare("INSERT OR REPLACE INTO relationship VALUES (?, ?, ?, ?)"),
      findRelationship: prepare("SELECT internal, source FROM relationship WHERE id = ?"),
      dropRelationship: prepare("DELETE FROM relationship WHERE internal = ?"),
    };
  }

  /** A node that the source has, so that relationships may lead to it. */
  expectNode(key: string): void {
    if (this.#atHand.has(key)) return;
    this.#statements.expect.run(storable(key));
  }

  noteNode(key: string, internal: InternalId, state: "before" | "created"): void {
    this.#statements.node.run(storable(key), internal, state);
    this.#keep(key, { internal, state });
  }

  noteRelationship(id: string | null, { id: internal, from }: RelationshipRef, state: "before" | "created"): void {
    this.#statements.relationship.run(internal, from, id === null ? null : storable(id), state);
  }

  forgetRelationship(internal: InternalId): void {
    this.#statements.dropRelationship.run(internal);
  }

  knowsNode(key: string): boolean {
    return this.#find(key) !== null;
  }

  /** Null for a node that has not been written yet. */
  internalOf(key: string): InternalId | null {
    return this.#find(key)?.internal ?? null;
  }

  /** The number of a node that a relationship joins. @throws WriteError where there is no such node */
  numberOf(key: string): InternalId {
    const internal = this.internalOf(key);
    if (internal !== null) return internal;
    throw new WriteError(`a relationship leads to a node that does not exist: ${key.replace(/^=/, "")}`, {
      next: "The source may have changed meanwhile; run the same command again.",
    });
  }

  isCreated(key: string): boolean {
    return this.#find(key)?.state === "created";
  }

  findRelationship(id: string): RelationshipRef | null {
    const [row] = this.#statements.findRelationship.values(storable(id)) as [number | bigint, number | bigint][];
    return row === undefined ? null : { id: BigInt(row[0]), from: BigInt(row[1]) };
  }

  /** Whether the server's number belongs to something that was there before, or that we know to have made. */
  isKnown(kind: Kind, internal: InternalId): boolean {
    if (kind === "node") this.#indexNumbers();
    return this.database.query(`SELECT 1 FROM ${kind} WHERE internal = ?`).values(internal).length > 0;
  }

  /** The key of a node by the server's number; null where only the number is known. */
  keyOf(internal: InternalId): string | null {
    this.#indexNumbers();
    const query = "SELECT key FROM node WHERE internal = ? AND key NOT LIKE 'taken %'";
    const [row] = this.database.query(query).values(internal) as [string][];
    return row === undefined ? null : restored(row[0]);
  }

  /** Whether the run has created what has that number. */
  hasCreated(kind: Kind, internal: InternalId): boolean {
    if (kind === "node") this.#indexNumbers();
    const query = `SELECT 1 FROM ${kind} WHERE internal = ? AND state = 'created'`;
    return this.database.query(query).values(internal).length > 0;
  }

  #indexNumbers(): void {
    this.database.run("CREATE INDEX IF NOT EXISTS temp.node_internal ON node(internal)");
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.database.close();
    this.#atHand.clear();
  }

  #find(key: string): KnownNode | null {
    const atHand = this.#atHand.get(key);
    if (atHand !== undefined) return atHand;
    const [row] = this.#statements.find.values(storable(key)) as [number | bigint | null, Standing][];
    if (row === undefined) return null;
    const found = { internal: row[0] === null ? null : BigInt(row[0]), state: row[1] };
    this.#keep(key, found);
    return found;
  }

  #keep(key: string, node: KnownNode): void {
    if (this.#atHand.size >= AT_HAND && !this.#atHand.has(key)) this.#atHand.clear();
    this.#atHand.set(key, node);
  }
}
