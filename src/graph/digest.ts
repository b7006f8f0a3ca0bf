/**
 * The content digest: order-free, so that every store gives the same one whatever order it reads in. Records fall
 * into 256 buckets by identity; a bucket is the sum, lane by lane, of the SHA-256 of its records' canonical texts.
 */
import { type GraphRecord, idOfKey, relationshipId } from "./record.ts";

export const BUCKETS = 256;
const LANES = 8;
const VERSION = "mg1";

/** 32 bytes; compare with sameHash. */
export type ContentHash = Uint8Array;

/** SHA-256 of the text as UTF-8. */
export function hashText(canonical: string): ContentHash {
  return Bun.SHA256.hash(canonical, new Uint8Array(32)) as ContentHash;
}

/** Byte for byte. */
const leadingBytes = new Uint8Array(32);
const leadingLane = new DataView(leadingBytes.buffer);

/** The first eight bytes of a hash, as a signed integer. */
export function leading(hash: Uint8Array): bigint {
  leadingBytes.set(hash);
  return leadingLane.getBigInt64(0);
}

/** As leading, of a text whose hash is not needed otherwise: nothing is allocated for it. */
export function leadingHash(canonical: string): bigint {
  Bun.SHA256.hash(canonical, leadingBytes);
  return leadingLane.getBigInt64(0);
}

export function sameHash(a: ContentHash, b: ContentHash): boolean {
  return Buffer.compare(a, b) === 0;
}

const scratch = new Uint32Array(LANES);
const scratchBytes = new Uint8Array(scratch.buffer);

/** The sums of all buckets, and how many nodes and relationships were added. */
export class ContentDigest {
  readonly #sums = new Uint32Array(BUCKETS * LANES);
  nodes = 0;
  relationships = 0;

  /** Adds one record by its canonical text. */
  add(record: GraphRecord, canonical: string): void {
    Bun.SHA256.hash(canonical, scratchBytes);
    this.#add(record, scratch);
  }

  /** Adds one record whose hash is known already. */
  addHash(record: GraphRecord, hash: ContentHash): void {
    scratchBytes.set(hash);
    this.#add(record, scratch);
  }

  /** Takes one record out again; `record` may be another version of it, since both fall into one bucket. */
  removeHash(record: GraphRecord, hash: ContentHash): void {
    scratchBytes.set(hash);
    const base = bucketOf(record, scratch) * LANES;
    for (let lane = 0; lane < LANES; lane++) this.#sums[base + lane]! -= scratch[lane]!;
    if (record.kind === "node") this.nodes--;
    else this.relationships--;
  }

  #add(record: GraphRecord, lanes: Uint32Array): void {
    const base = bucketOf(record, lanes) * LANES;
    for (let lane = 0; lane < LANES; lane++) this.#sums[base + lane]! += lanes[lane]!;
    if (record.kind === "node") this.nodes++;
    else this.relationships++;
  }

  /** Adds everything that the other holds, as if its records had been added here. */
  merge(other: ContentDigest): void {
    for (let at = 0; at < this.#sums.length; at++) this.#sums[at]! += other.#sums[at]!;
    this.nodes += other.nodes;
    this.relationships += other.relationships;
  }

  /** The line that two people compare: version, counts, and 256 bits over all buckets. */
  toString(): string {
    const hasher = new Bun.CryptoHasher("sha256");
    hasher.update(new Uint8Array(this.#sums.buffer));
    return `${VERSION}-${this.nodes}-${this.relationships}-${hasher.digest("hex")}`;
  }

  equals(other: ContentDigest): boolean {
    return this.toString() === other.toString();
  }

  /** The buckets in which the two differ: where the differing records are to be looked for. */
  differingBuckets(other: ContentDigest): Set<number> {
    const buckets = new Set<number>();
    for (let at = 0; at < this.#sums.length; at++) {
      if (this.#sums[at] !== other.#sums[at]) buckets.add(Math.floor(at / LANES));
    }
    return buckets;
  }

  toTransfer(): DigestTransfer {
    return { sums: this.#sums.slice(), nodes: this.nodes, relationships: this.relationships };
  }

  static fromTransfer({ sums, nodes, relationships }: DigestTransfer): ContentDigest {
    const digest = new ContentDigest();
    digest.#sums.set(sums);
    digest.nodes = nodes;
    digest.relationships = relationships;
    return digest;
  }
}

/** A digest as it passes between threads. */
export interface DigestTransfer {
  sums: Uint32Array;
  nodes: number;
  relationships: number;
}

/** By id where the record has one, so that both versions of a changed record share a bucket; else by content. */
export function bucketOf(record: GraphRecord, hash: Uint32Array | ContentHash): number {
  const id = record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
  return (id === null ? hash[0]! : Bun.hash.crc32(id)) & (BUCKETS - 1);
}
