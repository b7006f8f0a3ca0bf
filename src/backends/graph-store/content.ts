/** The content of a record in a graph as 16 bytes: to find the record again, and to see whether somebody has changed it. */
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { type ShortHash, shortHash } from "../../memorygraph/fingerprint.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";
import type { InternalId, ServerNode, ServerRelationship } from "./server.ts";

/** As RecordHashes.content of the same node. */
export function nodeHash({ labels, properties }: Pick<ServerNode, "labels" | "properties">): ShortHash {
  return shortHash(canonicalizer.text({ kind: "node", key: "#", labels, properties }));
}

/**
 * With the server's numbers of the ends, since they need not have ids of their own.
 * @param content RecordHashes.content of the relationship, where it is known
 */
export function relationshipHash(
  relationship: Pick<ServerRelationship, "from" | "to" | "type" | "properties">,
  content: ShortHash = shortHash(canonicalizer.relationshipContent(relationship)),
): ShortHash {
  const joined = content.slice();
  const lanes = new DataView(joined.buffer);
  lanes.setBigUint64(0, lanes.getBigUint64(0) ^ relationship.from);
  lanes.setBigUint64(8, lanes.getBigUint64(8) ^ relationship.to);
  return joined;
}

/** Byte for byte. */
export function sameShortHash(a: ShortHash, b: ShortHash): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Hashes and how often each occurs: on disk, since they may be those of a whole graph. */
export class HashMultiset {
  #scratch: Scratch | null = null;
  #size = 0;

  /** How many are left. */
  get size(): number {
    return this.#size;
  }

  add(item: ShortHash): void {
    this.#scratch ??= openScratch(
      "CREATE TEMP TABLE hash (hash BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    );
    this.#scratch.query("INSERT INTO hash VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1").run(item);
    this.#size++;
  }

  /** Whether there was one left of it. */
  take(item: ShortHash): boolean {
    if (this.#size === 0) return false;
    const update = "UPDATE hash SET count = count - 1 WHERE hash = ? AND count > 0";
    if (this.#scratch!.query(update).run(item).changes === 0) return false;
    this.#size--;
    return true;
  }
}

/** The hashes of what a run has created, by the server's numbers: on disk, for the same reason. */
export class CreatedHashes {
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE created (kind TEXT, internal INTEGER, hash BLOB NOT NULL, PRIMARY KEY (kind, internal)) WITHOUT ROWID",
  );
  readonly counts = { node: 0, relationship: 0 };

  add(kind: "node" | "relationship", internal: InternalId, item: ShortHash): void {
    const { changes } = this.#scratch
      .query("INSERT OR REPLACE INTO created VALUES (?, ?, ?)")
      .run(kind, internal, item);
    this.counts[kind] += changes;
  }

  /** Null for what the run has not created. */
  get(kind: "node" | "relationship", internal: InternalId): ShortHash | null {
    const query = this.#scratch.query("SELECT hash FROM created WHERE kind = ? AND internal = ?");
    const [row] = query.values(kind, internal) as [ShortHash][];
    return row?.[0] ?? null;
  }
}

/** Server numbers as bytes, eight each. */
export function packIds(ids: readonly InternalId[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(ids).buffer);
}

/** As packIds packed them. */
export function unpackIds(bytes: Uint8Array): InternalId[] {
  return [...new BigInt64Array(bytes.slice().buffer)];
}
