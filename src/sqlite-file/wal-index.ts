/**
 * What the index of a write-ahead log (FILE-shm) says of the log: it is rebuilt when a file is opened, and stays when its
 * programs are killed, or when it is copied. Its numbers are in the byte order of the machine; all that SQLite runs on today
 * is little-endian.
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** Two copies of the header of the index, and how far the log has been moved into the file. */
const HEADER = 48;
const BYTES = 2 * HEADER + 4;
const VERSION = 3_007_000;
const LOG_HEADER = 32;
const FRAME_HEADER = 24;

export interface WalIndex {
  /** How many frames the log holds that are in no way in the file. */
  readonly waiting: number;
  /** How long a log is that has all the frames, in bytes. */
  readonly logBytes: number;
}

/** Null where there is none, and for one that is being changed or was never used. @throws the system's error */
export function readWalIndex(path: string): WalIndex | null {
  const bytes = firstBytes(path);
  if (bytes === null || !bytes.subarray(0, HEADER).equals(bytes.subarray(HEADER, 2 * HEADER))) return null;
  if (bytes.readUInt32LE(0) !== VERSION || bytes[12] !== 1) return null;
  const size = bytes.readUInt16LE(14);
  const pageSize = size === 1 ? 65_536 : size;
  const frames = bytes.readUInt32LE(16);
  return {
    waiting: frames - bytes.readUInt32LE(2 * HEADER),
    logBytes: LOG_HEADER + frames * (FRAME_HEADER + pageSize),
  };
}

function firstBytes(path: string): Buffer | null {
  if (!existsSync(path)) return null;
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(BYTES);
    return readSync(file, bytes, 0, BYTES, 0) === BYTES ? bytes : null;
  } finally {
    closeSync(file);
  }
}
