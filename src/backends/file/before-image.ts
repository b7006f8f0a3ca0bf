/** The file that a run replaces, kept under a second name beside the journal of the run: the exact way back. */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import type { JournalFile } from "../../journal/journal-file.ts";
import { beforeImageBeside } from "../../support/durable.ts";
import { flushFolder, keepSecondName, remove, renameOver } from "../../support/files.ts";

/** The name in the journal of the hash of the file that took its place. */
const PUBLISHED = "published file";

/**
 * Costs nothing but a name where the file system has hard links.
 * @param written the file that is going to be published
 * @param replaced the file whose place it takes
 */
export function keepBeforeImage(journal: JournalFile, written: string, replaced: string): void {
  journal.setMeta(PUBLISHED, hashOfFile(written));
  const image = beforeImageBeside(journal.path!);
  remove(image);
  keepSecondName(replaced, image);
}

/** Whether the replaced file is there, and nobody has changed the published one since. */
export function hasBeforeImage(journal: JournalFile, file: string): boolean {
  return existsSync(beforeImageBeside(journal.path!)) && hashOfFile(file) === journal.getMeta(PUBLISHED);
}

/** Puts the replaced file back, byte for byte. @param file which nobody has open */
export function restoreBeforeImage(journal: JournalFile, file: string): void {
  renameOver(beforeImageBeside(journal.path!), file);
  flushFolder(dirname(file));
}

/** SHA-256 in hexadecimal. */
function hashOfFile(path: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hasher.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}
