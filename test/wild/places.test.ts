/** Where a store is, by what the releases do with variables, folders and words as people write them. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { document, program } from "../cli/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";

/** A store at the place, in a folder that is made. */
function put(folder: TemporaryFolder, place: string, name: "0.12.4" | "0.10.0" = "0.12.4"): string {
  const path = folder.file(place);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(copyFixture(name, folder, "fixture.db"), path);
  return settle(path);
}

async function inspected(folder: TemporaryFolder, env: Record<string, string>): Promise<string> {
  const found = await program(folder, ["inspect", "--json"], env);
  return found.code === 0 ? (document(found.stdout) as { store: { location: string } }).store.location : found.stderr;
}

describe("a ~ in a variable, which no shell has expanded", () => {
  const env = { MEMORY_SQLITE_PATH: "~/.memorygraph/mine.db" };

  test("is a folder of that name to the application: what is there counts", async () => {
    using folder = temporaryFolder();
    put(folder, "home/.memorygraph/mine.db", "0.10.0");
    const literal = put(folder, "~/.memorygraph/mine.db");
    expect(await inspected(folder, env)).toBe(literal);
  });

  test("is the home folder where nothing is there", async () => {
    using folder = temporaryFolder();
    const meant = put(folder, "home/.memorygraph/mine.db");
    expect(await inspected(folder, env)).toBe(meant);
  });

  test("in an option it is the home folder, and that is said", async () => {
    using folder = temporaryFolder();
    const meant = put(folder, "home/mine.db");
    const { code, stderr } = await program(folder, ["inspect", "--from", "sqlite", "--from-path=~/mine.db"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining(meant)]);
  });
});

describe("a store of 0.14 or later", () => {
  test("is found in the project, before the one at home", async () => {
    using folder = temporaryFolder();
    const home = put(folder, "home/.memorygraph/memory.db", "0.10.0");
    expect(await inspected(folder, {})).toBe(home);
    const project = put(folder, ".memorygraph/memory.db");
    expect(await inspected(folder, {})).toBe(project);
  });

  test("is found by MEMORY_STORE_PATH, after the kind's own variable", async () => {
    using folder = temporaryFolder();
    put(folder, ".memorygraph/memory.db", "0.10.0");
    const stored = put(folder, "stores/memory.db");
    const own = put(folder, "own.db");
    expect(await inspected(folder, { MEMORY_STORE_PATH: folder.file("stores") })).toBe(stored);
    const both = { MEMORY_STORE_PATH: folder.file("stores"), MEMORY_SQLITE_PATH: own };
    expect(await inspected(folder, both)).toBe(own);
  });
});

describe("MEMORY_BACKEND", () => {
  test("auto is what the application does with it", async () => {
    using folder = temporaryFolder();
    const home = put(folder, "home/.memorygraph/memory.db");
    expect(await inspected(folder, { MEMORY_BACKEND: "auto" })).toBe(home);
  });

  test.each([
    ["turso", "Turso"],
    ["cloud", "MemoryGraph Cloud"],
    ["ladybugdb", "LadybugDB"],
  ])("%s is a backend of MemoryGraph that is not read, with what to do", async (word, title) => {
    using folder = temporaryFolder();
    const { code, stderr } = await program(folder, ["inspect"], { MEMORY_BACKEND: word });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `MEMORY_BACKEND is "${word}": ${title} is a backend of MemoryGraph that this program does not read`,
    );
    expect(stderr).toMatch(/\nnext: .*[Ee]xport/);
  });
});
