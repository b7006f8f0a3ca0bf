// @level long
/** The executable for another processor, run by an emulator: Debian's qemu-user-static and libc6-arm64-cross. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, VERSION } from "../../scripts/release/project.ts";
import { document, environment } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { digestOf } from "../support/stores.ts";
import { builtFor, OTHER_TARGETS, twins } from "./builds.ts";
import { runCommand } from "./program.ts";

/** Where that package has the C library that the executable is linked to. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const EMULATOR = Bun.which("qemu-aarch64-static");
const target = OTHER_TARGETS.find(({ name }) => name === "linux-arm64");
const missing = [
  ...(target === undefined ? ["linux-arm64 in RELEASE_TARGETS"] : []),
  ...(EMULATOR === null ? ["qemu-aarch64-static"] : []),
  ...(existsSync(LIBRARIES) ? [] : [LIBRARIES]),
];
if (missing.length > 0) console.warn(`SKIPPED: the executable for linux-arm64 is not run: no ${missing.join(", no ")}`);

describe.skipIf(missing.length > 0)("on an emulated linux-arm64", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  let here: string;
  beforeAll(async () => {
    here = builtFor((await twins())[0], target!);
  }, 600_000);
  const emulated = (...args: string[]) =>
    runCommand([EMULATOR!, "-L", LIBRARIES, here, ...args], { cwd: folder.path, env: environment(folder) });

  test("it says what it is", async () => {
    const { code, stdout } = await emulated("--version", "--json");
    expect(code).toBe(0);
    expect(document(stdout)).toMatchObject({ version: VERSION, os: "linux", arch: "arm64" });
  }, 120_000);

  test("it upgrades the example", async () => {
    const example = join(ROOT, "examples/memory-0.12.db");
    const path = folder.file("new.db");
    const { code, stdout } = await emulated(
      "--from-path",
      example,
      "--to",
      "sqlite",
      "--to-path",
      path,
      "--for",
      "0.13",
      "--json",
    );
    expect(code).toBe(0);
    expect(document(stdout)).toMatchObject({ success: true, verified: true });
    expect(await digestOf(path)).toBe(await digestOf(example));
  }, 120_000);
});
