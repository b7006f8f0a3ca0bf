/** In which groups, and under which headings, the help lists the options of a command. */
import type { ArgsDef } from "citty";
import { purposeOf } from "./store-options.ts";

interface Group {
  readonly title: string;
  readonly holds: (name: string) => boolean;
}

const OUTPUT = [
  "report",
  "client",
  "limit",
  "all",
  "json",
  "quiet",
  "verbose",
  "no-color",
  "state-dir",
  "debug",
  "help",
  "version",
];
const WRITING = [
  ...["restore", "encrypt", "print-schedule", "for-system"],
  ...["keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"],
  ...["dry-run", "since", "on-conflict", "skip-duplicates", "allow-loss", "allow-empty", "no-verify", "no-rollback"],
  ...["action", "run", "older-than", "fix", "with-later", "cascade", "changed", "close", "clean-query-log"],
  ...["confirm", "yes"],
];

/** In the order of the help; the first group that an option fits in. */
const GROUPS: readonly Group[] = [
  { title: "Source", holds: (name) => name === "archived" || purposeOf(name) === "source" },
  { title: "Target", holds: (name) => name === "for" || name === "place" || purposeOf(name) === "target" },
  { title: "Server login", holds: (name) => purposeOf(name) === "login" },
  { title: "What is done", holds: (name) => WRITING.includes(name) },
  { title: "Output", holds: (name) => OUTPUT.includes(name) },
  { title: "Other", holds: () => true },
];

export interface OptionGroup {
  readonly title: string;
  readonly names: readonly string[];
}

/**
 * The options of a command by group. Where both sides have the same login options, those of the target are not repeated:
 * the title says so.
 */
export function groupsOf(args: ArgsDef): OptionGroup[] {
  const names = Object.keys(args).filter((name) => args[name]!.type !== "positional" || args[name]!.required === false);
  const both = names.includes("from-user") && names.includes("to-user");
  return GROUPS.map(({ title, holds }, at) => {
    const own = names.filter((name) => GROUPS.findIndex((group) => group.holds(name)) === at && holds(name));
    if (title !== "Server login" || !both) return { title, names: own };
    return {
      title: "Server login (here of the source; likewise --to-…)",
      names: own.filter((name) => name.startsWith("from-")),
    };
  }).filter(({ names: own }) => own.length > 0);
}
