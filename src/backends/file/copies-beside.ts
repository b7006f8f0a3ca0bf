/**
 * What stands beside a store and may hold what it lacks: copies that sync tools make of a file that was changed in two places,
 * and what an engine was saving when it was ended.
 */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { shellQuote } from "../../support/shell.ts";
import { sameBytes } from "../../support/stability.ts";
import type { Finding } from "../description.ts";

/** As Dropbox, Nextcloud, Syncthing, Resilio, Google Drive and iCloud name them, behind the name of the store. */
const CONFLICTED = /^([ ._-]*\(?.*(conflict|konflikt|conflit|conflitto|kopie|copie en conflit).*| \(\d+\)| \d+)$/i;
/** As Redis calls a dump until it is whole. */
const HALF_SAVED = /^temp-\d+\.rdb$/;
const SIDE_FILE = /-(wal|shm|journal|log)$|\.(settings|lock)$/;

/** @returns notes that name the newest state that is not read; none where the folder cannot be looked at */
export function copiesBeside(path: string): Finding[] {
  try {
    const isDirectory = statSync(path).isDirectory();
    return isDirectory ? halfSaved(path) : conflicted(resolve(path));
  } catch {
    // Whoever opens the store says what is wrong with it.
    return [];
  }
}

function conflicted(path: string): Finding[] {
  const [folder, name] = [dirname(path), basename(path)];
  const suffix = extname(name);
  const stem = basename(name, suffix);
  const changed = Math.max(...["", "-wal"].map((side) => changedAt(path + side)));
  const copies = readdirSync(folder)
    .filter((other) => other !== name && other.startsWith(stem) && !SIDE_FILE.test(other))
    .filter((other) => CONFLICTED.test(other.slice(stem.length).replace(suffix, "")))
    .sort();
  return copies.map((copy) => {
    const file = join(folder, copy);
    const isNewer = changedAt(file) > changed;
    // A mere touch, or a copy that somebody made, is no later state.
    const isLater = isNewer && !holdsTheSame(file, path);
    const compare = `memorygraph-migrate verify ${shellQuote(path)} ${shellQuote(file)}`;
    return {
      kind: "note",
      ...(isLater && { isLater: true as const }),
      what: `a copy beside it that a sync tool made of two states${isNewer ? ", changed later than what is read" : ""}; it is not read, and can hold what this one lacks`,
      count: 1,
      examples: [file, `to compare them: ${compare}`],
    };
  });
}

function halfSaved(folder: string): Finding[] {
  const dump = changedAt(join(folder, "dump.rdb"));
  const files = readdirSync(folder)
    .filter((name) => HALF_SAVED.test(name) && changedAt(join(folder, name)) > dump)
    .sort();
  if (files.length === 0) return [];
  const what = "what an engine was saving when it was ended, later than the dump; it is not read";
  const examples = files.map((name) => join(folder, name));
  return [{ kind: "note", what, count: files.length, examples, isLater: true }];
}

function holdsTheSame(copy: string, path: string): boolean {
  return [copy, path].every((file) => changedAt(`${file}-wal`) === 0) && sameBytes(copy, path);
}

/** Milliseconds; 0 for what is not there. */
function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
