// @level normal
/** FalkorDBLite on the command line: what a person types, and what they read. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { document, expectError, program } from "./program.ts";

const DUMP = join(import.meta.dir, "../fixtures/rdb/falkordblite-0.12.4.db");

describe("falkordblite", () => {
  test("is read and written by path, and looked into", async () => {
    using folder = temporaryFolder();
    const dump = folder.file("old.db");
    copyFileSync(DUMP, dump);
    settle(dump);
    const from = ["--from", "falkordblite", "--from-path", dump];
    const into = ["--to", "falkordblite", "--to-path", folder.file("new")];
    const made = await program(folder, [...from, ...into, "--for", "0.13"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(made.stdout).toContain("(falkordblite, file layout, 38.0 KiB, 60 nodes, 120 relationships)");
    expect(made.stdout).toContain(`MEMORY_FALKORDBLITE_PATH=${folder.file("new")}`);
    expect(readdirSync(folder.file("new"))).toEqual(["dump.rdb"]);
    const seen = await program(folder, ["inspect", "--from", "falkordblite", "--from-path", folder.file("new")]);
    expect(seen.stdout).toMatch(/dump {12}of .*graph encoding 18, 1 graph \(memorygraph\), 0 other keys/);
    expect(seen.stdout).toContain("visible to      MemoryGraph 0.13");
    const same = await program(folder, ["verify", ...from, ...into, "--json"]);
    expect(document(same.stdout)).toMatchObject({ identical: true });
  });

  test("takes another graph, and names those that are there", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const target = folder.file("x.db");
    const into = ["--to", "falkordblite", "--to-path", target, "--to-graph", "two words"];
    expect((await program(folder, ["--from-path", source, ...into])).code).toBe(0);
    const from = ["inspect", "--from", "falkordblite", "--from-path", target];
    const only = await program(folder, from);
    expect([only.code, only.stdout.replace(/\s+/g, " ")]).toEqual([
      0,
      expect.stringContaining("there is no graph memorygraph: this is two words, the only one that is there"),
    ]);
    expectError(await program(folder, [...from, "--from-graph", "memorygraph"]), 2, "holds no graph memorygraph");
    expect((await program(folder, [...from, "--from-graph", "two words"])).stdout).toContain("60 memories");
  });

  test("that is a SQLite file is taken for one, and says so", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const args = ["--from", "falkordblite", "--from-path", source, "--to", "sqlite", "--to-path", folder.file("x.db")];
    const { code, stdout } = await program(folder, args);
    expect(code).toBe(0);
    expect(stdout).toContain("note: a SQLite file that was called FalkorDBLite; it is read as a SQLite file (1)");
  });
});
