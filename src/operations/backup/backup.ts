/** A backup into a folder or bucket: archive, read back, put in place, noted; then what no rule keeps any more is removed. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BackendConfig, type BackendConfigFields } from "../../backends/config.ts";
import { loadBackend } from "../../backends/registry.ts";
import { MigrateError, VerificationError } from "../../errors.ts";
import { type ProcessIdentity, thisProcess } from "../../support/processes.ts";
import { inspectStore } from "../inspect.ts";
import { runMigration } from "../migrate.ts";
import type { MigrationResult } from "../models.ts";
import type { Hooks } from "../run.ts";
import type { KnownBackups } from "./known.ts";
import { type BackupResult, chosenIn, type Note } from "./models.ts";
import { archiveName } from "./names.ts";
import type { Place } from "./place.ts";
import { applyPolicy, isEmptyPolicy, type KeepPolicy } from "./retention.ts";
import { hashOfFile, isArchive, isOf, recover, type Shelved, shelved, takeAway, writeNote } from "./shelf.ts";

export interface BackupRequest {
  readonly source: BackendConfig;
  /** Of the archive, beside its path: what it is encrypted with. */
  readonly target: Omit<BackendConfigFields, "path">;
  readonly encrypted: boolean;
  readonly policy: KeepPolicy;
  readonly allowLoss: boolean;
  readonly allowEmpty: boolean;
  /** Of this program, for the note. */
  readonly program: string;
  readonly known: KnownBackups;
  /** Whether the process that wrote a note still runs; tests have their own. */
  readonly runs?: ((owner: ProcessIdentity) => boolean | null) | undefined;
}

type Origin = Pick<Note, "host" | "store">;

/** @throws MigrateError; what counted before still does then */
export async function backUp(request: BackupRequest, place: Place, hooks: Hooks): Promise<BackupResult> {
  const start = performance.now();
  const { source, encrypted, policy, known } = request;
  const { signal } = hooks;
  using workshop = await place.workshop();
  const recovered = await recover(place, signal, request.runs);
  const subject = await originOf(source);
  const name = archiveName(new Date(), encrypted);
  const path = workshop.file(name);
  const result = await writeArchive(request, path, hooks);
  const made = noteOf(result, subject, name, path, request);
  const [last] = (await shelved(place)).filter(({ note, state }) => state === "whole" && isOf(note, subject));
  const unchanged = last?.note?.digest === made.digest && last.note.encrypted === encrypted;
  const note = unchanged ? last.note! : { ...made, sha256: await hashOfFile(createReadStream(path), signal) };
  if (!unchanged) await putInPlace(place, note, path, signal);
  const { kept, removed } = await prune(place, policy, subject, note.name);
  const warnings = remember(known, note, place);
  if (!unchanged && last !== undefined && last.at > new Date(note.created)) {
    warnings.push(`${last.name} is dated later than this backup, so it counts as the newest: a clock was or is wrong`);
  }
  if (place.kind === "bucket" && !encrypted) {
    warnings.push("the archive is not encrypted: whoever may read the bucket can read the memories in it");
  } else if (!encrypted && (await place.isShared()) === true) {
    warnings.push(`the archive is not encrypted, and other users of this machine may look into ${place.location}`);
  }
  return {
    outcome: unchanged ? "unchanged" : "made",
    store: subject.store,
    place: place.location,
    name: note.name,
    bytes: note.bytes,
    encrypted,
    count: { nodes: note.nodes, memories: note.memories, relationships: note.relationships },
    digest: note.digest,
    kept,
    removed,
    losses: result.losses,
    recovered,
    warnings,
    durationSeconds: (performance.now() - start) / 1_000,
  };
}

/** What a backup would remove, as if it made one now; nothing is written. @throws MigrateError where it would be refused */
export async function planBackup(request: BackupRequest, place: Place, hooks: Hooks): Promise<BackupResult> {
  const start = performance.now();
  const { source, target: fields, encrypted, policy } = request;
  const subject = await originOf(source);
  const there = (await shelved(place)).filter(({ note, state }) => state === "whole" && isOf(note, subject));
  const name = archiveName(new Date(), encrypted);
  // Never made: it only says what kind of file it would be. The folder need not be there yet.
  const folder = existsSync(place.location) ? place.location : tmpdir();
  const target = new BackendConfig({ ...fields, path: join(folder, name) });
  const { allowLoss, allowEmpty } = request;
  const { result, error } = await runMigration(source, target, { dryRun: true, allowLoss, allowEmpty }, hooks);
  if (error !== null) throw error;
  const { digest } = await inspectStore(source, () => {}, hooks.signal);
  const [last] = there;
  const unchanged = last?.note?.digest === digest && last.note.encrypted === encrypted;
  const candidates: Candidate[] = unchanged ? [...there] : [{ name, at: new Date(), bytes: 0 }, ...there];
  const { keep, remove } = applyPolicy(candidates, policy);
  return {
    outcome: "planned",
    store: subject.store,
    place: place.location,
    ...{ name: unchanged ? last.name : null, bytes: null, encrypted, digest },
    count: result.imported,
    kept: isEmptyPolicy(policy)
      ? []
      : keep.filter(({ item }) => item.name !== name).map(({ item, by }) => ({ ...shown(item), by: [...by] })),
    removed: remove.map(shown),
    losses: result.losses,
    recovered: [],
    warnings: [],
    durationSeconds: (performance.now() - start) / 1_000,
  };
}

