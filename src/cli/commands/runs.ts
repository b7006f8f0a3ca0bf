/** `runs`: which runs there were, and what can be done with each. */
import * as v from "valibot";
import { listRuns } from "../../operations/runs.ts";
import { runsArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";
import { runsReport } from "../reports/runs.ts";
import { registryOf } from "../state.ts";

const RunsSchema = v.object({ "to-path": v.exactOptional(v.string()), "state-dir": v.exactOptional(v.string()) });
type RunsOptions = v.InferOutput<typeof RunsSchema>;

export const runs: Command<RunsOptions> = {
  meta: {
    name: "runs",
    description: "List the runs of this program and what can be done with each. Changes nothing.",
    examples: [
      { what: "What has been done so far", type: "runs" },
      { what: "What has been done to one file, also on another machine", type: "runs --to-path new.db" },
    ],
  },
  args: runsArgs,
  parse: (values) => decode(RunsSchema, values),
  run,
};

async function run(options: RunsOptions, { json, colour, write, env }: CommandContext): Promise<void> {
  const listed = await listRuns(registryOf(options["state-dir"], env), options["to-path"]);
  write(json ? jsonLine({ runs: listed }) : `${runsReport(listed, colour)}\n`);
}
