/** What tests download or compile: kept in the user's cache, where it serves every checkout. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const CACHE = join(Bun.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "memorygraph-migrate-tests");

/** The folder of that name in the cache; null where it is not there, or not whole. */
export function cachedAt(name: string): string | null {
  const folder = join(CACHE, name);
  return existsSync(join(folder, "complete")) ? folder : null;
}

/** Makes a folder of the cache, aside first: another checkout may be about the same. */
export function cached(name: string, make: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (cachedAt(name) !== null) return folder;
  mkdirSync(CACHE, { recursive: true });
  const aside = mkdtempSync(join(CACHE, `${name}-`));
  try {
    make(aside);
    writeFileSync(join(aside, "complete"), "");
    if (!existsSync(join(folder, "complete"))) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(aside, folder);
    }
    return folder;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** A command run to its end; one that cannot be started has not succeeded either. */
export function run(
  command: readonly string[],
  env: Record<string, string> = {},
): { ok: boolean; text: string; error: string } {
  try {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
      env: { ...Bun.env, ...env },
    });
    return { ok: exitCode === 0, text: stdout.toString().trim(), error: stderr.toString().trim() };
  } catch (error) {
    return { ok: false, text: "", error: String(error) };
  }
}
