/** `verify`: whether two stores hold the same, and where not. */
import * as v from "valibot";
import type { BackendConfig } from "../../backends/config.ts";
import { TARGET_TYPES } from "../../backends/descriptors.ts";
import { storeWords } from "../../doctor/commands.ts";
import { UsageError, VerificationError } from "../../errors.ts";
import { drill } from "../../operations/backup/drill.ts";
import { compareConfigured } from "../../operations/compare-stores.ts";
import type { ComparisonResult, Difference } from "../../operations/models.ts";
import { shellQuote } from "../../support/shell.ts";
import { KEY_OPTIONS, LOGIN_OPTIONS, sharedArgs, verifyArgs } from "../args.ts";
import { archiveOpening, archiveSurroundings, knownBackups, sourceLogin } from "../backup-places.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../commands.ts";
import { assertOneStdin, decode, type Endpoint, SourceSchema, sourceOf, TargetSchema, targetOf } from "../endpoint.ts";
import { withOperands } from "../operands.ts";
import { contentsOf } from "../page/contents.ts";
import { renderPage } from "../page/page.ts";
import { comparisonPage } from "../page/pages.ts";
import { assertPagePath, writePage } from "../page/write.ts";
import { jsonLine } from "../printable.ts";
import { drillHeadline, drillReport } from "../reports/backup.ts";
import { differenceLines } from "../reports/differences.ts";
import { comparisonHeadline, comparisonReport } from "../reports/verify.ts";
import { assertTargetNamed, sourceConfig, targetConfig } from "../stores.ts";
import type { Values } from "../strict.ts";

interface VerifyOptions {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly limit?: number;
  readonly all: boolean;
  readonly report?: string;
  /** An archive, or a place: the drill instead of a comparison. */
  readonly restore?: string;
  readonly stateDir?: string;
}

const VerifySchema = v.object({
  ...SourceSchema.entries,
  ...TargetSchema.entries,
  limit: v.exactOptional(
    v.pipe(
      v.string(),
      v.check((text) => /^\d{1,6}$/.test(text), "not a whole number from 0 to 999999; --all prints every difference"),
    ),
  ),
  all: v.exactOptional(v.literal(true)),
  report: v.exactOptional(v.string()),
  restore: v.exactOptional(v.string()),
  "state-dir": v.exactOptional(v.string()),
});

/** What means something beside --restore. */
const DRILL_OPTIONS = { ...sharedArgs, restore: true, all: true, "state-dir": true };

export const verify: Command<VerifyOptions> = {
  meta: {
    name: "verify",
    description: "Compare two stores record by record, down to the field. Changes neither.",
    examples: [
      { what: "Compare a store with its copy", type: "verify old.db new.db" },
      { what: "Try that the newest backup of a folder can be restored", type: "verify --restore ~/backups/" },
      { what: "The same for every backup in it", type: "verify --restore ~/backups/ --all" },
    ],
  },
  args: verifyArgs,
  parse(values) {
    const given = decode(VerifySchema, withOperands(values, ["from", "to"]));
    const [from, to] = [sourceOf(given), targetOf(given)];
    assertOneStdin(from, to);
    if (given.limit !== undefined && given.all) {
      throw new UsageError("--limit and --all contradict each other", { next: "Give only one of the two." });
    }
    if (given.restore !== undefined) assertAlone(values);
    return {
      from,
      to,
      all: given.all === true,
      ...(given.restore !== undefined && { restore: given.restore }),
      ...(given["state-dir"] !== undefined && { stateDir: given["state-dir"] }),
      ...(given.limit !== undefined && { limit: Number(given.limit) }),
      ...(given.report !== undefined && { report: given.report }),
    };
  },
  run,
};

