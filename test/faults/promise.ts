/** What is promised of a run that was broken: one of three states, one clear error, and a named command that works. */
import type { TemporaryFolder } from "../support/folder.ts";
import { type Ending, program, runsOf } from "./program.ts";

export interface Broken {
  readonly folder: TemporaryFolder;
  readonly env: Readonly<Record<string, string>>;
  /** The command line of the run. */
  readonly migration: readonly string[];
  /** Everything by which a change of the target would show. */
  state(): Promise<string>;
  /** The state without the run, and with the whole of it. */
  readonly before: string;
  readonly complete: string;
}

/** Of a failed command: one error that names the way out, no trace of the program's inside, a documented code. */
export function expectClear({ code, stderr }: Ending): void {
  const problems = [
    code === null ? "was killed" : "",
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 129, 130, 143].includes(code ?? -1) ? "" : `ended with ${code}`,
    (stderr.match(/^error: ./gm) ?? []).length === 1 ? "" : "not one error",
    /^next: [^\n]+\n$/m.test(stderr) ? "" : "no way out",
    /^ +at .*:\d+/m.test(stderr) ? "a stack" : "",
    /unexpected failure|\[object/.test(stderr) ? "not in our words" : "",
  ].filter((problem) => problem !== "");
  if (problems.length > 0) throw new Error(`${problems.join(", ")}: ${stderr}`);
}

/**
 * Looks in which state a command has left the target, does what it says, and looks again. Gives what was found first.
 * @param choose 0 to 1: which of two commands that are named
 * @param command what had been run
 */
export async function expectPromise(
  target: Broken,
  ending: Ending,
  choose: number,
  command = target.migration,
): Promise<"complete" | "as before" | "stopped part-way"> {
  const { folder, env, before, complete } = target;
  const isUndoing = command[0] === "rollback";
  if (ending.code === 0) {
    await expectState(target, isUndoing ? before : complete, "told as done");
    return "complete";
  }
  const atOnce = /^SIG\w+ again: stopped at once;.* "memorygraph-migrate runs" lists/m.test(ending.stderr);
  if (ending.code !== null && !atOnce) expectClear(ending);
  const stopped = (await runsOf(folder)).filter(({ status }) => status === "stopped");
  if (stopped.length === 0) {
    await expectState(target, before, `told as failed (${ending.stderr})`);
    const again = await program(folder, target.migration, { env });
    if (again.code !== 0) throw new Error(`the same command again ended with ${again.code}: ${again.stderr}`);
    await expectState(target, complete, "after the same command again");
    return "as before";
  }
  const [run] = stopped;
  const goesOn = command[0] === "resume" || isUndoing;
  if (ending.code !== null && ending.code !== 6 && !atOnce && !goesOn) {
    throw new Error(`stopped part-way, but it ended with ${ending.code}: ${ending.stderr}`);
  }
  const named = [...ending.stderr.matchAll(/memorygraph-migrate (resume|rollback) (\w{10})/g)].map(([, can]) => can!);
  const listed = ending.code === null || atOnce ? run!.can : [];
  const same = goesOn && /run the same command again/i.test(ending.stderr) ? [command[0]!] : [];
  const commands = [...named, ...listed, ...same];
  const what = commands[Math.floor(choose * commands.length)];
  if (what === undefined) throw new Error(`no command for run ${run!.id}: ${ending.stderr}`);
  const went = await program(folder, [what, run!.id, ...(what === "rollback" ? ["--yes"] : [])], { env });
  if (went.code !== 0) throw new Error(`${what} ended with ${went.code}: ${went.stderr}\nafter: ${ending.stderr}`);
  await expectState(target, what === "resume" ? complete : before, `after ${what}`);
  return "stopped part-way";
}

export async function expectState(target: Broken, expected: string, when: string): Promise<void> {
  const found = await target.state();
  if (found !== expected) throw new Error(`${when}: found\n${found}\ninstead of\n${expected}`);
}
