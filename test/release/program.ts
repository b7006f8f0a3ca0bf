/** The executable as a person runs it, beside the source version that it was made from. */
import type { Environment, Outcome } from "../cli/program.ts";
import { environment } from "../cli/program.ts";
import type { TemporaryFolder } from "../support/folder.ts";
import { executable } from "./builds.ts";

export interface CliEnvironment {
  /** Everything that the process gets to see; by default what program.ts gives the source version. */
  readonly env?: Environment;
  readonly cwd?: string;
}

export async function startExecutable(
  folder: TemporaryFolder,
  args: readonly string[],
  { env, cwd }: CliEnvironment = {},
) {
  return Bun.spawn([await executable(), ...args], {
    cwd: cwd ?? folder.path,
    env: env ?? environment(folder),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

export async function runExecutable(
  folder: TemporaryFolder,
  args: readonly string[],
  surroundings: CliEnvironment = {},
): Promise<Outcome> {
  return outcomeOf(await startExecutable(folder, args, surroundings));
}

/** Any command line, such as one that runs the executable as another user. */
export async function runCommand(command: readonly string[], { env, cwd }: Required<CliEnvironment>): Promise<Outcome> {
  return outcomeOf(Bun.spawn([...command], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" }));
}

async function outcomeOf(child: Awaited<ReturnType<typeof startExecutable>>): Promise<Outcome> {
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
