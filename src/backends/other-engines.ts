/**
 * Stores of engines that this program does not read, by their first bytes and the files beside them: what each is, where
 * its data are, and a way out that was tried with the engine itself (findings of 2026-11-27: pyturso 0.8.3, real-ladybug
 * 0.12.0, sqlcipher3-binary, apsw-sqlite3mc).
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf, whenFree } from "../support/files.ts";
import { copyCommand, inTurn, pythonCommand, shellQuote } from "../support/shell.ts";

/** One engine's store, as a person reads it. */
export interface OtherStore {
  /** A short name, such as `Turso file in MVCC mode`. */
  readonly name: string;
  /** What the path is, and where the data are. */
  readonly message: string;
  /** What to do, with a command. */
  readonly next: string;
}

interface Facts {
  readonly path: string;
  readonly size: number;
  /** The first bytes, 4,096 at most. */
  readonly head: Buffer;
  /** The first bytes of `path` + suffix; empty where there is no such file. */
  beside(suffix: string): Buffer;
}

interface Kind {
  readonly name: string;
  matches(facts: Facts): boolean;
  message(facts: Facts): string;
  next(facts: Facts): string;
}

const HEAD_BYTES = 4096;
const SQLITE = "SQLite format 3\0";
/** Frames follow a header of this length in a log of Turso's MVCC mode, which begins with the letters 2LML. */
const MVCC_LOG_HEADER = 56;

/** Which releases open a storage version of LadybugDB, as its packages on PyPI are called. */
const LADYBUG_RELEASES: Readonly<Record<number, string>> = {
  39: "real-ladybug==0.12.*",
  40: "real-ladybug>=0.13",
  41: "ladybug==0.17.*",
  42: "ladybug==0.18.*",
  43: "ladybug==0.19.*",
  47: "ladybug==0.21.*",
  49: "ladybug==0.22.*",
};
const KUZU_RELEASES: Readonly<Record<number, string>> = { 39: "kuzu==0.11.*" };

const KINDS: readonly Kind[] = [
  {
    name: "encrypted Turso database",
    matches: ({ head }) => startsWith(head, "Turso\0"),
    message: ({ path }) => `${path} is a database of Turso, encrypted; only Turso can open it, with its key`,
    next: ({ path }) =>
      `Let Turso write a plain copy, and name that: ${inTurn([
        "pip install pyturso",
        python(
          "import turso",
          `turso.connect(${text(path)}, experimental_features="encryption", encryption=turso.EncryptionOpts(cipher="CIPHER", hexkey="KEY"), isolation_level=None).execute("vacuum into 'plain.db'").fetchall()`,
        ),
      ])}`,
  },
  {
    name: "Turso database in MVCC mode",
    matches: (facts) =>
      isSqlite(facts) && (facts.head[18] === 0xff || facts.head[19] === 0xff || holdsFrames(facts.beside("-log"))),
    message: ({ path, beside }) =>
      `${path} is a database of Turso in MVCC mode; ${
        beside("-log").length > 0
          ? `its newest rows are in ${path}-log, which only Turso reads`
          : `its newest rows were in ${path}-log, which is not there`
      }`,
    next: ({ path }) =>
      `Let Turso convert a copy of both files to a format that SQLite reads, and name copy.db: ${inTurn([
        copyCommand(path, "copy.db"),
        copyCommand(`${path}-log`, "copy.db-log"),
        "pip install pyturso",
        python(
          "import turso",
          'turso.connect("copy.db", isolation_level=None).execute("pragma journal_mode=wal").fetchall()',
        ),
      ])}`,
  },
  {
    name: "SQLite database of a newer kind",
    matches: (facts) => isSqlite(facts) && facts.head[19]! > 2,
    message: ({ path, head }) =>
      `${path} requires version ${head[19]} of the file format; SQLite reads versions 1 and 2`,
    next: () => "Find the program that wrote it, and let it write a copy in WAL or rollback mode.",
  },
  {
    name: "database inside LiteFS",
    matches: (facts) =>
      isSqlite(facts) && basename(facts.path) === "database" && existsSync(join(dirname(facts.path), "ltx")),
    message: ({ path }) => `${path} is LiteFS's own file; its newest pages are in ${join(dirname(path), "wal")}`,
    next: () => "Name the database in the folder that LiteFS mounts (fuse.dir in litefs.yml), not the one in data.dir.",
  },
  ladybug("LadybugDB database", "LBUG", LADYBUG_RELEASES, "real_ladybug"),
  ladybug("Kuzu database", "KUZU", KUZU_RELEASES, "kuzu"),
  {
    name: "LTX file",
    matches: ({ head }) => startsWith(head, "LTX1"),
    message: ({ path }) => `${path} is one piece of a replica that Litestream or LiteFS keeps, not a database`,
    next: () => "Restore the database with Litestream: litestream restore -o memory.db REPLICA_URL",
  },
  {
    name: "encrypted SQLite database (SQLite3MultipleCiphers)",
    matches: ({ head, size }) => isPageSize(head.readUInt16BE(16)) && size % 512 === 0 && hasPlainSizes(head),
    message: ({ path }) => `${path} looks like a SQLite file that SQLite3MultipleCiphers has encrypted`,
    next: ({ path }) =>
      `Decrypt a copy, and name plain.db: ${inTurn([
        copyCommand(path, "plain.db"),
        "pip install apsw-sqlite3mc",
        python("import apsw", 'c = apsw.Connection("plain.db")', 'c.pragma("key", "KEY")', 'c.pragma("rekey", "")'),
      ])}`,
  },
  {
    name: "file that is probably encrypted",
    matches: ({ head, size }) => size >= 1024 && size % 512 === 0 && looksRandom(head),
    message: ({ path }) => `${path} has a random first page, as a SQLite file that SQLCipher has encrypted`,
    next: ({ path }) =>
      `If it is one, write a plain copy with its key, and name plain.db: sqlcipher ${shellQuote(path)} "PRAGMA key='KEY'; ATTACH 'plain.db' AS plain KEY ''; SELECT sqlcipher_export('plain');"`,
  },
];

