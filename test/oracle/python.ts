/** MemoryGraph 0.12.4 itself, as scripts/oracle installs it. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const python = process.env.MEMORYGRAPH_PYTHON ?? join(import.meta.dir, "../../.lab/python/bin/python");

/** Whether it is here with these modules; says so where it is not. @throws where REQUIRE_ORACLE asks for it */
export function hasOracle(...modules: readonly string[]): boolean {
  const there =
    existsSync(python) &&
    Bun.spawnSync([python, "-c", `import ${["memorygraph", ...modules].join(", ")}`]).exitCode === 0;
  if (there) return true;
  const what = ["MemoryGraph 0.12.4", ...modules].join(" with ");
  if (process.env.REQUIRE_ORACLE) throw new Error(`REQUIRE_ORACLE is set, but there is no ${what}: run scripts/oracle`);
  console.warn(`SKIPPED: ${what} is not here to open our stores; run scripts/oracle first`);
  return false;
}

/** What a script beside this file prints. @throws Error with what it complains about */
export function ask(script: string, ...args: readonly string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([python, join(import.meta.dir, script), ...args]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}
