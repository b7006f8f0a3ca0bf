/** Which process this is, and whether another one still runs: its number alone may belong to somebody else by now. */
import { dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
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
  if (process.platform === "win32") return startOnWindows(pid);
  // As everybody's settings would spell it: language and time zone can be others the next time.
  const env = { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  return Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)], { env })
    .stdout.toString()
    .trim();
}

/** The one right to a process of another user that the system gives: PROCESS_QUERY_LIMITED_INFORMATION. */
const MAY_ASK = 0x1000;

/** In units of 100 ns since 1601, as the system keeps it. */
function startOnWindows(pid: number): string {
  try {
    return askWindows(pid);
  } catch {
    // Bun calls no library of the system on arm64.
    return askPowerShell(pid);
  }
}

function askPowerShell(pid: number): string {
  try {
    const question = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
    const { stdout } = Bun.spawnSync(["powershell", "-NoProfile", "-NonInteractive", "-Command", question]);
    return /^\d+$/.exec(stdout.toString().trim())?.[0] ?? "";
  } catch {
    return "";
  }
}

function askWindows(pid: number): string {
  const { symbols, close } = dlopen("kernel32.dll", {
    OpenProcess: { args: [FFIType.u32, FFIType.i32, FFIType.u32], returns: FFIType.ptr },
    GetProcessTimes: { args: Array(5).fill(FFIType.ptr) as FFIType.ptr[], returns: FFIType.i32 },
    CloseHandle: { args: [FFIType.ptr], returns: FFIType.i32 },
  });
  const handle = symbols.OpenProcess(MAY_ASK, 0, pid);
  try {
    // Created, ended, and the time that it has used in the kernel and outside.
    const times = new BigUint64Array(4);
    const at = [0, 8, 16, 24].map((offset) => ptr(times, offset)) as [Pointer, Pointer, Pointer, Pointer];
    return handle !== null && symbols.GetProcessTimes(handle, ...at) !== 0 ? String(times[0]) : "";
  } finally {
    if (handle !== null) symbols.CloseHandle(handle);
    close();
  }
}
