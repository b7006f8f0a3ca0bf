/** The program as an executable for the tests, which start it many hundred times: from its source that takes twice as long. */
import { join } from "node:path";
import { bundling } from "./release/compile.ts";
import { ROOT } from "./release/project.ts";

/** Bundled as a release, but as none: tests can stop it. @returns the executable's path */
export async function buildTestProgram(folder: string): Promise<string> {
  const outfile = join(folder, "memorygraph-migrate");
  await Bun.build(bundling(join(ROOT, "test/support/program-entry.ts"), { outfile }));
  return outfile;
}
