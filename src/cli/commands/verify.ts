/** `verify`: whether two stores hold the same, and where not. */
import * as v from "valibot";
import { VerificationError } from "../../errors.ts";
import { compareConfigured } from "../../operations/compare-stores.ts";
import { verifyArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { assertOneStdin, decode, type Endpoint, SourceSchema, sourceOf, TargetSchema, targetOf } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";
import { comparisonHeadline, comparisonReport } from "../reports/verify.ts";
import { sourceConfig, targetConfig } from "../stores.ts";

interface VerifyOptions {
  readonly from: Endpoint;
  readonly to: ReturnType<typeof targetOf>;
}

const VerifySchema = v.object({ ...SourceSchema.entries, ...TargetSchema.entries });

export const verify: Command<VerifyOptions> = {
  meta: {
    name: "verify",
    description: "Compare two stores record by record, down to the field. Changes neither.",
    examples: [
      { what: "Compare a store with its copy", type: "verify --from-path old.db --to sqlite --to-path new.db" },
    ],
  },
  args: verifyArgs,
  parse(values) {
    const given = decode(VerifySchema, values);
    const [from, to] = [sourceOf(given), targetOf(given)];
    assertOneStdin(from, to);
    return { from, to };
  },
  run,
};

async function run({ from, to }: VerifyOptions, context: CommandContext): Promise<void> {
  const { json, quiet, colour, progress, signal, write } = context;
  const source = await sourceConfig(from, context);
  const result = await compareConfigured(source, await targetConfig(to, context), progress, signal);
  if (json) write(jsonLine(result));
  else write(`${quiet ? comparisonHeadline(result) : comparisonReport(result, colour)}\n`);
  if (result.identical) return;
  throw new VerificationError("the two stores do not hold the same", {
    next: "`memorygraph-migrate migrate` brings along what is missing; what only the target has may well belong there.",
  });
}
