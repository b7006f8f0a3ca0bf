// @level normal
/** File systems take names of 255 bytes: what is longer is told as such, and every shorter one works, whatever its letters are. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { UNIT_OF_NAMES } from "../../src/support/files.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, digestOf } from "../support/stores.ts";
import { inProcess } from "./in-process.ts";
import { document, expectError } from "./program.ts";
import { edited } from "./stores.ts";

let folder: TemporaryFolder;
let source: string;
beforeEach(() => {
  folder = temporaryFolder();
  source = copyFixture("0.12.4", folder, "source.db");
});
afterEach(() => folder[Symbol.dispose]());

const named = (bytes: number, letter = "x") => `${letter.repeat((bytes - 3) / Buffer.byteLength(letter))}.db`;
const into = (kind: string, path: string) => ["--from-path", source, "--to", kind, "--to-path", path];

describe("a name that is too long", () => {
  test.each<[string, string, (path: string) => string[], string]>([
    [
      "a source",
      named(256),
      (path) => ["inspect", "--from-path", path],
      `has 256 ${UNIT_OF_NAMES}; a name can have at most 255`,
    ],
    [
      "a side of verify",
      named(300),
      (path) => ["verify", source, path],
      `has 300 ${UNIT_OF_NAMES}; a name can have at most 255`,
    ],
    [
      "a new SQLite file",
      named(256),
      (path) => into("sqlite", path),
      `has 256 ${UNIT_OF_NAMES}; a name can have at most 255`,
    ],
    [
      "one that SQLite could not write to later",
      named(249),
      (path) => into("sqlite", path),
      `has 249 ${UNIT_OF_NAMES}; a name can have at most 247, since -journal is put behind it`,
    ],
    [
      "one in letters of several bytes",
      named(258, "記"),
      (path) => into("falkordblite", path),
      `has 258 ${UNIT_OF_NAMES}; a name can have at most 255`,
    ],
    [
      "a folder",
      `${named(300)}/x.db`,
      (path) => into("sqlite", path),
      `has 300 ${UNIT_OF_NAMES}; a name can have at most 255`,
    ],
  ])("of %s", async (_, name, args, message) => {
    const outcome = await inProcess(folder, args(folder.file(name)));
    expectError(outcome, 2, message);
    expect(outcome.stderr).toContain("next: Choose a shorter name.");
    expect(readdirSync(folder.path).filter((left) => /^\.?[x記]/.test(left))).toEqual([]);
  });

  test("of a target that is there: nothing is written", async () => {
    const target = folder.file(named(249));
    renameSync(
      edited(folder, "other.db", (store) => store.change("m-000001", { title: "other" })),
      target,
    );
    const before = await digestOf(target);
    expectError(await inProcess(folder, into("sqlite", target)), 2, "a name can have at most 247");
    expect(await digestOf(target)).toBe(before);
  });
});

describe("a name that just fits", () => {
  test.each([
    ["sqlite", named(247)],
    ["sqlite", named(246, "記")],
    ["sqlite", named(247, "🚀")],
    ["falkordblite", named(255)],
    ["falkordblite", named(255, "記")],
  ])("of a %s store is written, read, changed and undone: %p", async (kind, name) => {
    const target = folder.file(name);
    const runs: string[] = [];
    for (const from of [source, edited(folder, "later.db", (store) => store.add("own"))]) {
      source = from;
      const { code, stdout } = await inProcess(folder, [...into(kind, target), "--json"]);
      expect(code).toBe(0);
      runs.push((document(stdout) as { run: string }).run);
    }
    expect((await inProcess(folder, ["verify", source, target, "--quiet"])).code).toBe(0);
    for (const run of runs.toReversed()) expect((await inProcess(folder, ["rollback", run, "--yes"])).code).toBe(0);
    expect(existsSync(target)).toBe(false);
  });
});
