/** Where backups go when no place is named. */
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `~/.local/share/memorygraph-migrate/backups` or what XDG_DATA_HOME says, `~/Library/Application Support/…` on macOS,
 * `%LOCALAPPDATA%\…` on Windows.
 */
export function defaultFolder(env: Environment, platform: string): string {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const own = ["memorygraph-migrate", "backups"];
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, ...own);
  if (platform === "darwin") return join(home, "Library/Application Support", ...own);
  if (platform === "win32") return join(env.LOCALAPPDATA ?? join(home, "AppData/Local"), ...own);
  return join(home, ".local/share", ...own);
}
