/** What a program asked of the system about files, in the order in which the system had done it (strace, on Linux). */
import { readFileSync } from "node:fs";
import { temporaryFolder } from "./folder.ts";

export interface SystemCall {
  readonly thread: string;
  readonly name: string;
  /** Of the open file, or those that the call names. */
  readonly paths: readonly string[];
}

const TRACED = "fsync,fdatasync,pwrite64,write,ftruncate,?link,linkat,?rename,renameat,renameat2,?mkdir,mkdirat";

export const hasTracer = process.platform === "linux" && Bun.which("strace") !== null;

/** @throws Error when the program fails */
export async function systemCalls(command: readonly string[], env: Record<string, string>): Promise<SystemCall[]> {
  using folder = temporaryFolder();
  const log = folder.file("calls");
  const tracer = ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-e", `trace=${TRACED}`, "-o", log];
  const child = Bun.spawn([...tracer, ...command], { env, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [errors, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${errors}`);
  return parsed(readFileSync(log, "latin1"));
}

/** A call that another thread interrupts is told in two lines: it counts where it ends. */
function parsed(log: string): SystemCall[] {
  const begun = new Map<string, string>();
  const calls: SystemCall[] = [];
  for (const line of log.split("\n")) {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || text === undefined) continue;
    if (text.endsWith("<unfinished ...>")) {
      begun.set(thread, text);
      continue;
    }
    const whole = text.startsWith("<... ") ? `${begun.get(thread)}${text}` : text;
    if (/= -\d+ E/.test(whole)) continue;
    const name = /^\w+/.exec(whole)![0];
    const open = /^\w+\(\d+<([^>]*)>/.exec(whole);
    const named = [...whole.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path]) => path!);
    calls.push({ thread, name, paths: /^(link|rename|mkdir)/.test(name) ? named : open === null ? [] : [open[1]!] });
  }
  return calls;
}
