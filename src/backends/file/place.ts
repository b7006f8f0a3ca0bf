/** Where a store that is a file is, or could be: what must hold before anything is made there. */
import { accessSync, constants, existsSync, lstatSync, renameSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AccessError, StoreKindError, UsageError } from "../../errors.ts";
import { freeBytes } from "../../support/files.ts";
import type { BackendConfig } from "../config.ts";

/** @throws UsageError where none is named */
export function pathOf(config: BackendConfig): string {
  if (config.path) return config.path;
  throw new UsageError(config.validate().join("; "), { next: "Name the store with --from-path or --to-path." });
}

/** Free where the store is or would be; null where the system does not say. */
export function freeBytesFor(config: BackendConfig): number | null {
  return freeBytes(dirname(resolve(pathOf(config))));
}

/** That a store can be made under a name that nothing has yet. @throws StoreKindError, AccessError */
export function assertNewName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new StoreKindError(`${path} is a symbolic link to nothing`, {
      next: "Name the store itself, or remove the link.",
    });
  }
  const folder = dirname(resolve(path));
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new StoreKindError(`the folder ${folder} does not exist`, { next: `Make it first: mkdir -p ${folder}` });
  }
  if (!stat.isDirectory()) {
    throw new StoreKindError(`${folder} is not a folder`, { next: "Check the path of the target." });
  }
  assertWritableFolder(folder);
}

/** @throws AccessError */
export function assertWritableFolder(folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new AccessError(`no permission to write in ${folder}`, {
      next: "Choose a folder that you may write to, or run as its owner.",
      cause,
    });
  }
}

/**
 * Gives what a failed run has written a name beside the store, for somebody to look at.
 * @returns the name, which nothing had before
 */
export function preserveBeside(temporary: string, path: string): string {
  const store = path.replace(/\/+$/, "");
  let kept = `${store}.failed`;
  for (let number = 2; existsSync(kept); number++) kept = `${store}.failed-${number}`;
  renameSync(temporary, kept);
  return kept;
}
