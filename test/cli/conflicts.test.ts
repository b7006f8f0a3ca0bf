// @level normal
/** `migrate` into a target that holds something already, as it is typed. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { MigrationResultSchema } from "../../src/operations/models.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, type Environment, program } from "./program.ts";
import { changedStore, edited, titleOf } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const plain = copyFixture("0.12.4", folder);
const changed = changedStore(folder);
const targets = folder.file("targets");
const target = join(targets, "store.db");
beforeEach(() => {
  rmSync(targets, { recursive: true, force: true });
  mkdirSync(targets);
});

/** The target as it stands in every test about conflicts: a copy of the fixture. */
const fill = () => edited(folder, join("targets", "store.db"));
const migrate = (args: readonly string[] = [], from = plain, env: Environment = {}) =>
  program(folder, ["migrate", "--from-path", from, "--to", "sqlite", "--to-path", target, ...args], env);
const result = (stdout: string) => v.parse(MigrationResultSchema, document(stdout));
const titles = () => ["m-000001", "m-000002", "own"].map((id) => titleOf(target, id));
const [FIRST, SECOND] = ["m-000001", "m-000002"].map((id) => String(titleOf(plain, id)));

describe("records that the target holds with other content", () => {
  test.each([
    [[]],
    [["--on-conflict", "skip"]],
    [["--skip-duplicates"]],
    [["--skip-duplicates", "--on-conflict=skip"]],
  ])("stay with %j, and are listed", async (args) => {
    fill();
    const { code, stdout, stderr } = await migrate(args, changed);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n\n")[0]!.replace("\n", " ")).toContain("; some records were not copied unchanged.");
    // Both sides of what differs, as `verify` shows it.
    expect(stdout).toContain("kept in the target, with other content than the source (source | target): 2\n");
    expect(stdout).toContain('    changed node m-000001 "later"\n');
    expect(stdout).toContain(`        title: "later" | "${FIRST}"\n`);
    expect(stdout).toContain("next: compare the records above; --on-conflict newest takes the later version of each");
    expect(titles()).toEqual([FIRST, SECOND, "own"]);
  });

  test("with --on-conflict newest --yes only the newer one comes along", async () => {
    fill();
    const { code, stdout } = await migrate(["--on-conflict", "newest", "--yes", "--json"], changed);
    expect(code).toBe(0);
    expect(titles()).toEqual(["later", SECOND, "own"]);
    expect(result(stdout)).toMatchObject({ success: true, verified: true, overwritten: { nodes: 1 } });
  });

  test("with --on-conflict overwrite --yes all come along", async () => {
    fill();
    const { code, stdout } = await migrate(["--on-conflict", "overwrite", "--yes", "--json"], changed);
    expect(code).toBe(0);
    expect(titles()).toEqual(["later", "earlier", "own"]);
    expect(result(stdout)).toMatchObject({
      complete: true,
      verified: true,
      overwritten: { nodes: 2 },
      conflicts: { count: 0 },
    });
  });

  test("are not overwritten when nobody can be asked, and nothing hangs", async () => {
    fill();
    const before = listing(targets);
    const start = performance.now();
    const { code, stdout, stderr } = await migrate(["--on-conflict", "overwrite"], changed);
    // A busy machine takes its time to start a process; a question would wait for ever.
    expect(performance.now() - start).toBeLessThan(20_000);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain("error: confirmation is needed, but there is no terminal: Overwrite 2 records");
    expect(stderr).toContain("next: Add --yes");
    expect(listing(targets)).toEqual(before);
  });

  test.each([["--on-conflict=fail"], ["--no-skip-duplicates"]])("are refused with %s, by id", async (option) => {
    fill();
    const before = listing(targets);
    const { code, stdout, stderr } = await migrate([option], changed);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain(
      "error: 2 records are in the target with other content\n  node m-000001\n  node m-000002\n",
    );
    expect(listing(targets)).toEqual(before);
  });
});

describe("--since", () => {
  test("takes only what is new or changed, the newer of two, and proves exactly that", async () => {
    fill();
    const { code, stdout } = await migrate(["--since", "2097-06-01", "--yes", "--json"], changed);
    expect(code).toBe(0);
    expect(titles()).toEqual(["later", SECOND, "own"]);
    expect(result(stdout)).toMatchObject({
      success: true,
      verified: true,
      onConflict: "newest",
      imported: { nodes: 1 },
      overwritten: { nodes: 1 },
    });
  });

  test("takes a time with a zone, and is exact to its end", async () => {
    const own = async (since: string) =>
      result((await migrate(["--dry-run", "--json", "--since", since], changed)).stdout).imported.nodes;
    expect(await own("2099-01-01T00:00:00Z")).toBe(1);
    expect(await own("2099-01-01T02:00:00+02:00")).toBe(1);
    expect(await own("2099-01-01T00:00:00.000001Z")).toBe(0);
    expect(await own("2098-01-01")).toBe(2);
  });
});

test("the tests left no temporary file, and nothing in HOME", () => {
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
  expect(existsSync(folder.file("home", ".memorygraph"))).toBe(false);
});
