/**
 * The append-only log that an engine keeps beside its dump when it runs with `appendonly yes`. When it starts so, it loads
 * the log and not the dump: what was written after the last save is in the log alone, and what is put into the dump is
 * never seen.
 *
 * Since Redis 7 the log is a folder, `appendonlydir`, with a manifest that names a base (a dump of its own) and increments
 * (commands); before, it is the file `appendonly.aof`, which can begin with a dump.
 */
import { existsSync, readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RefusedError } from "../../errors.ts";
import { readFields } from "../../rdb/prologue.ts";
import { openDumpFile } from "../../rdb/source.ts";
import type { Finding } from "../description.ts";

/** Some file systems keep a file's time in whole seconds, or in two. */
const COARSE_MS = 2_000;
const MANIFEST = /\.manifest$/;
const OLD_LOG = /^[^.].*\.aof$/;
const LOG_FOLDER = /^append|aof/i;

/** How long an engine may take to save, at least, and for each byte (10 MB/s). */
const SAVING_MS = 10_000;
const SAVING_MS_A_BYTE = 1 / 10_000;

interface LogFile {
  readonly path: string;
  readonly role: "base" | "increment" | "other";
  readonly bytes: number;
  readonly modified: Date;
}

export interface AppendLog {
  /** The folder of the engine's data, in which the dump is as well. */
  readonly folder: string;
  /** What holds data, in the order of the manifest; files without any are left out. */
  readonly files: readonly LogFile[];
  /** All that one manifest names is there, and nothing else. */
  readonly isWhole: boolean;
}

/** The store has a log that holds what the dump does not, or can hold it. */
export class LogRefusal extends RefusedError {
  /** What could be read in place of the dump; null where nothing proves that it is the newest. */
  readonly log: AppendLog | null;

  constructor(message: string, log: AppendLog | null, explanation: ConstructorParameters<typeof RefusedError>[1]) {
    super(message, explanation);
    this.log = log;
  }

  /** The same, with the reason why the log could not be read. */
  because(why: string): LogRefusal {
    const { message, next, details } = this;
    return new LogRefusal(message, null, {
      next,
      details: [...details, `it cannot be read without the engine: ${why}`],
    });
  }
}

/** The log in a folder of data; null where there is none, or where nothing is in it. */
function logIn(folder: string): AppendLog | null {
  const found = entriesOf(folder).flatMap((name): Parts[] => {
    const path = join(folder, name);
    const stat = LOG_FOLDER.test(name) || OLD_LOG.test(name) ? statOf(path) : null;
    if (stat?.isDirectory() && LOG_FOLDER.test(name)) return [manifestedIn(path)];
    return stat?.isFile() && OLD_LOG.test(name) ? [{ files: [fileAt(path, stat, "other")], isWhole: false }] : [];
  });
  const filled = found
    .map(({ files, isWhole }) => ({ files: files.filter(({ bytes }) => bytes > 0), isWhole }))
    .filter(({ files }) => files.length > 0);
  if (filled.length === 0) return null;
  const [first] = filled;
  return { folder, files: filled.flatMap(({ files }) => files), isWhole: filled.length === 1 && first!.isWhole };
}

/** In the folder of the dump, and in that of a link to it, which is the engine's. */
function logBeside(location: string, dump: string): AppendLog | null {
  const named = statOf(location)?.isDirectory() ? resolve(location) : dirname(resolve(location));
  return logIn(dirname(dump)) ?? logIn(named);
}

/** The log that is the folder itself, which a manifest tells. */
function logFolder(folder: string): AppendLog | null {
  const hasManifest = entriesOf(folder).some((name) => MANIFEST.test(name));
  const { files, isWhole } = hasManifest ? manifestedIn(folder) : { files: [], isWhole: false };
  return files.length === 0 ? null : { folder: dirname(folder), files, isWhole };
}

/** The log of which a file is a part. */
function logAround(path: string): AppendLog | null {
  return logFolder(dirname(path)) ?? logIn(dirname(path));
}

type Parts = Pick<AppendLog, "files" | "isWhole">;

/** What the manifests in the folder name; without any, all that is named as a log's files are. */
function manifestedIn(folder: string): Parts {
  const manifests = entriesOf(folder).filter((name) => MANIFEST.test(name));
  const named = manifests.flatMap((name) => partsOf(readFileSync(join(folder, name), "utf8")));
  const unnamed = entriesOf(folder).filter((name) => /\.(aof|rdb)$/.test(name));
  const parts = manifests.length > 0 ? named : unnamed.map((name) => ({ name, role: "other" }) as const);
  const files = parts.flatMap(({ name, role }) => {
    const stat = statOf(join(folder, name));
    return stat?.isFile() ? [fileAt(join(folder, name), stat, role)] : [];
  });
  return { files, isWhole: manifests.length === 1 && files.length === parts.length };
}

/** `file appendonly.aof.1.base.rdb seq 1 type b`; history (h) is what the engine is about to delete. */
function partsOf(manifest: string): { readonly name: string; readonly role: LogFile["role"] }[] {
  return manifest.split("\n").flatMap((line) => {
    const [, quoted, bare, type] = /^file (?:"((?:[^"\\]|\\.)*)"|(\S+)) .*\btype ([bhi])\b/.exec(line) ?? [];
    const name = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    if (name === undefined || type === "h" || basename(name) !== name) return [];
    return [{ name, role: type === "b" ? "base" : "increment" } as const];
  });
}

