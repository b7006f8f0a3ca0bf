/** `backup`: an archive of a store in a folder, a bucket or a file, proven, with rules for which ones stay. */
import { createReadStream, statSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import type { BackendConfig } from "../../backends/config.ts";
import { temporaryFolder } from "../../backends/temporary-folder.ts";
import { storeWords } from "../../doctor/commands.ts";
import { UsageError, WriteError } from "../../errors.ts";
import { type BackupRequest, backUp, originOf, planBackup, writeArchive } from "../../operations/backup/backup.ts";
import { isBucketAddress } from "../../operations/backup/bucket.ts";
import type { BackupResult } from "../../operations/backup/models.ts";
import { ARCHIVE, ARCHIVE_SUFFIXES, archiveName, hasArchiveName } from "../../operations/backup/names.ts";
import { isEmptyPolicy, type KeepPolicy, PERIODS } from "../../operations/backup/retention.ts";
import { SCHEDULERS, SCHEDULES, schedulerOf, unitsFor } from "../../operations/backup/schedule.ts";
import { remove } from "../../support/files.ts";
import { VERSION } from "../../version.ts";
import { backupArgs } from "../args.ts";
import { destinationOf, knownBackups, meansPlace } from "../backup-places.ts";
import type { Command, CommandContext } from "../command.ts";
import { assertOneStdin, decode, type Endpoint, SourceSchema, sourceOf, TargetSchema, targetOf } from "../endpoint.ts";
import { withOperands } from "../operands.ts";
import { jsonLine } from "../printable.ts";
import { backupHeadline, backupReport } from "../reports/backup.ts";
import { sourceConfig, targetConfig } from "../stores.ts";
import type { Values } from "../strict.ts";

interface BackupOptions {
  readonly from: Endpoint;
  /** What the archive is encrypted with. */
  readonly to: Endpoint;
  readonly encrypt: boolean;
  /** As it was typed. */
  readonly place?: string;
  readonly policy: KeepPolicy;
  readonly dryRun: boolean;
  readonly allowEmpty: boolean;
  readonly allowLoss: boolean;
  readonly schedule?: (typeof SCHEDULES)[number];
  readonly system?: (typeof SCHEDULERS)[number];
  readonly stateDir?: string;
  /** Of the login, for a unit that repeats the command. */
  readonly login: readonly string[];
}

const GIVEN = v.exactOptional(v.literal(true));
const KEEP = v.exactOptional(
  v.pipe(
    v.string(),
    v.check((text) => /^[1-9]\d{0,4}$/.test(text), "not a whole number from 1 to 99999"),
  ),
);
const BackupSchema = v.object({
  ...SourceSchema.entries,
  ...TargetSchema.entries,
  encrypt: GIVEN,
  ...Object.fromEntries(PERIODS.map((period) => [`keep-${period}`, KEEP])),
  "dry-run": GIVEN,
  "allow-empty": GIVEN,
  "allow-loss": GIVEN,
  "print-schedule": v.exactOptional(v.picklist(SCHEDULES)),
  "for-system": v.exactOptional(v.picklist(SCHEDULERS)),
  "state-dir": v.exactOptional(v.string()),
});

export const backup: Command<BackupOptions> = {
  meta: {
    name: "backup",
    description: "Put a proven archive of a store into a folder or bucket. Changes nothing in the store.",
    examples: [
      { what: "The store that MemoryGraph uses, into the folder for backups", type: "backup" },
      {
        what: "Into a folder, where a week of days and a year of months stay",
        type: "backup ~/backups/ --keep-daily 7 --keep-monthly 12",
      },
      { what: "A store into a bucket", type: "backup old.db s3://my-bucket/memories" },
      { what: "What the system needs to do that every day", type: "backup ~/backups/ --print-schedule daily" },
    ],
  },
  args: backupArgs,
  parse,
  run,
};

function parse(values: Values): BackupOptions {
  const { source, place, ...options } = values;
  const operands = operandsOf(source as string | undefined, place as string | undefined, options);
  const given = decode(BackupSchema, withOperands({ ...options, ...operands.store }, ["from"]));
  const counts = PERIODS.flatMap((period) => {
    const count = (given as Values)[`keep-${period}`];
    return count === undefined ? [] : [[period, Number(count)] as const];
  });
  if (given["for-system"] !== undefined && given["print-schedule"] === undefined) {
    throw new UsageError("--for-system belongs to --print-schedule", { next: "Leave it out, or add both." });
  }
  const [from, to] = [sourceOf(given), targetOf(given)];
  assertOneStdin(from, to);
  return {
    ...{ from, to, encrypt: given.encrypt === true },
    policy: Object.fromEntries(counts),
    dryRun: given["dry-run"] === true,
    allowEmpty: given["allow-empty"] === true,
    allowLoss: given["allow-loss"] === true,
    login: loginWords(options),
    ...(operands.place !== undefined && { place: operands.place }),
    ...(given["print-schedule"] !== undefined && { schedule: given["print-schedule"] }),
    ...(given["for-system"] !== undefined && { system: given["for-system"] }),
    ...(given["state-dir"] !== undefined && { stateDir: given["state-dir"] }),
  };
}

/** One word alone can be the store or the place. */
function operandsOf(first: string | undefined, second: string | undefined, options: Values) {
  if (second !== undefined) return { store: { source: first! }, place: second };
  if (first === undefined) return { store: {} };
  const named = options["from-path"] !== undefined || options["from-uri"] !== undefined;
  return named || meansPlace(first) ? { store: {}, place: first } : { store: { source: first } };
}

/** What a unit has to repeat to log in; a password itself is never among the options. */
function loginWords(options: Values): string[] {
  const names = ["password-file", "password-command", "password-from", "ca-file", "cert-file", "key-file"];
  const all = [...names.map((name) => `from-${name}`), "to-password-file", "to-password-command", "to-recipient"];
  return all.flatMap((name) => {
    const value = options[name];
    if (typeof value !== "string") return [];
    return [`--${name}`, name.endsWith("-file") ? resolve(value) : value];
  });
}

async function run(options: BackupOptions, context: CommandContext): Promise<void> {
  const { json, quiet, colour, write, tell, log, progress, signal, env } = context;
  const source = await sourceConfig(options.from, context);
  if (options.schedule !== undefined) return printSchedule(options, source, context);
  const destination = destinationOf(options.place, env);
  if (destination.kind !== "place" && (options.dryRun || !isEmptyPolicy(options.policy))) {
    throw new UsageError("--keep-… and --dry-run are for folders and buckets", {
      next: "Name a folder, in which archives get dated names, or leave these options out.",
    });
  }
  const hooks = { onProgress: progress, signal };
  const request = await requestOf(options, source, context);
  if (destination.kind === "stdout") return toStandardOutput(request, context);
  const result =
    destination.kind === "file"
      ? await toFile(request, destination.path, hooks)
      : await (options.dryRun ? planBackup : backUp)(request, destination.place, hooks);
  for (const warning of result.warnings) log.warn(warning);
  if (json) write(jsonLine(result));
  else tell(`${quiet ? backupHeadline(result) : backupReport(result, colour)}\n`);
}

async function requestOf(
  options: BackupOptions,
  source: BackendConfig,
  context: CommandContext,
): Promise<BackupRequest> {
  const { policy, allowEmpty, allowLoss, stateDir } = options;
  const known = knownBackups(stateDir, context.env);
  const key = await keyOf(options, context);
  return {
    ...{ source, policy, allowEmpty, allowLoss, known, program: VERSION },
    target: { type: ARCHIVE, ...key },
    encrypted: key !== null,
  };
}

/** Null for an archive that anybody can read. @throws UsageError where nothing says what to encrypt it with */
async function keyOf(
  options: BackupOptions,
  context: CommandContext,
): Promise<{ password?: string; recipient?: string } | null> {
  const { to, place } = options;
  if (!isEncrypted(options)) return null;
  const path = place !== undefined && hasArchiveName(place) ? place : archiveName(new Date(), true);
  const { password, recipient } = await targetConfig({ ...to, type: ARCHIVE, path }, context);
  if (password === undefined && recipient === undefined) {
    throw new UsageError("there is nothing to encrypt the archive with", {
      next: "Add --to-recipient age1…, or --to-password-file FILE with a passphrase, or run this where one can be typed.",
    });
  }
  return { ...(password !== undefined && { password }), ...(recipient !== undefined && { recipient }) };
}

function isEncrypted({ to, encrypt, place }: BackupOptions): boolean {
  return (
    encrypt || to.recipient !== undefined || to.password !== undefined || place?.toLowerCase().endsWith(".age") === true
  );
}

async function toFile(
  request: BackupRequest,
  path: string,
  hooks: Parameters<typeof backUp>[2],
): Promise<BackupResult> {
  const result = await writeArchive(request, path, hooks);
  const { store } = await originOf(request.source);
  return {
    outcome: "made",
    store,
    place: resolve(path),
    name: null,
    bytes: statSync(path).size,
    encrypted: request.encrypted,
    count: result.imported,
    digest: result.verification!.wholeTargetDigest,
    ...{ kept: [], removed: [], losses: result.losses, recovered: [], warnings: [] },
    durationSeconds: result.durationSeconds,
  };
}

/** Proven first, in a private file: what is written to standard output cannot be taken back. */
async function toStandardOutput(request: BackupRequest, { signal, progress, json }: CommandContext): Promise<void> {
  if (process.stdout.isTTY || json) {
    throw new UsageError("- writes the archive itself to standard output", {
      next: "Name a file instead: memorygraph-migrate backup STORE memories.jsonl.zst",
    });
  }
  const folder = temporaryFolder();
  try {
    const path = join(folder, `stdout${ARCHIVE_SUFFIXES[request.encrypted ? 1 : 0]}`);
    await writeArchive(request, path, { onProgress: progress, signal });
    for await (const chunk of createReadStream(path)) {
      signal.throwIfAborted();
      await written(chunk);
    }
  } finally {
    remove(folder);
  }
}

/** @throws WriteError where nobody reads any more: what has gone out is no whole archive */
async function written(chunk: Uint8Array): Promise<void> {
  const { stdout } = process;
  const cause = await new Promise<unknown>((resolve) => {
    stdout.once("error", resolve);
    stdout.write(chunk, (error) => {
      stdout.off("error", resolve);
      resolve(error ?? null);
    });
  });
  if (cause === null) return;
  throw new WriteError("standard output was closed before the whole archive was written", {
    next: "Run it again; what has gone out so far is of no use.",
    cause,
  });
}

/** On standard output the files alone, so that one can be redirected to where it belongs. */
function printSchedule(options: BackupOptions, source: BackendConfig, context: CommandContext): void {
  const { json, write, log, env } = context;
  const { place, policy, schedule, system, login, stateDir } = options;
  if (place === "-") throw new UsageError("a unit has no standard output", { next: "Name a folder or a bucket." });
  if (isEncrypted(options) && !login.some((word) => /^--to-(recipient|password-(file|command))$/.test(word))) {
    throw new UsageError("a unit cannot be asked for the passphrase", {
      next: "Add --to-recipient age1…, or --to-password-file FILE, or --to-password-command COMMAND.",
    });
  }
  const scheduler = system ?? schedulerOf(process.platform);
  const units = unitsFor(scheduler, schedule!, [
    ...programWords(),
    "backup",
    ...storeWords("from", absolute(source)),
    ...login,
    ...(place === undefined ? [] : [isBucketAddress(place) ? place : resolve(place)]),
    ...PERIODS.flatMap((period) => (policy[period] === undefined ? [] : [`--keep-${period}`, String(policy[period])])),
    ...(stateDir === undefined ? [] : ["--state-dir", resolve(stateDir)]),
    "--quiet",
  ]);
  if (source.password !== undefined && !login.some((word) => word.startsWith("--from-password"))) {
    log.warn("the unit gets no variables of this shell: add --from-password-file or --from-password-command to it");
  }
  if (place !== undefined && isBucketAddress(place) && env.AWS_ACCESS_KEY_ID) {
    log.warn("the unit gets no variables of this shell: put the keys into ~/.aws/credentials (`aws configure`)");
  }
  if (json) {
    write(jsonLine({ scheduler, schedule, ...units }));
    return;
  }
  const several = units.files.length > 1;
  write(units.files.map(({ path, text }) => (several ? `# ${path}\n${text}` : text)).join("\n"));
  for (const { path } of units.files) log.info(`save it as ${path}`);
  for (const command of units.commands) log.info(`then: ${command}`);
  for (const command of units.undo) log.info(`to end it: ${command}`);
}

function absolute(source: BackendConfig): BackendConfig {
  return source.path === undefined ? source : ({ ...source, path: resolve(source.path) } as BackendConfig);
}

/** The executable itself; from its sources, the runtime and the entry. */
function programWords(): string[] {
  const isExecutable = /[\\/](\$bunfs|~BUN)[\\/]/.test(Bun.main);
  return isExecutable ? [process.execPath] : [process.execPath, Bun.main];
}
