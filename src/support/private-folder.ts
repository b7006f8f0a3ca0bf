/** Folders of ours in the system's temporary one, readable by this user alone. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remove } from "./files.ts";
import { isRunning } from "./processes.ts";

const FOLDER = "memorygraph-migrate-";
/** The variable that names the system's folder for temporary files. */
export const TEMPORARY_VARIABLE = process.platform === "win32" ? "TEMP" : "TMPDIR";

/** A new folder for temporary files that only its owner can enter. @throws the system's error. */
export function createPrivateFolder(): string {
  sweepFolders();
  return mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
}

/** Removes what processes that were killed have left: their folders carry their number. */
function sweepFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(FOLDER) ? Number(name.slice(FOLDER.length).split("-")[0]) : Number.NaN;
    if (!Number.isInteger(pid) || isRunning(pid)) continue;
    try {
      remove(join(tmpdir(), name));
    } catch {
      // Somebody else's: theirs to remove.
    }
  }
}