/**
 * What a dump lacks that the log beside it has.
 * @param packed the file out of which the dump was unpacked into a folder of ours
 * @returns what a person should know where the dump was saved after the log's last command, so that it holds all of it
 * @throws RefusedError where the log can hold more than the dump, or the dump is itself a part of a log
 */
export function assertNoNewerLog(location: string, dump: string, packed = dump): Finding | null {
  const fields = fieldsOf(dump);
  if (isPartOfLog(fields)) throw partOfLog(location, logAround(dump));
  const log = logBeside(location, packed);
  if (log === null) return null;
  const saved = Number(fields?.get("ctime") ?? Number.NaN) * 1_000;
  const newest = Math.max(...log.files.map(({ modified }) => latest(modified)));
  // A dump tells the second in which its saving began.
  if (saved > newest) {
    const what =
      "an append-only log beside the dump; the dump was saved after the last command of the log, and only the dump is read";
    return { kind: "note", what, count: log.files.length, examples: log.files.map(({ path }) => path) };
  }
  const savedAt = Number.isNaN(saved) ? "its header has no time of saving" : `saved ${timeOf(new Date(saved))}`;
  // Times that the engine itself has set tell which is the newer; copying sets them anew.
  const { mtimeMs = Number.NaN, size = 0 } = statOf(packed) ?? {};
  const isProven = mtimeMs - saved < SAVING_MS + size * SAVING_MS_A_BYTE;
  const message = `${location} has an append-only log that can hold more than its dump; the log was not read`;
  throw new LogRefusal(message, isProven ? log : null, {
    details: [`${packed}: ${savedAt}`, ...described(log)],
    next: `${wayOut(log.folder)} To read the dump as it was saved, copy only the dump into another folder.`,
  });
}

/** @throws RefusedError for a place without a dump where a log is, and for a part of a log */
export function assertNoLogAlone(location: string, path: string): void {
  const stat = statOf(path);
  const part = stat?.isDirectory() ? logFolder(path) : null;
  if (part !== null) throw partOfLog(location, part, part);
  const log = stat?.isDirectory() ? logIn(path) : stat === null ? logIn(dirname(path)) : null;
  if (log === null) return;
  throw new LogRefusal(`${location} has an append-only log and no dump: only the log has its data`, log, {
    details: described(log),
    next: wayOut(log.folder),
  });
}

/** @throws RefusedError where the engine would load a log, and never see what is put into the dump */
export function assertNoLogOver(location: string, dump: string): void {
  if (existsSync(dump) && isPartOfLog(fieldsOf(dump))) throw partOfLog(location, logAround(dump));
  const log = logBeside(location, dump);
  if (log === null) return;
  throw new RefusedError(`${location} has an append-only log, which its engine loads in place of the dump`, {
    details: described(log),
    next:
      `Start the engine on ${log.folder} and migrate into it as a server: --to falkordb --to-uri redis://HOST:PORT. ` +
      `Or send it SAVE, then CONFIG SET appendonly no, stop it, move the log elsewhere, run the same command again, and leave appendonly off.`,
  });
}

/** For a file that is by its contents a part of a log. */
export function logPart(location: string, path: string): RefusedError {
  return partOfLog(location, logAround(path));
}

/** Redis 4 to 6 said preamble. */
function isPartOfLog(fields: ReadonlyMap<string, string> | null): boolean {
  return fields?.get("aof-base") === "1" || fields?.get("aof-preamble") === "1";
}

function partOfLog(location: string, log: AppendLog | null, readable: AppendLog | null = null): LogRefusal {
  const details = log === null ? ["what was written after it is in the log's increments"] : described(log);
  return new LogRefusal(`${location} is a part of an append-only log, not a whole store`, readable, {
    details,
    next:
      log === null
        ? wayOut("the folder that it was in")
        : `Name the folder of the store, ${log.folder}: its log is read there where FalkorDB 4.22 or later wrote it. Else: ${wayOut(log.folder)}`,
  });
}

function wayOut(folder: string): string {
  return (
    `Start the engine that wrote it on a copy of ${folder} with --appendonly yes, and migrate from that server: ` +
    `--from falkordb --from-uri redis://HOST:PORT. Or send it SAVE, and read the dump that it writes there.`
  );
}

function described({ files }: AppendLog): string[] {
  return files.map(
    ({ path, bytes, modified }) => `${path}: ${bytes.toLocaleString("en")} bytes, written ${timeOf(modified)}`,
  );
}

function latest(modified: Date): number {
  const time = modified.getTime();
  return time % 1_000 === 0 ? time + COARSE_MS : time;
}

function timeOf(date: Date): string {
  return date.toISOString().replace("T", " ").replace(/\..*/, "Z");
}

/** Null for what does not begin as a dump: that is for its reader to tell. */
function fieldsOf(dump: string): ReadonlyMap<string, string> | null {
  using source = openDumpFile(dump);
  try {
    return readFields(source);
  } catch {
    return null;
  }
}

function fileAt(path: string, { size, mtime }: Stats, role: LogFile["role"]): LogFile {
  return { path, role, bytes: size, modified: mtime };
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // A folder that may be entered but not listed: nothing beside the dump can be seen there.
    return [];
  }
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
