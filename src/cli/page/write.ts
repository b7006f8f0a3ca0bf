/** Where the page goes: a file of its own, whole or not at all, for its owner alone. */
import { existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AccessError, UsageError } from "../../errors.ts";
import { createPrivateFile, flush, remove, temporaryBeside } from "../../support/files.ts";

/** Before anything is done: a mistake must not cost a store. @throws UsageError */
export function assertPagePath(path: string): void {
  if (!/\.html?$/i.test(path)) {
    throw new UsageError(`--report ${path} does not end in .html`, { next: "Name a file such as report.html." });
  }
  const folder = dirname(resolve(path));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`the folder ${folder} of the report does not exist`, {
      next: "Make it, or name another file.",
    });
  }
  if (existsSync(path) && !statSync(path).isFile()) {
    throw new UsageError(`${path} is not a file`, { next: "Name another file for the report." });
  }
}

/** Takes the place of an earlier report of the same name. @throws AccessError */
export function writePage(path: string, text: string): void {
  const temporary = temporaryBeside(resolve(path));
  try {
    createPrivateFile(temporary);
    writeFileSync(temporary, text);
    flush(temporary);
    renameSync(temporary, path);
  } catch (cause) {
    remove(temporary);
    throw new AccessError(`the report ${path} could not be written`, {
      next: "What the command did is done; only the report is missing. Choose another folder for --report.",
      cause,
    });
  }
}
