/**
 * A store that is a file, being written: under a temporary name beside its place until it is verified, then there whole, or not
 * at all. What it leaves when the process ends is known from the journal of the run.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BusyError } from "../../errors.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { hasWritten, stateOfRun } from "../../journal/run-state.ts";
import {
  beginningOfName,
  codeOf,
  createPrivateFile,
  publishFile,
  publishFlushedFolder,
  publishFolder,
  remove,
  replaceFile,
  setMode,
  temporaryBeside,
} from "../../support/files.ts";
import { isSameFile } from "../../support/same-file.ts";
import { stateOf } from "../../support/stability.ts";
import { keepBeforeImage } from "./before-image.ts";
import { statOf } from "./place.ts";

/** The name in a run's journal by which the store is known to have been made by the run. */
export const MADE = "target made";
/** What it says of a store that is a folder, and took the place of an empty one. */
export const IN_EMPTY_FOLDER = "in an empty folder";
const namesOf = (purpose: Purpose) => `temporary files of the ${purpose}`;

/** What the file is written for: a run has to be undone later, a rollback has not. */
export type Purpose = "run" | "rollback";

interface StagedPlace {
  /** The store as messages name it. */
  readonly path: string;
  /** The file itself: absolute, links followed. */
  readonly file: string;
  /** The folder of the file belongs to the store, and is made with it where it is not there. */
  readonly hasOwnFolder?: boolean;
  /** The store itself is a folder; its files are flushed by whoever writes them. Nothing is there, or an empty folder. */
  readonly isFolder?: boolean;
}

interface StagingOptions {
  readonly purpose: Purpose;
  /** Of the run; null for one that nobody can undo later. */
  readonly journal: JournalFile | null;
  /** Of the file that is replaced when it was read, as stateOf gives it; null where none was there. */
  readonly state: string | null;
  /** Of files that may come beside the temporary one while it is written. */
  readonly suffixes: readonly string[];
}

/** One of publish, discard and preserve ends it. */
export class StagedFile {
  /** The temporary file, or folder, empty and readable by its owner only. */
  readonly file: string;
  readonly #place: StagedPlace;
  readonly #options: StagingOptions;
  /** What is renamed in the end: the file, or the folder that is made with it. */
  readonly #root: string;

  /** @throws the system's error */
  constructor(place: StagedPlace, options: StagingOptions) {
    this.#place = place;
    this.#options = options;
    const { purpose, journal, state, suffixes } = options;
    const folder = dirname(place.file);
    const isInFolder = place.hasOwnFolder === true && !existsSync(folder);
    this.#root = temporaryBeside(isInFolder ? folder : place.file);
    this.file = isInFolder ? join(this.#root, basename(place.file)) : this.#root;
    if (purpose === "run" && state === null)
      journal?.setMeta(MADE, place.isFolder === true && existsSync(place.file) ? IN_EMPTY_FOLDER : "yes");
    if (journal !== null)
      noteTemporary(journal, purpose, [this.#root, ...suffixes.map((suffix) => this.#root + suffix)]);
    if (isInFolder || place.isFolder === true) mkdirSync(this.#root, { mode: 0o700 });
    if (place.isFolder !== true) createPrivateFile(this.file);
  }

  /** The name of a file beside the temporary one. @param suffix one of the options' */
  beside(suffix: string): string {
    return this.#root + suffix;
  }

  /** @throws BusyError when the store is not as it was read; the system's error */
  publish(): void {
    const { path, file } = this.#place;
    const { purpose, journal, state } = this.#options;
    const isFolder = this.#place.isFolder === true;
    if (!isFolder && stateOf(file) !== state) throw state === null ? appeared(path) : changed(path);
    try {
      if (purpose === "run" && journal !== null && state !== null) keepBeforeImage(journal, this.file, file);
      if (isFolder) publishFlushedFolder(this.#root, file);
      else if (state !== null) replaceFile(this.file, file);
      else if (this.file === this.#root) publishFile(this.file, file);
      else publishFolder(this.#root, dirname(file));
    } catch (cause) {
      throw /^(EEXIST|ENOTEMPTY)$/.test(codeOf(cause)) ? appeared(path, cause) : cause;
    }
  }

  discard(): void {
    remove(this.#root, ...this.#options.suffixes.map((suffix) => this.beside(suffix)));
  }

  /** Gives the file a name beside the store, for somebody to inspect. @returns the name, which nothing had before */
  preserve(): string {
    if (this.#place.isFolder !== true) setMode(this.file, 0o600);
    const { path } = this.#place;
    const store = join(dirname(path), beginningOfName(basename(path)));
    let kept = `${store}.failed`;
    for (let number = 2; existsSync(kept); number++) kept = `${store}.failed-${number}`;
    renameSync(this.#root, kept);
    return kept;
  }
}

/** What may be left if the process ends, and is removed then by `recoverStaged`. @param names absolute */
export function noteTemporary(journal: JournalFile, purpose: Purpose, names: readonly string[]): void {
  journal.setMeta(namesOf(purpose), JSON.stringify(names));
}

/**
 * Removes what a stopped run, or the rollback of it, has left beside the store.
 * @returns whether the run had given its file the store's name; null where it has begun none
 */
export function recoverStaged(file: string, journal: JournalFile): "as before" | "complete" | null {
  remove(...notedNames(journal, "rollback"));
  const names = notedNames(journal, "run");
  if (names.length === 0) return null;
  const published = isPublished(names[0]!, file, journal);
  remove(...names);
  return published ? "complete" : "as before";
}

function notedNames(journal: JournalFile, purpose: Purpose): string[] {
  const noted = journal.getMeta(namesOf(purpose));
  return noted === null ? [] : (JSON.parse(noted) as string[]);
}

/**
 * Whether a run that was stopped had given its temporary file the target's name: by renaming it, or as a second name
 * before it loses the first.
 */
export function isPublished(temporary: string, target: string, journal: JournalFile): boolean {
  if (!hasWritten(stateOfRun(journal))) return false;
  const [left, found] = [statOf(temporary), statOf(target)];
  return found !== undefined && (left === undefined || isSameFile(left, found));
}

function appeared(path: string, cause?: unknown): BusyError {
  return new BusyError(`${path} was created by another program while we were writing; it was left unchanged`, {
    next: "Find out which program made it, then choose another target or run the same command again.",
    cause,
  });
}

function changed(path: string): BusyError {
  return new BusyError(`${path} changed while we were writing; it was left as it is now`, {
    next: "Close the application that writes to it, then run the same command again.",
  });
}
