import { closeSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import type { BackendDescriptor } from "../descriptor.ts";

/** Of a Zstandard frame. */
const MAGIC = Buffer.from("28b52ffd", "hex");
const FIRST = '{"format":"memorygraph-archive"';
/** What comes before a file's first compressed block ends, whoever has compressed it: 128 KiB and a little. */
const FIRST_BLOCK = (128 << 10) + 64;

export const archiveDescriptor: BackendDescriptor<"archive"> = {
  type: "archive",
  title: "Archive",
  family: "archive",
  noun: "archive of memorygraph-migrate",
  server: null,
  takes: ["password", "recipient", "identity"],
  capabilities: { target: "staged", isWrittenOnce: true, idIsKey: false, cannotHold: [] },
  variables: null,
  signatures: [
    { what: "archive of memorygraph-migrate", matches: ({ path, head }) => startsArchive(path, head) },
    { what: "file encrypted with age", matches: ({ head }) => isEncrypted(head) },
  ],
  suffixes: [".jsonl.zst", ".jsonl.zst.age"],
  encryptedSuffix: ".age",
  mistakenFor: [],
  load: async () => (await import("./archive.ts")).archive,
  identify: null,
};

/** What is in it, whoever has the key will see. */
function isEncrypted(head: Buffer): boolean {
  return /^(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/.test(head.toString("latin1", 0, 40));
}

/** Whether a file is an archive, by what it begins with. @param head its first bytes */
function startsArchive(path: string, head: Buffer): boolean {
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) return false;
  return beginningOf(firstBytes(path)).startsWith(FIRST);
}

/** What the first bytes of a compressed file hold, as far as they go; nothing where they cannot be read. */
function beginningOf(compressed: Buffer): string {
  // Only who has such a file needs it.
  const { zstdDecompressSync, constants } = createRequire(import.meta.url)("node:zlib") as typeof import("node:zlib");
  try {
    return zstdDecompressSync(compressed, { finishFlush: constants.ZSTD_e_flush }).toString("utf8", 0, FIRST.length);
  } catch {
    // Not Zstandard after all, or damaged at once.
    return "";
  }
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(FIRST_BLOCK);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}
