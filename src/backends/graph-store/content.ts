/** What a record of a graph holds, in 16 bytes: to find it again, and to see whether somebody has changed it. */
import { type ContentHash, hashText } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { canonicalizer, hashOf } from "../../memorygraph/canonicalizer.ts";
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

/** The hash of a record for digests, and its mark: of a relationship without its ends. */
export function hashAndMark(record: GraphRecord): { hash: ContentHash; mark: ContentMark } {
  if (record.kind === "node") {
    const hash = hashOf(record);
    return { hash, mark: hash.subarray(0, MARK_BYTES) };
  }
  const { text, content } = canonicalizer.relationshipTexts(record);
  return { hash: hashText(text), mark: mark(content) };
}

export function sameMark(a: ContentMark, b: ContentMark): boolean {
  return Buffer.compare(a, b) === 0;
}

function mark(canonical: string): ContentMark {
  return hashText(canonical).subarray(0, MARK_BYTES);
}

/** Equal marks, counted. */
export class MarkMultiset {
  readonly #counts = new Map<string, number>();
  #size = 0;

  /** How many are left. */
  get size(): number {
    return this.#size;
  }

  add(item: ContentMark): void {
    const name = item.toHex();
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#size++;
  }

  /** Whether there was one left of it. */
  take(item: ContentMark): boolean {
    const name = item.toHex();
    const count = this.#counts.get(name) ?? 0;
    if (count === 0) return false;
    if (count === 1) this.#counts.delete(name);
    else this.#counts.set(name, count - 1);
    this.#size--;
    return true;
  }
}

/** Server numbers as bytes, eight each. */
export function packIds(ids: readonly InternalId[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(ids).buffer);
}

export function unpackIds(bytes: Uint8Array): InternalId[] {
  return [...new BigInt64Array(bytes.slice().buffer)];
}
