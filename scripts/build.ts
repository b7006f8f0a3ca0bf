/** Makes dist/memorygraph-migrate, one executable for this machine. */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { version } from "../package.json";

const root = join(import.meta.dir, "..");
const commit = (await $`git -C ${root} rev-parse --short HEAD`.nothrow().quiet().text()).trim() || "unknown";
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });

const built = await Bun.build({
  // Threads are started by file name, so each is an entry of its own inside the executable.
  entrypoints: [join(root, "src/main.ts"), join(root, "src/backends/sqlite/summary-worker.ts")],
  // Side by side, as parallel.ts expects them: an executable has no folders.
  naming: { entry: "[name].[ext]" },
  target: "bun",
  format: "esm",
  splitting: true,
  bytecode: true,
  sourcemap: "linked",
  // Not identifiers: mangled class names would show in messages.
  minify: { syntax: true, whitespace: true },
  define: { BUILD_VERSION: JSON.stringify(version), BUILD_COMMIT: JSON.stringify(commit) },
  compile: {
    outfile: join(dist, "memorygraph-migrate"),
    // A recovery tool is run inside folders of strangers: it must not run what lies there.
    autoloadDotenv: false,
    autoloadBunfig: false,
    execArgv: ["--"],
  },
});
// The maps are inside the executable too; these are for whoever debugs a release.
mkdirSync(join(dist, "maps"), { recursive: true });
for (const name of readdirSync(dist)) if (name.endsWith(".map")) renameSync(join(dist, name), join(dist, "maps", name));
if (!built.success) {
  for (const log of built.logs) console.error(log);
  process.exitCode = 1;
}
