/** The only list of commands. Each is imported when it is asked for, which keeps the start of the program short. */
import type { Command } from "./command.ts";

export type Commands = Readonly<Record<string, () => Promise<Command>>>;

export const PROGRAM = "memorygraph-migrate";
/** What runs when the first argument is an option. */
export const DEFAULT_COMMAND = "migrate";
/** Options that may also stand before the command: `memorygraph-migrate --json doctor`. */
export const LEADING: readonly string[] = [
  "--json",
  "--quiet",
  "--verbose",
  "--no-color",
  "--yes",
  "--debug",
  "-q",
  "-v",
  "-y",
];

export const COMMANDS: Commands = {
  migrate: async () => (await import("./commands/migrate.ts")).migrate,
  verify: async () => (await import("./commands/verify.ts")).verify,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  backup: async () => (await import("./commands/backup.ts")).backup,
  restore: async () => (await import("./commands/restore.ts")).restore,
  backups: async () => (await import("./commands/backups.ts")).backups,
  resume: async () => (await import("./commands/resume.ts")).resume,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  runs: async () => (await import("./commands/runs.ts")).runs,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  completions: async () => (await import("./commands/completions.ts")).completions,
};
