// @level normal
/** Files of SQLite's relatives and of other engines, told by their first bytes and by what is beside them. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { document, expectError, program } from "../cli/program.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, createLike, settle } from "../support/stores.ts";

/** Every value as often as any other, as in what is encrypted. */
function random(length: number): Buffer {
  let state = 0x2545f491;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

function little(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** A store of 0.12 whose header has other versions in bytes 18 and 19. */
function withVersions(folder: TemporaryFolder, version: number): string {
  const path = copyFixture("0.12.4", folder, "store.db");
  const bytes = readFileSync(path);
  bytes.fill(version, 18, 20);
  writeFileSync(path, bytes);
  return settle(path);
}

const KINDS: readonly (readonly [string, (folder: TemporaryFolder) => string, readonly string[]])[] = [
  [
    "Turso in MVCC mode",
    (folder) => {
      const path = withVersions(folder, 0xff);
      writeFileSync(`${path}-log`, `2LML${"\0".repeat(200)}`);
      return path;
    },
    ["Turso in MVCC mode", "store.db-log, which only Turso reads", "pragma journal_mode=wal"],
  ],
  ["Turso in MVCC mode without its log", (folder) => withVersions(folder, 0xff), ["store.db-log, which is not there"]],
  [
    "a log of Turso's beside a file that SQLite reads",
    (folder) => {
      const path = copyFixture("0.12.4", folder, "store.db");
      writeFileSync(`${path}-log`, `2LML${"\0".repeat(200)}`);
      return path;
    },
    ["its newest rows are in"],
  ],
  ...(
    [
      ["zip archive", "504b0304", "unzip FILE"],
      ["file compressed with bzip2", "425a6839", "bunzip2 FILE"],
      ["file compressed with xz", "fd377a585a00", "xz -d FILE"],
      ["7-Zip archive", "377abcaf271c", "7z x FILE"],
      ["text in UTF-16", "fffe7b00", "iconv -f UTF-16 -t UTF-8 FILE"],
    ] as const
  ).map(([what, magic, way]): (typeof KINDS)[number] => [
    `a ${what}`,
    (folder) => make(folder, Buffer.concat([Buffer.from(magic, "hex"), Buffer.alloc(997, 7)])),
    [`is a ${what}, not a SQLite file`, way],
  ]),
  ["a newer kind of SQLite file", (folder) => withVersions(folder, 3), ["version 3 of the file format"]],
  [
    "encrypted by Turso",
    (folder) => make(folder, Buffer.concat([Buffer.from("Turso\0\0\x02"), random(8184)])),
    ["encrypted", "Turso", "vacuum into"],
  ],
  [
    "encrypted by SQLite3MultipleCiphers",
    (folder) =>
      make(folder, Buffer.concat([random(16), Buffer.from([0x10, 0, 1, 1, 32, 64, 32, 32]), random(8192 - 24)])),
    ["SQLite3MultipleCiphers", "rekey"],
  ],
  ["encrypted by SQLCipher", (folder) => make(folder, random(8192)), ["SQLCipher", "sqlcipher_export"]],
  [
    "LadybugDB",
    (folder) => make(folder, Buffer.concat([Buffer.from("LBUG"), little(39), Buffer.alloc(4096)])),
    ["LadybugDB database (storage version 39)", "real-ladybug==0.12.*", "read_only=True"],
  ],
  [
    "a LadybugDB of a later release",
    (folder) => make(folder, Buffer.concat([Buffer.from("LBUG"), little(49), Buffer.alloc(4096)])),
    ["storage version 49", "ladybug==0.22.*"],
  ],
  [
    "Kuzu in one file",
    (folder) => make(folder, Buffer.concat([Buffer.from("KUZU"), little(39), Buffer.alloc(4096)])),
    ["Kuzu database (storage version 39)", "kuzu==0.11.*"],
  ],
  [
    "Kuzu in a directory",
    (folder) => {
      mkdirSync(folder.file("graph"));
      writeFileSync(folder.file("graph", "catalog.kz"), "");
      return folder.file("graph");
    },
    ["Kuzu up to 0.10"],
  ],
  [
    "the file that LiteFS keeps",
    (folder) => {
      mkdirSync(folder.file("memory.db", "ltx"), { recursive: true });
      copyFileSync(copyFixture("0.12.4", folder), folder.file("memory.db", "database"));
      return folder.file("memory.db", "database");
    },
    ["LiteFS's own file", "the folder that LiteFS mounts"],
  ],
  ["a piece of a replica", (folder) => make(folder, Buffer.from(`LTX1${"\0".repeat(200)}`)), ["litestream restore"]],
];

function make(folder: TemporaryFolder, bytes: Buffer): string {
  writeFileSync(folder.file("store.db"), bytes);
  return settle(folder.file("store.db"));
}

describe.each(KINDS)("%s", (_, create, words) => {
  test("is named with where its data are and a way out, by every command (2), and not touched", async () => {
    using folder = temporaryFolder();
    const path = create(folder);
    mkdirSync(folder.file("out"));
    const commands = [
      ["inspect", "--from-path", path],
      ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", folder.file("out", "new.db")],
      ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", folder.file("out", "new.db"), "--allow-loss"],
      ["verify", "--from-path", path, "--to", "sqlite", "--to-path", path],
    ];
    await program(folder, ["--version"]);
    const before = listing(dirname(path));
    for (const command of commands) {
      const outcome = await program(folder, command);
      expectError(outcome, 2, words[0]!);
      for (const word of words) expect(outcome.stderr).toContain(word);
      expect(outcome.stderr).not.toMatch(/damaged|\.recover/);
    }
    expect(listing(dirname(path))).toEqual(before);
    const found = await program(folder, ["doctor", "--json"], { MEMORY_SQLITE_PATH: path });
    expect(JSON.stringify(document(found.stdout))).toContain(words.at(-1)!.replaceAll('"', '\\"'));
  });
});

test("a file that nothing knows is described: its first bytes, its size, what is beside it (2)", async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file("store.db"), Buffer.concat([Buffer.from("\x00\x01ABC"), Buffer.alloc(5000, 7)]));
  writeFileSync(folder.file("store.db-extra"), "x");
  const outcome = await program(folder, ["inspect", "--from-path", folder.file("store.db")]);
  expectError(outcome, 2, "is no store that this program knows");
  expect(outcome.stderr).toContain("first 16 bytes: 00 01 41 42 43 07 07 07 07 07 07 07 07 07 07 07");
  expect(outcome.stderr).toContain("size: 5,005 bytes");
  expect(outcome.stderr).toContain("store.db-extra");
});

