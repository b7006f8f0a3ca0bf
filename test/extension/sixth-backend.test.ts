// @level normal
/**
 * A backend is one folder, one line in the list, and one row of the tests: a copy of the program gets a toy one, and passes
 * the type checker, the conformance suite and the command line with it.
 */
import { afterAll, beforeAll, describe as describeAll, expect, test as testAll } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { document } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { has } from "../support/system.ts";

// The copy borrows the packages by a link.
const [describe, test] = [describeAll.skipIf(!has.symlinks), testAll.skipIf(!has.symlinks)];
const ROOT = resolve(import.meta.dir, "../..");
const folder = temporaryFolder();
const at = (...names: string[]) => folder.file("program", ...names);
afterAll(() => folder[Symbol.dispose]());

beforeAll(() => {
  if (!has.symlinks) return;
  mkdirSync(at());
  for (const name of ["src", "test/conformance", "test/support", "test/release", "scripts"]) {
    cpSync(join(ROOT, name), at(name), { recursive: true });
  }
  for (const name of ["package.json", "tsconfig.json", "bunfig.toml"]) copyFileSync(join(ROOT, name), at(name));
  symlinkSync(join(ROOT, "node_modules"), at("node_modules"));
  symlinkSync(join(ROOT, "test/fixtures"), at("test/fixtures"));
  cpSync(join(import.meta.dir, "toy"), at("src/backends/toy"), { recursive: true });
  edit("src/backends/descriptors.ts", [
    ["import type { BackendDescriptor }", 'import { toyDescriptor } from "./toy/descriptor.ts";\n'],
    ["] as const;", "  toyDescriptor,\n"],
  ]);
  edit("test/conformance/ends.ts", [['{ kind: "sqlite", first', '{ kind: "toy", first: "0.12", second: "0.13" }, ']]);
});

/** Puts text before others, each of which is there once. */
function edit(name: string, insertions: readonly (readonly [before: string, text: string])[]): void {
  const text = insertions.reduce(
    (sum, [before, added]) => {
      expect(sum.split(before).length).toBe(2);
      return sum.replace(before, added + before);
    },
    readFileSync(at(name), "utf8"),
  );
  writeFileSync(at(name), text);
}

async function run(command: readonly string[], env: Record<string, string> = {}) {
  const home = folder.file("home");
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn([...command], {
    cwd: at(),
    env: { PATH: process.env.PATH ?? "", HOME: home, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}
const program = (...args: string[]) => run([process.execPath, at("src/main.ts"), ...args]);

test("the type checker has nothing to add", async () => {
  writeFileSync(at("tsconfig.src.json"), JSON.stringify({ extends: "./tsconfig.json", include: ["src"], exclude: [] }));
  const { stdout, code } = await run([join(ROOT, "node_modules/.bin/tsc"), "--noEmit", "-p", "tsconfig.src.json"]);
  expect([stdout, code]).toEqual(["", 0]);
}, 120_000);

test("the conformance suite passes with it", async () => {
  const suite = ["pairs", "behaviours"].map((name) => `test/conformance/${name}.test.ts`);
  const only = ["--timeout", "60000", "-t", "toy"];
  const { stderr, code } = await run([process.execPath, "test", ...only, ...suite], {
    TEST_BACKENDS: "none",
    RUNS: "4",
  });
  const failures = stderr.split("\n").filter((line) => /^\(fail\)|error:/.test(line));
  expect({ code, failures }).toEqual({ code: 0, failures: [] });
  // From it to each other file, and from each to it, its neighbours in the row with every test; as a target and as a source.
  expect(Number(/(\d+) pass/.exec(stderr)?.[1])).toBeGreaterThan(30);
}, 300_000);

describe("the command line", () => {
  const store = folder.file("store.toy");
  const source = copyFixture("0.12.4", folder, "source.db");

  test("moves into it and out of it, proves it, and undoes that", async () => {
    const into = await program("--from-path", source, "--to", "toy", "--to-path", store, "--json");
    expect(into).toMatchObject({ code: 0, stderr: "" });
    const { run: id, verified } = document(into.stdout) as { run: string; verified: boolean };
    expect(verified).toBe(true);
    // Recognised by looking.
    const inspected = await program("inspect", "--from-path", store, "--json");
    expect(document(inspected.stdout)).toMatchObject({ store: { backend: "toy" }, count: { memories: 60 } });
    const back = folder.file("back.db");
    expect((await program("--from-path", store, "--to", "sqlite", "--to-path", back)).code).toBe(0);
    expect((await program("verify", "--from-path", source, "--to", "sqlite", "--to-path", back)).code).toBe(0);
    const wrong = await program("inspect", "--from", "sqlite", "--from-path", store);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("is a toy store, not a SQLite file")]);
    expect((await program("rollback", id, "--yes")).code).toBe(0);
    expect(await Bun.file(store).exists()).toBe(false);
  }, 60_000);

  test("has it in help, completions, refusals, variables and schemas", async () => {
    expect((await program("help", "migrate")).stdout).toMatch(/falkordb,\s+archive,\s+json,(\s+\w+,)+\s+toy/);
    expect((await program("completions", "bash")).stdout).toContain(" toy'");
    const meaningless = await program("inspect", "--from", "toy", "--from-path", source, "--from-graph", "g");
    expect(meaningless.stderr).toContain("--from-graph means nothing for a toy store");
    const named = { MEMORY_TOY_PATH: folder.file("nowhere.toy"), MEMORY_BACKEND: "toy" };
    const missing = await run([process.execPath, at("src/main.ts"), "inspect", "--from", "toy"], named);
    expect(missing.stderr).toContain(`${named.MEMORY_TOY_PATH} does not exist`);
    const schemas = await run([
      process.execPath,
      "-e",
      `const { schemaFiles } = await import("${at("scripts/schema.ts")}"); console.log([...schemaFiles().values()].join())`,
    ]);
    expect(schemas.stdout).toContain('"toy"');
  }, 60_000);
});
