/** The first 100 bytes of a SQLite file (https://sqlite.org/fileformat2.html, 1.3). */

export const HEADER_BYTES = 100;
export const MAGIC = "SQLite format 3\0";

/** Bytes 18 and 19: what somebody must understand to write or read the file. Other values are other engines' or newer. */
export const WRITE_AHEAD_LOG = 2;

export interface FileHeader {
  /** Bytes of a page, 512 to 65,536. */
  readonly pageSize: number;
  readonly writeVersion: number;
  readonly readVersion: number;
  /** Bytes at the end of each page that hold no content, such as an extension's checksums. */
  readonly reserved: number;
  readonly changeCounter: number;
  /** Pages in the file; right only where `pagesAreValid`. */
  readonly pages: number;
  /** Whether the last writer was one that keeps `pages`. */
  readonly pagesAreValid: boolean;
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be";
}

/** Null for what does not begin like a SQLite file, or has a page size that none can have. */
export function parseHeader(bytes: Uint8Array): FileHeader | null {
  if (bytes.length < HEADER_BYTES || Buffer.from(bytes.subarray(0, 16)).toString("latin1") !== MAGIC) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pageSize = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16);
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) return null;
  const reserved = bytes[20]!;
  if (pageSize - reserved < 480) return null;
  const changeCounter = view.getUint32(24);
  return {
    pageSize,
    writeVersion: bytes[18]!,
    readVersion: bytes[19]!,
    reserved,
    changeCounter,
    pages: view.getUint32(28),
    pagesAreValid: changeCounter === view.getUint32(92),
    encoding: view.getUint32(56) === 2 ? "utf-16le" : view.getUint32(56) === 3 ? "utf-16be" : "utf-8",
  };
}
