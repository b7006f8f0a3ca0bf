/**
 * The test suite: `bun scripts/test.ts [quick|normal|long] [--times] [PATTERN...]`. A file says in its first line where it
 * belongs, if not in all levels: `// @level normal` leaves it out of quick, `// @level long` runs in long alone. The long level
 * runs only the files that have more for it to do (support/level.ts).
 * The files are run in parts beside one another, each a process whose tests take turns: those that talk to Neo4j share one pair of
 * it, since a second would cost more than it saves, and those that try executables share what was built. There are more parts than
 * processors, since many tests wait. A part that does not end is stopped, and fails by the name of its last test.
 * `--times` tells what the files took. Closes with the sums of all parts, in the words of bun test.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { Glob } from "bun";
import { buildTestProgram } from "./test-program.ts";

/** How many minutes a part may take, on a machine that has other work as well. */
const LIMITS: Readonly<Record<string, number>> = { quick: 10, normal: 40, long: 70, full: 290 };
const LEVELS = ["quick", "normal", "long"];
const ROOT = join(import.meta.dir, "..");
const TESTS = join(ROOT, "test");
const ROUNDS = join(TESTS, "support/level.ts");
const SERVERS = ["support/servers.ts", "support/own-servers.ts", "support/engine.ts"].map((file) => join(TESTS, file));
/** What gives Neo4j to a test that names it; the modules that have these functions need none themselves. */
const GIVE_NEO4J = /\b(availableServers|serverEnds|allEnds|endsOfAllKinds|ownNeo4j)\b|serversOf\("neo4j"\)/;
/** What gives it in the long level alone. */
const GIVE_MORE = /\b(faultServers|allTargets|livingStores)\b/;
/** What there is more of in the long level; executables for other machines, where .ci/run names some. */
const MORE_TO_DO = new RegExp(`${GIVE_MORE.source}|\\b(OTHER_TARGETS|PACKAGED)\\b`);
const BUILDS = join(TESTS, "release/builds.ts");
const HAVE_THEM = ["support/servers.ts", "support/own-servers.ts", "conformance/ends.ts", "faults/targets.ts"];

const textOf = (file: string) => readFileSync(file, "utf8");
/** With slashes on every system, as the patterns and the lists of files here have them. */
const nameIn = (folder: string, file: string) => relative(folder, file).replaceAll(sep, "/");

function importsOf(file: string): string[] {
  const imports = textOf(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g);
  // Some stand in the text of a program that a test writes.
  return [...imports].map(([, path]) => join(dirname(file), path!)).filter((path) => existsSync(path));
}

/** Every module of the tests that the file imports, itself included. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !file.startsWith(TESTS)) return seen;
  seen.add(file);
  for (const module of importsOf(file)) reach(module, seen);
  return seen;
}

function belongs(file: string, level: string): boolean {
  const [, from = "quick"] = /^\/\/ @level (\w+)\n/.exec(textOf(file)) ?? [];
  if (level === "long") return from === "long" || importsOf(file).includes(ROUNDS) || MORE_TO_DO.test(textOf(file));
  return LEVELS.indexOf(level) >= LEVELS.indexOf(from);
}

/** How many processes share the files of a part, each of which starts and builds what it needs for itself. */
const PARTS = { "Neo4j and the others": 1, "servers without Neo4j": 2, executables: 1, files: 2 } as const;
type PartName = keyof typeof PARTS;

function partOf(file: string): PartName {
  const modules = reach(file);
  const users = [...modules].filter((module) => !HAVE_THEM.includes(nameIn(TESTS, module))).map(textOf);
  const givers = level === "long" ? [GIVE_NEO4J, GIVE_MORE] : [GIVE_NEO4J];
  if (users.some((text) => givers.some((giver) => giver.test(text)))) return "Neo4j and the others";
  if (SERVERS.some((module) => modules.has(module))) return "servers without Neo4j";
  return modules.has(BUILDS) ? "executables" : "files";
}

/** Neighbours take about as long as one another. */
function dealt(part: PartName, list: readonly string[]): [string, readonly string[]][] {
  const hands = PARTS[part];
  const names = Array.from({ length: hands }, (_, hand) => (hands === 1 ? part : `${part}, ${hand + 1} of ${hands}`));
  return names.map((name, hand) => [name, list.filter((_, at) => at % hands === hand)] as [string, string[]]);
}

interface Sums {
  pass: number;
  skip: number;
  fail: number;
}

/** What a part has said: its failures are shown as they come, a dot for each other test, and each skip once, at the end. */
class Output {
  /** In milliseconds. */
  readonly times = new Map<string, number>();
  readonly skips = new Set<string>();
  #file = "";
  #last = "its first test";
  /** Since the last test has ended. */
  #said: string[] = [];
  readonly #counted: Sums = { pass: 0, skip: 0, fail: 0 };
  #summary = "";

