/** `doctor`: finds a person's stores, says what brings them together, and with --fix does it. */
import * as v from "valibot";
import { carryOut, type Done } from "../../doctor/carry-out.ts";
import { type Examination, examine } from "../../doctor/diagnose.ts";
import { machineOf } from "../../doctor/machine.ts";
import { RELEASES } from "../../memorygraph/releases.ts";
import { counted } from "../../support/count.ts";
import { doctorArgs } from "../args.ts";
import { knownBackups } from "../backup-places.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode } from "../endpoint.ts";
import { TO_DO } from "../exit-codes.ts";
import { jsonLine } from "../printable.ts";
import { diagnosisHeadline, diagnosisReport } from "../reports/doctor.ts";
import { registryOf } from "../state.ts";

const DoctorSchema = v.object({
  fix: v.exactOptional(v.literal(true)),
  for: v.exactOptional(v.picklist(RELEASES)),
  "state-dir": v.exactOptional(v.string()),
});
type DoctorOptions = v.InferOutput<typeof DoctorSchema>;

export const doctor: Command<DoctorOptions> = {
  meta: {
    name: "doctor",
    description: "Find every store and bring all memories into the one that MemoryGraph reads.",
    examples: [
      { what: "After an upgrade, when all memories seem to be gone: look, change nothing", type: "doctor" },
      { what: "The same, and then do what it advises, after one question", type: "doctor --fix" },
    ],
  },
  args: doctorArgs,
  parse: (values) => decode(DoctorSchema, values),
  run,
};

async function run(options: DoctorOptions, context: CommandContext): Promise<void> {
  const { json, write, confirm, log, progress, signal } = context;
  const registry = registryOf(options["state-dir"], context.env);
  const look = () =>
    examine(machineOf(context.env, process.platform, process.cwd()), {
      release: options.for,
      runs: registry.list(),
      backups: knownBackups(options["state-dir"], context.env),
      onProgress: (done) => progress({ phase: "look", done, total: null, unit: "records" }),
      signal,
    });
  const first = await look();
  const { steps } = first.plan;
  if (options.fix !== true || steps.length === 0) return show(first, options, context);
  if (!json) show(first, options, context);
  await confirm?.(
    `Carry out ${steps.length === 1 ? "this step? It deletes nothing, and" : `these ${steps.length} steps? They delete nothing, and each`} can be undone.`,
  );
  await carryOut(steps, registry, { onProgress: progress, signal }, (done) => log.info(doneLine(done)));
  if (!json) write("\n");
  show(await look(), options, context);
}

function show({ diagnosis }: Examination, options: DoctorOptions, context: CommandContext): void {
  const { json, quiet, verbose, colour, width, write, leave } = context;
  const { for: release, "state-dir": folder } = options;
  const repeated = [
    ...(release === undefined ? [] : ["--for", release]),
    ...(folder === undefined ? [] : ["--state-dir", folder]),
  ];
  if (json) write(jsonLine(diagnosis));
  else {
    const report = () => diagnosisReport(diagnosis, { colour, width, verbose, repeated, fixing: options.fix === true });
    write(`${quiet ? diagnosisHeadline(diagnosis) : report()}\n`);
  }
  leave(diagnosis.well ? 0 : TO_DO);
}

function doneLine({ step, result }: Done): string {
  if (result === null) {
    const [[from, to] = ["", ""]] = step.files;
    return `Renamed ${from} to ${to}.`;
  }
  const { imported, overwritten, run } = result;
  const written = imported.nodes + imported.relationships + overwritten.nodes + overwritten.relationships;
  const undo = run === null ? "" : ` memorygraph-migrate rollback ${run} undoes it.`;
  return `Wrote ${counted(written, "record")} from ${step.from.path ?? result.source?.before.location}, verified.${undo}`;
}
