/** Where a store that is a file is, or could be: what must hold before anything is made there. */
import { accessSync, type BigIntStats, constants, lstatSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AccessError, RefusedError, StoreKindError, UsageError } from "../../errors.ts";
import { codeOf, freeBytes, tryToReplace } from "../../support/files.ts";
import { leadToOneFile } from "../../support/same-file.ts";
import { makeFolderCommand } from "../../support/shell.ts";
import type { BackendConfig } from "../config.ts";
import { accessError } from "../recognise.ts";
import { fileError, nameRefused } from "./errors.ts";

/** @throws UsageError where none is named */
export function pathOf(config: BackendConfig): string {
  if (config.path) return config.path;
  throw new UsageError(config.validate().join("; "), { next: "Name the store with --from-path or --to-path." });
}

/** Free where the store is or would be; null where the system does not say. */
export function freeBytesFor(config: BackendConfig): number | null {
  return freeBytes(dirname(resolve(pathOf(config))));
}

/**
 * That a store can be made under a name that nothing has yet.
 * @param suffix the longest that its engine puts behind the name
 * @throws StoreKindError, AccessError
 */
export function assertNewName(path: string, suffix = ""): void {
  const refused = nameRefused(path, suffix);
  if (refused !== null) throw refused;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new StoreKindError(`${path} is a symbolic link to nothing`, {
      next: "Name the store itself, or remove the link.",
    });
  }
  const folder = dirname(resolve(path));
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new StoreKindError(`the folder ${folder} does not exist`, {
      next: `Make it first: ${makeFolderCommand(folder)}`,
    });
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
 * That the file, which is replaced or removed in the end, can be: on Windows not while another program has it open.
 * @throws BusyError, AccessError
 */
export function assertReplaceable(path: string): void {
  try {
    tryToReplace(path);
  } catch (cause) {
    throw fileError(path, codeOf(cause), cause) ?? cause;
  }
}

/** @returns undefined for nothing. @throws AccessError for a path that leads nowhere */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    throw accessError(path, cause);
  }
}

/**
 * A store is never copied into itself, whatever its two names.
 * @param what it is called in the message
 * @param fileOf the file that a path stands for, where the store may be a folder
 * @throws RefusedError; AccessError for a path that leads nowhere
 */
export function assertOtherFile(
  from: string,
  to: string,
  what: "file" | "store",
  fileOf: (path: string) => string = (path) => path,
): void {
  try {
    if (!leadToOneFile(from, to) && !leadToOneFile(fileOf(from), fileOf(to))) return;
  } catch (cause) {
    throw accessError(cause instanceof Error && "path" in cause ? String(cause.path) : to, cause);
  }
  throw new RefusedError(`source and target are the same ${what}: ${from}`, {
    next: "Choose another target; the source is never changed.",
  });
}
