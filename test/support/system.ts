/**
 * What the system that the tests run on has of what POSIX takes for granted. Each is tried, and not told by the system's name: a file
 * system without modes, or Wine with half of a link, counts as what it is.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "migrate-system-"));

function works(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return false;
  }
}

export const has = {
  /** Permissions that a file keeps. */
  modes: works(() => {
    const path = join(folder, "mode");
    writeFileSync(path, "");
    chmodSync(path, 0o600);
    return (statSync(path).mode & 0o777) === 0o600;
  }),
  /** Links that are followed, told from what they lead to, and may lead to nothing. */
  symlinks: works(() => {
    writeFileSync(join(folder, "file"), "text");
    symlinkSync(join(folder, "file"), join(folder, "link"));
    symlinkSync(join(folder, "nothing"), join(folder, "dangling"));
    const listed = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
    const isTold = listed.length === 2 && lstatSync(join(folder, "dangling")).isSymbolicLink();
    return isTold && readFileSync(join(folder, "link"), "utf8") === "text";
  }),
  /** Names with any character but a slash. */
  anyNames: works(() => {
    const names = ['a"b', "c\\d", "e\nf", "g?h:i", " j "];
    for (const name of names) writeFileSync(join(folder, name), name);
    return names.every((name) => readFileSync(join(folder, name), "utf8") === name);
  }),
  /** Sockets that have a path. */
  unixSockets: works(() => {
    const listener = Bun.listen({ unix: join(folder, "socket"), socket: { data() {} } });
    listener.stop(true);
    return true;
  }),
  /** Signals that end a process without a code of its own. */
  signals: process.platform !== "win32",
  /** Disks that can be mounted, if with the right to. */
  mounts: Bun.which("mount") !== null && works(() => mkdirSync(join(folder, "disk")) === undefined),
  openssl: Bun.which("openssl") !== null,
  /** The shell that pasted commands are tried in. */
  bash: Bun.which("bash") !== null,
  /** Terminals as Bun makes them: under Wine they show nothing. test/release/foreign has Wine's console. */
  terminals: process.platform !== "win32",
} as const;
rmSync(folder, { recursive: true, force: true });

/** What a process that SIGKILL has ended leaves as its code. */
export const KILLED = has.signals ? null : 1;

/** A path as POSIX spells it: without a drive, with slashes. */
export function asPosix(path: string): string {
  return process.platform === "win32" ? path.replace(/^[A-Z]:/i, "").replaceAll("\\", "/") : path;
}

/** Whether a connection to where nobody listens ends at once: under Wine it never does. */
export async function refusesAtOnce(): Promise<boolean> {
  const connected = Bun.connect({ hostname: "127.0.0.1", port: 1, socket: { data() {} } }).then(
    () => false,
    () => true,
  );
  return Promise.race([connected, Bun.sleep(3_000).then(() => false)]);
}
