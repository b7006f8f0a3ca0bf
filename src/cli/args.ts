/** The options of every command. Nothing has a default here: what was not given stays absent. */
import type { ArgsDef } from "citty";
import { BACKEND_TYPES, BACKENDS, TARGET_TYPES } from "../backends/descriptors.ts";
import { CLIENT_IDS } from "../doctor/clients.ts";
import { RELEASES } from "../memorygraph/releases.ts";
import { PERIODS } from "../operations/backup/retention.ts";
import { SCHEDULERS, SCHEDULES } from "../operations/backup/schedule.ts";
import { CONFLICT_POLICIES } from "../operations/models.ts";
import { SHELLS } from "./completions/shells.ts";
import { ARCHIVE_HINT, operandArgs, PLACE_HINT } from "./operands.ts";
import { type Side, storeArgs } from "./store-options.ts";
import { type ChoiceArg, type OperandArg, RUN_HINT } from "./strict.ts";

/**
 * Where runs are remembered. Commands that only read take it as well, and have no use for it: a script gives all commands
 * the same.
 */
const stateArgs = {
  "state-dir": {
    type: "string",
    valueHint: "FOLDER",
    description: "folder with the list of runs (default: system's)",
  },
} satisfies ArgsDef;

export const sharedArgs = {
  json: { type: "boolean", description: "print one JSON document to standard output" },
  quiet: { type: "boolean", alias: "q", description: "print only the result, warnings and errors" },
  verbose: { type: "boolean", alias: "v", description: "also print each phase with its duration" },
  "no-color": { type: "boolean", description: "print without colour" },
  debug: { type: "boolean", description: "print a stack trace with an error" },
  help: { type: "boolean", alias: "h", description: "print this help" },
  version: { type: "boolean", alias: "V", description: "print the version" },
} satisfies ArgsDef;

const reportArgs = {
  report: { type: "string", valueHint: "FILE.html", description: "also write a page to keep or send" },
} satisfies ArgsDef;

/** For commands that ask before they act. */
const askingArgs = {
  yes: { type: "boolean", alias: "y", description: "answer yes to every question" },
} satisfies ArgsDef;

const kind = (options: readonly string[], description: string) => ({
  type: "enum" as const,
  options: [...options],
  valueHint: "KIND",
  description,
});

const sourceArgs: ArgsDef = {
  // There are too many for them to be added to a description, and no other place in help has them.
  from: kind(BACKEND_TYPES, `kind (default: recognised): ${BACKEND_TYPES.join(", ")}`),
  ...storeArgs("from"),
};

const READ_ONLY = BACKENDS.filter(({ capabilities }) => capabilities.target === "none");
const to: ChoiceArg = {
  ...kind(TARGET_TYPES, "kind (default: recognised; of a new file, sqlite)"),
  refused: Object.fromEntries(READ_ONLY.map(({ type, title }) => [type, `${title} can be a source, but not a target`])),
};

const targetArgs: ArgsDef = {
  to,
  ...storeArgs("to"),
};

export const migrateArgs = {
  ...operandArgs(["from", "to"]),
  ...sourceArgs,
  ...targetArgs,
  "dry-run": { type: "boolean", alias: "n", description: "show what would be done; write nothing" },
  "skip-duplicates": {
    type: "boolean",
    description: "--on-conflict skip",
    negativeDescription: "--on-conflict fail",
  },
  "on-conflict": {
    type: "enum",
    options: [...CONFLICT_POLICIES],
    valueHint: "POLICY",
    description: "same id: skip (default), overwrite, newest, fail",
  },
  since: { type: "string", valueHint: "TIME", description: "copy only what changed since then (ISO 8601)" },
  for: {
    type: "enum",
    options: RELEASES,
    valueHint: "RELEASE",
    description: "release, else source's",
  },
  "allow-empty": { type: "boolean", description: "copy a source that holds nothing" },
  "allow-loss": { type: "boolean", description: "continue without what cannot be copied; list it" },
  "no-verify": { type: "boolean", description: "do not read the target back" },
  client: {
    type: "enum",
    options: [...CLIENT_IDS],
    valueHint: "CLIENT",
    description: "print the configuration of this MCP client",
  },
  "no-rollback": { type: "boolean", description: "keep a failed target for inspection" },
  ...askingArgs,
  ...stateArgs,
  ...reportArgs,
  ...sharedArgs,
} satisfies ArgsDef;

/** What opens an encrypted archive. */
export const KEY_OPTIONS = /^from-(password-(file|command|stdin)|identity)$/;
/** What logs in to the server that an archive was taken from: in `verify`, the archive is the source, that store the target. */
export const LOGIN_OPTIONS = /^to-(user|password-(file|command|stdin|from)|(ca|cert|key)-file)$/;

function picked(args: ArgsDef, names: RegExp): ArgsDef {
  return Object.fromEntries(Object.entries(args).filter(([name]) => names.test(name)));
}

const KEEPS: Record<(typeof PERIODS)[number], string> = {
  last: "then remove all but the last N backups of this store",
  hourly: "keep the newest of each of N hours",
  daily: "keep the newest of each of N days",
  weekly: "keep the newest of each of N weeks",
  monthly: "keep the newest of each of N months",
  yearly: "keep the newest of each of N years",
};

const placeArg = {
  place: {
    type: "positional",
    required: false,
    valueHint: PLACE_HINT,
    description: "folder, new file, s3://BUCKET/PREFIX, or - (default: the folder for backups)",
  },
} satisfies ArgsDef;

