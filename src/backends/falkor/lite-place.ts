/**
 * Where a FalkorDBLite store is. Python's is one file, TypeScript's a directory with `dump.rdb` in it, and both have the
 * same default path: only looking tells which one stands there.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RefusedError, StoreKindError, UnsupportedError } from "../../errors.ts";
import { releasesOfForm } from "../../memorygraph/opens.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import { isFolderPath, whenFree } from "../../support/files.ts";
import { inWords } from "../../support/words.ts";
import { assertNewName, assertWritableFolder } from "../file/place.ts";
import { accessError, type Found, notThatKind, recognise } from "../recognise.ts";
import { assertNoLogAlone, assertNoLogOver, logPart } from "./append-log.ts";
import { falkordbliteDescriptor, isLogHead, type Packing, packingOf } from "./descriptor.ts";

export type LiteForm = "file" | "directory";

export interface LitePlace {
  /** As it was given. */
  readonly path: string;
  readonly form: LiteForm;
  /** The dump itself, links followed. */
  readonly dump: string;
  /** How the dump is packed in that file; null for a dump as it is. */
  readonly packing: Packing | null;
}

const DUMP = "dump.rdb";
const NAME_OF: Readonly<Record<Packing, string>> = {
  gzip: "a compressed file",
  zstd: "a compressed file",
  payload: "the result of DUMP for one graph",
};

/** A store that is there. @throws StoreKindError for what is none, RefusedError for a log alone, AccessError */
export function placeToRead(path: string): LitePlace {
  const found = recognise(path);
  if (hasDump(path, found)) return { path, form: "directory", dump: real(path, join(path, DUMP)), packing: null };
  assertNoLogAlone(path, resolve(path));
  if (found.form === "directory") {
    throw new StoreKindError(`${path} is a directory without ${DUMP}, not a FalkorDBLite store`, {
      next: "Check the path; a store that was never saved has none.",
    });
  }
  const head = found.form === "file" ? headOf(real(path, path)) : Buffer.alloc(0);
  if (isLogHead(head)) throw logPart(path, path);
  const packing = packingOf(head);
  if (packing === null && found.type !== falkordbliteDescriptor.type) {
    throw notThatKind(path, found, falkordbliteDescriptor.type);
  }
  // The dump in a directory is the store of that directory.
  return { path, form: basename(path) === DUMP ? "directory" : "file", dump: real(path, path), packing };
}

export interface Target extends LitePlace {
  /** `blank`: a directory without a dump, or an empty file. */
  readonly content: "new" | "blank" | "store";
  readonly release: Release;
}

/**
 * A store that is there, or could be.
 * @param asked the release that --for names; what is there already belongs to one release
 * @throws StoreKindError, RefusedError, AccessError
 */
export function placeToWrite(path: string, asked: Release | null, fallback: Release): Target {
  const found = recognise(path);
  switch (found.form === "directory" && !hasDump(path, found) ? "directory" : found.kind) {
    case "nothing":
      return newPlace(path, asked ?? fallback);
    case "directory":
      assertNoLogOver(path, join(path, DUMP));
      assertUnused(path);
      return assertAsked(
        { path, form: "directory", dump: join(realpathSync(path), DUMP), packing: null, content: "blank" },
        asked,
      );
    case "empty file":
      return assertAsked({ path, form: "file", dump: real(path, path), packing: null, content: "blank" }, asked);
  }
  const place = placeToRead(path);
  if (place.packing === null) return assertAsked({ ...place, content: "store" }, asked);
  throw new UnsupportedError(`${path} is ${NAME_OF[place.packing]}, which can only be read`, {
    next: "Name a new path as the target.",
  });
}

function newPlace(path: string, release: Release): Target {
  const form = releaseLine(release).liteForm;
  if (form === "file" && isFolderPath(path)) {
    throw new StoreKindError(`${path} names a directory, and MemoryGraph ${release} keeps its store in a file`, {
      next: `Add the name of the file, or choose a release that has a directory: --for ${inWords(releasesOfForm("directory"))}.`,
    });
  }
  assertNewName(path);
  const dump = form === "file" ? resolve(path) : join(resolve(path), DUMP);
  return { path, form, dump, packing: null, content: "new", release };
}

function assertAsked(place: Omit<Target, "release">, asked: Release | null): Target {
  const releases = releasesOfForm(place.form);
  if (asked !== null && !releases.includes(asked)) {
    throw new RefusedError(
      `${place.path} is a ${place.form}, which MemoryGraph ${inWords(releases)} opens, and not ${asked}`,
      { next: `Leave out --for, or choose a new path for ${asked}.` },
    );
  }
  // A new file takes the place of the old one: it is the folder that has to let us.
  assertWritableFolder(dirname(place.dump));
  return { ...place, release: asked ?? releases[0]! };
}

function hasDump(path: string, { form }: Pick<Found, "form">): boolean {
  return form === "directory" && existsSync(join(path, DUMP));
}

/** What an engine leaves in its directory may be there, and nothing of anybody else's. */
function assertUnused(path: string): void {
  const own = /^fdb-[0-9a-f]+\.sock$|^temp-.*\.rdb$|^appendonlydir$|^appendonly\.aof$/;
  const others = readdirSync(path).filter((name) => !own.test(name));
  if (others.length === 0) return;
  throw new StoreKindError(`${path} is a directory that holds other files, and no ${DUMP}`, {
    details: others.slice(0, 5),
    next: "Name a directory that does not exist yet, or an empty one.",
  });
}

function headOf(path: string): Buffer {
  const file = whenFree(() => openSync(path, "r"));
  try {
    const head = Buffer.alloc(256);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

function real(path: string, dump: string): string {
  try {
    accessSync(dump, constants.R_OK);
    return realpathSync(dump);
  } catch (cause) {
    throw accessError(path, cause);
  }
}
