/** The program as an executable for the tests, which start it many hundred times: from its source that takes twice as long. */
import { join } from "node:path";
import { ROOT } from "./release/project.ts";

/** Made as a release (release/compile.ts), but as no release: tests can stop it. @returns the executable's path */
export async function buildTestProgram(folder: string): Promise<string> {
  const outfile = join(folder, "memorygraph-migrate");
  await Bun.build({
    entrypoints: [join(ROOT, "test/support/program-entry.ts"), join(ROOT, "src/backends/sqlite/summary-worker.ts")],
    naming: { entry: "[name].[ext]" },
    target: "bun",
    format: "esm",
    splitting: true,
    bytecode: true,
    minify: { syntax: true, whitespace: true },
    allowUnresolved: [],
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false, execArgv: ["--"] },
  });
  return outfile;
}