describe("a file in WAL mode without its -wal", () => {
  function half(folder: TemporaryFolder): string {
    const database = createLike("0.13.0", folder.file("memory.db"));
    database.close();
    const application = new Database(folder.file("whole.db"));
    application.run("PRAGMA journal_mode = WAL");
    application.run("PRAGMA wal_autocheckpoint = 0");
    application.run("CREATE TABLE memories (id TEXT)");
    copyFileSync(folder.file("whole.db"), folder.file("half.db"));
    application.close();
    return settle(folder.file("half.db"));
  }

  test("and without tables is half of a store: no command makes an empty one of it (2)", async () => {
    using folder = temporaryFolder();
    const path = half(folder);
    const target = folder.file("new.db");
    for (const command of [
      ["inspect", "--from-path", path],
      ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", target],
      ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", target, "--allow-loss"],
      ["migrate", "--from-path", copyFixture("0.12.4", folder), "--to", "sqlite", "--to-path", path],
    ]) {
      const outcome = await program(folder, command);
      expectError(outcome, 2, "is only a part of a store");
      expect(outcome.stderr).toContain("half.db-wal");
    }
    const { stdout } = await program(folder, ["doctor"], { MEMORY_SQLITE_PATH: path });
    expect(stdout).toContain("is only a part of a store");
    expect(stdout).not.toContain("this makes a file");
  });

  test("but with tables is the store that a closed application leaves", async () => {
    using folder = temporaryFolder();
    const database = createLike("0.13.0", folder.file("memory.db"));
    database.run("PRAGMA journal_mode = WAL");
    database.close();
    expect((await program(folder, ["inspect", "--from-path", settle(folder.file("memory.db"))])).code).toBe(0);
  });
});

test.skipIf(Bun.which("sqlite3") === null || Bun.which("base64") === null)(
  "a store as text, in SQL or in Base64, is named, and the command that is printed makes the store again",
  async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder);
    for (const [command, what] of [
      [`sqlite3 '${path}' .dump`, "is a dump in SQL"],
      [`base64 '${path}'`, "is a SQLite file in Base64"],
    ] as const) {
      const [text, again] = [folder.file("text.db"), folder.file("new.db")];
      expect(Bun.spawnSync(["sh", "-c", `rm -f '${again}' && ${command} > '${text}'`]).exitCode).toBe(0);
      const refused = await program(folder, ["inspect", text]);
      expectError(refused, 2, what);
      const [, advised] = /first \((.*?)\),/.exec(refused.stderr)!;
      Bun.spawnSync(["sh", "-c", advised!.replace("FILE", `'${text}'`)], { cwd: folder.path });
      expect((await program(folder, ["verify", path, settle(again)])).code).toBe(0);
    }
  },
);
