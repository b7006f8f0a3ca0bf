/**
 * Marks and fingerprints of what is going to be written, in its order, from the first reading of the source: computing them
 * again takes as long as writing does.
 */
import { FINGERPRINT_BYTES, type Fingerprint, fingerprintAt, putFingerprint } from "../../memorygraph/fingerprint.ts";
import { openScratch } from "../../support/scratch.ts";
import { type ContentMark, MARK_BYTES } from "./content.ts";

const STRIDE = MARK_BYTES + FINGERPRINT_BYTES;
const CHUNK = 4_096 * STRIDE;

export interface Precomputed {
  /** Of a relationship without its ends. */
  readonly mark: ContentMark;
  readonly fingerprint: Fingerprint;
}

export class PrecomputedHashes {
  /** Full chunks, since they grow with the store. */
  #full: ReturnType<typeof openScratch> | null = null;
  #chunk = new Uint8Array(CHUNK);
  #at = 0;
  #chunks = 0;
  /** Null until the first is taken. */
  #reading: { chunk: Uint8Array; at: number; next: number } | null = null;

  add({ mark, fingerprint }: Precomputed): void {
    this.#chunk.set(mark, this.#at);
    putFingerprint(new DataView(this.#chunk.buffer), this.#at + MARK_BYTES, fingerprint);
    this.#at += STRIDE;
    if (this.#at < CHUNK) return;
    this.#full ??= openScratch("CREATE TEMP TABLE chunk (number INTEGER PRIMARY KEY, hashes BLOB NOT NULL)", 1_000);
    this.#full.run("INSERT INTO chunk VALUES (?, ?)", [this.#chunks++, this.#chunk]);
    this.#at = 0;
  }

  /** Those of the next record; null where they were not computed. */
  take(): Precomputed | null {
    if (this.#chunks === 0 && this.#at === 0) return null;
    this.#reading ??= { chunk: this.#load(0), at: 0, next: 1 };
    const reading = this.#reading;
    if (reading.at === reading.chunk.length) {
      if (reading.next > this.#chunks) return null;
      Object.assign(reading, { chunk: this.#load(reading.next), at: 0, next: reading.next + 1 });
    }
    const { chunk, at } = reading;
    if (at >= chunk.length) return null;
    reading.at += STRIDE;
    const lanes = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    return {
      mark: chunk.subarray(at, at + MARK_BYTES),
      fingerprint: fingerprintAt(lanes, at + MARK_BYTES),
    };
  }

  close(): void {
    this.#full?.close();
  }

  #load(number: number): Uint8Array {
    if (number >= this.#chunks) return this.#chunk.subarray(0, this.#at);
    const [row] = this.#full!.query("SELECT hashes FROM chunk WHERE number = ?").values(number) as [Uint8Array][];
    return row![0];
  }
}
