/**
 * The hashes of a record that travel with it, and its fingerprint packed into 24 bytes, as the journal of a run keeps what the run
 * has created.
 */
import { type ContentHash, hashText, leading, leadingHash } from "../graph/digest.ts";
import {
  type Fingerprint,
  type GraphRecord,
  type NodeKey,
  type RecordHashes,
  relationshipId,
} from "../graph/record.ts";
import { canonicalizer } from "./canonicalizer.ts";

export type { Fingerprint } from "../graph/record.ts";
export const FINGERPRINT_BYTES = 24;
/** Two different texts share one practically never. */
export type ShortHash = Uint8Array;
export const SHORT_HASH_BYTES = 16;
const CHUNK = 4_096 * FINGERPRINT_BYTES;

/** The hash of the whole record, as hashOf gives it, and those that travel with it. */
export function hashesOf(record: GraphRecord): RecordHashes & { readonly hash: ContentHash } {
  const texts = canonicalizer.texts(record);
  const printed = printedOf(record, texts);
  const { hash } = printed;
  return {
    ...printed,
    content: record.kind === "node" ? hash.subarray(0, SHORT_HASH_BYTES) : shortHash(texts.content),
  };
}

/** As hashesOf, where what a relationship holds is not asked for apart from its ends: a hash less for each. */
export function hashAndFingerprint(record: GraphRecord): {
  readonly hash: ContentHash;
  readonly fingerprint: Fingerprint;
} {
  return printedOf(record, canonicalizer.texts(record));
}

function printedOf(record: GraphRecord, { text, stable }: { text: string; stable: string }) {
  const hash = hashText(text);
  const content = leading(hash);
  const fingerprint: Fingerprint = {
    identity: identityOf(record) ?? content,
    content,
    stable: stable === text ? content : leadingHash(stable),
  };
  return { hash, fingerprint };
}

/** The record with its hashes, computed unless it has them. */
export function withHashes<R extends GraphRecord>(record: R): R & { readonly hashes: RecordHashes } {
  const { hashes = hashesOf(record) } = record;
  const { content, fingerprint } = hashes;
  return { ...record, hashes: { content, fingerprint } };
}

/** Of a canonical text, in 16 bytes. */
export function shortHash(canonical: string): ShortHash {
  return hashText(canonical).subarray(0, SHORT_HASH_BYTES);
}

/** The one that travels with the record, else computed. */
export function fingerprintOf(record: GraphRecord): Fingerprint {
  return (record.hashes ?? hashesOf(record)).fingerprint;
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

  add(fingerprint: Fingerprint): void {
    putFingerprint(this.#lanes, this.#at, fingerprint);
    this.#at += FINGERPRINT_BYTES;
    if (this.#at === CHUNK) this.flush();
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

/** In FINGERPRINT_BYTES bytes from `at` on. */
export function putFingerprint(into: DataView, at: number, { identity, content, stable }: Fingerprint): void {
  into.setBigInt64(at, identity);
  into.setBigInt64(at + 8, content);
  into.setBigInt64(at + 16, stable);
}

/** As putFingerprint wrote it. */
export function fingerprintAt(bytes: DataView, at: number): Fingerprint {
  return {
    identity: bytes.getBigInt64(at),
    content: bytes.getBigInt64(at + 8),
    stable: bytes.getBigInt64(at + 16),
  };
}

/** As FingerprintPacker packed them. */
export function* unpackFingerprints(packed: Uint8Array): Generator<Fingerprint> {
  const lanes = new DataView(packed.buffer, packed.byteOffset, packed.length);
  for (let at = 0; at < packed.length; at += FINGERPRINT_BYTES) yield fingerprintAt(lanes, at);
}

/** The identity in the fingerprint of a node. */
export function identityOfNode(key: NodeKey): bigint {
  return leadingHash(`node ${key}`);
}

/** The identity in the fingerprint of a relationship with an id of its own. */
export function identityOfRelationship(id: string): bigint {
  return leadingHash(`relationship ${id}`);
}

/** What identifies a record; null for one that only its content does. */
function identityOf(record: GraphRecord): bigint | null {
  if (record.kind === "node") return identityOfNode(record.key);
  const id = relationshipId(record);
  return id === null ? null : identityOfRelationship(id);
}
