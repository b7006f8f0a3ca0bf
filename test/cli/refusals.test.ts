// @level normal
/** `migrate` when something is wrong: the documented exit code, the way out, and both stores as before. */
import { Database } from "bun:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, expectError, program } from "./program.ts";
import { edited } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const plain = copyFixture("0.12.4", folder);
const targets = folder.file("targets");
const target = join(targets, "store.db");
beforeEach(() => {
  rmSync(targets, { recursive: true, force: true });
  mkdirSync(targets);
});
const fill = () => edited(folder, join("targets", "store.db"));
const migrate = (from: string, ...args: string[]) =>
  program(folder, ["migrate", "--from-path", from, "--to", "sqlite", "--to-path", target, ...args]);

describe("a source that is none is a wrong option (2), and no target appears", () => {
  const make = (name: string, content: string | Uint8Array) => {
    writeFileSync(folder.file(name), content);
    return folder.file(name);
  };
  const foreign = () => {
    const database = new Database(folder.file("foreign.db"));
    database.run("CREATE TABLE IF NOT EXISTS cookies (a)");
    database.close();
    return folder.file("foreign.db");
  };
  test.each([
    ["a missing file", () => folder.file("missing.db"), "does not exist"],
    ["a file in a missing folder", () => folder.file("no", "such.db"), "does not exist"],
    ["a path through a file", () => join(plain, "x.db"), "error: "],
    ["a directory", () => targets, "is a directory, not a SQLite file"],
    ["an empty file", () => make("empty.db", ""), "is an empty file"],
    ["a text file", () => make("notes.db", "my notes\n"), "is a text file"],
    ["a web page", () => make("login.db", "<!DOCTYPE html>\n<html>Sign in"), "is a web page, not a SQLite file"],
    [
      "a pointer of Git LFS",
      () => make("lfs.db", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
      "is a pointer of Git LFS, not a SQLite file",
    ],
    ["a JSON text", () => make("package.json", '{"name": 1}'), "is a JSON text"],
    ["other bytes", () => make("noise.db", new Uint8Array([1, 0, 2, 0])), "is no store that this program knows"],
    ["a SQLite file of another application", foreign, "is a SQLite file of another application (tables: cookies)"],
  ])("%s", async (_name, path, message) => {
    for (const extra of [[], ["--allow-loss"], ["--dry-run"]]) {
      expectError(await migrate(path(), ...extra), 2, message);
    }
    expect(readdirSync(targets)).toEqual([]);
  });

  test("a store of another kind than was said", async () => {
    const dump = make("dump.rdb", "REDIS0011\xfa");
    const asked = await migrate(dump, "--from", "sqlite");
    expectError(asked, 2, "is a Redis dump (FalkorDBLite), not a SQLite file");
    expect(asked.stderr).toContain("Name its kind: falkordblite instead of sqlite.");
    expect(readdirSync(targets)).toEqual([]);
  });
});

describe("a target that cannot be", () => {
  test("without --to-path is a wrong option (2), and the live store is not touched", async () => {
    using own = temporaryFolder();
    const env = { MEMORY_BACKEND: "sqlite", MEMORY_SQLITE_PATH: own.file("live.db") };
    for (const command of ["migrate", "verify"]) {
      const outcome = await program(own, [command, "--from-path", plain, "--to", "sqlite"], env);
      expectError(outcome, 2, "Add --to-path FILE");
    }
    expect(readdirSync(own.path).sort()).toEqual(["home", "tmp"]);
    expect(readdirSync(own.file("home"))).toEqual([]);
  });

  test.each([
    "neo4j",
    "memgraph",
  ])("of kind %s where nobody listens is one clear error (5), without the password", async (kind) => {
    const uri = "bolt://u:canary@127.0.0.1:1";
    for (const args of [
      ["migrate", "--from-path", plain, "--to", kind, "--to-uri", uri],
      ["inspect", "--from", kind, "--from-uri", uri],
    ]) {
      const outcome = await program(folder, args);
      expectError(outcome, 5, "nothing listens at 127.0.0.1:1");
      expect(outcome.stdout + outcome.stderr).not.toContain("canary");
    }
    expectError(await program(folder, ["migrate", "--from-path", plain, "--to", kind]), 2, "--to-uri URI");
    expectError(
      await program(folder, ["migrate", "--from-path", plain, "--to", kind, "--to-path", target]),
      2,
      "Use --to-uri",
    );
  });

  test("is to be read in a way that its kind does not know (2)", async () => {
    const args = ["migrate", "--from", "falkordblite", "--from-path", plain, "--to", "sqlite", "--to-path", target];
    expectError(await program(folder, [...args, "--read-by", "snapshot"]), 2, "--read-by means nothing");
    expectError(await program(folder, [...args, "--read-by", "magic"]), 2, "read-by");
  });

  test("is named wrongly by MEMORY_BACKEND (2)", async () => {
    expectError(await program(folder, ["inspect"], { MEMORY_BACKEND: "mongodb" }), 2, 'MEMORY_BACKEND is "mongodb"');
  });

  test("an address for a file, or a file for a server (2)", async () => {
    expectError(await program(folder, ["inspect", "--from", "sqlite", "--from-uri", "x://y"]), 2, "Use --from-path");
    expectError(await program(folder, ["inspect", "--from", "neo4j", "--from-path", plain]), 2, "Use --from-uri");
  });

  test("the source itself is refused (4), also by another name", async () => {
    const same = edited(folder, join("targets", "store.db"));
    symlinkSync(same, join(targets, "link.db"));
    const before = listing(targets);
    for (const from of [same, join(targets, "link.db"), join(targets, "..", "targets", "store.db")]) {
      expectError(await migrate(from), 4, "source and target are the same file");
    }
    expect(listing(targets)).toEqual(before);
  });

  test("a text file, a directory or another application's file is left alone", async () => {
    writeFileSync(join(targets, "notes.txt"), "my notes\n");
    const before = listing(folder.path);
    for (const path of [join(targets, "notes.txt"), targets]) {
      expectError(
        await program(folder, ["migrate", "--from-path", plain, "--to", "sqlite", "--to-path", path]),
        2,
        /not a SQLite file/,
      );
    }
    expect(listing(folder.path)).toEqual(before);
  });

  test("in a folder that is not there (2)", async () => {
    expectError(
      await program(folder, [
        "migrate",
        "--from-path",
        plain,
        "--to",
        "sqlite",
        "--to-path",
        join(targets, "no", "x.db"),
      ]),
      2,
      "error: ",
    );
    expect(readdirSync(targets)).toEqual([]);
  });

  test("one that another program holds (10), within a few seconds", async () => {
    fill();
    const other = new Database(target, { readwrite: true });
    other.run("BEGIN IMMEDIATE");
    try {
      expectError(await migrate(plain), 10, target);
      const { code, stderr } = await migrate(plain, "--json");
      expect([code, (document(stderr) as { error: string }).error]).toEqual([10, "busy"]);
    } finally {
      other.run("ROLLBACK");
      other.close();
    }
  }, 30_000);
});

test("nothing was left in the folder for temporary files", () => {
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
});
