/** The program as a person runs it: a process of its own with an environment of its own. */
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TemporaryFolder } from "../support/folder.ts";

export const ROOT = resolve(import.meta.dir, "../..");
export const MAIN = join(ROOT, "src/main.ts");
/** What a command line begins with: the program as scripts/test.ts has built it for all tests, or from its source. */
export const PROGRAM: readonly string[] = Bun.env.TEST_PROGRAM ? [Bun.env.TEST_PROGRAM] : [process.execPath, MAIN];
/** As PROGRAM, for runs that are stopped at a named moment. */
export const BREAKABLE: readonly string[] = Bun.env.TEST_PROGRAM
  ? PROGRAM
  : [process.execPath, "--preload", join(ROOT, "test/faults/preload.ts"), MAIN];

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** Nothing of ours goes in: no variable of MemoryGraph's, no colour setting, a HOME and a TMPDIR inside the folder. */
export function environment(folder: TemporaryFolder, more: Environment = {}): Record<string, string> {
  const home = folder.file("home");
  const temporary = folder.file("tmp");
  for (const path of [home, temporary]) mkdirSync(path, { recursive: true });
  const windows = {
    ...{ USERPROFILE: home, LOCALAPPDATA: join(home, "AppData", "Local"), APPDATA: join(home, "AppData", "Roaming") },
    ...{ TEMP: temporary, TMP: temporary, SystemRoot: process.env.SystemRoot ?? "C:\\Windows" },
  };
  return {
    ...(process.platform === "win32" && windows),
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: home,
    TMPDIR: temporary,
    XDG_STATE_HOME: folder.file("state"),
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    ...more,
  };
}

export function start(folder: TemporaryFolder, args: readonly string[], env: Environment = {}, input?: string) {
  return Bun.spawn([...PROGRAM, ...args], {
    cwd: folder.path,
    env: environment(folder, env),
    stdin: input === undefined ? "ignore" : new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
}

export async function program(
  folder: TemporaryFolder,
  args: readonly string[],
  env: Environment = {},
  input?: string,
): Promise<Outcome> {
  const child = start(folder, args, env, input);
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** A line for a shell in which `memorygraph-migrate` is this program. */
export async function shell(folder: TemporaryFolder, line: string, env: Environment = {}): Promise<Outcome> {
  const words = PROGRAM.map((word) => `"${word}"`).join(" ");
  const define = `memorygraph-migrate() { ${words} "$@"; }\n`;
  const child = Bun.spawn(["bash", "-c", define + line], {
    cwd: folder.path,
    env: environment(folder, env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** The one JSON document that a stream holds: a single line and nothing else. */
export function document(stream: string): unknown {
  const lines = stream.split("\n");
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`not one line: ${JSON.stringify(stream)}`);
  return JSON.parse(lines[0]!);
}

/** An error for a person: what is wrong, then the way out, and no trace of the program's inside. */
export function expectError({ code, stdout, stderr }: Outcome, expected: number, message: string | RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: [^\n]+\n( [^\n]+\n)*next: [^\n]+\n$/m);
  expect(stderr).not.toMatch(/^ +at .*:\d+/m);
  expect([code, stdout]).toEqual([expected, ""]);
}
