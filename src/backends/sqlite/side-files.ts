/** Whether a write-ahead log beside a file is of its generation. */
import type { FileHeader } from "../../sqlite-file/header.ts";
import { readFirstPage } from "../../sqlite-file/wal.ts";
import { codeOf, hasBytes } from "../../support/files.ts";
import { headerOf } from "./kind.ts";

/**
 * Whether the log's own version of the first page counts fewer changes than the file: then the file was written after
 * the log, by somebody who did not know it, and playing the log in would put old pages over new ones.
 */
export function isOlderThanFile(real: string): boolean {
  const log = `${real}-wal`;
  const header = hasBytes(log) ? headerOf(real) : null;
  if (header === null) return false;
  const logged = firstPageOf(log, header.pageSize);
  // The counter is of 32 bits, and begins again.
  return (
    logged !== null &&
    logged.changeCounter < header.changeCounter &&
    header.changeCounter - logged.changeCounter < 2 ** 31
  );
}

/** Null as well for a log that has gone meanwhile, as it does when the last application closes the store. */
function firstPageOf(log: string, pageSize: number): FileHeader | null {
  try {
    return readFirstPage(log, pageSize);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
