/** The SQLite backend: MemoryGraph's default store, in the layouts of every release. */
import { accessSync, constants, realpathSync, type Stats, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { AccessError, RefusedError, StoreKindError } from "../../errors.ts";
import type { StagedBackend, StagedTarget, TargetPreview, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { assertNewName, freeBytesFor, pathOf } from "../file/place.ts";
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
  freeBytes: freeBytesFor,
  openForReading: (config, options) => openSource(pathOf(config), options),
  assertDistinct,
  openForWriting,
  preview,
  openForRollback: (config, journals) => openForRollback(pathOf(config), journals),
  recover: (config, journal) => recover(pathOf(config), journal),
};

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
    assertFile(path);
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

function assertFile(path: string): void {
  if (basename(path) === "" || path.endsWith("/")) {
    throw new StoreKindError(`${path} names a folder, not a file`, { next: "Add the name of the file." });
  }
  assertNewName(path);
}
