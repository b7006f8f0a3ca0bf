/**
 * What a run has done to a graph, so that it can be undone: which nodes and relationships it created, what stood where
 * it overwrote, and which batches got no answer. On disk, since it grows with the store.
 */
import { parseJson, writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { tag, untag } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import { openScratch, storable } from "../../support/scratch.ts";
import type {
  InternalId,
  NewNodes,
  NewRelationships,
  RelationshipRef,
  ServerNode,
  ServerRelationship,
} from "./server.ts";

/** Whether the record was there before, was written by us, or is only known from the source so far. */
type State = "before" | "created" | "expected";

export interface FormerNode extends ServerNode {
  readonly kind: "node";
  /** What we made of it. */
  readonly labelsAfter: readonly string[];
}

export interface FormerRelationship extends Omit<ServerRelationship, "fromId" | "toId"> {
  readonly kind: "relationship";
  /** It was deleted, since type or ends were to change: putting it back makes a new one. */
  readonly gone: boolean;
}

export type Former = FormerNode | FormerRelationship;

const PAGE = 1_000;

export class UndoJournal {
  readonly #database = openScratch(
    "CREATE TEMP TABLE node (key TEXT PRIMARY KEY, internal INTEGER, state TEXT NOT NULL) WITHOUT ROWID",
  );
  readonly #statements;
  /** Batches that were sent and whose fate nobody knows. */
  readonly unanswered: (NewNodes | NewRelationships)[] = [];

  constructor() {
    this.#database.run(
      "CREATE TEMP TABLE relationship (internal INTEGER PRIMARY KEY, source INTEGER NOT NULL, id TEXT, state TEXT NOT NULL)",
    );
    this.#database.run("CREATE TEMP TABLE former (number INTEGER PRIMARY KEY, record TEXT NOT NULL)");
    this.#database.run("CREATE INDEX temp.relationship_id ON relationship(id) WHERE id IS NOT NULL");
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      expect: prepare("INSERT OR IGNORE INTO node VALUES (?, NULL, 'expected')"),
      node: prepare("INSERT OR REPLACE INTO node VALUES (?, ?, ?)"),
      find: prepare("SELECT internal FROM node WHERE key = ?"),
      relationship: prepare("INSERT OR REPLACE INTO relationship VALUES (?, ?, ?, ?)"),
      findRelationship: prepare("SELECT internal, source FROM relationship WHERE id = ?"),
      dropRelationship: prepare("DELETE FROM relationship WHERE internal = ?"),
      former: prepare("INSERT INTO former (record) VALUES (?)"),
    };
  }

  /** A node that the source has, so that relationships may lead to it. */
  expectNode(key: string): void {
    this.#statements.expect.run(storable(key));
  }

  noteNode(key: string, internal: InternalId, state: "before" | "created"): void {
    this.#statements.node.run(storable(key), internal, state);
  }

  noteRelationship(id: string | null, { id: internal, from }: RelationshipRef, state: "before" | "created"): void {
    this.#statements.relationship.run(internal, from, id === null ? null : storable(id), state);
  }

  forgetRelationship(internal: InternalId): void {
    this.#statements.dropRelationship.run(internal);
  }

  knowsNode(key: string): boolean {
    return this.#statements.find.values(storable(key)).length > 0;
  }

  /** Null for a node that has not been written yet. */
  internalOf(key: string): InternalId | null {
    const [row] = this.#statements.find.values(storable(key)) as [number | bigint | null][];
    return row?.[0] == null ? null : BigInt(row[0]);
  }

  findRelationship(id: string): RelationshipRef | null {
    const [row] = this.#statements.findRelationship.values(storable(id)) as [number | bigint, number | bigint][];
    return row === undefined ? null : { id: BigInt(row[0]), from: BigInt(row[1]) };
  }

  noteFormer(record: Former): void {
    this.#statements.former.run(encode(record));
  }

  /** The latest first, so that they can be put back in this order. */
  *formers(): Generator<Former> {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const query = this.#database.prepare(
        "SELECT number, record FROM former WHERE number < ? ORDER BY number DESC LIMIT ?",
      );
      const page = query.values(before, PAGE) as [number, string][];
      query.finalize();
      if (page.length === 0) return;
      for (const [, text] of page) yield decode(text);
      before = Number(page.at(-1)![0]);
    }
  }

  countFormers(): number {
    return Number(this.#database.query("SELECT count(*) FROM former").values()[0]![0]);
  }

  /** What was created, as pages of internal ids with what tells whether it is still ours. */
  *createdNodes(): Generator<{ key: string; internal: InternalId }[]> {
    yield* this.#pages("SELECT key, internal FROM node WHERE state = 'created' AND key > ? ORDER BY key LIMIT ?", "");
  }

  *createdRelationships(): Generator<RelationshipRef[]> {
    let after = -1n;
    while (true) {
      const query = this.#database.prepare(
        "SELECT internal, source FROM relationship WHERE state = 'created' AND internal > ? ORDER BY internal LIMIT ?",
      );
      const rows = query.values(after, PAGE) as [number | bigint, number | bigint][];
      query.finalize();
      if (rows.length === 0) return;
      const page = rows.map(([id, from]) => ({ id: BigInt(id), from: BigInt(from) }));
      yield page;
      after = page.at(-1)!.id;
    }
  }

  /** Whether the server's number belongs to something that was there before, or that we know to have made. */
  isKnown(kind: "node" | "relationship", internal: InternalId): boolean {
    if (kind === "relationship") {
      const query = this.#database.query("SELECT 1 FROM relationship WHERE internal = ?");
      return query.values(internal).length > 0;
    }
    this.#database.run("CREATE INDEX IF NOT EXISTS temp.node_internal ON node(internal)");
    return this.#database.query("SELECT 1 FROM node WHERE internal = ?").values(internal).length > 0;
  }

  count(state: State): { nodes: number; relationships: number } {
    const of = (table: string) =>
      Number(this.#database.query(`SELECT count(*) FROM ${table} WHERE state = ?`).values(state)[0]![0]);
    return { nodes: of("node"), relationships: of("relationship") };
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
    this.#database.close();
  }

  *#pages(sql: string, start: string): Generator<{ key: string; internal: InternalId }[]> {
    let after = start;
    while (true) {
      const query = this.#database.prepare(sql);
      const page = (query.values(after, PAGE) as [string, number | bigint][]).map(([key, internal]) => ({
        key,
        internal: BigInt(internal),
      }));
      query.finalize();
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)!.key;
    }
  }
}

function encode(record: Former): string {
  const map = new Map<string, Value>([
    ["kind", record.kind],
    ["id", record.id],
    ["properties", [...record.properties.entries()].map(([name, value]) => [name, tag(value)])],
  ]);
  if (record.kind === "node") {
    map.set("labels", [...record.labels]);
    map.set("labelsAfter", [...record.labelsAfter]);
  } else {
    map.set("ends", [record.from, record.to]);
    map.set("type", record.type);
    map.set("gone", record.gone);
  }
  return writeJson(map, "javascript");
}

function decode(text: string): Former {
  const map = parseJson(text) as Map<string, Value>;
  const id = map.get("id") as bigint;
  const pairs = map.get("properties") as [string, Value][];
  const properties = Properties.from(pairs.map(([name, value]) => [name, untag(value)] as const));
  if (map.get("kind") === "node") {
    const [labels, labelsAfter] = [map.get("labels"), map.get("labelsAfter")] as string[][];
    return { kind: "node", id, labels: labels!, labelsAfter: labelsAfter!, properties };
  }
  const [from, to] = map.get("ends") as [bigint, bigint];
  const gone = map.get("gone") === true;
  return { kind: "relationship", id, from, to, type: map.get("type") as string, gone, properties };
}