export const backupArgs = {
  ...operandArgs(["from"]),
  ...placeArg,
  ...sourceArgs,
  "dry-run": { type: "boolean", alias: "n", description: "show what would be done; write nothing" },
  ...Object.fromEntries(
    PERIODS.map((period) => [
      `keep-${period}`,
      { type: "string" as const, valueHint: "N", description: KEEPS[period] },
    ]),
  ),
  encrypt: { type: "boolean", description: "encrypt the archive, for a passphrase where no recipient is named" },
  ...picked(storeArgs("to"), /^to-(password-(file|command|stdin)|recipient)$/),
  "allow-empty": { type: "boolean", description: "back up a store that holds nothing" },
  "allow-loss": { type: "boolean", description: "continue without what cannot be read; list it" },
  "print-schedule": {
    type: "enum",
    options: [...SCHEDULES],
    valueHint: "HOW_OFTEN",
    description: "print units by which the system makes backups",
  },
  "for-system": {
    type: "enum",
    options: [...SCHEDULERS],
    valueHint: "SYSTEM",
    description: "of which kind (default: this system's)",
  },
  ...stateArgs,
  ...sharedArgs,
} satisfies ArgsDef;

export const backupsArgs = { ...placeArg, ...stateArgs, ...sharedArgs } satisfies ArgsDef;

const {
  source: _source,
  since: _since,
  ...written
} = Object.fromEntries(Object.entries(migrateArgs as ArgsDef).filter(([name]) => !Object.hasOwn(sourceArgs, name)));
export const restoreArgs: ArgsDef = {
  archived: {
    type: "positional",
    required: true,
    valueHint: ARCHIVE_HINT,
    description: "archive: a file, s3://BUCKET/KEY, or -; of a folder or prefix, the newest",
  },
  ...picked(storeArgs("from"), KEY_OPTIONS),
  ...written,
};

export const verifyArgs = {
  ...operandArgs(["from", "to"]),
  ...sourceArgs,
  ...targetArgs,
  restore: {
    type: "string",
    valueHint: "ARCHIVE",
    description: "restore it into a throw-away store instead; of a folder, the newest",
  },
  limit: { type: "string", valueHint: "N", description: "print so many differences (default: 10)" },
  all: { type: "boolean", description: "print every difference as it is found; of a folder, restore every archive" },
  ...stateArgs,
  ...reportArgs,
  ...sharedArgs,
} satisfies ArgsDef;

export const inspectArgs = { ...operandArgs(["from"]), ...sourceArgs, ...stateArgs, ...sharedArgs } satisfies ArgsDef;

export const doctorArgs = {
  fix: { type: "boolean", description: "carry out the plan, after one question" },
  for: {
    type: "enum",
    options: [...RELEASES],
    valueHint: "RELEASE",
    description: "the release that you use (default: what is found)",
  },
  ...askingArgs,
  ...stateArgs,
  ...sharedArgs,
} satisfies ArgsDef;

const runArg = {
  run: { type: "positional", required: true, valueHint: RUN_HINT, description: "the run, as `runs` names it" },
} satisfies ArgsDef;

/** Of a side that the journal of a run names: only what the journal never holds. */
function passwordArgs(side: Side): ArgsDef {
  const wanted = Object.entries(storeArgs(side)).filter(([name]) => /password|identity/.test(name));
  return Object.fromEntries(wanted);
}

const movedArgs = {
  "to-path": { type: "string", valueHint: "FILE", description: "the target, if it was moved since" },
} satisfies ArgsDef;

export const resumeArgs = {
  ...runArg,
  ...movedArgs,
  ...passwordArgs("from"),
  ...passwordArgs("to"),
  ...stateArgs,
  ...sharedArgs,
} satisfies ArgsDef;

export const rollbackArgs = {
  ...runArg,
  "dry-run": { type: "boolean", alias: "n", description: "show what would be undone, write nothing" },
  "with-later": { type: "boolean", description: "undo later runs that wrote the same records as well" },
  cascade: { type: "boolean", description: "delete what others attached to the run's records as well" },
  changed: { type: "boolean", description: "undo records that were changed since as well" },
  close: { type: "boolean", description: "end a run of which nothing is left, as others deleted it" },
  "clean-query-log": {
    type: "boolean",
    description: "remove this program's statements from the server's log of queries as well",
  },
  ...movedArgs,
  "to-uri": { type: "string", valueHint: "URI", description: "the target, if it is on another server since" },
  ...passwordArgs("to"),
  confirm: { type: "string", valueHint: "TARGET", description: "undo without asking, if this is the target" },
  ...askingArgs,
  ...stateArgs,
  ...reportArgs,
  ...sharedArgs,
} satisfies ArgsDef;

const runsAction = {
  type: "positional" as const,
  options: ["prune", "forget"],
  required: false,
  valueHint: "ACTION",
  description: "prune: forget old runs; forget RUN: forget this one; nothing: list them",
};

/** Only behind one of the choices of the operand before it. */
const forgottenRun: OperandArg = {
  type: "positional",
  required: false,
  valueHint: RUN_HINT,
  after: "forget",
  description: "the run to forget, as `runs` names it",
};

export const runsArgs = {
  action: runsAction,
  run: forgottenRun,
  "to-path": { type: "string", valueHint: "FILE", description: "only the runs on this target, also from elsewhere" },
  "older-than": { type: "string", valueHint: "DAYS", description: "prune: runs that began before (default: 30)" },
  "dry-run": { type: "boolean", alias: "n", description: "show what would be forgotten; delete nothing" },
  ...askingArgs,
  ...stateArgs,
  ...sharedArgs,
} satisfies ArgsDef;

const shell = {
  type: "positional" as const,
  options: [...SHELLS],
  required: true,
  description: "the shell that will read the script",
};

export const completionsArgs = { shell, ...sharedArgs } satisfies ArgsDef;
