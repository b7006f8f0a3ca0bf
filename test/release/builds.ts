/** What the tests of a release try: built when first asked for, once in a test run, and removed at its end (preload.ts). */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/release/project.ts";
import { executableName, type Target, targetsNamed } from "../../scripts/release/targets.ts";

/** Other machines whose executables are tried too; each downloads its Bun, so nobody gets that unasked. */
export const OTHER_TARGETS: readonly Target[] = targetsNamed(
  (Bun.env.RELEASE_TARGETS ?? "").split(/[\s,]+/).filter((name) => name !== ""),
);

/** The process that made a folder stands in its name. */
const PREFIX = "memorygraph-release-";
const folders: string[] = [];
let own: Promise<string> | undefined;
let whole: Promise<string> | undefined;
let foreign: Promise<string> | undefined;
let twice: Promise<readonly [string, string]> | undefined;

/** The path of this machine's executable, built from the working tree. */
export function executable(): Promise<string> {
  own ??= buildOwn();
  return own;
}

async function buildOwn(): Promise<string> {
  const out = newFolder();
  await build(ROOT, out);
  return join(out, executableName({ extension: process.platform === "win32" ? ".exe" : "" }));
}

/** Two folders with the executable of this machine and, by the target's name, of each other one, from sources apart. */
export function twins(): Promise<readonly [string, string]> {
  twice ??= buildTwice();
  return twice;
}

/** One after the other, so that only the first downloads. */
async function buildTwice(): Promise<readonly [string, string]> {
  return [await buildCopy("a"), await buildCopy("another/place/with a space")];
}

/** A folder with the executables for x64 that this machine can run although it is another system, by the target's name. */
export function foreignBuilds(): Promise<string> {
  foreign ??= buildForeign();
  return foreign;
}

async function buildForeign(): Promise<string> {
  const out = newFolder();
  await build(ROOT, out, "windows-x64", "linux-x64-musl");
  return out;
}

/** The file of a target in such a folder, or in one of the twins. */
export function builtFor(folder: string, target: Target): string {
  return join(folder, target.name, executableName(target));
}

/** This machine as a target. */
export const HOST: Target = targetsNamed([
  `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`,
])[0]!;

/** The targets that `packaged` holds archives of. */
export const PACKAGED: readonly Target[] = [HOST, ...OTHER_TARGETS.filter(({ name }) => name !== HOST.name)];

/** A folder with everything that is published, of this machine's executable and of the other ones. */
export function packaged(): Promise<string> {
  whole ??= packageAll();
  return whole;
}

async function packageAll(): Promise<string> {
  const folder = newFolder();
  mkdirSync(join(folder, HOST.name), { recursive: true });
  copyFileSync(await executable(), join(folder, HOST.name, executableName(HOST)));
  for (const target of PACKAGED) {
    if (target !== HOST) symlinkSync(join((await twins())[0], target.name), join(folder, target.name));
  }
  const out = join(folder, "release");
  await packageInto(folder, out);
  return out;
}

/** Runs scripts/package.ts. @throws Error with what it said when it fails */
export async function packageInto(from: string, out: string, env: Record<string, string> = {}): Promise<void> {
  const names = PACKAGED.map(({ name }) => name);
  await run([process.execPath, join(ROOT, "scripts/package.ts"), "--from", from, "--out", out, ...names], ROOT, env);
}

export function removeBuilds(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function buildCopy(place: string): Promise<string> {
  const folder = newFolder();
  const source = join(folder, place);
  for (const name of ["src", "scripts", "package.json", "package-lock.json", "node_modules"]) {
    cpSync(join(ROOT, name), join(source, name), { recursive: true, filter: (path) => !isTool(path) });
  }
  // Only the downloads are shared.
  mkdirSync(join(ROOT, ".lab"), { recursive: true });
  symlinkSync(join(ROOT, ".lab"), join(source, ".lab"));
  const out = join(folder, "out");
  await build(source, out);
  if (OTHER_TARGETS.length > 0) await build(source, out, ...OTHER_TARGETS.map(({ name }) => name));
  return out;
}

/** Development tools are large and end up in no executable. */
function isTool(path: string): boolean {
  return /node_modules\/(bun|bun-types|@oven|typescript|@typescript|@biomejs|@types)$/.test(path.replaceAll("\\", "/"));
}

async function build(source: string, out: string, ...targets: string[]): Promise<void> {
  await run([process.execPath, join(source, "scripts/build.ts"), "--out", out, ...targets], source);
}

async function run(command: string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
  const options = { cwd, env: { ...Bun.env, ...env }, stdin: "ignore", stdout: "ignore", stderr: "pipe" } as const;
  const child = Bun.spawn(command, options);
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command[1]} failed with ${code}: ${stderr}`);
}

function newFolder(): string {
  if (folders.length === 0) removeAbandoned();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  folders.push(folder);
  return folder;
}

/** After a kill no hook is called; then the next run tidies up. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^memorygraph-release-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
