/** `inspect`: what one store is and holds. */
import { BackendConfig } from "../../backends/config.ts";
import { storeWords } from "../../doctor/commands.ts";
import { DamagedStoreError } from "../../errors.ts";
import { inspectStore } from "../../operations/inspect.ts";
import type { InspectionResult } from "../../operations/models.ts";
import { counted } from "../../support/count.ts";
import { shellQuote } from "../../support/shell.ts";
import { inspectArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { PROGRAM } from "../commands.ts";
import { decode, type Endpoint, SourceSchema, sourceOf } from "../endpoint.ts";
import { withOperands } from "../operands.ts";
import { jsonLine } from "../printable.ts";
import { inspectionHeadline, inspectionReport, inspectionWarnings } from "../reports/inspect.ts";
import { sourceConfig } from "../stores.ts";

interface InspectOptions {
  readonly from: Endpoint;
}

export const inspect: Command<InspectOptions> = {
  meta: {
    name: "inspect",
    description: "Show what a store contains and which MemoryGraph releases can read it. Changes nothing.",
    examples: [
      { what: "The store that MemoryGraph uses now", type: "inspect" },
      { what: "A file", type: "inspect ~/.memorygraph/memory.db" },
    ],
  },
  args: inspectArgs,
  parse: (values) => ({ from: sourceOf(decode(SourceSchema, withOperands(values, ["from"]))) }),
  run,
};

async function run({ from }: InspectOptions, context: CommandContext): Promise<void> {
  const { json, quiet, colour, progress, signal, write, tell, log } = context;
  const result = await inspectStore(await sourceConfig(from, context), progress, signal);
  if (json) write(jsonLine(result));
  else {
    if (quiet) for (const warning of inspectionWarnings(result)) log.warn(warning);
    tell(`${quiet ? inspectionHeadline(result) : inspectionReport(result, colour)}\n`);
  }
  if (result.damage.length === 0) return;
  const count = result.damage.reduce((sum, finding) => sum + finding.count, 0);
  throw new DamagedStoreError(`${result.store.location} is damaged in ${counted(count, "place")}`, {
    details: result.damage.flatMap(({ what, count: times, examples }) => [
      `${what} (${times})`,
      ...examples.map((example) => `  ${example}`),
    ]),
    next: `Keep the file as it is. Restore a backup; or copy all that can be read: ${copyCommand(result.store)}`,
  });
}

function copyCommand({ backend, location }: InspectionResult["store"]): string {
  const source = storeWords("from", new BackendConfig({ type: backend, path: location }));
  return [PROGRAM, ...source, "--to-path", "NEW.db", "--allow-loss"].map(shellQuote).join(" ");
}
