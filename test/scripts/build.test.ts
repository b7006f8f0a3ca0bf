// @level normal
/** `npm run build`: a person who has typed it must learn where the executable is. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/folder.ts";

test("building ends with the place of an executable that runs", () => {
  using folder = temporaryFolder();
  const build = [process.execPath, join(import.meta.dir, "../../scripts/build.ts"), "--out", folder.path];
  const { exitCode, stdout } = Bun.spawnSync(build, { stdout: "pipe", stderr: "inherit" });
  const [, executable] = /^The executable is (.+)$/m.exec(stdout.toString()) ?? [];
  expect([exitCode, executable]).toEqual([0, expect.stringContaining(folder.path)]);
  expect(Bun.spawnSync([executable!, "--version"]).stdout.toString()).toStartWith("memorygraph-migrate ");
}, 60_000);
