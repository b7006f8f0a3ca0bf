/** What is at a path, by its first bytes rather than its name. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { AccessError, BusyError, MigrateError, StoreKindError } from "../errors.ts";
import { codeOf, isHeldOpen, whenFree } from "../support/files.ts";
import { decodeCommand, shellInUse, type Unpacker, unpackCommand } from "../support/shell.ts";
import { isDeviceOfWindows } from "../support/windows-names.ts";
import type { Look, Signature } from "./descriptor.ts";
import { BACKENDS, type BackendType, descriptorOf } from "./descriptors.ts";
import { inUse, nameTooLong } from "./file/errors.ts";
import { describeUnknown, type OtherStore, otherStoreAt } from "./other-engines.ts";

const HEAD_BYTES = 4_096;

export interface Found {
  readonly kind: "nothing" | "empty file" | "directory" | "store" | "other";
  /** As people call it, without an article: "SQLite database". */
  readonly what: string;
  /** Of a store, its backend; else null. */
  readonly type: BackendType | null;
  readonly form: Look["kind"] | null;
  readonly note?: string;
  /** Of a store of an engine that this program does not read. */
  readonly other?: OtherStore;
}

const OTHER_FILE = "other file";

/** What people have at such places that is no store of ours, with what to do about it. */
const OTHERS: readonly Signature[] = [
  textThat("decompressed archive of memorygraph-migrate", /^\{"format":"memorygraph-archive"/, {
    note: "Compress it again (zstd FILE -o NEW.jsonl.zst), then name what comes out.",
  }),
  {
    what: "JSON text",
    matches: ({ head }) => isText(head) && /^\uFEFF?\s*[[{]/.test(head.toString("utf8")),
    note: "It is neither an export of MemoryGraph nor the MCP memory server's file; check the path.",
  },
  {
    what: "file compressed with gzip",
    note: `Decompress it first (${unpackCommand("gunzip", "FILE")}); a compressed Redis dump can be read as it is: --from falkordblite.`,
    matches: ({ head }) => head.toString("hex", 0, 2) === "1f8b",
  },
  {
    what: "file compressed with zstd",
    note: `Decompress it first (${unpackCommand("zstd -d", "FILE")}); a compressed Redis dump can be read as it is: --from falkordblite.`,
    matches: ({ head }) => head.toString("hex", 0, 4) === "28b52ffd",
  },
  {
    what: "text in UTF-16",
    note: `Convert it to UTF-8 first (${shellInUse() === "posix" ? "iconv -f UTF-16 -t UTF-8 FILE > NEW" : "an editor such as Notepad saves it so"}), then name what comes out.`,
    matches: ({ head }) => /^(fffe|feff)/.test(head.toString("hex", 0, 2)),
  },
  ...archive("zip archive", "504b0304", "unzip"),
  ...archive("file compressed with bzip2", "425a68", "bunzip2"),
  ...archive("file compressed with xz", "fd377a585a00", "xz -d"),
  ...archive("7-Zip archive", "377abcaf271c", null),
  textThat("dump in SQL", /^(\s|--[^\n]*\n)*(PRAGMA|BEGIN|CREATE TABLE|INSERT INTO)\b/i, {
    note: 'Make a database of it first (sqlite3 new.db ".read FILE"), then name that.',
  }),
  textThat("SQLite file in Base64", /^\s*U1FMaXRlIGZvcm1hdCAz/, {
    note: `Decode it first (${decodeCommand("FILE", "new.db")}), then name what comes out.`,
  }),
  textThat("pointer of Git LFS", /^version https:\/\/git-lfs\.github\.com\//, {
    note: "The store itself is not in this folder yet: run git lfs pull in the repository.",
  }),
  textThat("web page", /^\uFEFF?\s*(<!--[^>]*-->\s*)*<(!doctype\s+html|html)\b/i, {
    note: "A site has sent it in place of the file, such as a page for logging in. Download the store again.",
  }),
  {
    what: "vault of Obsidian",
    note: "Of notes only a folder that this program has made is read: the note memorygraph-migrate.md, by which it knows one, is not in it.",
    matches: ({ has }) => has(".obsidian"),
  },
  { what: "text file", matches: ({ head, kind }) => kind === "file" && isText(head) },
  { what: OTHER_FILE, matches: ({ kind }) => kind === "file" },
];

function textThat(what: string, beginsWith: RegExp, { note }: { readonly note: string }): Signature {
  return { what, note, matches: ({ head }) => isText(head) && beginsWith.test(head.toString("utf8")) };
}

/** @param unpacker null for 7-Zip's own, which only that unpacks */
function archive(what: string, magic: string, unpacker: Unpacker | null): Signature[] {
  const command = unpacker === null ? "7z x FILE" : unpackCommand(unpacker, "FILE");
  const matches = ({ head }: Look) => head.toString("hex", 0, magic.length / 2) === magic;
  return [{ what, matches, note: `Unpack it first (${command}), then name what comes out.` }];
}

const DEVICE = "device of Windows";

/** @throws AccessError when the system does not let us look. */
export function recognise(path: string): Found {
  try {
    if (isDeviceOfWindows(path)) return { kind: "other", what: DEVICE, type: null, form: null };
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      // Windows says of such a name only that nothing is there.
      const tooLong = nameTooLong(path);
      if (tooLong !== null) throw tooLong;
      return { kind: "nothing", what: "nothing", type: null, form: null };
    }
    if (stat.isFile() && stat.size === 0) return { kind: "empty file", what: "empty file", type: null, form: "file" };
    if (!stat.isDirectory() && !stat.isFile()) return { kind: "other", what: OTHER_FILE, type: null, form: null };
    const form = stat.isDirectory() ? "directory" : "file";
    const other = otherStoreAt(path);
    if (other !== null) return { kind: "other", what: other.name, type: null, form, note: other.next, other };
    return recogniseLook(lookAt(path, form));
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    throw accessError(path, cause);
  }
}

function recogniseLook(look: Look): Found {
  for (const { type, signatures } of BACKENDS) {
    const signature = signatures.find(({ matches }) => matches(look));
    if (signature !== undefined) return foundBy(signature, "store", type, look);
  }
  const other = OTHERS.find(({ matches }) => matches(look));
  if (other !== undefined) return foundBy(other, "other", null, look);
  return { kind: "directory", what: "directory", type: null, form: look.kind };
}

function foundBy(
  { what, note }: Signature,
  kind: Found["kind"],
  type: BackendType | null,
  { kind: form }: Look,
): Found {
  return { kind, what, type, form, ...(note !== undefined && { note }) };
}

/** What signatures ask of a path: its kind, its first bytes, and the names in a directory. */
export function lookAt(path: string, kind: Look["kind"]): Look {
  const head = kind === "file" ? firstBytes(path) : Buffer.alloc(0);
  return { path, kind, head, has: (name) => kind === "directory" && existsSync(join(path, name)) };
}

function firstBytes(path: string): Buffer {
  const file = whenFree(() => openSync(path, "r"));
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

function isText(head: Buffer): boolean {
  return head.length > 0 && !head.includes(0);
}

/** Says what was found where a store of one kind was expected. */
export function notThatKind(path: string, found: Found, wanted: BackendType): StoreKindError {
  if (found.other !== undefined) return new StoreKindError(found.other.message, { next: found.other.next });
  if (found.what === OTHER_FILE) return unknownFile(path);
  const { noun } = descriptorOf(wanted);
  const [message, next] = explanation(path, found, wanted, withArticle(noun));
  return new StoreKindError(message, { next });
}

function explanation(path: string, { kind, what, type, note }: Found, wanted: BackendType, noun: string) {
  switch (kind) {
    case "nothing":
      return [
        `${path} does not exist`,
        meantAtHome(path) ?? "Check the path; `memorygraph-migrate doctor` looks where MemoryGraph keeps its stores.",
      ] as const;
    case "empty file":
      return [
        `${path} is an empty file (0 bytes), not a store`,
        "Look for the real file with `memorygraph-migrate doctor`, or restore it from a backup.",
      ] as const;
    case "directory":
      return [`${path} is a directory, not ${noun}`, inDirectory(path)] as const;
    case "store":
      return [`${path} is ${withArticle(what)}, not ${noun}`, `Name its kind: ${type} instead of ${wanted}.`] as const;
    case "other":
      return [`${path} is ${withArticle(what)}, not ${noun}`, note ?? "Check the path and the kind of store."] as const;
  }
}

/** So many entries of a directory are looked at. */
const MOST_ENTRIES = 200;

/** The stores in a directory that is none itself, so that one of them can be named. */
function inDirectory(path: string): string {
  // As an absolute one: a drive alone, such as `D:`, is no folder to Bun.
  const entries = readdirSync(resolve(path)).sort().slice(0, MOST_ENTRIES);
  const stores = entries.map((name) => join(path, name)).filter((entry) => storeAt(entry));
  if (stores.length === 0) return "Check the path, or name the file in the directory; no store is in it.";
  const shown = stores
    .slice(0, 5)
    .map((store) => `${store}`)
    .join(", ");
  return `Name the file in it; stores there: ${shown}${stores.length > 5 ? " and more" : ""}. A new file needs a name, too.`;
}

function storeAt(path: string): boolean {
  try {
    return recognise(path).kind === "store";
  } catch (error) {
    // What may not be looked at is named by nobody.
    if (error instanceof AccessError || error instanceof BusyError) return false;
    throw error;
  }
}

/** `--from-path=~/x` is expanded by no shell of Windows, and not by bash either. */
function meantAtHome(path: string): string | null {
  const home = path.startsWith("~/") || path.startsWith("~\\") ? join(homedir(), path.slice(2)) : null;
  return home !== null && existsSync(home) ? `No shell has expanded the ~ in it. Name ${home} instead.` : null;
}

function unknownFile(path: string): StoreKindError {
  return new StoreKindError(`${path} is no store that this program knows`, {
    details: statSync(path).isFile() ? describeUnknown(path) : [],
    next: "Find the program that wrote it. `memorygraph-migrate doctor` looks where MemoryGraph keeps its stores.",
  });
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** The system's refusal to read or write a path, with the way out. */
export function accessError(path: string, cause: unknown): AccessError | BusyError {
  const code = codeOf(cause);
  if (isDeviceOfWindows(path)) {
    return new AccessError(`${path} is a ${DEVICE}`, { next: "Choose another name, of a file.", cause });
  }
  if (isHeldOpen(path, code)) return inUse(path, cause);
  if (code === "ELOOP") {
    return new AccessError(`${path} is a symbolic link loop`, {
      next: "Name the file itself.",
      cause,
    });
  }
  if (code === "ENOTDIR") {
    return new AccessError(`${path} has a part that is not a directory`, {
      next: "Check the path.",
      cause,
    });
  }
  if (code === "ENAMETOOLONG") {
    return (
      nameTooLong(path) ??
      new AccessError("the path is longer than the system allows", { next: "Check the path.", cause })
    );
  }
  return new AccessError(`no permission to open ${path}`, {
    next: "Run as the user who owns it, or copy it to a place that you may read.",
    cause,
  });
}
