// @level normal
/** `migrate` as it is typed: each option does what its description says. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { MigrationResultSchema } from "../../src/operations/models.ts";
import { besidesJournals, listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, type Environment, program } from "./program.ts";
import { changedStore, countOf, edited, MEMORIES, RELATIONSHIPS } from "./stores.ts";

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

describe("migrate", () => {
  test("copies a store into a new file, proves it and says what to do next", async () => {
    const before = listing(folder.path).filter((line) => line.startsWith("0.12.4.db"));
    const { code, stdout, stderr } = await migrate();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`Done: ${MEMORIES} nodes and ${RELATIONSHIPS} relationships written, verified, in `);
    // Rows and columns of zeros are left out.
    expect(stdout).toMatch(/^ +memories {2}relationships\n {2}copied +60 +120\n\n/m);
    const digests = [...stdout.matchAll(/^ {2}(?:source|target) digest {2}(\S+)$/gm)].map(([, digest]) => digest);
    expect(digests).toHaveLength(2);
    expect(digests[0]).toBe(digests[1]!);
    expect(stdout).toContain(`next: start MemoryGraph 0.12 with MEMORY_BACKEND=sqlite MEMORY_SQLITE_PATH=${target}\n`);
    const [, run] = /memorygraph-migrate rollback (\w+)\n/.exec(stdout)!;
    expect(stdout).toContain("Its journal is beside the target. To remove it, ");
    expect(stdout).toContain(`  memorygraph-migrate runs forget ${run}\n`);
    expect(readdirSync(targets).filter((name) => name !== "store.db")).not.toEqual([]);
    expect((await program(folder, ["runs", "forget", run!, "--yes"])).code).toBe(0);
    expect(readdirSync(targets)).toEqual(["store.db"]);
    expect(besidesJournals(targets)).toEqual(["store.db"]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(listing(folder.path).filter((line) => line.startsWith("0.12.4.db"))).toEqual(before);
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  });

  test("can be run again, and says that there is nothing to do", async () => {
    await migrate();
    const again = await migrate();
    expect(again.stdout).toStartWith(`Nothing to do: all ${MEMORIES + RELATIONSHIPS} records are already there.\n`);
    expect(again.stdout).not.toContain("rollback");
    const dry = await migrate(["--dry-run"]);
    expect(dry.stdout).toStartWith("Nothing to do: ");
    expect(dry.stdout).not.toContain("without --dry-run");
    expect((await migrate(["--dry-run", "--no-verify"])).stdout).not.toContain("the result is not verified");
    const { code, stdout } = await migrate(["--json"]);
    expect(code).toBe(0);
    const zero = { nodes: 0, memories: 0, relationships: 0 };
    const all = { nodes: MEMORIES, memories: MEMORIES, relationships: RELATIONSHIPS };
    expect(result(stdout)).toMatchObject({
      success: true,
      complete: true,
      verified: true,
      imported: zero,
      present: all,
      skipped: zero,
    });
  });

  test("knows a SQLite store by MEMORY_BACKEND and MEMORY_SQLITE_PATH when --from is left out", async () => {
    const to = ["migrate", "--to", "sqlite", "--to-path", target, "--json"];
    const { code, stdout } = await program(folder, to, { MEMORY_BACKEND: "sqlite", MEMORY_SQLITE_PATH: plain });
    expect([code, result(stdout).source?.before.location]).toEqual([0, plain]);
  });

  test("a path that was given wins over the variables", async () => {
    const { code, stdout } = await migrate(["--json"], plain, {
      MEMORY_BACKEND: "sqlite",
      MEMORY_SQLITE_PATH: changed,
    });
    expect([code, result(stdout).source?.before.location]).toEqual([0, plain]);
  });

  test("without --from and variables reads the default store, and never writes there", async () => {
    using own = temporaryFolder();
    mkdirSync(own.file("home", ".memorygraph"), { recursive: true });
    copyFixture("0.12.4", own, join("home", ".memorygraph", "memory.db"));
    const before = listing(own.file("home"));
    const { code, stdout } = await program(own, [
      "migrate",
      "--to",
      "sqlite",
      "--to-path",
      own.file("new.db"),
      "--json",
    ]);
    expect([code, result(stdout).imported.nodes]).toEqual([0, MEMORIES]);
    expect(listing(own.file("home"))).toEqual(before);
  });

  test("takes paths with spaces, quotes and other scripts, and shows them so that a shell takes them", async () => {
    const odd = join(targets, `o'brien "x" 日本 $HOME;.db`);
    const { code, stdout } = await program(folder, [
      "migrate",
      "--from-path",
      plain,
      "--to",
      "sqlite",
      `--to-path=${odd}`,
    ]);
    expect(code).toBe(0);
    expect(besidesJournals(targets)).toEqual([`o'brien "x" 日本 $HOME;.db`]);
    expect(stdout).toContain(`MEMORY_SQLITE_PATH='${odd.replaceAll("'", `'\\''`)}'\n`);
  });
});

describe("--dry-run", () => {
  test("tells the plan for a new file and writes nothing", async () => {
    const before = listing(folder.path);
    const { code, stdout, stderr } = await migrate(["--dry-run", "--for", "0.13"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(
      `Plan: ${MEMORIES} nodes and ${RELATIONSHIPS} relationships would be written. Nothing was written.\n`,
    );
    expect(stdout).toMatch(/^ {2}to create +60 +120$/m);
    expect(stdout).toContain("timestamps respelled");
    expect(stdout).toContain("next: run the same command without --dry-run to do it.");
    expect(listing(folder.path)).toEqual(before);
  });

  test("tells what is there, what differs and what would be overwritten in a filled target", async () => {
    fill();
    const before = listing(targets);
    const skip = await migrate(["--dry-run"], changed);
    expect([skip.code, skip.stderr]).toEqual([0, ""]);
    expect(skip.stdout).toMatch(/^ {2}to create +1 +0$/m);
    expect(skip.stdout).toMatch(/^ {2}already there +58 +120$/m);
    expect(skip.stdout).toMatch(/^ {2}to keep +2 +0$/m);
    for (const id of ["m-000001", "m-000002"]) expect(skip.stdout).toContain(`changed node ${id} "`);
    const overwrite = await migrate(["--dry-run", "--on-conflict", "overwrite"], changed);
    expect([overwrite.code, overwrite.stderr]).toEqual([0, ""]);
    expect(overwrite.stdout).toMatch(/^ {2}to overwrite +2 +0$/m);
    expect(listing(targets)).toEqual(before);
  });

  test("exits with 4 where the run would refuse", async () => {
    fill();
    const before = listing(targets);
    const { code, stderr } = await migrate(["--dry-run", "--on-conflict", "fail"], changed);
    expect(code).toBe(4);
    expect(stderr).toContain("2 records are in the target with other content");
    expect(listing(targets)).toEqual(before);
  });

  test("plans the numbers that the run then has", async () => {
    fill();
    const plan = result((await migrate(["--dry-run", "--json"], changed)).stdout);
    const run = result((await migrate(["--json"], changed)).stdout);
    for (const name of ["imported", "present", "skipped", "overwritten", "conflicts", "defaulted"] as const) {
      expect(run[name]).toEqual(plan[name]);
    }
    expect([plan.dryRun, run.dryRun]).toEqual([true, false]);
  });
});

describe("--for", () => {
  test.each([
    ["0.12", "nodes"],
    ["0.13", "memories"],
  ])("%s makes a file of the %s layout, from either", async (release, layout) => {
    for (const from of [plain, copyFixture("0.13.0", folder)]) {
      rmSync(target, { force: true });
      const { code, stdout } = await migrate(["--for", release, "--json"], from);
      expect(code).toBe(0);
      expect(result(stdout)).toMatchObject({
        success: true,
        verified: true,
        release,
        target: { after: { layout, release } },
      });
    }
  });

  test("another release than the target's is refused", async () => {
    fill();
    const before = listing(targets);
    const { code, stdout, stderr } = await migrate(["--for", "0.13"]);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain("is a store of MemoryGraph 0.12, not of 0.13");
    expect(listing(targets)).toEqual(before);
  });
});

describe("the result", () => {
  test("with --quiet is one line, with nothing on standard error", async () => {
    const { code, stdout, stderr } = await migrate(["--quiet"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Done: [^\n]+, verified, in [\d.]+ s\.\n$/);
  });

  test("with --verbose is the same, and each phase with its duration stands on standard error", async () => {
    const { code, stdout, stderr } = await migrate(["--verbose"]);
    expect(code).toBe(0);
    expect(stdout).toStartWith("Done: ");
    for (const phase of ["check", "transfer", "verify", "commit"])
      expect(stderr).toMatch(new RegExp(`^${phase}: .*in [\\d.]+ s$`, "m"));
    expect(stdout).not.toContain("transfer:");
  });

  test("with --json is one document that its schema takes, and standard error is empty", async () => {
    const { code, stdout, stderr } = await migrate(["--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const { verification, ...others } = result(stdout);
    expect(others).toMatchObject({
      success: true,
      complete: true,
      verified: true,
      dryRun: false,
      errors: [],
      rollback: [],
    });
    expect(others.imported).toEqual({ nodes: MEMORIES, memories: MEMORIES, relationships: RELATIONSHIPS });
    expect(verification).toMatchObject({ valid: true, recordsChecked: 180, recordsPassed: 180, differenceCount: 0 });
    expect(verification?.sourceDigest).toBe(verification!.targetDigest);
  });

  test("with --json of a failure is a document as well, and the error one object on standard error", async () => {
    fill();
    const { code, stdout, stderr } = await migrate(["--json", "--on-conflict", "fail"], changed);
    expect(code).toBe(4);
    expect(result(stdout)).toMatchObject({ success: false, verified: false, errors: [{ code: "refused" }] });
    expect(document(stderr)).toMatchObject({
      message_type: "exit_error",
      code: 4,
      error: "refused",
      next: expect.stringContaining("--on-conflict"),
    });
  });

  test("says that nothing was proven with --no-verify", async () => {
    const { code, stdout } = await migrate(["--no-verify"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toContain("NOT verified");
    expect(stdout).toContain("NOT verified: --no-verify was given");
    expect(countOf(target, "nodes")).toBe(MEMORIES);
    rmSync(target);
    expect(result((await migrate(["--no-verify", "--json"])).stdout)).toMatchObject({
      success: true,
      verified: false,
      verification: null,
    });
  });
});

test("the tests left no temporary file, and nothing in HOME", () => {
  expect(readdirSync(folder.file("tmp"))).toEqual([]);
  expect(existsSync(folder.file("home", ".memorygraph"))).toBe(false);
});
