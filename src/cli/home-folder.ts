/** `--from-path=~/old.db`: a shell expands `~` at the beginning of a word alone. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ArgsDef } from "citty";
import type { Values } from "./strict.ts";

export interface Expanded {
  readonly values: Values;
  /** One line for each value that was expanded. */
  readonly notes: readonly string[];
}

/** `~/` at its beginning, on Windows `~\` too, where hardly a shell knows it. */
function isAtHome(path: string): boolean {
  return path.startsWith("~/") || (process.platform === "win32" && path.startsWith("~\\"));
}

/** Takes `~/` for the home folder in paths, unless there is a folder of that name: applications make such. */
export function expandHome(values: Values, args: ArgsDef, env: Readonly<Record<string, string | undefined>>): Expanded {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const notes: string[] = [];
  const expanded = Object.entries(values).map(([name, value]): [string, string | boolean] => {
    const option = args[name];
    const isPath = option?.type === "positional" || /^(FILE|FOLDER)$/.test(option?.valueHint ?? "");
    if (!isPath || typeof value !== "string" || !isAtHome(value) || existsSync("~")) return [name, value];
    const path = join(home, value.slice(2));
    notes.push(`~ stands for the home folder: ${path}`);
    return [name, path];
  });
  return { values: Object.fromEntries(expanded), notes };
}
