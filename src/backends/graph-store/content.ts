/** What a record of a graph holds, in 16 bytes: to find it again, and to see whether somebody has changed it. */
import { type ContentHash, hashText } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { canonicalizer } from "../../memorygraph/canonicalizer.ts";
import { type Fingerprint, hashAndFingerprint } from "../../memorygraph/fingerprint.ts";
import { openScratch } from "../../support/scratch.ts";
import type { InternalId, ServerNode, ServerRelationship } from "./server.ts";

export const MARK_BYTES = 16;
/** Two different records share one as good as never. */
export type ContentMark = Uint8Array;

export function nodeMark({ labels, properties }: Pick<ServerNode, "labels" | "properties">): ContentMark {
  return mark(canonicalizer.text({ kind: "node", key: "#", labels, properties }));
}

/** With the server's numbers of the ends, since they need not have ids of their own. */
export function relationshipMark(
  relationship: Pick<ServerRelationship, "from" | "to" | "type" | "properties">,
  content: ContentMark = mark(canonicalizer.relationshipContent(relationship)),
): ContentMark {
  const joined = content.slice();
  const lanes = new DataView(joined.buffer);
  lanes.setBigUint64(0, lanes.getBigUint64(0) ^ relationship.from);
  lanes.setBigUint64(8, lanes.getBigUint64(8) ^ relationship.to);
  return joined;
}

/** The hash of a record for digests, its fingerprint, and its mark: of a relationship without its ends. */
export function hashesOf(record: GraphRecord): { hash: ContentHash; mark: ContentMark; fingerprint: Fingerprint } {
  const { hash, fingerprint, content } = hashAndFingerprint(record);
  return { hash, fingerprint, mark: record.kind === "node" ? hash.subarray(0, MARK_BYTES) : mark(content) };
}

export function sameMark(a: ContentMark, b: ContentMark): boolean {
  return Buffer.compare(a, b) === 0;
}

function mark(canonical: string): ContentMark {
  return hashText(canonical).subarray(0, MARK_BYTES);
}

/** Equal marks, counted: on disk, since they may be those of a whole graph. */
export class MarkMultiset {
  #scratch: ReturnType<typeof openScratch> | null = null;
  #size = 0;

  /** How many are left. */
  get size(): number {
    return this.#size;
  }

  add(item: ContentMark): void {
    this.#scratch ??= openScratch(
      "CREATE TEMP TABLE mark (mark BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    );
    this.#scratch.query("INSERT INTO mark VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1").run(item);
    this.#size++;
  }

  /** Whether there was one left of it. */
  take(item: ContentMark): boolean {
    if (this.#size === 0) return false;
    const update = "UPDATE mark SET count = count - 1 WHERE mark = ? AND count > 0";
    if (this.#scratch!.query(update).run(item).changes === 0) return false;
    this.#size--;
    return true;
  }
}

/** The marks of what a run has created, by the server's numbers: on disk, for the same reason. */
export class CreatedMarks {
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE created (kind TEXT, internal INTEGER, mark BLOB NOT NULL, PRIMARY KEY (kind, internal)) WITHOUT ROWID",
  );
  readonly counts = { node: 0, relationship: 0 };

  add(kind: "node" | "relationship", internal: InternalId, item: ContentMark): void {
    const { changes } = this.#scratch
      .query("INSERT OR REPLACE INTO created VALUES (?, ?, ?)")
      .run(kind, internal, item);
    this.counts[kind] += changes;
  }

  /** Null for what the run has not created. */
  get(kind: "node" | "relationship", internal: InternalId): ContentMark | null {
    const query = this.#scratch.query("SELECT mark FROM created WHERE kind = ? AND internal = ?");
    const [row] = query.values(kind, internal) as [ContentMark][];
    return row?.[0] ?? null;
  }
}

/** Server numbers as bytes, eight each. */
export function packIds(ids: readonly InternalId[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(ids).buffer);
}

export function unpackIds(bytes: Uint8Array): InternalId[] {
  return [...new BigInt64Array(bytes.slice().buffer)];
}
