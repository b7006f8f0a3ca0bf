/** The program as an executable for the tests, which start it many hundred times: from its source that takes twice as long. */
import { join } from "node:path";
import { bundling } from "./release/compile.ts";
import { ROOT } from "./release/project.ts";
import { executableName } from "./release/targets.ts";

/**
 * Bundled as a release, but as none: tests can stop it.
 * @param compile for another machine than this, which one and on which Bun
 * @returns the executable's path
 */
export async function buildTestProgram(folder: string, compile: Bun.CompileBuildOptions = {}): Promise<string> {
  const isWindows = compile.target?.includes("windows") ?? process.platform === "win32";
  const outfile = join(folder, executableName({ extension: isWindows ? ".exe" : "" }));
  await Bun.build(bundling(join(ROOT, "test/support/program-entry.ts"), { ...compile, outfile }));
  return outfile;
}
