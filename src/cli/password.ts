/** Where a password comes from: a file, a command, standard input, a variable, the person. Never an argument. */
import { readFileSync, statSync } from "node:fs";
import type { BackendConfig } from "../backends/config.ts";
import { machineOf } from "../doctor/machine.ts";
import { passwordFrom } from "../doctor/passwords.ts";
import { AccessError, UsageError } from "../errors.ts";
import type { CommandContext } from "./command.ts";
import type { PasswordSource, Side } from "./endpoint.ts";

type CliEnvironment = Pick<CommandContext, "env" | "log" | "ask" | "signal">;

/** What the options or our own variable give; undefined where neither does. @throws UsageError, AccessError */
export async function givenPassword(
  side: Side,
  source: PasswordSource | undefined,
  config: BackendConfig,
  { env, log }: CliEnvironment,
): Promise<string | undefined> {
  switch (source?.by) {
    case "file":
      return fromFile(source.path, log);
    case "command":
      return fromCommand(source.command, side);
    case "stdin":
      return fromStdin(side);
    case "from":
      return passwordFrom(source.place, config, machineOf(env, process.platform, process.cwd()));
    default: {
      const name = `MEMORYGRAPH_${side.toUpperCase()}_PASSWORD`;
      const file = env[`${name}_FILE`];
      return file ? fromFile(file, log) : env[name] || undefined;
    }
  }
}

function fromFile(path: string, log: CliEnvironment["log"]): string {
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      log.warn(`others than its owner can read the password file ${path}; chmod 600 keeps it private`);
    }
    return firstLine(readFileSync(path, "utf8"), `the password file ${path}`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new AccessError(`the password file ${path} cannot be read`, { next: "Check the path.", cause });
  }
}

async function fromCommand(command: string, side: Side): Promise<string> {
  const isWindows = process.platform === "win32";
  // As it is typed: with /s, cmd takes off these quotes and leaves those inside alone.
  const shell = isWindows ? ["cmd", "/d", "/s", "/c", `"${command}"`] : ["/bin/sh", "-c", command];
  const options = { stdin: "ignore", stdout: "pipe", stderr: "inherit", windowsVerbatimArguments: isWindows } as const;
  const child = Bun.spawn(shell, options);
  const text = await new Response(child.stdout).text();
  const code = await child.exited;
  if (code === 0) return firstLine(text, `what --${side}-password-command prints`);
  throw new UsageError(`the command of --${side}-password-command failed with exit code ${code}`, {
    next: "Run it by itself; it has to print the password as its first line.",
  });
}

async function fromStdin(side: Side): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UsageError(`--${side}-password-stdin wants the password piped in`, {
      next: "Leave the option out to be asked for it.",
    });
  }
  return firstLine(await Bun.stdin.text(), "standard input");
}

function firstLine(text: string, what: string): string {
  const line = text.split(/\r?\n/)[0]!;
  if (line !== "") return line;
  throw new UsageError(`${what} holds no password`, { next: "Put the password into its first line." });
}
