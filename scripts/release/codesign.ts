/**
 * The ad-hoc signature of a macOS executable: one CodeDirectory with a SHA-256 of each page, as a linker writes it.
 * macOS ends a program whose pages do not match. Bun re-signs for arm64, and for x64 leaves the runtime's own signature
 * over bytes that it has changed; so whatever cannot be proven good is signed here anew, and proven again.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type MachO, readMachO, resizeSignature, viewOf } from "./macho.ts";
import { PROGRAM } from "./targets.ts";

const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** Of the blobs in an embedded signature, the CodeDirectory's slot number. */
const CODE_DIRECTORY_SLOT = 0;
/** One index entry follows the head of the blob list: magic, length, count. */
const DIRECTORY_AT = 12 + 8;
const DIRECTORY_SIZE = 88;
/** The first version that tells what of the file is executable. */
const VERSION_EXEC_SEGMENT = 0x20400;
/** Nobody's certificate stands behind it (adhoc), and codesign may replace it (linker-signed). */
const FLAGS_ADHOC_LINKER_SIGNED = 0x20002;
const SHA256_TYPE = 2;
const SHA256_SIZE = 32;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
const MAIN_BINARY = 1n;

/** @throws Error when the file is no such executable, or does not verify even after it was signed anew */
export function signIfBroken(path: string): void {
  const file = readFileSync(path);
  if (signatureFaults(file).length === 0) return;
  const signed = sign(file);
  assertSigned(path, signed);
  writeFileSync(path, signed);
}

/** @throws Error naming what is wrong with the signature */
export function assertSigned(what: string, file: Uint8Array): void {
  const faults = signatureFaults(file);
  if (faults.length > 0) throw new Error(`${what} has no valid signature: ${faults.join("; ")}`);
}

/** What keeps the signature from being a valid ad-hoc one; one that cannot be judged whole is a fault as well. */
export function signatureFaults(file: Uint8Array): string[] {
  const { text, linkedit, signature } = readMachO(file);
  const end = signature.offset + signature.size;
  if (end !== file.length || linkedit.fileOffset + linkedit.fileSize !== end) {
    return ["the signature does not end where the file and its last segment end"];
  }
  if (signature.size < DIRECTORY_AT + DIRECTORY_SIZE) return ["there is no room for a CodeDirectory"];
  const blob = viewOf(file.subarray(signature.offset));
  const word = (at: number) => blob.getUint32(at);
  if (word(0) !== EMBEDDED_SIGNATURE || word(4) !== signature.size) return ["there is no list of blobs"];
  if (word(8) !== 1 || word(12) !== CODE_DIRECTORY_SLOT || word(16) !== DIRECTORY_AT) {
    return ["there is something else than one CodeDirectory"];
  }
  const field = (at: number) => word(DIRECTORY_AT + at);
  if (field(0) !== CODE_DIRECTORY || field(4) !== signature.size - DIRECTORY_AT) return ["there is no CodeDirectory"];
  const pages = Math.ceil(signature.offset / PAGE);
  const expected: [what: string, found: number, wanted: number][] = [
    ["version", field(8), VERSION_EXEC_SEGMENT],
    ["flags", field(12), FLAGS_ADHOC_LINKER_SIGNED],
    ["special slots", field(24), 0],
    ["pages", field(28), pages],
    ["end of the code", field(32), signature.offset],
    ["hash and page size", field(36), hashAndPageSize()],
    ["executable segment", Number(blob.getBigUint64(DIRECTORY_AT + 72)), text.fileSize],
    ["size of the hashes", signature.size - DIRECTORY_AT - field(16), pages * SHA256_SIZE],
  ];
  const faults = expected.flatMap(([what, found, wanted]) =>
    found === wanted ? [] : [`${what}: ${found}, not ${wanted}`],
  );
  if (faults.length > 0) return faults;
  const hashes = file.subarray(signature.offset + DIRECTORY_AT + field(16));
  const wrong = pageHashes(file, signature.offset).filter(
    (hash, page) => !hash.equals(hashes.subarray(page * SHA256_SIZE, (page + 1) * SHA256_SIZE)),
  );
  return wrong.length === 0 ? [] : [`${wrong.length} of ${pages} pages are not those that were signed`];
}

/** The file with a fresh ad-hoc signature in the place of what it had. */
export function sign(file: Uint8Array): Uint8Array {
  const macho = readMachO(file);
  const code = macho.signature.offset;
  const identifier = Buffer.from(`${PROGRAM}\0`);
  const hashesAt = DIRECTORY_SIZE + identifier.length;
  const size = DIRECTORY_AT + hashesAt + Math.ceil(code / PAGE) * SHA256_SIZE;
  const signed = new Uint8Array(code + size);
  signed.set(file.subarray(0, code));
  // Before hashing: the load commands stand in the first page.
  resizeSignature(signed, macho, size);
  signed.set(directoryHead(macho, identifier, hashesAt, size), code);
  let at = code + DIRECTORY_AT + hashesAt;
  for (const hash of pageHashes(signed, code)) {
    signed.set(hash, at);
    at += SHA256_SIZE;
  }
  return signed;
}

/** The list of blobs and the CodeDirectory up to its hashes; big-endian, fields in the order of the format. */
function directoryHead({ text, signature }: MachO, identifier: Uint8Array, hashesAt: number, size: number): Uint8Array {
  const head = new Uint8Array(DIRECTORY_AT + hashesAt);
  const view = viewOf(head);
  const words = [
    ...[EMBEDDED_SIGNATURE, size, 1, CODE_DIRECTORY_SLOT, DIRECTORY_AT],
    ...[CODE_DIRECTORY, size - DIRECTORY_AT, VERSION_EXEC_SEGMENT, FLAGS_ADHOC_LINKER_SIGNED],
    // Offsets of hashes and identifier, then how many special slots, how many pages, and where they end.
    ...[hashesAt, DIRECTORY_SIZE, 0, Math.ceil(signature.offset / PAGE), signature.offset, hashAndPageSize()],
  ];
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word);
  // Between them stand fields that an ad-hoc signature leaves at zero: scatter, team, a larger code limit, the base.
  view.setBigUint64(DIRECTORY_AT + 72, BigInt(text.fileSize));
  view.setBigUint64(DIRECTORY_AT + 80, MAIN_BINARY);
  head.set(identifier, DIRECTORY_AT + DIRECTORY_SIZE);
  return head;
}

/** Four bytes of the CodeDirectory: hash size, hash type, platform, page size as a power of two. */
function hashAndPageSize(): number {
  return (SHA256_SIZE << 24) | (SHA256_TYPE << 16) | PAGE_BITS;
}

/** Of every page before `end`; the last one only as far as it goes. */
function pageHashes(file: Uint8Array, end: number): Buffer[] {
  return Array.from({ length: Math.ceil(end / PAGE) }, (_, page) =>
    createHash("sha256")
      .update(file.subarray(page * PAGE, Math.min((page + 1) * PAGE, end)))
      .digest(),
  );
}
