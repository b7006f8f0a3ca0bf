/** An archive as a person names it: a file, `-`, one in a bucket, or a folder or prefix, of which the newest whole one is meant. */
import { createWriteStream, existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { recognise } from "../../backends/recognise.ts";
import { temporaryFolder } from "../../backends/temporary-folder.ts";
import { DamagedStoreError, StoreKindError, UsageError } from "../../errors.ts";
import { remove } from "../../support/files.ts";
import { shellQuote } from "../../support/shell.ts";
import type { BucketAccess } from "./aws.ts";
import { BucketPlace, bucketName, isBucketAddress } from "./bucket.ts";
import { FolderPlace } from "./folder.ts";
import { type Note, parseNote } from "./models.ts";
import { ARCHIVE, ARCHIVE_SUFFIXES, hasArchiveName, noteNameOf } from "./names.ts";
import type { Place } from "./place.ts";
import { hashOfFile, shelved } from "./shelf.ts";

/** An archive as a file of this machine, until it is disposed of. */
export interface OpenedArchive extends Disposable {
  readonly path: string;
  /** For people. */
  readonly location: string;
  /** Its name in its place; null for one from standard input. */
  readonly name: string | null;
  /** Null where there is none beside it. */
  readonly note: Note | null;
  readonly place: Place | null;
  /** That a newer one of the folder or prefix is not whole; null where the newest is, or the archive itself was named. */
  readonly passedOver: string | null;
}

export interface Surroundings {
  /** Keys for buckets; asked for where one is named. @throws MigrateError where there are none */
  readonly access: () => BucketAccess;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/** The folder or bucket of an address, and the name of the archive in it where it names one. */
export function placeAndName(address: string, access: () => BucketAccess): { place: Place; name: string | null } {
  if (isBucketAddress(address)) {
    const { bucket, key } = bucketName(address);
    if (!hasArchiveName(key)) return { place: new BucketPlace({ bucket, key }, access()), name: null };
    const name = key.slice(key.lastIndexOf("/") + 1);
    return { place: new BucketPlace({ bucket, key: key.slice(0, -name.length) }, access()), name };
  }
  const isFolder = existsSync(address) ? statSync(address).isDirectory() : !hasArchiveName(address);
  return isFolder
    ? { place: new FolderPlace(address), name: null }
    : { place: new FolderPlace(dirname(address)), name: basename(address) };
}

/** @throws UsageError where there is no such archive; StoreKindError for a store; DamagedStoreError where a bucket gives back another file than was stored */
export async function openArchive(address: string, surroundings: Surroundings): Promise<OpenedArchive> {
  if (address === "-") return spooled(surroundings);
  const found = placeAndName(address, surroundings.access);
  const { place } = found;
  const { name, passedOver } = found.name === null ? await newest(place) : { name: found.name, passedOver: null };
  const note = parseNote(await place.text(noteNameOf(name)));
  if (place.kind === "folder") {
    const path = join(place.location, name);
    assertNoStore(path);
    return {
      path,
      location: path,
      name,
      note,
      place,
      passedOver,
      [Symbol.dispose]() {},
    };
  }
  const fetchedOne = await fetched(place, name, note, surroundings.signal);
  return { ...fetchedOne, passedOver };
}

/** @throws StoreKindError for a store of another kind, which nothing was ever made from */
function assertNoStore(path: string): void {
  const { type, what } = recognise(path);
  if (type === null || type === ARCHIVE) return;
  const store = shellQuote(path);
  throw new StoreKindError(`${path} is no archive, but a store itself (${what})`, {
    next: `Make an archive of it: memorygraph-migrate backup ${store} NEW.jsonl.zst; or copy it: memorygraph-migrate ${store} NEW.db`,
  });
}

/** @throws UsageError for a place without a whole archive */
async function newest(place: Place): Promise<{ name: string; passedOver: string | null }> {
  const there = await shelved(place);
  const first = there.find(({ state }) => state === "whole" || state === "no note");
  if (first !== undefined) {
    const [latest] = there;
    const isCut = latest !== undefined && latest !== first && latest.state === "damaged";
    const passedOver = isCut ? `${latest.name} is newer, and damaged: ${first.name} was taken instead` : null;
    return { name: first.name, passedOver };
  }
  throw new UsageError(`there is no archive in ${place.location}`, {
    next: "Name another place, or an archive itself.",
  });
}

async function fetched(place: Place, name: string, note: Note | null, signal?: AbortSignal): Promise<OpenedArchive> {
  const folder = temporaryFolder();
  const opened = {
    path: join(folder, name),
    location: place.location + name,
    ...{ name, note, place, passedOver: null },
    [Symbol.dispose]: () => remove(folder),
  };
  try {
    await store(place.read(name), opened.path, signal);
    if (note !== null && (await hashOfFile(Bun.file(opened.path).stream() as never, signal)) !== note.sha256) {
      throw new DamagedStoreError(`${opened.location} is not the file that was stored there`, {
        next: "Take an earlier archive; memorygraph-migrate backups lists them.",
      });
    }
    return opened;
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

/** What comes by standard input is read more than once. */
async function spooled({ stdin, signal }: Surroundings): Promise<OpenedArchive> {
  const folder = temporaryFolder();
  const path = join(folder, `stdin${ARCHIVE_SUFFIXES[0]}`);
  try {
    await store(stdin(), path, signal);
  } catch (error) {
    remove(folder);
    throw error;
  }
  return {
    path,
    location: "standard input",
    name: null,
    note: null,
    place: null,
    passedOver: null,
    [Symbol.dispose]: () => remove(folder),
  };
}

async function store(chunks: AsyncIterable<Uint8Array>, path: string, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  await pipeline(Readable.from(chunks), createWriteStream(path, { flags: "wx", mode: 0o600 }), options);
}
