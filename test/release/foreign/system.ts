/**
 * Systems that this machine is not, as far as it can run their executables: Windows by Wine, and Linux with musl. Both live in the
 * root folder that scripts/foreign makes, under an overlay that goes away with the test, in namespaces of their own: their
 * processes end with the first of them.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { foreignRoot, PREFIX, whyNoForeignRoot } from "../../../scripts/engines/foreign.ts";
import { targetsNamed } from "../../../scripts/release/targets.ts";
import type { Environment, Outcome } from "../../cli/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { builtFor, foreignBuilds } from "../builds.ts";

export const missing = whyNoForeignRoot();
if (missing !== null) console.warn(`SKIPPED: the executables for Windows and musl are not run: ${missing}`);

/** What it mounts: the root folder under an overlay in memory, the folder that both sides see, and a disk that is full soon. */
const START = `set -e
root=$0 shared=$1 work=$2
mount --make-rprivate /
mount -t tmpfs -o size=3g work "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
cd "$work/root"
mkdir t full
mount -t proc proc proc
mount --rbind /dev dev
mount --bind "$shared" t
mount -t tmpfs -o size=1m full full
touch t/ready
exec chroot . sleep infinity`;

/** The machine with both systems on it. */
export class ForeignMachine implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #holder: Bun.Subprocess;

  private constructor(folder: TemporaryFolder, holder: Bun.Subprocess) {
    this.#folder = folder;
    this.#holder = holder;
  }

  static async start(): Promise<ForeignMachine> {
    const folder = temporaryFolder();
    for (const name of ["shared", "work"]) mkdirSync(folder.file(name));
    const [root, shared, work] = [foreignRoot(), folder.file("shared"), folder.file("work")];
    const start = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", START, root, shared, work];
    const holder = Bun.spawn(start, { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
    for (let waited = 0; !existsSync(join(shared, "ready")); waited++) {
      if (waited > 500 || holder.exitCode !== null) throw new Error("the root folder could not be mounted");
      await Bun.sleep(20);
    }
    const machine = new ForeignMachine(folder, holder);
    const built = await foreignBuilds();
    for (const target of targetsNamed(["windows-x64", "linux-x64-musl"])) {
      linkSync(builtFor(built, target), machine.file(`program${target.extension}`));
    }
    writeFileSync(machine.file("hold.js"), HOLD);
    // What Wine says when it starts belongs to no test.
    await outcomeOf(
      machine.spawn(["sh", "-c", "wineserver --persistent >/dev/null 2>&1 && wine cmd /c exit >/dev/null 2>&1"]),
    );
    return machine;
  }

  /** A file of the shared folder, which is `/t` inside, as we name it. */
  file(...names: string[]): string {
    return this.#folder.file("shared", ...names);
  }

  spawn(command: readonly string[], env: Environment = {}, cwd = "/t") {
    return Bun.spawn(this.#inside(command, env, cwd), { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  }

  /** On a terminal of its own. @param type what is typed once the screen shows the text */
  async onTerminal(command: readonly string[], until: string, type: string): Promise<{ code: number; screen: string }> {
    const decoder = new TextDecoder();
    let screen = "";
    let isTyped = false;
    const child = Bun.spawn(this.#inside(command, { TERM: "xterm" }, "/t"), {
      terminal: {
        ...{ cols: 100, rows: 30 },
        data(terminal, data) {
          screen += decoder.decode(data, { stream: true });
          if (isTyped || !screen.includes(until)) return;
          isTyped = true;
          // As a person does: what is typed before it is read gets lost in Wine's console.
          setTimeout(() => terminal.write(type), 500);
        },
      },
    });
    const code = await child.exited;
    await Bun.sleep(50);
    child.terminal?.close();
    return { code, screen };
  }

  #inside(command: readonly string[], env: Environment, cwd: string): string[] {
    const own = {
      PATH: "/usr/bin:/bin",
      WINEPREFIX: PREFIX,
      WINEDEBUG: "-all",
      XDG_RUNTIME_DIR: "/tmp",
      LC_ALL: "C.UTF-8",
      ...env,
    };
    const variables = Object.entries(own).map(([name, value]) => `${name}=${value}`);
    const inside = ["nsenter", "--target", String(this.#first), "--mount", "--pid", "--root", "--wd=/"];
    return [...inside, "env", "-i", "-C", cwd, ...variables, ...command];
  }

  /** Ends the first process inside at once, as `kill -9` does. @param child what spawn gave */
  kill(child: { readonly pid: number }): void {
    process.kill(onlyChildOf(child.pid), "SIGKILL");
  }

  signal(child: { readonly pid: number }, signal: NodeJS.Signals): void {
    process.kill(onlyChildOf(child.pid), signal);
  }

  get #first(): number {
    return onlyChildOf(this.#holder.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.exited;
    this.#folder[Symbol.dispose]();
  }
}

function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

export async function outcomeOf(child: ReturnType<ForeignMachine["spawn"]>): Promise<Outcome> {
  child.stdin.end();
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** Waits until the program has told it on standard error. */
export async function untilTold(child: ReturnType<ForeignSystem["start"]>, words: string): Promise<void> {
  const decoder = new TextDecoder();
  let told = "";
  for await (const chunk of child.stderr) {
    told += decoder.decode(chunk, { stream: true });
    if (told.includes(words)) return;
  }
  throw new Error(`it ended without "${words}": ${told}`);
}

/** One of the systems, with the program on it. */
export class ForeignSystem {
  readonly machine: ForeignMachine;
  readonly isWindows: boolean;

  constructor(machine: ForeignMachine, name: SystemName) {
    this.machine = machine;
    this.isWindows = name === "Windows";
  }

  /** A file of the shared folder as this system names it. */
  path(...names: string[]): string {
    return this.isWindows ? ["Z:", "t", ...names].join("\\") : ["/t", ...names].join("/");
  }

  start(args: readonly string[], env: Environment = {}, cwd?: string) {
    const command = this.isWindows ? ["wine", "/t/program.exe"] : ["/t/program"];
    return this.machine.spawn([...command, ...args], { ...(this.isWindows ? {} : { HOME: "/root" }), ...env }, cwd);
  }

  onTerminal(args: readonly string[], until: string, type: string) {
    const command = this.isWindows ? ["wine", "/t/program.exe"] : ["env", "HOME=/root", "/t/program"];
    return this.machine.onTerminal([...command, ...args], until, type);
  }

  run(args: readonly string[], env: Environment = {}, cwd?: string): Promise<Outcome> {
    return outcomeOf(this.start(args, env, cwd));
  }

  /**
   * Another program of this system that has the file open, until it is disposed of.
   * @param how `lock`: SQLite's exclusive lock; `open`: a connection of SQLite's that does nothing; `alone`: so that nobody else
   *   may open it, which Windows alone knows
   */
  async hold(path: string, how: "lock" | "open" | "alone"): Promise<AsyncDisposable & { readonly process: string }> {
    // The executable is Bun as well.
    const stop = `stop-${++holds}`;
    const child = this.start(["run", this.path("hold.js"), path, how, this.path(stop)], { BUN_BE_BUN: "1" });
    const reader = child.stdout.getReader();
    const told = new TextDecoder().decode((await reader.read()).value);
    if (!told.startsWith("held ")) throw new Error(`${path} is not held: ${told}${await child.stderr.text()}`);
    reader.releaseLock();
    return {
      process: told.trim().slice("held ".length),
      [Symbol.asyncDispose]: async () => {
        writeFileSync(this.machine.file(stop), "");
        await child.exited;
      },
    };
  }
}

let holds = 0;

/** Holds a file open until another one is there; tells its process number. */
const HOLD = `import { dlopen, ptr } from "bun:ffi";
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
const [path, how, stop] = process.argv.slice(2);
if (how === "alone") {
  const { symbols } = dlopen("kernel32.dll", {
    CreateFileW: { args: ["ptr", "u32", "u32", "ptr", "u32", "u32", "ptr"], returns: "ptr" },
  });
  symbols.CreateFileW(ptr(Buffer.from(path + "\\0", "utf16le")), 0x80000000, 0, null, 3, 0x80, null);
} else {
  globalThis.held = new Database(path);
  globalThis.held.query("SELECT count(*) FROM sqlite_schema").values();
  if (how === "lock") globalThis.held.run("BEGIN EXCLUSIVE");
}
console.log("held " + process.pid);
setInterval(() => existsSync(stop) && process.exit(0), 20);
`;

export const SYSTEMS = ["Windows", "musl"] as const;
export type SystemName = (typeof SYSTEMS)[number];
