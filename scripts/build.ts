/**
 * Makes the executable. Without arguments dist/memorygraph-migrate for this machine; with names of targets (or `all`)
 * dist/TARGET/memorygraph-migrate for each, from the Bun that package-lock.json pins. `--out DIR` stands for dist.
 * The same commit gives the same bytes, wherever it is built.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./release/compile.ts";
import { currentCommit, ROOT } from "./release/project.ts";
import { targetsNamed } from "./release/targets.ts";

const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const out = resolve(values.out ?? join(ROOT, "dist"));
const commit = await currentCommit();

if (positionals.length === 0) console.log(`The executable is ${await compile(null, out, commit)}`);
for (const target of targetsNamed(positionals)) {
  console.log(await compile(target, join(out, target.name), commit));
}
