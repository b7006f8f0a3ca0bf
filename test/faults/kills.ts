/**
 * Kills the program over and over, then does what it says: each time the run is resumed or rolled back (and that is
 * killed now and then, too), and the target ends complete or exactly as it was, with nothing left behind.
 */
import { BREAKABLE, environment } from "../cli/program.ts";
import { randomFrom } from "./random.ts";
import { stateOf, type Target } from "./targets.ts";

export interface Figures {
  kills: number;
  resumed: number;
  rolledBack: number;
  /** Kills that came when the run was over. */
  late: number;
  /** What went wrong, with the seed of the round. */
  readonly problems: string[];
}

type Ending = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Stop = { readonly at: string } | { readonly after: number } | null;

export async function killRounds(target: Target, seed: number, rounds: number): Promise<Figures> {
  const figures: Figures = { kills: 0, resumed: 0, rolledBack: 0, late: 0, problems: [] };
  const before = await target.state();
  const { complete, length } = await uninterrupted(target, before);
  for (let round = 0; round < rounds; round++) {
    const random = randomFrom(seed * 100_003 + round);
    try {
      await oneRound(target, { before, complete, length, random, round }, figures);
    } catch (error) {
      figures.problems.push(
        `${target.name}, seed ${seed}, round ${round}: ${error instanceof Error ? error.message : error}`,
      );
      if (figures.problems.length > 5) break;
    }
  }
  return figures;
}

/**
 * How it comes out without disturbance; undone again, which is the first thing to be shown. On a server twice: one that has just
 * started takes longer than it will while it is killed at.
 */
async function uninterrupted(target: Target, before: string): Promise<{ complete: string; length: number }> {
  let [complete, length] = ["", 0];
  const times = target.config.uri === undefined ? 1 : 2;
  for (let time = 0; time < times; time++) {
    const started = performance.now();
    const ran = await program(target, migration(target), null);
    if (ran.code !== 0) throw new Error(`without disturbance: ${ran.stderr}`);
    length = performance.now() - started;
    complete = await target.state();
    const [run] = await runsOf(target);
    const undone = await program(target, ["rollback", run!.id, "--yes"], null);
    if (undone.code !== 0) throw new Error(`without disturbance, rollback: ${undone.stderr}`);
    await expectState(target, before, "after rolling back a completed run");
  }
  return { complete, length };
}

interface Round {
  readonly before: string;
  readonly complete: string;
  readonly length: number;
  readonly random: () => number;
  readonly round: number;
}

async function oneRound(target: Target, { before, complete, length, random, round }: Round, figures: Figures) {
  const stop = pickStop(target, random, length, round);
  const told = JSON.stringify(stop);
  const first = await program(target, migration(target), stop);
  if (first.code === 0) figures.late++;
  else if (first.code === null) figures.kills++;
  else throw new Error(`${told}: ended with ${first.code}: ${first.stderr}`);

  const run = (await runsOf(target)).find(({ status }) => status === "stopped" || status === "done");
  if (run === undefined) {
    await expectState(target, before, `${told}: no run is known`);
    expectNothingLeft(target, told);
    return;
  }
  const resuming = run.can.includes("resume") && random() < 0.5;
  const command = resuming ? ["resume", run.id] : ["rollback", run.id, "--yes"];
  if (!run.can.includes(command[0]!)) throw new Error(`${told}: ${run.status}, but it cannot ${command[0]}`);
  if (random() < 0.6) {
    const again = await program(target, command, pickStop(target, random, length, round));
    if (again.code === null) figures.kills++;
    else if (again.code !== 0)
      throw new Error(`${told}: ${command.join(" ")} ended with ${again.code}: ${again.stderr}`);
  }
  const rest = (await runsOf(target)).find(({ id }) => id === run.id);
  if (rest !== undefined && resuming && rest.can.includes("resume")) {
    const resumed = await program(target, command, null);
    if (resumed.code !== 0) throw new Error(`${told}: resume ended with ${resumed.code}: ${resumed.stderr}`);
  }
  if (resuming) {
    figures.resumed++;
    await expectState(target, complete, `${told}: after resume`);
  } else figures.rolledBack++;
  const last = (await runsOf(target)).find(({ id }) => id === run.id);
  if (last?.can.includes("rollback")) {
    const undone = await program(target, ["rollback", run.id, "--yes"], null);
    if (undone.code !== 0) throw new Error(`${told}: rollback ended with ${undone.code}: ${undone.stderr}`);
  }
  await expectState(target, before, `${told}: after rollback`);
  expectNothingLeft(target, told);
}

/** Every named moment in turn, and as often any moment at all. */
function pickStop({ moments }: Target, random: () => number, length: number, round: number): Stop {
  if (round % 2 === 0) return { after: Math.floor((0.15 + 0.75 * random()) * length) };
  const moment = moments[Math.floor(round / 2) % moments.length]!;
  return { at: `${moment}#${1 + Math.floor(random() * (moment.startsWith("batch") ? 6 : 1.2))}` };
}

function migration({ source, options }: Target): string[] {
  return ["migrate", "--from-path", source, ...options, "--on-conflict", "overwrite", "--yes", "--quiet"];
}

async function program(target: Target, args: readonly string[], stop: Stop): Promise<Ending> {
  const env = environment(target.folder, {
    ...target.env,
    ...(stop !== null && "at" in stop ? { STOP_AT: stop.at } : {}),
  });
  const child = Bun.spawn([...BREAKABLE, ...args, "--state-dir", stateOf(target.folder)], {
    cwd: target.folder.path,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const timer = stop !== null && "after" in stop ? setTimeout(() => child.kill("SIGKILL"), stop.after) : undefined;
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { code: child.signalCode === null ? child.exitCode : null, stdout, stderr };
}

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly can: readonly string[];
}

async function runsOf(target: Target): Promise<Listed[]> {
  const { code, stdout, stderr } = await program(target, ["runs", "--json"], null);
  if (code !== 0) throw new Error(`runs ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { runs: Listed[] }).runs;
}

async function expectState(target: Target, expected: string, when: string): Promise<void> {
  const found = await target.state();
  if (found !== expected) throw new Error(`${when}: found\n${found}\ninstead of\n${expected}`);
}

function expectNothingLeft(target: Target, when: string): void {
  const left = target.leftovers();
  if (left.length > 0) throw new Error(`${when}: left behind: ${left.join(", ")}`);
}
