/** Whose stores are looked for, and on which system: everything that doctor knows of its surroundings. */
import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Machine {
  readonly env: Environment;
  /** As Node names systems: linux, darwin, win32. */
  readonly platform: string;
  readonly home: string;
  /** Absolute. */
  readonly cwd: string;
}

export function machineOf(env: Environment, platform: string, cwd: string): Machine {
  return { env, platform, home: env.HOME ?? env.USERPROFILE ?? homedir(), cwd };
}

/**
 * A path as our tables of places write it: `~/` is the home folder, `%NAME%/` the folder that a variable names, with a
 * fallback behind a bar (`%XDG_CONFIG_HOME|~/.config%/`). Null where the variable is not set and has no fallback.
 */
export function placeOn(machine: Machine, template: string): string | null {
  const [, name, , fallback, rest] = /^%(\w+)(\|([^%]*))?%\/(.*)$/.exec(template) ?? [];
  if (name === undefined || rest === undefined) {
    return template.startsWith("~/") ? join(machine.home, template.slice(2)) : template;
  }
  const folder = machine.env[name] || (fallback === undefined ? null : placeOn(machine, fallback));
  return folder === null || folder === undefined ? null : join(folder, rest);
}

/** For people: `~` for the home folder, but on Windows, where neither cmd nor a file dialog takes it. Not for commands. */
export function shortPath(machine: Machine, path: string): string {
  if (machine.platform === "win32") return path;
  return path === machine.home || path.startsWith(`${machine.home}/`) ? `~${path.slice(machine.home.length)}` : path;
}
