// @level normal
/** Less to type: stores without options, short flags, and words that people try. */
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, environment, expectError, program } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const run = (...args: string[]) => program(folder, args);
const source = copyFixture("0.12.4", folder, "old.db");
let number = 0;
const fresh = () => folder.file(`new-${++number}.db`);

describe("stores without an option", () => {
  test.each([
    ["a path and a path", (target: string) => [source, target]],
    ["behind the command", (target: string) => ["migrate", source, target]],
    ["beside flags", (target: string) => ["-q", source, "--for", "0.13", target, "-y"]],
    ["the source by an option", (target: string) => ["--from-path", source, target]],
    ["the target by an option", (target: string) => [source, "--to-path", target]],
    ["with kinds beside them", (target: string) => [source, target, "--from", "sqlite", "--to", "sqlite"]],
    ["behind --", (target: string) => ["migrate", "--", source, target]],
  ])("are migrated: %s", async (_, args) => {
    const target = fresh();
    const { code, stderr } = await run(...args(target));
    expect([code, stderr]).toEqual([0, ""]);
    expect(existsSync(target)).toBe(true);
    expect((await run("verify", source, target)).code).toBe(0);
  });

  test("keep the kind of what is there already", async () => {
    const lite = folder.file("lite.db");
    copyFileSync(join(import.meta.dir, "../fixtures/rdb/falkordblite-0.12.4.db"), lite);
    const { stdout } = await run(source, lite, "--dry-run", "--json");
    expect(document(stdout)).toMatchObject({ target: { before: { backend: "falkordblite" } } });
    expect(document((await run("inspect", lite, "--json")).stdout)).toMatchObject({
      store: { backend: "falkordblite" },
    });
  });

  test.each([
    ["redis://127.0.0.1:1", "falkordb"],
    ["falkor://127.0.0.1:1", "falkordb"],
    ["neo4j://127.0.0.1:1", "neo4j"],
    ["bolt://127.0.0.1:1", "neo4j"],
  ])("can be addresses, whose scheme tells the kind: %s", async (address, kind) => {
    expectError(await run("inspect", address), 5, `Start the ${kind} server`);
    expectError(await run(source, address, "-n"), 5, `Start the ${kind} server`);
  });

  test("that are too few, too many or none are named", async () => {
    expectError(await run(source), 2, "no target is given");
    expectError(await run("verify", source), 2, "no target is given");
    expectError(await run(source, fresh(), "third.db"), 2, 'unexpected argument "third.db"');
    expectError(await run("inspect", source, "second.db"), 2, 'unexpected argument "second.db"');
    expectError(await run(source, fresh(), "--from-path", source), 2, "one store too many");
    expectError(await run("inspect", source, "--from-path", source), 2, "one store too many");
    expectError(await run("mirgate"), 2, 'unknown command "mirgate"');
    expectError(await run("nowhere.db", fresh()), 2, "nowhere.db does not exist");
    expectError(await run(source, folder.path), 2, "is a directory");
  });

  test("that are JSON are sources, and no targets where they hold memories already", async () => {
    const exported = folder.file("export.json");
    copyFileSync(join(import.meta.dir, "../fixtures/export-2.0-from-0.12.4.json"), exported);
    expect((await run(exported, fresh(), "-q")).code).toBe(0);
    expectError(await run(source, exported), 4, "is a JSON file with memories already");
    expect(readFileSync(exported, "utf8")).toBe(
      readFileSync(`${import.meta.dir}/../fixtures/export-2.0-from-0.12.4.json`, "utf8"),
    );
  });
});

describe("~", () => {
  test("behind = is the home folder, and that is said", async () => {
    const home = environment(folder).HOME!;
    copyFileSync(source, `${home}/mine.db`);
    for (const args of [["--from-path=~/mine.db"], ["~/mine.db"]]) {
      const { code, stderr } = await run("inspect", ...args);
      expect([code, stderr]).toEqual([0, `~ stands for the home folder: ${home}/mine.db\n`]);
    }
  });

  test("is a folder where one is called so, as some applications make", async () => {
    using other = temporaryFolder();
    mkdirSync(other.file("~"));
    copyFileSync(source, other.file("~", "mine.db"));
    const { code, stderr } = await program(other, ["inspect", "--from-path=~/mine.db"]);
    expect([code, stderr]).toEqual([0, ""]);
  });
});

describe("words and letters that people try", () => {
  test.each([["version"], ["-V"]])("%s prints the version", async (word) => {
    expect(await run(word)).toEqual(await run("--version"));
    expect(document((await run(word, "--json")).stdout)).toMatchObject({ name: "memorygraph-migrate" });
  });

  test("undo is rollback", async () => {
    const target = fresh();
    const { run: id } = document((await run(source, target, "--json")).stdout) as { run: string };
    expect((await run("undo", id, "-y")).code).toBe(0);
    expect(existsSync(target)).toBe(false);
    expect((await run("undo", "--help")).stdout).toBe((await run("rollback", "--help")).stdout);
  });

  test("-n is --dry-run, -q is --quiet, -v is --verbose, -y is --yes", async () => {
    const target = fresh();
    const dry = await run("-n", "-q", source, target);
    expect(dry).toEqual(await run("--dry-run", "--quiet", source, target));
    expect(existsSync(target)).toBe(false);
    expect((await run("-v", "inspect", source)).code).toBe(0);
    expectError(await run("-q", "-v", "inspect", source), 2, "--quiet and --verbose contradict each other");
  });
});
