/** `runs`: which runs there were, and what can be done with each; `runs prune` and `runs forget RUN` free what they keep. */
import * as v from "valibot";
import { UsageError } from "../../errors.ts";
import { canBeUndone, FORGOTTEN_AFTER_DAYS, forgetRuns, runsToPrune, runToForget } from "../../operations/forget.ts";
import type { ForgetResult, ListedRun } from "../../operations/run-models.ts";
import { listRuns } from "../../operations/runs.ts";
import { counted } from "../../support/count.ts";
import { runsArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";
import { forgetHeadline, forgetReport, runsLines, runsReport } from "../reports/runs.ts";
import { registryOf } from "../state.ts";
import type { Values } from "../strict.ts";
import { bytes } from "../text.ts";

const TEXT = v.exactOptional(v.string());
const RunsSchema = v.object({
  action: v.exactOptional(v.picklist(["prune", "forget"])),
  run: TEXT,
  "to-path": TEXT,
  "older-than": v.exactOptional(
    v.pipe(
      v.string(),
      v.check(
        (text) => /^\d{1,5}$/.test(text),
        ({ input }) => `"${input}" is not a whole number of days`,
      ),
    ),
  ),
  "dry-run": v.exactOptional(v.literal(true)),
  yes: v.exactOptional(v.literal(true)),
  "state-dir": TEXT,
});
type RunsOptions = v.InferOutput<typeof RunsSchema>;

export const runs: Command<RunsOptions> = {
  meta: {
    name: "runs",
    description: "List the runs of this program and what can be done with each, or forget those that nobody needs.",
    examples: [
      { what: "What has been done so far", type: "runs" },
      { what: "What has been done to one file, also on another machine", type: "runs --to-path new.db" },
      { what: "Free the space of all runs from more than 90 days ago", type: "runs prune --older-than 90" },
      { what: "Forget one run; it can then no longer be undone", type: "runs forget RUN" },
    ],
  },
  args: runsArgs,
  parse,
  run,
};

function parse(values: Values): RunsOptions {
  const options = decode(RunsSchema, values);
  const { action, run: typed } = options;
  if (action === "forget" && typed === undefined) {
    throw new UsageError("RUN is missing: the run to forget", {
      next: "memorygraph-migrate runs lists them; memorygraph-migrate runs prune forgets all old ones.",
    });
  }
  if (action === "prune" && typed !== undefined) {
    throw new UsageError(`unexpected argument "${typed}"`, {
      next: `To forget this one run: memorygraph-migrate runs forget ${typed}`,
    });
  }
  const alien = action === undefined ? ["older-than", "dry-run"] : action === "forget" ? ["older-than"] : [];
  const given = alien.find((name) => values[name] !== undefined);
  if (given !== undefined) {
    const where = given === "older-than" ? "runs prune" : "runs prune and runs forget RUN";
    throw new UsageError(`--${given} belongs to ${where}`, { next: "Leave it out, or add what is to be done." });
  }
  return options;
}

async function run(options: RunsOptions, context: CommandContext): Promise<void> {
  const { json, quiet, colour, write, tell, env, signal } = context;
  const registry = registryOf(options["state-dir"], env);
  const toPath = options["to-path"];
  if (options.action === undefined) {
    const listed = await listRuns(registry, toPath, signal);
    if (json) write(jsonLine({ runs: listed }));
    else if (quiet) write(runsLines(listed));
    else tell(`${runsReport(listed, colour, toPath)}\n`);
    return;
  }
  const chosen =
    options.action === "forget"
      ? [await runToForget(registry, options.run!, { toPath })]
      : await runsToPrune(registry, Number(options["older-than"] ?? FORGOTTEN_AFTER_DAYS), { toPath });
  const dryRun = options["dry-run"] === true;
  if (!dryRun && chosen.length > 0) await context.confirm?.(question(chosen));
  show(forgetRuns(registry, chosen, dryRun), context);
}

function question(chosen: readonly ListedRun[]): string {
  const size = bytes(chosen.reduce((sum, { journalBytes }) => sum + journalBytes, 0));
  const undoable = chosen.filter(canBeUndone).length;
  const [first] = chosen;
  if (chosen.length === 1) {
    const lost = undoable === 1 ? " It can then no longer be undone." : "";
    return `Forget run ${first!.id} on ${first!.target} and free ${size}?${lost}`;
  }
  const lost = undoable === 0 ? "" : ` ${counted(undoable, "of them can", "of them can")} then no longer be undone.`;
  return `Forget ${counted(chosen.length, "run")} and free ${size}?${lost}`;
}

function show(result: ForgetResult, { json, quiet, colour, write, tell, log }: CommandContext): void {
  for (const warning of result.warnings) log.warn(warning);
  if (json) write(jsonLine(result));
  else tell(`${quiet ? forgetHeadline(result) : forgetReport(result, colour)}\n`);
}
