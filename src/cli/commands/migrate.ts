/** `migrate`: everything of one store into another, proven. */
import * as v from "valibot";
import type { BackendConfig } from "../../backends/config.ts";
import { CLIENT_IDS, type ClientId } from "../../doctor/clients.ts";
import { UsageError } from "../../errors.ts";
import { RELEASES, type Release } from "../../memorygraph/releases.ts";
import { RunJournal } from "../../operations/journal/run-journal.ts";
import { runMigration } from "../../operations/migrate.ts";
import { CONFLICT_POLICIES, type ConflictPolicy, toInstant } from "../../operations/models.ts";
import type { Outcome } from "../../operations/outcome.ts";
import { migrateArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../commands.ts";
import { assertOneStdin, decode, type Endpoint, SourceSchema, sourceOf, TargetSchema, targetOf } from "../endpoint.ts";
import { withOperands } from "../operands.ts";
import { contentsOf } from "../page/contents.ts";
import { renderPage } from "../page/page.ts";
import { migrationPage } from "../page/pages.ts";
import { assertPagePath, writePage } from "../page/write.ts";
import { jsonLine } from "../printable.ts";
import { migrationHeadline, migrationReport, migrationWarnings } from "../reports/migrate.ts";
import { startLines } from "../start.ts";
import { registryOf } from "../state.ts";
import { assertTargetNamed, sourceConfig, targetConfig } from "../stores.ts";
import type { Values } from "../strict.ts";

/** Only what was given; the engine knows its defaults. */
export interface MigrateOptions {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly dryRun?: true;
  /** Also stands for --skip-duplicates ("skip") and --no-skip-duplicates ("fail"). */
  readonly onConflict?: ConflictPolicy;
  /** A point in time that the engine accepts, as it was typed. */
  readonly since?: string;
  readonly for?: Release;
  readonly allowLoss?: true;
  readonly allowEmpty?: true;
  readonly verify?: false;
  readonly rollbackOnFailure?: false;
  readonly stateDir?: string;
  /** Whose configuration is printed in the end. */
  readonly client?: ClientId;
  /** A page about the run. */
  readonly report?: string;
}

const GIVEN = v.exactOptional(v.literal(true));

const MigrateSchema = v.object({
  ...SourceSchema.entries,
  ...TargetSchema.entries,
  "dry-run": GIVEN,
  "skip-duplicates": v.exactOptional(v.boolean()),
  "on-conflict": v.exactOptional(v.picklist(CONFLICT_POLICIES)),
  since: v.exactOptional(
    v.pipe(
      v.string(),
      v.check(
        (text) => toInstant(text) !== null,
        ({ input }) => `"${input}" is not a time in ISO 8601, such as 2026-01-31 or 2026-01-31T12:00:00Z`,
      ),
    ),
  ),
  for: v.exactOptional(v.picklist(RELEASES)),
  "allow-loss": GIVEN,
  "allow-empty": GIVEN,
  "no-verify": GIVEN,
  "no-rollback": GIVEN,
  "state-dir": v.exactOptional(v.string()),
  client: v.exactOptional(v.picklist(CLIENT_IDS)),
  report: v.exactOptional(v.string()),
});

export const migrate: Command<MigrateOptions> = {
  meta: {
    name: "migrate",
    description: "Copy everything from one store to another, then read it back and prove it.",
    examples: [
      {
        what: "Show what would be done; nothing is written",
        type: "old.db new.db --dry-run",
      },
    ],
  },
  args: migrateArgs,
  parse,
  run,
};

function parse(values: Values): MigrateOptions {
  const given = decode(MigrateSchema, withOperands(values, ["from", "to"]));
  const onConflict = policyOf(given["skip-duplicates"], given["on-conflict"]);
  const [from, to] = [sourceOf(given), targetOf(given)];
  assertOneStdin(from, to);
  return {
    from,
    to,
    ...(given["dry-run"] ? { dryRun: true } : {}),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...(given.since === undefined ? {} : { since: given.since }),
    ...(given.for === undefined ? {} : { for: given.for }),
    ...(given["allow-loss"] ? { allowLoss: true } : {}),
    ...(given["allow-empty"] ? { allowEmpty: true } : {}),
    ...(given["no-verify"] ? { verify: false } : {}),
    ...(given["no-rollback"] ? { rollbackOnFailure: false } : {}),
    ...(given.client === undefined ? {} : { client: given.client }),
    ...(given.report === undefined ? {} : { report: given.report }),
    ...(given["state-dir"] === undefined ? {} : { stateDir: given["state-dir"] }),
  };
}

function policyOf(skipDuplicates?: boolean, onConflict?: ConflictPolicy): ConflictPolicy | undefined {
  if (skipDuplicates === undefined) return onConflict;
  const implied = skipDuplicates ? "skip" : "fail";
  if (onConflict === undefined || onConflict === implied) return implied;
  const spelled = skipDuplicates ? "--skip-duplicates" : "--no-skip-duplicates";
  throw new UsageError(`${spelled} and --on-conflict ${onConflict} contradict each other`, {
    next: "Give only one of the two.",
  });
}

async function run(
  { from, to, stateDir, client, report, ...options }: MigrateOptions,
  context: CommandContext,
): Promise<void> {
  const { progress, signal, confirm } = context;
  if (report !== undefined) assertPagePath(report);
  assertTargetNamed(to, from, { words: [PROGRAM], example: "new.db" });
  const source = await sourceConfig(from, context);
  const target = await targetConfig(to, context);
  const runJournal = options.dryRun ? undefined : RunJournal.fresh(registryOf(stateDir, context.env));
  const hooks = { onProgress: progress, signal, confirm, runJournal };
  const outcome = await runMigration(source, target, options, hooks);
  if (report !== undefined) {
    const { success, dryRun } = outcome.result;
    const contents = success ? await contentsOf(dryRun ? source : target, context) : null;
    writePage(report, renderPage(migrationPage(outcome.result, source, target, contents)));
  }
  tellOutcome(outcome, target, context, client);
}

/** The result on standard output, and what else there is to know. @throws what the run ended with */
export function tellOutcome(
  { result, error, planned }: Outcome,
  target: BackendConfig,
  context: CommandContext,
  client?: ClientId,
): void {
  const { json, quiet, colour, width, write, tell, log } = context;
  if (json) write(jsonLine(result));
  else if (error === null || planned) {
    if (quiet) for (const warning of migrationWarnings(result)) log.warn(warning);
    const full = () => migrationReport(result, { colour, width, start: startLines(result, target, client, context) });
    tell(`${quiet ? migrationHeadline(result) : full()}\n`);
  }
  for (const step of result.rollback) log.info(step);
  if (error !== null) throw error;
}
