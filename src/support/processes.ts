/** Which process this is, and whether another one still runs: its number alone may belong to somebody else by now. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "./files.ts";

export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When it started, as the system tells it; empty where it does not. */
  readonly start: string;
}

/** This process, in a form that can be written down. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), start: startOf(process.pid) };
}

/** Of a process on another machine nobody here can tell: null. */
export function stillRuns({ pid, host, start }: ProcessIdentity): boolean | null {
  if (host !== hostname()) return null;
  if (!isRunning(pid)) return false;
  const now = startOf(pid);
  return start === "" || now === "" || now === start;
}

/** Also true for a process of another user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** A process that has the number of an earlier one started later. */
function startOf(pid: number): string {
  if (process.platform === "linux") {
    try {
      // Behind the name in parentheses, which can hold anything, the 20th field, in ticks since the system started.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
    } catch {
      return "";
    }
  }
  if (process.platform === "win32") return "";
  return Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)])
    .stdout.toString()
    .trim();
}
