/** `doctor`: finds a person's stores, and says what to do with them. */
import { diagnose } from "../../operations/find-stores.ts";
import { doctorArgs } from "../args.ts";
import type { Command } from "../command.ts";
import { jsonLine } from "../printable.ts";
import { diagnosisReport } from "../reports/doctor.ts";

export const doctor: Command<null> = {
  meta: {
    name: "doctor",
    description: "Look where MemoryGraph keeps or kept its stores, and say what to do. Changes nothing.",
    examples: [{ what: "After an upgrade, when all memories seem to be gone", type: "doctor" }],
  },
  args: doctorArgs,
  parse: () => null,
  async run(_options, { env, json, colour, write }) {
    const diagnosis = await diagnose(env);
    write(json ? jsonLine(diagnosis) : `${diagnosisReport(diagnosis, colour)}\n`);
  },
};
