/**
 * The command line in the process of the test, for tests that run it many times: a process of its own takes longer to start
 * than most commands take. Arguments, environment, working folder, streams and exit code are those of `program`; what a
 * process alone can show (signals, a closed pipe, a kill) needs `program`.
 */
import { run } from "../../src/cli/run.ts";
import type { TemporaryFolder } from "../support/folder.ts";
import { type Environment, environment, type Outcome } from "./program.ts";

/** One at a time: the environment and the streams belong to the whole process. */
let turn: Promise<unknown> = Promise.resolve();

export function inProcess(folder: TemporaryFolder, args: readonly string[], env: Environment = {}): Promise<Outcome> {
  const outcome = turn.then(() => withSurroundings(folder, env, () => run(args)));
  turn = outcome.catch(() => {});
  return outcome;
}

/**
 * A line that a person pastes into a shell: bash reads it and runs everything in it but this program, whose arguments it
 * hands over as it has split them.
 */
export async function pasted(folder: TemporaryFolder, line: string, env: Environment = {}): Promise<Outcome> {
  const define = `memorygraph-migrate() { printf '%s\\0' "$@" >"$HANDED_OVER"; }\n`;
  const handed = folder.file("handed-over");
  await Bun.file(handed)
    .delete()
    .catch(() => {});
  const child = Bun.spawn(["bash", "-c", define + line], {
    cwd: folder.path,
    env: { ...environment(folder, env), HANDED_OVER: handed },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0 || !(await Bun.file(handed).exists())) return { code, stdout, stderr };
  const args = (await Bun.file(handed).text()).split("\0").slice(0, -1);
  await Bun.file(handed).delete();
  return inProcess(folder, args, env);
}

async function withSurroundings(
  folder: TemporaryFolder,
  env: Environment,
  work: () => Promise<void>,
): Promise<Outcome> {
  const before = { env: { ...process.env }, cwd: process.cwd() };
  const streams = [process.stdout, process.stderr].map(capture);
  const input = Object.getOwnPropertyDescriptor(process.stdin, "isTTY");
  Object.defineProperty(process.stdin, "isTTY", { value: false, configurable: true });
  setEnvironment(environment(folder, env));
  process.chdir(folder.path);
  process.exitCode = 0;
  try {
    await work();
    return { code: process.exitCode, stdout: streams[0]!.text(), stderr: streams[1]!.text() };
  } finally {
    process.exitCode = 0;
    process.chdir(before.cwd);
    setEnvironment(before.env);
    if (input === undefined) Reflect.deleteProperty(process.stdin, "isTTY");
    else Object.defineProperty(process.stdin, "isTTY", input);
    for (const { release } of streams) release();
  }
}

/** What is written to the stream, until it is released; no terminal, as in a pipe. */
function capture(stream: NodeJS.WriteStream): { text: () => string; release: () => void } {
  const chunks: string[] = [];
  const { write } = stream;
  const terminal = Object.getOwnPropertyDescriptor(stream, "isTTY");
  const listeners = stream.listeners("error");
  stream.write = ((chunk: string | Uint8Array) => {
    chunks.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    return true;
  }) as typeof write;
  Object.defineProperty(stream, "isTTY", { value: false, configurable: true });
  return {
    text: () => chunks.join(""),
    release: () => {
      stream.write = write;
      if (terminal === undefined) Reflect.deleteProperty(stream, "isTTY");
      else Object.defineProperty(stream, "isTTY", terminal);
      for (const added of stream.listeners("error").slice(listeners.length)) stream.off("error", added as () => void);
    },
  };
}

function setEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  Object.assign(process.env, env);
}
