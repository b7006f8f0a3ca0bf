/** Records in 16 bytes each: eight that tell which record it is, eight that tell what it holds. */
import type { ContentHash } from "./digest.ts";
import { hashText } from "./digest.ts";
import { type GraphRecord, relationshipId } from "./record.ts";

export const MARK_BYTES = 16;
const CHUNK = 4_096 * MARK_BYTES;

/** As SQLite keeps integers. */
export interface Mark {
  readonly identity: bigint;
  readonly content: bigint;
}

export function markOf(record: GraphRecord, hash: ContentHash): Mark {
  return { identity: leading(identityOf(record, hash)), content: leading(hash) };
}

/** Gathers marks and hands them on, some thousands at a time. */
export class MarkPacker {
  readonly #sink: (marks: Uint8Array) => void;
  #chunk = new Uint8Array(CHUNK);
  #at = 0;

  constructor(sink: (marks: Uint8Array) => void) {
    this.#sink = sink;
  }

  add(record: GraphRecord, hash: ContentHash): void {
    this.#chunk.set(identityOf(record, hash).subarray(0, 8), this.#at);
    this.#chunk.set(hash.subarray(0, 8), this.#at + 8);
    this.#at += MARK_BYTES;
    if (this.#at === CHUNK) this.flush();
  }

  flush(): void {
    if (this.#at === 0) return;
    this.#sink(this.#chunk.subarray(0, this.#at));
    this.#chunk = new Uint8Array(CHUNK);
    this.#at = 0;
  }
}

export function* unpackMarks(marks: Uint8Array): Generator<Mark> {
  for (let at = 0; at < marks.length; at += MARK_BYTES) {
    yield { identity: leading(marks.subarray(at)), content: leading(marks.subarray(at + 8)) };
  }
}

/** By its id where it has one, else by what it holds. */
function identityOf(record: GraphRecord, hash: ContentHash): Uint8Array {
  if (record.kind === "node") return hashText(`node ${record.key}`);
  const id = relationshipId(record);
  return id === null ? hash : hashText(`relationship ${id}`);
}

function leading(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0);
}
