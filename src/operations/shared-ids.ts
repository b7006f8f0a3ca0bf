/**
 * Ids that several records of a store have. Where any number of records may have one, none of them is known by it: they are told
 * apart by what they hold. Where an id is the key of a row, one of them is the record of that id, and the others stand beside
 * the table. These two readings of one store are made of each other here, so that the source is read as the target will be.
 */
import type { SharedIds, SourceStore } from "../backends/backend.ts";
import type { BackendType } from "../backends/config.ts";
import type { Finding } from "../backends/description.ts";
import { descriptorOf } from "../backends/descriptors.ts";
import { FindingLog } from "../backends/findings.ts";
import { ForwardedSource } from "../backends/forwarded-source.ts";
import { sameHash } from "../graph/digest.ts";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  hasDuplicateId,
  idOfKey,
  keyOfId,
  type NodeKey,
} from "../graph/record.ts";
import { hashOf } from "../memorygraph/canonicalizer.ts";
import { ContentKeys } from "../memorygraph/content-keys.ts";
import { goesBefore, type Rank, rankOf } from "../memorygraph/rank.ts";
import { openScratch, type Scratch, storable } from "../support/scratch.ts";

const RECORD_OF_ITS_ID =
  "records that share their id: the one updated last is the record of that id in the target, the others are kept beside the tables";

/** The source as a target of that kind will hold it. */
export async function readFor(target: BackendType, source: SourceStore): Promise<SourceStore> {
  const shared = await source.sharedIds?.();
  if (shared === undefined || isNone(shared)) return source;
  const idIsKey = descriptorOf(target).capabilities.idIsKey;
  if (idIsKey === shared.oneIsTheRecord) return source;
  return idIsKey ? new Elected(source) : new ToldApart(source, shared);
}

/** Two stores as they can be compared: where one of them tells such records apart by what they hold, so does the other. */
export async function comparable(a: SourceStore, b: SourceStore): Promise<[SourceStore, SourceStore]> {
  const [left, right] = [await a.sharedIds?.(), await b.sharedIds?.()];
  if (left === undefined || right === undefined || left.oneIsTheRecord === right.oneIsTheRecord) return [a, b];
  const both = {
    nodes: [...left.nodes, ...right.nodes],
    relationships: [...left.relationships, ...right.relationships],
  };
  if (isNone(both)) return [a, b];
  return [left.oneIsTheRecord ? new ToldApart(a, both) : a, right.oneIsTheRecord ? new ToldApart(b, both) : b];
}

function isNone({ nodes, relationships }: Pick<SharedIds, "nodes" | "relationships">): boolean {
  return nodes.length + relationships.length === 0;
}

/** A source whose records get other identities while they are read. */
abstract class Reread extends ForwardedSource {
  abstract override read(): AsyncIterable<readonly GraphRecord[]>;

  /** Other threads would read it as it is. */
  override summarise(): null {
    return null;
  }
}

/** Of the records that share an id, one gets it: which one, a first reading finds out. */
class Elected extends Reread {
  #elections: Elections | null = null;
  #notes = new FindingLog();

  override async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#elections ??= await this.#elect();
    const elections = this.#elections;
    elections.begin();
    for await (const batch of this.source.read()) yield batch.map((record) => elections.identified(record));
  }

  override findings(): readonly Finding[] {
    return [...this.source.findings(), ...this.#notes.list()];
  }

  override close(): Promise<void> {
    this.#elections?.close();
    return super.close();
  }

  async #elect(): Promise<Elections> {
    const elections = new Elections();
    for await (const batch of this.source.read()) for (const record of batch) elections.add(record);
    this.#notes = new FindingLog();
    for (const note of elections.notes()) this.#notes.add("note", RECORD_OF_ITS_ID, note);
    return elections;
  }
}

interface Leader {
  readonly rank: Rank;
  /** Of a node. */
  readonly key: string;
  readonly records: number;
}