/** @throws UsageError for options of a comparison */
function assertAlone(values: Values): void {
  const known = (name: string) =>
    Object.hasOwn(DRILL_OPTIONS, name) || KEY_OPTIONS.test(name) || LOGIN_OPTIONS.test(name);
  const alien = Object.keys(values).find((name) => !known(name));
  if (alien === undefined) return;
  throw new UsageError(
    `--restore stands alone: it compares the archive with what it says of itself, and with its source`,
    {
      next: `Leave ${["source", "target"].includes(alien) ? `"${values[alien]}"` : `--${alien}`} out.`,
    },
  );
}

async function run(options: VerifyOptions, context: CommandContext): Promise<void> {
  if (options.restore !== undefined) return runDrill(options.restore, options, context);
  const { from, to, limit, all, report: page } = options;
  const { json, quiet, colour, width, progress, signal, write, tell } = context;
  if (page !== undefined) assertPagePath(page);
  assertTargetNamed(to, from, { words: [PROGRAM, "verify"], example: "copy.db" });
  const source = await sourceConfig(from, context);
  const target = await targetConfig(to, context);
  let printed = 0;
  const each = (difference: Difference) => {
    printed++;
    // One document a line, the result as the last one.
    write(
      json ? jsonLine({ message_type: "difference", ...difference }) : `${differenceLines(difference).join("\n")}\n`,
    );
  };
  const shown = all ? { each } : { limit };
  const result = await compareConfigured(source, target, progress, signal, shown);
  if (json) write(jsonLine(result));
  else {
    const report = () => comparisonReport(result, colour, width, printed);
    tell(`${printed > 0 ? "\n" : ""}${quiet ? comparisonHeadline(result) : report()}\n`);
  }
  if (page !== undefined) {
    const contents = await contentsOf(target, context);
    writePage(page, renderPage(comparisonPage(result, source, target, contents)));
  }
  if (result.identical) return;
  throw new VerificationError("the two stores do not hold the same", {
    next: nextStep(result, source, target),
  });
}

async function runDrill(
  address: string,
  { from, to, all, stateDir }: VerifyOptions,
  context: CommandContext,
): Promise<void> {
  const { json, quiet, colour, write, tell, log, progress, signal, env } = context;
  const opening = archiveOpening(from, context);
  const login = (store: BackendConfig) => sourceLogin(store, to, context);
  const request = { address, all, opening, login, known: knownBackups(stateDir, env) };
  const { result, failures } = await drill(request, archiveSurroundings(context), { onProgress: progress, signal });
  for (const warning of result.warnings) log.warn(warning);
  if (json) write(jsonLine(result));
  else if (result.proofs.length !== 1 || failures.length === 0) {
    tell(`${quiet ? drillHeadline(result) : drillReport(result, colour)}\n`);
  }
  if (result.success) return;
  if (result.proofs.length === 1 && failures[0] !== undefined) throw failures[0];
  throw new VerificationError(drillHeadline(result).replace(/\.$/, ""), {
    details: result.proofs.filter(({ proven }) => !proven).map(({ location }) => location),
    next: `Make a new backup now: ${PROGRAM} backup`,
  });
}

/** Copying is no way out where only the target has more, or where it is a kind that nothing is written to. */
function nextStep({ missing, changed, extra }: ComparisonResult, source: BackendConfig, target: BackendConfig): string {
  const more = extra > 0 ? "What is in the target only may well belong there." : "";
  if (missing + changed === 0) return more;
  if (!TARGET_TYPES.includes(target.type)) {
    return `${more} Nothing is ever written to a ${target.type} file: copy the source to another target.`.trim();
  }
  const command = [PROGRAM, ...storeWords("from", source), ...storeWords("to", target)].map(shellQuote).join(" ");
  const what = [
    ...(missing > 0 ? ["what is missing"] : []),
    ...(changed > 0 ? ["the later version of what differs"] : []),
  ];
  return `${more}${more === "" ? "" : " "}This copies ${what.join(", and ")}: ${command}${changed > 0 ? " --on-conflict newest" : ""}`;
}
