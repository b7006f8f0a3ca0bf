/** `rollback RUN`: undoes exactly what a run did, also a completed one. */
import * as v from "valibot";
import { VerificationError } from "../../errors.ts";
import { findRun } from "../../operations/journal/find-run.ts";
import { rollbackRun } from "../../operations/rollback.ts";
import { rollbackArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode, type PasswordSource, passwordOf } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";
import { rollbackReport } from "../reports/runs.ts";
import { registryOf } from "../state.ts";
import { notedConfig } from "../stores.ts";
import { counted } from "../text.ts";

const TEXT = v.exactOptional(v.string());
const RollbackSchema = v.object({ run: v.string(), "to-path": TEXT, confirm: TEXT, "state-dir": TEXT });

interface RollbackOptions extends v.InferOutput<typeof RollbackSchema> {
  readonly password: PasswordSource | undefined;
}

export const rollback: Command<RollbackOptions> = {
  meta: {
    name: "rollback",
    description: "Undo exactly what a run did, and prove it. What others changed since stays.",
    examples: [{ what: "Undo a run, also a completed one", type: "rollback RUN" }],
  },
  args: rollbackArgs,
  parse: (values) => ({ ...decode(RollbackSchema, values), password: passwordOf("to", values) }),
  run,
};

async function run(options: RollbackOptions, context: CommandContext): Promise<void> {
  const { json, colour, progress, signal, write } = context;
  const registry = registryOf(options["state-dir"], context.env);
  const found = findRun(registry, options.run, options["to-path"]);
  try {
    const target = await notedConfig(found.to, options.password, "to", context);
    const name = target.path ?? target.uri ?? "";
    await context.confirmName(`Undo run ${found.id} of ${found.info.started} on ${name}?`, name, options.confirm);
    const result = await rollbackRun(registry, found, target, { onProgress: progress, signal });
    write(json ? jsonLine(result) : `${rollbackReport(result, colour)}\n`);
    if (result.left.length === 0) return;
    throw new VerificationError(`${counted(result.left.length, "record")} of run ${result.run} stay in the target`, {
      next: "Look at what was made of them, and delete them by hand if they are not wanted.",
    });
  } finally {
    found.file.close();
  }
}
