/** What an archive of a folder or bucket is called: when it was made, in UTC and sortable, without a colon, which Windows does not take. */
import { randomBytes } from "node:crypto";
import type { BackendType } from "../../backends/config.ts";

/** The kind of store that an archive is. */
export const ARCHIVE: BackendType = "archive";

/** Of an archive, plain and encrypted. */
export const ARCHIVE_SUFFIXES = [".jsonl.zst", ".jsonl.zst.age"] as const;
/** Behind the name of an archive: the note about it. */
const NOTE_SUFFIX = ".note.json";
const DATED = /^memorygraph-(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{6}\.jsonl\.zst(\.age)?$/;

/** `memorygraph-2026-11-28T091500Z-1f0a9c.jsonl.zst`; the last part keeps backups of the same second apart. */
export function archiveName(at: Date, encrypted: boolean): string {
  const moment = `${at.toISOString().slice(0, 19).replaceAll(":", "")}Z`;
  return `memorygraph-${moment}-${randomBytes(3).toString("hex")}${ARCHIVE_SUFFIXES[encrypted ? 1 : 0]}`;
}

/** When the archive of a name was made; null for a name of another form. */
export function timeOfName(name: string): Date | null {
  const [, day, hour, minute, second] = DATED.exec(name) ?? [];
  const at = new Date(`${day}T${hour}:${minute}:${second}Z`);
  return day === undefined || Number.isNaN(at.getTime()) ? null : at;
}

/** Whether a file is an archive by its name. */
export function hasArchiveName(name: string): boolean {
  return ARCHIVE_SUFFIXES.some((suffix) => name.toLowerCase().endsWith(suffix));
}

export function noteNameOf(archive: string): string {
  return archive + NOTE_SUFFIX;
}

/** The archive that a note is about; null for what is no note by its name. */
export function archiveOfNote(name: string): string | null {
  const archive = name.endsWith(NOTE_SUFFIX) ? name.slice(0, -NOTE_SUFFIX.length) : "";
  return hasArchiveName(archive) ? archive : null;
}