/** Null for what no entry here knows, such as a SQLite file as SQLite itself writes it. @throws the system's error */
export function otherStoreAt(path: string): OtherStore | null {
  const stat = statSync(path);
  if (stat.isDirectory()) return existsSync(join(path, "catalog.kz")) ? kuzuDirectory(path) : null;
  if (!stat.isFile() || stat.size < 20) return null;
  // Side files are beside the file itself, whatever links lead to it.
  const real = realpathSync(path);
  const facts: Facts = {
    path: real,
    size: stat.size,
    head: firstBytes(path),
    beside: (suffix) => firstBytesBeside(real + suffix),
  };
  const kind = KINDS.find(({ matches }) => matches(facts));
  return kind === undefined ? null : { name: kind.name, message: kind.message(facts), next: kind.next(facts) };
}

/** What can be said of a file that nothing here knows: its beginning, its size, what is beside it. */
export function describeUnknown(path: string): string[] {
  const { size } = statSync(path);
  const name = basename(path);
  const beside = readdirSync(dirname(resolve(path))).filter((other) => other !== name && other.startsWith(name));
  const start = firstBytes(path)
    .subarray(0, 16)
    .toString("hex")
    .replace(/..(?!$)/g, "$& ");
  return [
    `first 16 bytes: ${start}`,
    `size: ${size.toLocaleString("en-US")} bytes`,
    `beside it: ${beside.length === 0 ? "nothing of its name" : beside.slice(0, 10).join(", ")}`,
  ];
}

function ladybug(name: string, magic: string, releases: Readonly<Record<number, string>>, module: string): Kind {
  return {
    name,
    matches: ({ head }) => startsWith(head, magic),
    message: ({ path, head }) =>
      `${path} is a ${name} (storage version ${head.readUInt32LE(4)}), which this program does not read`,
    next: ({ path, head }) => {
      const release = releases[head.readUInt32LE(4)];
      if (release === undefined)
        return "Find the release that wrote it: each release opens only a few storage versions.";
      const imported = release.startsWith("ladybug") ? "ladybug" : module;
      // A newer release that opens it for writing makes it unreadable for the older one.
      return `Only ${release} and its like open it. On a copy, read only: ${inTurn([
        `pip install ${shellQuote(release)}`,
        python(
          `import ${imported} as k, json`,
          `r = k.Connection(k.Database(${text(path)}, read_only=True)).execute('MATCH (n) RETURN n')`,
          "print('\\n'.join(json.dumps(x, default=str) for x in iter(lambda: r.get_next() if r.has_next() else None, None)))",
        ),
      ])}`;
    },
  };
}

function kuzuDirectory(path: string): OtherStore {
  return {
    name: "Kuzu directory",
    message: `${path} is a database of Kuzu up to 0.10, which kept it in a directory; this program does not read it`,
    next: "Open it with the Kuzu release that wrote it (pip install kuzu==0.10.*), read only, and export it from there.",
  };
}

function firstBytes(path: string): Buffer {
  const file = whenFree(() => openSync(path, "r"));
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** A side file can go at any moment. */
function firstBytesBeside(path: string): Buffer {
  try {
    return firstBytes(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function startsWith(head: Buffer, magic: string): boolean {
  return head.toString("latin1", 0, magic.length) === magic;
}

function isSqlite({ head }: Facts): boolean {
  return startsWith(head, SQLITE) && head.length >= 100;
}

function holdsFrames(log: Buffer): boolean {
  return startsWith(log, "2LML") && log.length > MVCC_LOG_HEADER;
}

function isPageSize(size: number): boolean {
  return size === 1 || (size >= 512 && (size & (size - 1)) === 0);
}

/** Versions, reserved bytes and the three fixed fractions of bytes 18 to 23 are in clear behind 16 random bytes. */
function hasPlainSizes(head: Buffer): boolean {
  const versions = [head[18]!, head[19]!].every((version) => version === 1 || version === 2);
  return versions && head[21] === 64 && head[22] === 32 && head[23] === 32 && !startsWith(head, SQLITE);
}

/** Whether all byte values are as frequent as in random bytes: chi-square, with room on both sides. */
function looksRandom(head: Buffer): boolean {
  if (head.length < 1024 || isCompressed(head)) return false;
  const counts = new Float64Array(256);
  for (const byte of head) counts[byte]!++;
  const expected = head.length / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquare > 140 && chiSquare < 400;
}

/** What is compressed looks as random, and says what it is; so do dumps of Redis. */
function isCompressed(head: Buffer): boolean {
  return /^(1f8b|52454449|56414c4b|28b52ffd|504b0304|fd377a58|425a68|04224d18|377abcaf|89504e47|ffd8ff)/.test(
    head.toString("hex", 0, 4),
  );
}

function python(...statements: string[]): string {
  return pythonCommand(statements.join("; "));
}

/** A text as Python reads it. */
function text(value: string): string {
  return JSON.stringify(value);
}
