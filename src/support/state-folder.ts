/** Where programs of this system keep what they have to remember. */
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where this system keeps the state of programs, with the name added. */
export function stateFolder(name: string, env: Environment, platform: string): string {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, name);
  if (platform === "darwin") return join(home, "Library/Application Support", name);
  if (platform === "win32") return join(env.LOCALAPPDATA ?? join(home, "AppData/Local"), name);
  return join(home, ".local/state", name);
}
