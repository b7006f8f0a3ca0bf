/** The hashes of records in their order, from one reading of a source to the next: computing them again takes as long as writing does. */
import type { RecordHashes } from "../../graph/record.ts";
import { FINGERPRINT_BYTES, fingerprintAt, putFingerprint, SHORT_HASH_BYTES } from "../../memorygraph/fingerprint.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";

const STRIDE = SHORT_HASH_BYTES + FINGERPRINT_BYTES;
const CHUNK = 4_096 * STRIDE;

/** 40 bytes a record, on disk. Close it in the end. */
export class HashSpool {
  /** Full chunks are on disk, since they grow with the store. */
  #full: Scratch | null = null;
  #chunk = new Uint8Array(CHUNK);
  #at = 0;
  #chunks = 0;

  add({ content, fingerprint }: RecordHashes): void {
    this.#chunk.set(content, this.#at);
    putFingerprint(new DataView(this.#chunk.buffer), this.#at + SHORT_HASH_BYTES, fingerprint);
    this.#at += STRIDE;
    if (this.#at < CHUNK) return;
    this.#full ??= openScratch("CREATE TEMP TABLE chunk (number INTEGER PRIMARY KEY, hashes BLOB NOT NULL)", 1_000);
    this.#full.run("INSERT INTO chunk VALUES (?, ?)", [this.#chunks++, this.#chunk]);
    this.#at = 0;
  }

  /** Those of every record that was added, in the same order; once nothing is added any more. */
  *read(): Generator<RecordHashes, undefined> {
    for (let number = 0; number <= this.#chunks; number++) {
      const chunk = this.#load(number);
      const lanes = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      for (let at = 0; at < chunk.length; at += STRIDE) {
        const content = chunk.subarray(at, at + SHORT_HASH_BYTES);
        yield { content, fingerprint: fingerprintAt(lanes, at + SHORT_HASH_BYTES) };
      }
    }
  }

  close(): void {
    this.#full?.close();
  }

  #load(number: number): Uint8Array {
    if (number === this.#chunks) return this.#chunk.subarray(0, this.#at);
    const [row] = this.#full!.query("SELECT hashes FROM chunk WHERE number = ?").values(number) as [Uint8Array][];
    return row![0];
  }
}
