/** A write-ahead log: frames of pages, each valid only with the salts and the running checksum of the log's header. */
import { closeSync, openSync, readSync } from "node:fs";
import { type FileHeader, HEADER_BYTES, parseHeader } from "./header.ts";

const LOG_HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;

/**
 * The header in the newest committed version of page 1 that the log holds; null where it holds none, or is no log of
 * pages of that size.
 */
export function readFirstPage(path: string, pageSize: number): FileHeader | null {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(LOG_HEADER);
    if (readSync(file, start, 0, LOG_HEADER, 0) < LOG_HEADER) return null;
    // The last bit tells in which order bytes are summed.
    const isBigEndian = (start.readUInt32BE(0) & 1) === 1;
    if ((start.readUInt32BE(0) & ~1) !== MAGIC || start.readUInt32BE(8) !== pageSize) return null;
    const sum = new Checksum(isBigEndian);
    sum.add(start.subarray(0, 24));
    if (!sum.equals(start, 24)) return null;
    return newestFirstPage(file, start, sum, pageSize);
  } finally {
    closeSync(file);
  }
}

function newestFirstPage(file: number, start: Buffer, sum: Checksum, pageSize: number): FileHeader | null {
  const frame = Buffer.alloc(FRAME_HEADER + pageSize);
  let committed: FileHeader | null = null;
  let pending: FileHeader | null = null;
  for (let at = LOG_HEADER; readSync(file, frame, 0, frame.length, at) === frame.length; at += frame.length) {
    if (!frame.subarray(8, 16).equals(start.subarray(16, 24))) break;
    sum.add(frame.subarray(0, 8));
    sum.add(frame.subarray(FRAME_HEADER));
    if (!sum.equals(frame, 16)) break;
    if (frame.readUInt32BE(0) === 1) pending = parseHeader(frame.subarray(FRAME_HEADER, FRAME_HEADER + HEADER_BYTES));
    // The last frame of a transaction says how many pages the file then has.
    if (frame.readUInt32BE(4) !== 0) committed = pending;
  }
  return committed;
}

class Checksum {
  #first = 0;
  #second = 0;

  constructor(readonly isBigEndian: boolean) {}

  /** Eight bytes at a time. */
  add(bytes: Buffer): void {
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      this.#first = (this.#first + this.#word(bytes, at) + this.#second) >>> 0;
      this.#second = (this.#second + this.#word(bytes, at + 4) + this.#first) >>> 0;
    }
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second;
  }

  #word(bytes: Buffer, at: number): number {
    return this.isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }
}
