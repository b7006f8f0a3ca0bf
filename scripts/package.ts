/**
 * Makes what is published of the executables in dist (`npm run build -- all`): an archive for each target, the install
 * scripts, the list of what is inside (SBOM) and SHA256SUMS, in dist/release. Names of targets restrict it to those;
 * `--from DIR` and `--out DIR` stand for the two folders. The same commit gives the same bytes.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { archiveName, companions, pack } from "./release/archive.ts";
import { assertSigned } from "./release/codesign.ts";
import { currentCommit, ROOT, sourceDate, VERSION } from "./release/project.ts";
import { sbom } from "./release/sbom.ts";
import { SUMS_FILE, writeSums } from "./release/sums.ts";
import { executableName, PROGRAM, targetsNamed } from "./release/targets.ts";

const { values, positionals } = parseArgs({
  options: { from: { type: "string" }, out: { type: "string" } },
  allowPositionals: true,
});
const from = resolve(values.from ?? join(ROOT, "dist"));
const out = resolve(values.out ?? join(ROOT, "dist/release"));
const time = await sourceDate();
const beside = await companions();

const files = new Map<string, Uint8Array>();
for (const target of targetsNamed(positionals.length === 0 ? ["all"] : positionals)) {
  const path = join(from, target.name, executableName(target));
  const executable = readFileSync(path);
  if (target.os === "darwin") assertSigned(path, executable);
  files.set(archiveName(target), pack(target, executable, beside, time));
}
for (const name of ["install.sh", "install.ps1"]) files.set(name, readFileSync(join(ROOT, "packaging", name)));
files.set(`${PROGRAM}-${VERSION}.cdx.json`, Buffer.from(sbom(await currentCommit(), time)));

mkdirSync(out, { recursive: true });
// What another version left must not be published with this one.
for (const name of readdirSync(out)) if (name.startsWith(PROGRAM)) rmSync(join(out, name));
for (const [name, bytes] of files) writeFileSync(join(out, name), bytes);
writeFileSync(join(out, SUMS_FILE), writeSums(files));
for (const name of files.keys()) console.log(join(out, name));