  line(line: string): void {
    const [, file] = /^(test[\\/]\S+\.test\.ts):$/.exec(line) ?? [];
    const [, outcome, name, took] = /^\((pass|fail|skip)\) (.*?)(?: \[([\d.]+)ms\])?$/.exec(line) ?? [];
    if (file !== undefined) this.#file = file.replaceAll(sep, "/");
    else if (line.startsWith("SKIPPED: ")) this.skips.add(line.slice("SKIPPED: ".length));
    else if (outcome === undefined) this.#said.push(line);
    else {
      this.#last = `${this.#file} > ${name}`;
      this.times.set(this.#file, (this.times.get(this.#file) ?? 0) + Number(took ?? 0));
      this.#counted[outcome as keyof Sums]++;
      // What fails between tests, as a file that cannot be loaded, is told before the next test.
      const isFailed = outcome === "fail" || this.#said.some((said) => /^(error|# Unhandled)/.test(said));
      if (isFailed) process.stderr.write(`\n${this.#file}\n${this.#said.join("\n")}\n${line}\n`);
      else process.stderr.write(outcome === "pass" ? "." : "s");
      this.#said = [];
    }
    if (/^ *\d+ (pass|skip|fail)$/.test(line)) this.#summary += `${line}\n`;
  }

  /** What its last lines say; a part that ended without them has failed. */
  sums(isFailed: boolean): Sums {
    const told = (word: string) => new RegExp(`(\\d+) ${word}`).exec(this.#summary)?.[1];
    const count = (word: keyof Sums) => Number(told(word) ?? (this.#summary === "" ? this.#counted[word] : 0));
    const fail = count("fail");
    if (isFailed && fail === 0) process.stderr.write(`\n${this.#said.join("\n")}\n`);
    return { pass: count("pass"), skip: count("skip"), fail: isFailed && fail === 0 ? 1 : fail };
  }

  get last(): string {
    return this.#last;
  }
}

async function run(part: string, files: readonly string[], level: string, output: Output): Promise<Sums> {
  const names = files.map((file) => `./${nameIn(ROOT, file)}`);
  const env = { ...Bun.env, TEST_LEVEL: level, ...(level === "quick" && { TEST_BACKENDS: "none" }) };
  // With a name for what it reads, bun test tells every test, whoever runs it.
  for (const name of ["CLAUDECODE", "AGENT", "REPL_ID"]) delete env[name as keyof typeof env];
  const child = Bun.spawn([process.execPath, "test", "--timeout", "60000", ...names], {
    ...{ cwd: ROOT, env, stdin: "ignore", stdout: "pipe", stderr: "pipe", detached: true },
  });
  const minutes = Number(
    Bun.env.TEST_MINUTES ?? LIMITS[level === "long" && Bun.env.LONG_ROUNDS === "full" ? "full" : level],
  );
  // With all that it has started, where the system can tell.
  const stop = () => (process.platform === "win32" ? child.kill() : process.kill(-child.pid, "SIGKILL"));
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    stop();
  }, minutes * 60_000);
  process.once("exit", stop);
  await Promise.all([child.stdout, child.stderr].map((stream) => eachLine(stream, (line) => output.line(line))));
  const code = await child.exited;
  clearTimeout(limit);
  process.off("exit", stop);
  if (isLate)
    process.stderr.write(`\n${part}: stopped after ${minutes} minutes; the last test that ended: ${output.last}\n`);
  return output.sums(code !== 0);
}

async function eachLine(stream: ReadableStream<Uint8Array>, act: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) act(line);
  }
  if (rest !== "") act(rest);
}

function report(outputs: readonly Output[], sums: readonly Sums[], withTimes: boolean): number {
  const skips = new Set(outputs.flatMap(({ skips }) => [...skips]));
  const times = outputs.flatMap(({ times }) => [...times]).toSorted(([, a], [, b]) => b - a);
  console.log();
  if (withTimes) for (const [file, took] of times) console.log(`${(took / 1_000).toFixed(1).padStart(7)} s  ${file}`);
  for (const reason of skips) console.log(`skipped: ${reason}`);
  const total = (word: keyof Sums) => sums.reduce((sum, part) => sum + part[word], 0);
  console.log(`\n${files.length} test files, level ${level}`);
  for (const word of ["pass", "skip", "fail"] as const) console.log(` ${total(word)} ${word}`);
  return total("fail") === 0 && total("pass") > 0 ? 0 : 1;
}

const given = process.argv.slice(2);
const isLevelNamed = LEVELS.includes(given[0] ?? "");
const level = isLevelNamed ? given[0]! : "normal";
const patterns = given.slice(isLevelNamed ? 1 : 0).filter((word) => word !== "--times");
const files = [...new Glob("test/**/*.test.ts").scanSync({ cwd: ROOT, absolute: true })]
  .sort()
  .filter((file) => belongs(file, level))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => nameIn(ROOT, file).includes(pattern)));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
const parts = Object.entries(Object.groupBy(files, partOf))
  .flatMap(([part, list]) => dealt(part as PartName, list))
  .filter(([, list]) => list.length > 0);
const outputs = parts.map(() => new Output());
const folder = mkdtempSync(join(tmpdir(), "memorygraph-program-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
// For a few files it takes longer to build than to start it from its source.
if (patterns.length === 0 && files.length > 0) Bun.env.TEST_PROGRAM = await buildTestProgram(folder);
const sums = await Promise.all(parts.map(([name, list], at) => run(name, list, level, outputs[at]!)));
process.exitCode = report(outputs, sums, given.includes("--times"));