/** On disk, since most of a store may be records that share their ids. */
class Elections {
  readonly #database = openScratch(
    `CREATE TEMP TABLE leader (kind TEXT, id TEXT, key TEXT, hash BLOB NOT NULL, rank TEXT NOT NULL, records INTEGER NOT NULL,
      met INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, id)) WITHOUT ROWID`,
  );

  constructor() {
    this.#database.run("CREATE INDEX temp.leader_key ON leader (key)");
  }

  add(record: GraphRecord): void {
    const id = sharedId(record);
    if (id === null) return;
    const hash = hashOf(record);
    const rank = rankOf(record, hash);
    const leader = this.#leader(record.kind, id);
    if (leader !== null && !goesBefore(rank, leader.rank)) {
      this.#run("UPDATE leader SET records = records + 1 WHERE kind = ? AND id = ?", record.kind, storable(id));
      return;
    }
    const key = record.kind === "node" ? storable(record.key) : null;
    const records = (leader?.records ?? 0) + 1;
    const put = "INSERT OR REPLACE INTO leader (kind, id, key, hash, rank, records) VALUES (?, ?, ?, ?, ?, ?)";
    this.#run(put, record.kind, storable(id), key, hash, JSON.stringify(rank), records);
  }

  /** Of the first ids, what became of their records. */
  *notes(): Generator<string> {
    const rows = this.#database.query("SELECT id, rank, records FROM leader ORDER BY kind, id");
    for (const [id, rank, records] of rows.values() as [string, string, number][]) {
      const { stamp } = JSON.parse(rank) as Rank;
      yield `${id} (${records} records; ${stamp === null ? "none tells a time" : `the last of ${stamp}`})`;
    }
  }

  /** Before each reading. */
  begin(): void {
    this.#run("UPDATE leader SET met = 0");
  }

  identified(record: GraphRecord): GraphRecord {
    return record.kind === "node" ? this.#node(record) : this.#relationship(record);
  }

  close(): void {
    this.#database.close();
  }

  #node(node: GraphNode): GraphNode {
    const id = sharedId(node);
    const isRecord = id !== null && this.#leader("node", id)?.key === storable(node.key);
    const { labels, properties } = node;
    return isRecord ? { kind: "node", key: keyOfId(id), labels, properties } : node;
  }

  #relationship(relationship: GraphRelationship): GraphRelationship {
    const { type, properties } = relationship;
    const id = sharedId(relationship);
    const isRecord = id !== null && this.#isFirst(id, relationship);
    const [from, to] = [this.#end(relationship.from), this.#end(relationship.to)];
    if (!isRecord && from === relationship.from && to === relationship.to) return relationship;
    return {
      kind: "relationship",
      from,
      to,
      type,
      properties,
      ...(relationship.hasDuplicateId === true && !isRecord && { hasDuplicateId: true as const }),
    };
  }

  /** Of several with equal content, the first that is read. */
  #isFirst(id: string, relationship: GraphRelationship): boolean {
    const query = "SELECT hash FROM leader WHERE kind = 'relationship' AND id = ? AND met = 0";
    const [row] = this.#database.query(query).values(storable(id)) as [Uint8Array][];
    if (row === undefined || !sameHash(row[0], hashOf(relationship))) return false;
    this.#run("UPDATE leader SET met = 1 WHERE kind = 'relationship' AND id = ?", storable(id));
    return true;
  }

  #end(key: NodeKey): NodeKey {
    if (idOfKey(key) !== null) return key;
    const query = this.#database.query("SELECT id FROM leader WHERE key = ?");
    const [row] = query.values(storable(key)) as [string][];
    return row === undefined ? key : keyOfId(row[0]);
  }

  #leader(kind: GraphRecord["kind"], id: string): Leader | null {
    const query = this.#database.query("SELECT rank, key, records FROM leader WHERE kind = ? AND id = ?");
    const [row] = query.values(kind, storable(id)) as [string, string, number][];
    return row === undefined ? null : { rank: JSON.parse(row[0]) as Rank, key: row[1], records: row[2] };
  }

  #run(sql: string, ...values: (string | number | null | Uint8Array)[]): void {
    this.#database.query(sql).run(...values);
  }
}

/** The id of a record that is not known by it, since others have it too; null for a text that no table could take. */
function sharedId(record: GraphRecord): string | null {
  const isShared = record.kind === "node" ? hasDuplicateId(record) : record.hasDuplicateId === true;
  const id = isShared ? record.properties.get("id") : null;
  return typeof id === "string" && id.isWellFormed() ? id : null;
}

/** The record of an id that others have too is told from them by what it holds, as they are. */
class ToldApart extends Reread {
  readonly #nodes: ReadonlySet<string>;
  readonly #relationships: ReadonlySet<string>;

  constructor(source: SourceStore, { nodes, relationships }: Pick<SharedIds, "nodes" | "relationships">) {
    super(source);
    this.#nodes = new Set(nodes);
    this.#relationships = new Set(relationships);
  }

  override async *read(): AsyncIterable<readonly GraphRecord[]> {
    const keys = openScratch("CREATE TEMP TABLE renamed (source TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID");
    const contents = new ContentKeys(keys);
    try {
      for await (const batch of this.source.read()) {
        yield batch.map((record) =>
          record.kind === "node" ? this.#node(keys, contents, record) : this.#relationship(keys, record),
        );
      }
    } finally {
      keys.close();
    }
  }

  #node(keys: Scratch, contents: ContentKeys, node: GraphNode): GraphNode {
    const id = node.properties.get("id");
    if (typeof id !== "string" || !this.#nodes.has(id)) return node;
    const { labels, properties } = node;
    const key = contents.next(node);
    keys.query("INSERT INTO renamed VALUES (?, ?)").run(storable(node.key), key);
    // What a row says of the record would say that it has the id for itself.
    return { kind: "node", key, labels, properties };
  }

  #relationship(keys: Scratch, relationship: GraphRelationship): GraphRelationship {
    const id = relationship.properties.get("id");
    const isShared = typeof id === "string" && this.#relationships.has(id);
    const { type, properties } = relationship;
    const ends = { from: endOf(keys, relationship.from), to: endOf(keys, relationship.to) };
    const isDuplicate = isShared || relationship.hasDuplicateId === true;
    return { kind: "relationship", ...ends, type, properties, ...(isDuplicate && { hasDuplicateId: true as const }) };
  }
}

function endOf(keys: Scratch, key: NodeKey): NodeKey {
  const [row] = keys.query("SELECT key FROM renamed WHERE source = ?").values(storable(key)) as [string][];
  return row?.[0] ?? key;
}
