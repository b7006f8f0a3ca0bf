/**
 * The test suite: `bun scripts/test.ts [quick|normal|long] [PATTERN...]`. Test files that talk to graph servers run one
 * after another in one process, since they empty the servers; all others run beside them in a second one. A file says in its
 * first line where it belongs, if not in all levels: `// @level normal` leaves it out of quick, `// @level long` runs in long alone.
 * The long level runs the files alone that have longer rounds for it (support/level.ts). Closes with the sums of both, in the words of bun test.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const LEVELS = ["quick", "normal", "long"];
const ROOT = join(import.meta.dir, "..");
const ROUNDS = join(ROOT, "test/support/level.ts");
const SERVERS = ["support/servers.ts", "support/own-servers.ts"].map((file) => join(ROOT, "test", file));

function importsOf(file: string): string[] {
  const imports = readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g);
  // Some stand in the text of a program that a test writes.
  return [...imports].map(([, path]) => join(dirname(file), path!)).filter((path) => existsSync(path));
}

/** Every module of the tests that the file imports, itself included. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !file.startsWith(join(ROOT, "test"))) return seen;
  seen.add(file);
  for (const module of importsOf(file)) reach(module, seen);
  return seen;
}

function belongs(file: string, level: string): boolean {
  const [, from = "quick"] = /^\/\/ @level (\w+)\n/.exec(readFileSync(file, "utf8")) ?? [];
  if (level === "long") return from === "long" || importsOf(file).includes(ROUNDS);
  return LEVELS.indexOf(level) >= LEVELS.indexOf(from);
}

interface Sums {
  pass: number;
  skip: number;
  fail: number;
}

/** What the last lines of bun test say; a run that ended without them has failed. */
function sumsOf(output: string, exitCode: number): Sums {
  const count = (word: string) => Number([...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1)?.[1] ?? 0);
  const fail = count("fail");
  return { pass: count("pass"), skip: count("skip"), fail: exitCode !== 0 && fail === 0 ? 1 : fail };
}

/** @param live shows a dot for each test as it ends; otherwise only what failed is shown, at the end */
async function run(files: readonly string[], level: string, live: boolean): Promise<Sums> {
  if (files.length === 0) return { pass: 0, skip: 0, fail: 0 };
  const names = files.map((file) => `./${relative(ROOT, file)}`);
  const child = Bun.spawn(
    [process.execPath, "test", "--timeout", "60000", live ? "--dots" : "--only-failures", ...names],
    {
      cwd: ROOT,
      env: { ...Bun.env, TEST_LEVEL: level, ...(level === "quick" && { TEST_BACKENDS: "none" }) },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  let output = "";
  const gather = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true });
      output += text;
      if (live) process.stderr.write(text);
    }
  };
  await Promise.all([gather(child.stdout), gather(child.stderr)]);
  const sums = sumsOf(output, await child.exited);
  if (!live) process.stderr.write(output);
  return sums;
}

const [given = "", ...rest] = process.argv.slice(2);
const [level, patterns] = LEVELS.includes(given) ? [given, rest] : ["normal", given === "" ? [] : [given, ...rest]];
const files = [...new Glob("test/**/*.test.ts").scanSync({ cwd: ROOT, absolute: true })]
  .sort()
  .filter((file) => belongs(file, level))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => relative(ROOT, file).includes(pattern)));
const withServers = files.filter((file) => SERVERS.some((server) => reach(file).has(server)));
const others = files.filter((file) => !withServers.includes(file));
const parts = await Promise.all([run(withServers, level, true), run(others, level, withServers.length === 0)]);
const total = (word: keyof Sums) => parts.reduce((sum, part) => sum + part[word], 0);
console.log(`\n${files.length} test files, level ${level}`);
console.log([` ${total("pass")} pass`, ` ${total("skip")} skip`, ` ${total("fail")} fail`].join("\n"));
process.exitCode = total("fail") === 0 && total("pass") > 0 ? 0 : 1;
