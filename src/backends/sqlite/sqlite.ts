/** The SQLite backend: MemoryGraph's default store, in the layouts of every release. */
import { accessSync, constants, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { AccessError, RefusedError, StoreKindError, UsageError } from "../../errors.ts";
import { freeBytes } from "../../support/files.ts";
import type { StagedBackend, StagedTarget, TargetPreview, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { accessError, recognise } from "../recognise.ts";
import { isUnreadableSchema, translate } from "./errors.ts";
import { ExistingFile } from "./existing-file.ts";
import { assertMemoryGraph, assertNotHalf, assertSqlite } from "./kind.ts";
import { readLayout } from "./layout.ts";
import { NewFile } from "./new-file.ts";
import { previewExisting, previewNew } from "./preview.ts";
import { openForRollback, recover } from "./rollback.ts";
import { openImmutable } from "./snapshot.ts";
import { refusedTarget } from "./sound-target.ts";
import { openSource } from "./source.ts";

export const sqlite: StagedBackend = {
  type: "sqlite",
  target: "staged",
  locate: (config) => pathOf(config),
  freeBytes: (config) => freeBytes(dirname(resolve(pathOf(config)))),
  openForReading: (config, options) => openSource(pathOf(config), options),
  assertDistinct,
  openForWriting,
  preview,
  openForRollback: (config, journals) => openForRollback(pathOf(config), journals),
  recover: (config, journal) => recover(pathOf(config), journal),
};

function pathOf(config: BackendConfig): string {
  if (config.path) return config.path;
  throw new UsageError(config.validate().join("; "), { next: "Name the file with --from-path or --to-path." });
}

/** One file under two names, a symbolic link or a hard link, is still one file. */
async function assertDistinct(source: BackendConfig, target: BackendConfig): Promise<{ sameServer: false }> {
  const from = pathOf(source);
  const to = pathOf(target);
  const a = statOf(from);
  const b = statOf(to);
  const same = a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
  if (!same && resolve(from) !== resolve(to)) return { sameServer: false };
  throw new RefusedError(`source and target are the same file: ${from}`, {
    next: "Choose another target; the source is never changed.",
  });
}

/** Undefined for nothing. @throws AccessError for a path that leads nowhere. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw accessError(path, cause);
  }
}

async function openForWriting(config: BackendConfig, request: WriteRequest): Promise<StagedTarget> {
  const path = pathOf(config);
  if (!looksUsable(path)) return new NewFile(path, request);
  return new ExistingFile(path, request);
}

async function preview(config: BackendConfig, request: WriteRequest): Promise<TargetPreview> {
  const path = pathOf(config);
  const there = looksUsable(path) && recognise(path).kind !== "empty file";
  return there ? previewExisting(path, request) : previewNew(path, request);
}

/** Whether there is a file to write into; false where one is to be made. @throws when neither can be. */
function looksUsable(path: string): boolean {
  const found = recognise(path);
  if (found.kind === "nothing") {
    assertFolder(path);
    return false;
  }
  if (found.kind !== "empty file") {
    assertSqlite(path, found);
    assertOurs(path);
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (cause) {
    throw new AccessError(`no permission to write to ${path}`, {
      next: "Choose another target, or run as its owner.",
      cause,
    });
  }
}

/** Looked at without a lock, so that a file of another application is not even opened for writing. */
function assertOurs(path: string): void {
  const real = realpathSync(path);
  const database = openImmutable(path, real);
  try {
    const layout = readLayout(database);
    assertMemoryGraph(path, layout);
    assertNotHalf(path, real, layout);
  } catch (error) {
    if (isUnreadableSchema(error)) throw refusedTarget(path, []);
    throw translate(path, error);
  } finally {
    database.close();
  }
}

function assertFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new StoreKindError(`${path} is a symbolic link to nothing`, {
      next: "Name the file itself, or remove the link.",
    });
  }
  if (basename(path) === "" || path.endsWith("/")) {
    throw new StoreKindError(`${path} names a folder, not a file`, { next: "Add the name of the file." });
  }
  const folder = dirname(resolve(path));
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new StoreKindError(`the folder ${folder} does not exist`, { next: `Make it first: mkdir -p ${folder}` });
  }
  if (!stat.isDirectory()) {
    throw new StoreKindError(`${folder} is not a folder`, { next: "Check the path of the target." });
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new AccessError(`no permission to write in ${folder}`, {
      next: "Choose a folder that you may write to.",
      cause,
    });
  }
}
