/** `rollback RUN`: undoes exactly what a run did, also a completed one, and shows beforehand what that is. */
import * as v from "valibot";
import type { BackendConfig } from "../../backends/config.ts";
import { VerificationError } from "../../errors.ts";
import { type FoundRun, findRun } from "../../operations/journal/find-run.ts";
import { rollbackRun } from "../../operations/rollback.ts";
import type { RollbackResult } from "../../operations/run-models.ts";
import { counted } from "../../support/count.ts";
import { rollbackArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode, type PasswordSource, passwordOf } from "../endpoint.ts";
import { contentsOf } from "../page/contents.ts";
import { renderPage } from "../page/page.ts";
import { rollbackPage } from "../page/pages.ts";
import { assertPagePath, writePage } from "../page/write.ts";
import { jsonLine } from "../printable.ts";
import { rollbackHeadline, rollbackReport } from "../reports/runs.ts";
import { registryOf } from "../state.ts";
import { notedConfig } from "../stores.ts";

const TEXT = v.exactOptional(v.string());
const FLAG = v.optional(v.boolean(), false);
const RollbackSchema = v.object({
  run: v.string(),
  "to-path": TEXT,
  "to-identity": TEXT,
  "to-uri": TEXT,
  confirm: TEXT,
  report: TEXT,
  "state-dir": TEXT,
  "dry-run": FLAG,
  "with-later": FLAG,
  cascade: FLAG,
  changed: FLAG,
  close: FLAG,
  "clean-query-log": FLAG,
});

interface RollbackOptions extends v.InferOutput<typeof RollbackSchema> {
  readonly password: PasswordSource | undefined;
}

export const rollback: Command<RollbackOptions> = {
  meta: {
    name: "rollback",
    description: "Undo exactly what a run did, and prove it. What others changed since stays.",
    examples: [
      { what: "Show what undoing a run would do; nothing is written", type: "rollback RUN --dry-run" },
      { what: "Undo a run, also a completed one", type: "rollback RUN" },
      { what: "Undo it in a target that was moved", type: "rollback RUN --to-path moved.db" },
    ],
  },
  args: rollbackArgs,
  parse: (values) => ({ ...decode(RollbackSchema, values), password: passwordOf("to", values) }),
  run,
};

async function run(options: RollbackOptions, context: CommandContext): Promise<void> {
  const { json, colour, progress, signal, write, tell } = context;
  if (options.report !== undefined) assertPagePath(options.report);
  const registry = registryOf(options["state-dir"], context.env);
  const places = { path: options["to-path"], uri: options["to-uri"] };
  const found = findRun(registry, options.run, places);
  const target = await notedConfig(found.to, options.password, "to", context, options["to-identity"]).catch((error) => {
    found.file.close();
    throw error;
  });
  const confirm = context.ask === undefined ? undefined : context.confirm;
  const undo = (run: FoundRun, dryRun: boolean) =>
    rollbackRun(registry, run, target, { ...wishes(options), dryRun }, { onProgress: progress, signal, confirm });
  let result: RollbackResult;
  if (options["dry-run"]) result = await undo(found, true);
  else if (context.confirm !== undefined && options.confirm === undefined && takesMore(options)) {
    const plan = await undo(found, true);
    await ask(plan, found, target, options, context);
    result = await undo(findRun(registry, options.run, places), false);
  } else {
    try {
      await ask(null, found, target, options, context);
      result = await undo(found, false);
    } finally {
      found.file.close();
    }
  }
  if (options.report !== undefined) {
    const contents = await contentsOf(target, context);
    writePage(options.report, renderPage(rollbackPage(result, rollbackHeadline(result), target, contents)));
  }
  if (json) write(jsonLine(result));
  else tell(`${rollbackReport(result, colour)}\n`);
  const left = result.counts.changed + result.counts.held;
  if (left === 0 || result.dryRun) return;
  throw new VerificationError(
    `${counted(left, "record")} of run ${result.run} ${left === 1 ? "stays" : "stay"} in the target`,
    {
      next: `Run memorygraph-migrate rollback ${result.run} again once nothing holds them; or add --cascade to delete what others attached, --changed to undo what was changed.`,
    },
  );
}

/** Whoever names a copy means the copy. */
function wishes(options: RollbackOptions) {
  const { cascade, changed, close, confirm, "with-later": withLater, "clean-query-log": cleanQueryLog } = options;
  return { cascade, changed, withLater, close, cleanQueryLog, copy: confirm !== undefined };
}

function takesMore({ cascade, changed, "with-later": withLater }: RollbackOptions): boolean {
  return cascade || changed || withLater;
}

/** @param plan what would be done, where more than the run itself is concerned */
async function ask(
  plan: RollbackResult | null,
  { id, info }: FoundRun,
  target: BackendConfig,
  options: RollbackOptions,
  context: CommandContext,
): Promise<void> {
  const name = target.path ?? target.uri ?? "";
  const more: string[] = [];
  if (plan !== null) {
    const { cascaded, forced } = plan.counts;
    const others = plan.runs.filter((run) => run !== id);
    if (others.length > 0) more.push(`with the later ${counted(others.length, "run")} ${others.join(", ")}`);
    if (cascaded > 0) more.push(`deleting ${counted(cascaded, "relationship")} that others attached`);
    if (forced > 0) more.push(`with ${counted(forced, "record")} that somebody changed since`);
  }
  const what = more.length === 0 ? "" : `, ${more.join(", ")},`;
  await context.confirmName(`Undo run ${id} of ${info.started}${what} on ${name}?`, name, options.confirm);
}
