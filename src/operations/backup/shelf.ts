/** The archives of a place with the notes by which they count, and what stopped backups have left there put in order. */
import { createHash } from "node:crypto";
import { type ProcessIdentity, stillRuns } from "../../support/processes.ts";
import { isSameStore, type ListedBackup, type Note, parseNote } from "./models.ts";
import { archiveOfNote, hasArchiveName, noteNameOf, timeOfName } from "./names.ts";
import type { Place, PlacedFile } from "./place.ts";

/** After which a backup of another machine is given up: its process cannot be asked. */
const GIVEN_UP_MS = 24 * 3_600_000;
/** Of Zstandard, and of age. */
const BEGINNINGS = [Buffer.from("28b52ffd", "hex"), Buffer.from("age-encryption.org/")];
const NOTES_AT_A_TIME = 16;

export interface Shelved {
  readonly name: string;
  readonly at: Date;
  readonly bytes: number;
  readonly state: ListedBackup["state"];
  readonly note: Note | null;
}

/** Every archive of the place, the newest first. */
export async function shelved(place: Place): Promise<readonly Shelved[]> {
  const files = await place.list();
  const archives = files.filter(({ name }) => hasArchiveName(name));
  const notes = await notesOf(place, files);
  return archives
    .map((file) => shelvedFile(file, notes.get(file.name) ?? null))
    .sort((a, b) => b.at.getTime() - a.at.getTime());
}

function shelvedFile({ name, bytes, modified }: PlacedFile, note: Note | null): Shelved {
  const at = note === null ? (timeOfName(name) ?? modified) : new Date(note.created);
  return { name, at, bytes, state: stateOf(note, bytes), note };
}

function stateOf(note: Note | null, bytes: number): ListedBackup["state"] {
  if (note === null) return "no note";
  if (note.state === "pending") return "pending";
  return note.bytes === bytes ? "whole" : "damaged";
}

async function notesOf(place: Place, files: readonly PlacedFile[]): Promise<Map<string, Note>> {
  const names = files.map(({ name }) => archiveOfNote(name)).filter((name) => name !== null);
  const notes = new Map<string, Note>();
  for (let from = 0; from < names.length; from += NOTES_AT_A_TIME) {
    const some = names.slice(from, from + NOTES_AT_A_TIME);
    const texts = await Promise.all(some.map((name) => place.text(noteNameOf(name))));
    for (const note of texts.map(parseNote)) {
      if (note !== null && some.includes(note.name)) notes.set(note.name, note);
    }
  }
  return notes;
}

/** Backups of one store of one machine: what retention goes by. */
export function isOf(note: Note | null, of: Pick<Note, "host" | "store">): boolean {
  return note !== null && note.host === of.host && isSameStore(note.store, of.store);
}

export async function writeNote(place: Place, note: Note): Promise<void> {
  await place.write(noteNameOf(note.name), `${JSON.stringify(note, null, 2)}\n`);
}

/** Whether what is there under the name begins as archives do. */
export async function isArchive(place: Place, name: string): Promise<boolean> {
  const head = Buffer.from(await place.head(name, 32));
  return BEGINNINGS.some((beginning) => head.subarray(0, beginning.length).equals(beginning));
}

/** SHA-256 of what is there, in hexadecimal. */
export async function hashOfFile(chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** First the archive: a note without one says nothing, and the next backup removes it. */
export async function takeAway(place: Place, name: string): Promise<void> {
  await place.remove(name);
  await place.remove(noteNameOf(name));
}

/**
 * Puts in order what stopped backups and removals have left. An archive that is whole where it is counts from now on; nothing else
 * is removed than what a note names whose process has ended.
 * @returns what was done, one sentence each
 */
export async function recover(
  place: Place,
  signal?: AbortSignal,
  runs: (owner: ProcessIdentity) => boolean | null = stillRuns,
): Promise<string[]> {
  const files = await place.list();
  const present = new Set(files.map(({ name }) => name));
  const done: string[] = [];
  for (const [name, { owner, state, created }] of await notesOf(place, files)) {
    if (state === "whole" && present.has(name)) continue;
    // What has counted and is gone was being removed; who had made it does not matter.
    const lives = state === "whole" ? false : runs(owner);
    if (lives === true || (lives === null && Date.now() - Date.parse(created) < GIVEN_UP_MS)) continue;
    // Again, now that nobody is about it any more: it can have ended well since the list was made.
    const note = parseNote(await place.text(noteNameOf(name)));
    const isThere = (await place.head(name, 1)).length > 0;
    if (note === null || (note.state === "whole" && isThere)) continue;
    if (!isThere) {
      await place.remove(noteNameOf(name));
      done.push(`removed the note of ${name}, which is not there`);
    } else if ((await hashOfFile(place.read(name), signal)) === note.sha256) {
      await writeNote(place, { ...note, state: "whole" });
      done.push(`${name}, of a backup that was stopped, is whole and counts`);
    } else if (await isArchive(place, name)) {
      await takeAway(place, name);
      done.push(`removed ${name}, of a backup that was stopped: it is not whole`);
    }
  }
  return done;
}
