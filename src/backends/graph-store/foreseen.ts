/**
 * Marks of what is going to be written, in its order, from the first reading of the source: computing them again takes
 * as long as writing does.
 */
import { openScratch } from "../../support/scratch.ts";
import { type ContentMark, MARK_BYTES } from "./content.ts";

const CHUNK = 4_096 * MARK_BYTES;

export class ForeseenMarks {
  /** Full chunks, since they grow with the store. */
  #full: ReturnType<typeof openScratch> | null = null;
  #chunk = new Uint8Array(CHUNK);
  #at = 0;
  #chunks = 0;
  /** Null until the first is taken. */
  #reading: { chunk: Uint8Array; at: number; next: number } | null = null;

  add(mark: ContentMark): void {
    this.#chunk.set(mark, this.#at);
    this.#at += MARK_BYTES;
    if (this.#at < CHUNK) return;
    this.#full ??= openScratch("CREATE TEMP TABLE chunk (number INTEGER PRIMARY KEY, marks BLOB NOT NULL)", 1_000);
    this.#full.run("INSERT INTO chunk VALUES (?, ?)", [this.#chunks++, this.#chunk]);
    this.#at = 0;
  }

  /** That of the next record; null where it was not foreseen. */
  take(): ContentMark | null {
    if (this.#chunks === 0 && this.#at === 0) return null;
    this.#reading ??= { chunk: this.#load(0), at: 0, next: 1 };
    const reading = this.#reading;
    if (reading.at === reading.chunk.length) {
      if (reading.next > this.#chunks) return null;
      Object.assign(reading, { chunk: this.#load(reading.next), at: 0, next: reading.next + 1 });
    }
    const mark = reading.chunk.subarray(reading.at, reading.at + MARK_BYTES);
    reading.at += MARK_BYTES;
    return mark.length === 0 ? null : mark;
  }

  close(): void {
    this.#full?.close();
  }

  #load(number: number): Uint8Array {
    if (number >= this.#chunks) return this.#chunk.subarray(0, this.#at);
    const [row] = this.#full!.query("SELECT marks FROM chunk WHERE number = ?").values(number) as [Uint8Array][];
    return row![0];
  }
}