interface Candidate {
  readonly name: string;
  readonly at: Date;
  readonly bytes: number;
}

/** The archive at a path of this machine, read back and equal to its source. @throws MigrateError */
export async function writeArchive(
  {
    source,
    target: fields,
    allowLoss,
    allowEmpty,
  }: Pick<BackupRequest, "source" | "target" | "allowLoss" | "allowEmpty">,
  path: string,
  hooks: Hooks,
): Promise<MigrationResult> {
  const target = new BackendConfig({ ...fields, path });
  const { result, error } = await runMigration(source, target, { allowLoss, allowEmpty }, hooks);
  if (error !== null) throw error;
  return result;
}

/** What the archive is a copy of, without any login. */
export async function originOf(source: BackendConfig): Promise<Origin> {
  const { type, path } = source;
  // A file is the same from wherever it is named.
  const location = path === undefined ? (await loadBackend(source)).locate(source) : resolve(path);
  return { host: hostname(), store: { backend: type, location, ...chosenIn(source) } };
}

function noteOf(
  { verification, imported }: MigrationResult,
  subject: Origin,
  name: string,
  path: string,
  { encrypted, program }: BackupRequest,
): Note {
  return {
    format: "memorygraph-backup-note",
    version: 1,
    name,
    state: "pending",
    bytes: statSync(path).size,
    sha256: "",
    created: new Date().toISOString(),
    ...subject,
    ...imported,
    digest: verification!.wholeTargetDigest,
    encrypted,
    program,
    owner: thisProcess(),
    proven: null,
  };
}

/**
 * The note goes first: whatever happens then, the next backup finds by it what is there, and whether it is whole.
 * @throws VerificationError where the place gives back something else; then it is removed again
 */
async function putInPlace(place: Place, note: Note, path: string, signal: AbortSignal | undefined): Promise<void> {
  await writeNote(place, note);
  try {
    signal?.throwIfAborted();
    await place.publish(path, note.name, signal);
    // A file that was renamed is the one that was read back; what went over a line is read again.
    if (place.kind === "bucket" && (await hashOfFile(place.read(note.name), signal)) !== note.sha256) {
      throw new VerificationError(`${note.name} was stored in ${place.location}, and reads back as something else`, {
        next: "It was removed again; earlier backups are as they were. Run it again, and ask the service if it stays.",
      });
    }
  } catch (error) {
    await takeAway(place, note.name).catch(() => {
      // What is left goes with the next backup; the cause is what there is to tell.
    });
    throw error;
  }
  await writeNote(place, { ...note, state: "whole" });
}

/**
 * Only whole archives of this store that begin as archives do, and never the newest one.
 * @param newest the one that was made or found now
 */
async function prune(
  place: Place,
  policy: KeepPolicy,
  subject: Origin,
  newest: string,
): Promise<Pick<BackupResult, "kept" | "removed">> {
  if (isEmptyPolicy(policy)) return { kept: [], removed: [] };
  const there = (await shelved(place)).filter(({ note, state }) => state === "whole" && isOf(note, subject));
  // It can have counted and gone since: then nothing is certain.
  if (!there.some(({ name }) => name === newest)) return { kept: [], removed: [] };
  const { keep, remove } = applyPolicy(there, policy);
  const removed: Shelved[] = [];
  for (const one of remove) {
    if (one.name === newest || !(await isArchive(place, one.name))) continue;
    await takeAway(place, one.name);
    removed.push(one);
  }
  const stays = there.filter((one) => !removed.includes(one));
  return {
    kept: stays.map((one) => ({ ...shown(one), by: [...(keep.find(({ item }) => item === one)?.by ?? [])] })),
    removed: removed.map(shown),
  };
}

function shown({ name, at, bytes }: Candidate): BackupResult["removed"][number] {
  return { name, created: at.toISOString(), bytes };
}

/** @returns a warning where it could not be written down: the backup counts all the same */
function remember(known: KnownBackups, note: Note, place: Place): string[] {
  const { name, host, store, digest, created } = note;
  try {
    const checked = new Date().toISOString();
    known.remember({ place: place.location, name, host, store, digest, created, checked });
    return [];
  } catch (error) {
    if (error instanceof MigrateError) throw error;
    return [
      `that it was made could not be written down for doctor (${error instanceof Error ? error.message : error})`,
    ];
  }
}
