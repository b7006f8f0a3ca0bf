// @level normal
/** The executable where it is used: in strangers' folders, and on machines where next to nothing is set up. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { generate } from "../../bench/generate.ts";
import { currentCommit, VERSION } from "../../scripts/release/project.ts";
import { document, type Environment, environment, MAIN } from "../cli/program.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { boundByModes } from "../support/unprivileged.ts";
import { executable } from "./builds.ts";
import { runCommand, runExecutable } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const source = copyFixture("0.12.4", folder);
const inspect = ["inspect", "--from-path", source, "--json"];
let here: string;
beforeAll(async () => {
  here = await executable();
}, 120_000);

describe("says what it is", () => {
  test("its own version and commit, and the Bun inside, not as Bun would", async () => {
    const about = `memorygraph-migrate ${VERSION} (commit ${await currentCommit()}, Bun ${Bun.version})\n`;
    expect(await runExecutable(folder, ["--version"])).toEqual({ code: 0, stdout: about, stderr: "" });
  });

  test("in JSON as well", async () => {
    const { stdout } = await runExecutable(folder, ["--version", "--json"]);
    expect(document(stdout)).toMatchObject({ version: VERSION, os: process.platform, arch: process.arch });
  });

  test("and takes Bun's own words for unknown commands", async () => {
    for (const word of ["run", "install", "repl"]) {
      expect(await runExecutable(folder, [word])).toMatchObject({ code: 2, stdout: "" });
    }
    expect((await runExecutable(folder, ["-e", "1"])).stderr).toContain("unknown option -e");
  });
});

describe("where something lies in wait for Bun", () => {
  const sprung = folder.file("sprung");
  const evil = folder.file("evil.js");
  const large = folder.file("large.db");
  /** A folder of its own for each trap: its files, and what stands in the environment. */
  const TRAPS: readonly (readonly [name: string, files: Environment, variables: Environment])[] = [
    ["bunfig.toml", { "bunfig.toml": `preload = [${JSON.stringify(evil)}]\n` }, {}],
    ["tsconfig.json", { "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "*": [evil] } } }) }, {}],
    ["BUN_OPTIONS", {}, { BUN_OPTIONS: `--preload=${evil}` }],
    [".env", { ".env": "MEMORY_BACKEND=from-dotenv\n" }, {}],
  ];
  beforeAll(() => {
    writeFileSync(evil, `require("node:fs").writeFileSync(${JSON.stringify(sprung)}, "");`);
    mkdirSync(folder.file("traps", "none"), { recursive: true });
    for (const [name, files] of TRAPS) {
      mkdirSync(folder.file("traps", name), { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(folder.file("traps", name, file), text);
    }
    generate(large, 20_000);
    settle(large);
  }, 60_000);

  test.each(TRAPS)("%s: Bun falls into it", async (name, _files, variables) => {
    rmSync(sprung, { force: true });
    const at = { cwd: folder.file("traps", name), env: environment(folder, variables) };
    const { stderr } = await runCommand([process.execPath, MAIN, "inspect"], at);
    expect(existsSync(sprung) || stderr.includes("from-dotenv")).toBe(true);
  });

  test.each(TRAPS)("%s: the executable does not, nor does it say anything else", async (name, _files, variables) => {
    rmSync(sprung, { force: true });
    const at = { cwd: folder.file("traps", name), env: environment(folder, variables) };
    for (const args of [["--version"], inspect, ["doctor", "--json"], ["--help"]]) {
      const there = await runExecutable(folder, args, at);
      // Beside it, since doctor names the folder that it is started in, and those above.
      const beside = await runExecutable(folder, args, { cwd: folder.file("traps", "none"), env: environment(folder) });
      const stdout = there.stdout.replaceAll(`/traps/${name}/`, "/traps/none/");
      expect({ ...there, stdout }).toEqual(beside);
      expect(there.code).toBe(0);
    }
    expect(existsSync(sprung)).toBe(false);
  });

  test("all of them together do not catch its other threads either", async () => {
    rmSync(sprung, { force: true });
    const all = folder.file("traps", "all");
    for (const [name] of TRAPS) cpSync(folder.file("traps", name), all, { recursive: true });
    const variables = Object.assign({}, ...TRAPS.map(([, , own]) => own));
    const args = ["inspect", "--from-path", large, "--json"];
    const { code, stdout } = await runExecutable(folder, args, { cwd: all, env: environment(folder, variables) });
    expect(code).toBe(0);
    expect(document(stdout)).toMatchObject({ store: { nodes: 20_000 } });
    // Those that press an archive are started in the same way.
    const pressed = ["backup", "--from-path", large, folder.file("large.jsonl.zst"), "--json"];
    const made = await runExecutable(folder, pressed, { cwd: all, env: environment(folder, variables) });
    expect(made.code).toBe(0);
    expect(document(made.stdout)).toMatchObject({ outcome: "made", count: { nodes: 20_000 } });
    expect(existsSync(sprung)).toBe(false);
  });
});

describe("where next to nothing is set up", () => {
  const nowhere = { HOME: "/nonexistent", TMPDIR: "/nonexistent" };

  test.each([
    ["an empty environment", {}],
    ["no home and no temporary folder", nowhere],
  ])("with %s it inspects and migrates", async (name, env) => {
    const target = folder.file(`${name}.db`);
    expect((await runExecutable(folder, inspect, { env })).code).toBe(0);
    const migrate = ["--from-path", source, "--to", "sqlite", "--to-path", target, "--json"];
    const { code, stdout, stderr } = await runExecutable(folder, migrate, { env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(document(stdout)).toMatchObject({ success: true, complete: true });
  });

  test.skipIf(process.platform === "win32")("in a folder where nothing can be written it reads whole", async () => {
    const closed = temporaryFolder();
    try {
      const store = copyFixture("0.12.4", closed);
      const copy = closed.file("memorygraph-migrate");
      await Bun.write(copy, Bun.file(here));
      chmodSync(copy, 0o555);
      chmodSync(store, 0o444);
      chmodSync(closed.path, 0o555);
      const line = `cd '${closed.path}' && env -i HOME=/nonexistent TMPDIR=/nonexistent '${copy}' inspect --from-path '${store}' --json`;
      const before = listing(closed.path);
      const { code, stdout, stderr } = await runCommand(boundByModes(line), {
        cwd: "/",
        env: { PATH: Bun.env.PATH ?? "" },
      });
      expect([code, stderr]).toEqual([0, ""]);
      expect(document(stdout)).toMatchObject({ store: { nodes: 60 } });
      expect(listing(closed.path)).toEqual(before);
    } finally {
      closed[Symbol.dispose]();
    }
  });
});
