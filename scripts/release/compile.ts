/** Makes one executable. What is switched on and off here, and why, is measured in docs/RELEASING.md. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { signIfBroken } from "./codesign.ts";
import { ROOT, VERSION } from "./project.ts";
import { unpackRuntime } from "./runtime.ts";
import { executableName, type Target } from "./targets.ts";

/**
 * Writes the executable and, in `maps/`, its source maps into the folder, and returns the executable's path.
 * @param target null for this machine, on the Bun that runs this
 * @throws Error when it cannot be made, or a macOS executable has no valid signature
 */
export async function compile(target: Target | null, folder: string, commit: string): Promise<string> {
  const extension = target?.extension ?? (process.platform === "win32" ? ".exe" : "");
  const outfile = join(folder, executableName({ extension }));
  for (const old of [outfile, join(folder, "maps")]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const aside = mkdtempSync(join(folder, "runtime-"));
  try {
    const runtime = target === null ? {} : await pinned(target, aside);
    await bundle({ ...runtime, outfile }, commit);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  putMapsAside(folder);
  if (target?.os === "darwin" || (target === null && process.platform === "darwin")) signIfBroken(outfile);
  return outfile;
}

async function pinned(target: Target, aside: string): Promise<Bun.CompileBuildOptions> {
  return { target: target.compileTarget, executablePath: await unpackRuntime(target, aside) };
}

async function bundle(compile: Bun.CompileBuildOptions, commit: string): Promise<void> {
  await Bun.build({
    ...bundling(join(ROOT, "src/main.ts"), compile),
    sourcemap: "linked",
    define: { BUILD_VERSION: JSON.stringify(VERSION), BUILD_COMMIT: JSON.stringify(commit) },
  });
}

/** What runs in threads of its own. */
const THREADS = ["sqlite/summary-worker.ts", "archive/press-worker.ts"];

/** How the program is bundled, also for the tests. @param entry what it begins with */
export function bundling(entry: string, compile: Bun.CompileBuildOptions): Bun.BuildConfig {
  return {
    // Threads are started by file name, so each is an entry of its own inside the executable.
    entrypoints: [entry, ...THREADS.map((file) => join(ROOT, "src/backends", file))],
    // Side by side, as whoever starts them expects: an executable has no folders.
    naming: { entry: "[name].[ext]" },
    target: "bun",
    format: "esm",
    // Backends stay pieces of their own, read when one is asked for.
    splitting: true,
    bytecode: true,
    // Not identifiers: mangled class names would show in messages.
    minify: { syntax: true, whitespace: true },
    // What is not known now would have to be found beside the executable.
    allowUnresolved: [],
    compile: {
      ...compile,
      // A recovery tool is run inside folders of strangers: it must not run what lies there. `--` ends BUN_OPTIONS too.
      autoloadDotenv: false,
      autoloadBunfig: false,
      execArgv: ["--"],
    },
  };
}

/** The maps are inside the executable too; these are for whoever debugs a release. */
function putMapsAside(folder: string): void {
  const maps = join(folder, "maps");
  mkdirSync(maps);
  for (const name of readdirSync(folder)) if (name.endsWith(".map")) renameSync(join(folder, name), join(maps, name));
}
