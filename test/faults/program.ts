/** The program as test/cli runs it, but it can be stopped at a named moment. */
import type { Failpoint } from "../../src/support/failpoint.ts";
import { BREAKABLE, environment } from "../cli/program.ts";
import type { TemporaryFolder } from "../support/folder.ts";

export interface Ending {
  /** Null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Breaking {
  readonly env?: Readonly<Record<string, string>>;
  readonly stop?: `${Failpoint}#${number}`;
  readonly pause?: `${Failpoint}#${number}`;
}

export function begin(folder: TemporaryFolder, args: readonly string[], { env = {}, stop, pause }: Breaking = {}) {
  const moments = { ...(stop && { STOP_AT: stop }), ...(pause && { PAUSE_AT: pause }) };
  return Bun.spawn([...BREAKABLE, ...args], {
    cwd: folder.path,
    env: environment(folder, { ...env, ...moments }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

export async function ended(child: ReturnType<typeof begin>): Promise<Ending> {
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code: child.signalCode === null ? child.exitCode : null, stdout, stderr };
}

export function program(folder: TemporaryFolder, args: readonly string[], breaking: Breaking = {}): Promise<Ending> {
  return ended(begin(folder, args, breaking));
}

/** Until the process stands still, as PAUSE_AT makes it. */
export async function standsStill(child: ReturnType<typeof begin>): Promise<void> {
  for (;;) {
    const stat = await Bun.file(`/proc/${child.pid}/stat`).text();
    if (/\) T /.test(stat)) return;
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${await child.stderr.text()}`);
    await Bun.sleep(20);
  }
}

export interface Listed {
  readonly id: string;
  readonly status: string;
  readonly can: readonly string[];
  readonly target: string;
}

export async function runsOf(folder: TemporaryFolder, ...args: string[]): Promise<Listed[]> {
  const { code, stdout, stderr } = await program(folder, ["runs", "--json", ...args]);
  if (code !== 0) throw new Error(`runs ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { runs: Listed[] }).runs;
}
