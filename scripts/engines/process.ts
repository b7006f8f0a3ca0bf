/** Servers as processes of this machine, each in a temporary folder of its own. */
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./cache.ts";

export interface ServerProcess {
  readonly pid: number;
  readonly folder: string;
  readonly port: number;
}

/** @param command what starts it in the folder; its output goes to `log` there */
export function startProcess(name: string, port: number, command: (folder: string) => string[]): ServerProcess {
  const folder = mkdtempSync(join(tmpdir(), `memorygraph-test-${name}-`));
  const log = openSync(join(folder, "log"), "w");
  const child = Bun.spawn(command(folder), { cwd: folder, stdin: "ignore", stdout: log, stderr: log, detached: true });
  child.unref();
  return { pid: child.pid, folder, port };
}

/** Another process can have got its number. Redis writes its address over its command line. */
export function isAlive({ pid, folder, port }: ServerProcess): boolean {
  const words = argumentsOf(pid);
  return words.includes(folder) || words.includes(`127.0.0.1:${port}`);
}

/** What it holds goes away with it: no need to let it save. */
export async function endProcess(server: ServerProcess): Promise<void> {
  const { pid, folder } = server;
  if (isAlive(server)) process.kill(pid, "SIGKILL");
  else process.stderr.write(`the server in ${folder} ended by itself; it said: ${logOf(server)}\n`);
  while (isAlive(server)) await Bun.sleep(20);
  rmSync(folder, { recursive: true, force: true });
}

/** The end of what it has written. */
export function logOf({ folder }: ServerProcess): string {
  const path = join(folder, "log");
  return existsSync(path) ? readFileSync(path, "utf8").slice(-1_000) : "";
}

/** Empty when there is no such process. Not every Linux has ps. */
function argumentsOf(pid: number): string {
  if (!existsSync("/proc/self/cmdline")) return run(["ps", "-ww", "-o", "args=", "-p", String(pid)]).text;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** A lock file, held by the living only. */
export async function lock(path: string): Promise<Disposable> {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch {
      const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
      if (owner > 0 && argumentsOf(owner) === "") rmSync(path, { force: true });
      else await Bun.sleep(100);
    }
  }
}
