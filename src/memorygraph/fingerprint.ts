/**
 * A record in 24 bytes, as the journal of a run keeps what the run has created: which record it is, what it holds, and what it
 * holds apart from the application's bookkeeping. Eight bytes of SHA-256 each.
 */
import { type ContentHash, hashText } from "../graph/digest.ts";
import { type GraphRecord, relationshipId } from "../graph/record.ts";
import { canonicalizer } from "./canonicalizer.ts";

export const FINGERPRINT_BYTES = 24;
const CHUNK = 4_096 * FINGERPRINT_BYTES;

/** As SQLite keeps integers. */
export interface Fingerprint {
  /** By its id where the record has one of its own, else by what it holds. */
  readonly identity: bigint;
  readonly content: bigint;
  /** The content without the properties that the application keeps by itself. */
  readonly stable: bigint;
}

/** With the hash of the whole record, as hashOf gives it, and the canonical text of what it holds without what it joins. */
export function hashAndFingerprint(record: GraphRecord): {
  hash: ContentHash;
  fingerprint: Fingerprint;
  content: string;
} {
  const { text, stable, content: bare } = canonicalizer.texts(record);
  const hash = hashText(text);
  const content = leading(hash);
  return {
    hash,
    content: bare,
    fingerprint: {
      identity: leading(identityOf(record, hash)),
      content,
      stable: stable === text ? content : leading(hashText(stable)),
    },
  };
}

export function fingerprintOf(record: GraphRecord): Fingerprint {
  return hashAndFingerprint(record).fingerprint;
}

/** Gathers fingerprints and hands them on, some thousands at a time. */
export class FingerprintPacker {
  readonly #sink: (packed: Uint8Array) => void;
  #chunk = new Uint8Array(CHUNK);
  #lanes = new DataView(this.#chunk.buffer);
  #at = 0;

  constructor(sink: (packed: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** Gives the hash of the record. */
  add(record: GraphRecord): ContentHash {
    const { hash, fingerprint } = hashAndFingerprint(record);
    putFingerprint(this.#lanes, this.#at, fingerprint);
    this.#at += FINGERPRINT_BYTES;
    if (this.#at === CHUNK) this.flush();
    return hash;
  }

  /** After the last record. */
  flush(): void {
    if (this.#at === 0) return;
    this.#sink(this.#chunk.subarray(0, this.#at));
    this.#chunk = new Uint8Array(CHUNK);
    this.#lanes = new DataView(this.#chunk.buffer);
    this.#at = 0;
  }
}

export function putFingerprint(into: DataView, at: number, { identity, content, stable }: Fingerprint): void {
  into.setBigInt64(at, identity);
  into.setBigInt64(at + 8, content);
  into.setBigInt64(at + 16, stable);
}

export function fingerprintAt(bytes: DataView, at: number): Fingerprint {
  return {
    identity: bytes.getBigInt64(at),
    content: bytes.getBigInt64(at + 8),
    stable: bytes.getBigInt64(at + 16),
  };
}

export function* unpackFingerprints(packed: Uint8Array): Generator<Fingerprint> {
  const lanes = new DataView(packed.buffer, packed.byteOffset, packed.length);
  for (let at = 0; at < packed.length; at += FINGERPRINT_BYTES) yield fingerprintAt(lanes, at);
}

function identityOf(record: GraphRecord, hash: ContentHash): Uint8Array {
  if (record.kind === "node") return hashText(`node ${record.key}`);
  const id = relationshipId(record);
  return id === null ? hash : hashText(`relationship ${id}`);
}

function leading(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0);
}
