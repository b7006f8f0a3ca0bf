/**
 * The tests with Bun for Windows, under Wine: `npm run test:wine [-- PATTERN...]`, by default those that CI runs on Windows. Takes root and
 * the root folder that scripts/foreign makes. Wine sees a copy of the checkout on its drive C:, in memory, which goes away with all
 * that the tests leave.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { foreignRoot, PREFIX, whyNoForeignRoot } from "./engines/foreign.ts";
import { ROOT } from "./release/project.ts";
import { unpackRuntime } from "./release/runtime.ts";
import { targetsNamed } from "./release/targets.ts";
import { buildTestProgram } from "./test-program.ts";

/** Bun does not read what is mounted into Wine's drive (EBADFD), so the files are copied; those of this system's programs are not. */
const START = `set -e
root=$0 bun=$1 program=$2 work=$3 drive=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o size=8g work "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
mkdir "$work/root$drive/checkout"
{ git ls-files -z --cached --others --exclude-standard --deduplicate
  find node_modules -type f -not -path "node_modules/@biomejs/*" -not -path "node_modules/@oven/*" -not -path "node_modules/@typescript/*" -print0
} | tar --null --files-from=- -cf - | tar -C "$work/root$drive/checkout" -xf -
cp "$bun" "$program" "$work/root$drive"
cd "$work/root"
mount -t proc proc proc
mount --rbind /dev dev
exec chroot . env -i -C "$drive/checkout" "$@"`;

const missing = whyNoForeignRoot();
if (missing !== null) {
  console.error(`the tests cannot run under Wine: ${missing}`);
  process.exit(1);
}
const [windows] = targetsNamed(["windows-x64"]);
const folder = mkdtempSync(join(tmpdir(), "memorygraph-wine-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
const executablePath = await unpackRuntime(windows!, folder);
// From its source, Bun says under Wine that folders do not match, which would stand in what the program says.
const program = await buildTestProgram(folder, { target: windows!.compileTarget, executablePath });

const [, ofCi] = /windows-latest, tests: "(.*)"/.exec(readFileSync(join(ROOT, ".github/workflows/ci.yml"), "utf8"))!;
const given = process.argv.slice(2);
const tests = given.some((word) => !word.startsWith("-")) ? given : [...ofCi!.split(" "), ...given];
const work = join(folder, "work");
mkdirSync(work);
const variables = {
  PATH: "/usr/bin:/bin",
  WINEPREFIX: PREFIX,
  WINEDEBUG: "-all",
  XDG_RUNTIME_DIR: "/tmp",
  LC_ALL: "C.UTF-8",
  TEST_BACKENDS: "none",
  TEST_PROGRAM: `C:\\${basename(program)}`,
};
const start = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", START];
const inside = ["wine", "C:\\bun.exe", "scripts/test.ts", ...tests];
const child = Bun.spawn(
  [
    ...[...start, foreignRoot(), executablePath, program, work, `${PREFIX}/drive_c`],
    ...[...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...inside],
  ],
  { cwd: ROOT, stdin: "ignore", stdout: "inherit", stderr: "inherit" },
);
process.once("exit", () => child.kill("SIGKILL"));
process.exitCode = await child.exited;
