/** Zstandard frames (RFC 8878): made with a checksum each, and found, measured and read one by one. */
import { constants, zstdCompressSync } from "node:zlib";
import type { ByteSource } from "./bytes.ts";
import { MOST_BYTES } from "./format.ts";

/**
 * So searched, the frames together are smaller than one frame of level 3 over all lines, in less time than level 6 takes: lines
 * are long and repeat in long pieces, so short matches are not worth their search.
 */
const { ZSTD_c_compressionLevel, ZSTD_c_searchLog, ZSTD_c_minMatch, ZSTD_c_checksumFlag } = constants;
const SEARCH = { [ZSTD_c_compressionLevel]: 5, [ZSTD_c_searchLog]: 4, [ZSTD_c_minMatch]: 6, [ZSTD_c_checksumFlag]: 1 };
const MAGIC = 0xfd2fb528;
export const MAGIC_BYTES = Buffer.from("28b52ffd", "hex");
/** Sixteen magic numbers of frames that every reader passes over. */
const SKIPPABLE = 0x184d2a50;
const MOST_HEADER = 18;
const CHECKSUM_BYTES = 4;

/** One frame, with the checksum of what it holds. */
export function compress(plain: Uint8Array): Buffer {
  return zstdCompressSync(plain, { params: SEARCH });
}

/** Where a frame lies, and what its header says of it. */
export interface Frame {
  readonly offset: number;
  /** In bytes, its header and checksum included. */
  readonly length: number;
  readonly isSkippable: boolean;
  /** Bytes of what it holds; null where it does not say. */
  readonly contentBytes: number | null;
  /** Bytes that a reader has to keep. */
  readonly windowBytes: number;
}

/** What lies at an offset is no whole frame. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** The frame at an offset; null at the end of the bytes. @throws FrameError */
export function frameAt(bytes: ByteSource, offset: number): Frame | null {
  if (offset === bytes.size) return null;
  const head = bytes.read(offset, Math.min(MOST_HEADER, bytes.size - offset));
  if (head.length < 8) throw new FrameError("the file ends within a frame");
  const magic = head.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
    const length = 8 + head.readUInt32LE(4);
    if (offset + length > bytes.size) throw new FrameError("the file ends within a frame");
    return { offset, length, isSkippable: true, contentBytes: 0, windowBytes: 0 };
  }
  if (magic !== MAGIC) throw new FrameError("no frame begins here");
  const { size, hasChecksum, contentBytes, windowBytes } = headerOf(head);
  let at = offset + size;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.size) throw new FrameError("the file ends within a frame");
    const block = bytes.read(at, 3).readUIntLE(0, 3);
    isLast = (block & 1) === 1;
    const type = (block >> 1) & 3;
    if (type === 3) throw new FrameError("a block of no known type");
    at += 3 + (type === 1 ? 1 : block >> 3);
  }
  const end = at + (hasChecksum ? CHECKSUM_BYTES : 0);
  if (end > bytes.size) throw new FrameError("the file ends within a frame");
  return { offset, length: end - offset, isSkippable: false, contentBytes, windowBytes };
}

function headerOf(head: Buffer) {
  const descriptor = head.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag;
  if ((descriptor & 0x18) !== 0) throw new FrameError("a bit is set that has no meaning");
  const size = 5 + (isSingle ? 0 : 1) + dictionary + sizeBytes;
  if (head.length < size) throw new FrameError("the file ends within a frame");
  const at = size - sizeBytes;
  const contentBytes =
    sizeBytes === 0
      ? null
      : sizeBytes === 8
        ? Number(head.readBigUInt64LE(at))
        : head.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const window = isSingle ? 0 : head.readUInt8(5);
  const base = 2 ** (10 + (window >> 3));
  const windowBytes = isSingle ? contentBytes! : base + (base / 8) * (window & 7);
  return { size, hasChecksum: (descriptor & 4) !== 0, contentBytes, windowBytes };
}

/** What a frame holds, which says how much that is. @throws FrameError for one that is damaged, or holds too much */
export function contentOf(bytes: ByteSource, { offset, length, contentBytes }: Frame): Buffer {
  // Else a few bytes could claim all memory.
  if (contentBytes === null || contentBytes > MOST_BYTES) throw new FrameError("it says that it holds too much");
  return decompress(bytes.read(offset, length), contentBytes);
}

/** What a frame of that length holds; null where it is damaged. */
export function contentAt(bytes: ByteSource, offset: number, length: number): Buffer | null {
  try {
    const frame = frameAt(bytes, offset);
    return frame === null || frame.length !== length ? null : contentOf(bytes, frame);
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

const SCAN = 1 << 20;

/** Where the next frame may begin, from an offset on; the end of the bytes where none does. */
export function nextMagic(bytes: ByteSource, from: number): number {
  for (let at = from; at < bytes.size; at += SCAN) {
    const found = bytes.read(at, SCAN + MAGIC_BYTES.length - 1).indexOf(MAGIC_BYTES);
    if (found !== -1) return at + found;
  }
  return bytes.size;
}

function decompress(frame: Buffer, contentBytes: number): Buffer {
  let plain: Buffer;
  try {
    // Of the two that Bun has, the one that does not take a cut frame for a whole one.
    plain = Bun.zstdDecompressSync(frame);
  } catch (cause) {
    throw new FrameError("its checksum does not match, or it cannot be decompressed", { cause });
  }
  if (plain.length !== contentBytes) throw new FrameError("it holds more or less than it says");
  return plain;
}

const TRAILER_WORD = Buffer.from("mgarchv1", "latin1");
const HASH_BYTES = 32;
export const TRAILER_BYTES = 8 + 8 + HASH_BYTES + TRAILER_WORD.length;

/** What the last frame says. */
export interface Trailer {
  /** Of the frame before it. */
  readonly footerBytes: number;
  /** SHA-256 of the first frame and the footer's. */
  readonly hash: Uint8Array;
}

export function trailerFor({ footerBytes, hash }: Trailer): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(SKIPPABLE, 0);
  trailer.writeUInt32LE(TRAILER_BYTES - 8, 4);
  trailer.writeBigUInt64LE(BigInt(footerBytes), 8);
  trailer.set(hash, 16);
  trailer.set(TRAILER_WORD, 16 + HASH_BYTES);
  return trailer;
}

/** Null where the bytes do not end as an archive that was written to its end. */
export function trailerOf(bytes: ByteSource): Trailer | null {
  if (bytes.size < TRAILER_BYTES) return null;
  const found = Buffer.from(bytes.read(bytes.size - TRAILER_BYTES, TRAILER_BYTES));
  const trailer = { footerBytes: Number(found.readBigUInt64LE(8)), hash: found.subarray(16, 16 + HASH_BYTES) };
  const fits = trailer.footerBytes <= bytes.size - TRAILER_BYTES;
  return fits && found.equals(trailerFor(trailer)) ? trailer : null;
}
