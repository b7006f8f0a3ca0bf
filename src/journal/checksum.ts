/** The checksums of a journal: of one entry or named text, and as numbers that can be added up. */

/** Eight bytes of SHA-256; the lengths keep two sequences of parts apart. */
export function checksumOf(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const part of parts) {
    hasher.update(`${part.length}:`);
    hasher.update(part);
  }
  return new Uint8Array(hasher.digest()).subarray(0, 8);
}

/** Whether two checksums are equal. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Those eight bytes as a number. */
export function numberOf(checksum: Uint8Array): bigint {
  return new DataView(checksum.buffer, checksum.byteOffset, 8).getBigUint64(0);
}
