/** The SQLite backend: MemoryGraph's default store, in the layouts of every release. */
import { accessSync, constants, realpathSync } from "node:fs";
import { basename } from "node:path";
import { AccessError, StoreKindError } from "../../errors.ts";
import { isFolderPath } from "../../support/files.ts";
import type { StagedBackend, StagedTarget, TargetPreview, WriteRequest } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import { assertNewName, assertOtherFile, freeBytesFor, pathOf } from "../file/place.ts";
import { recognise } from "../recognise.ts";
import { isUnreadableSchema, translate } from "./errors.ts";
import { ExistingFile } from "./existing-file.ts";
import { assertMemoryGraph, assertNotHalf, assertSqlite } from "./kind.ts";
import { readLayout } from "./layout.ts";
import { NewFile } from "./new-file.ts";
import { previewExisting, previewNew } from "./preview.ts";
import { openForRollback, recover } from "./rollback.ts";
import { openImmutable, ROLLBACK_JOURNAL } from "./snapshot.ts";
import { refusedTarget } from "./sound-target.ts";
import { openSource } from "./source.ts";

export const sqlite: StagedBackend = {
  type: "sqlite",
  target: "staged",
  locate: (config) => pathOf(config),
  freeBytes: freeBytesFor,
  openForReading: (config, options) => openSource(pathOf(config), options),
  async assertDistinct(source, target) {
    assertOtherFile(pathOf(source), pathOf(target), "file");
    return { sameServer: false };
  },
  openForWriting,
  preview,
  openForRollback: (config, journals, signal) => openForRollback(pathOf(config), journals, signal),
  recover: (config, journal) => recover(pathOf(config), journal),
};

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
  if (basename(path) === "" || isFolderPath(path)) {
    throw new StoreKindError(`${path} names a folder, not a file`, { next: "Add the name of the file." });
  }
  assertNewName(path, ROLLBACK_JOURNAL);
}
