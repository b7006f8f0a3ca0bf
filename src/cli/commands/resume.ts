/** `resume RUN`: goes on with a run that was stopped, to the same verified end. */
import * as v from "valibot";
import { findRun } from "../../operations/journal/find-run.ts";
import { resumeRun } from "../../operations/resume.ts";
import { resumeArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { decode, type PasswordSource, passwordOf } from "../endpoint.ts";
import { registryOf } from "../state.ts";
import { notedConfig } from "../stores.ts";
import { tellOutcome } from "./migrate.ts";

const TEXT = v.exactOptional(v.string());
const ResumeSchema = v.object({
  run: v.string(),
  "to-path": TEXT,
  "from-identity": TEXT,
  "to-identity": TEXT,
  "state-dir": TEXT,
});

interface ResumeOptions extends v.InferOutput<typeof ResumeSchema> {
  readonly passwords: Readonly<Record<"from" | "to", PasswordSource | undefined>>;
}

export const resume: Command<ResumeOptions> = {
  meta: {
    name: "resume",
    description:
      "Finish a run that was stopped, and prove the result. A file is begun again; a server gets nothing twice.",
    examples: [{ what: "Go on with a run after a power cut", type: "resume RUN" }],
  },
  args: resumeArgs,
  parse: (values) => ({
    ...decode(ResumeSchema, values),
    passwords: { from: passwordOf("from", values), to: passwordOf("to", values) },
  }),
  run,
};

async function run(options: ResumeOptions, context: CommandContext): Promise<void> {
  const { progress: onProgress, signal } = context;
  const registry = registryOf(options["state-dir"], context.env);
  const found = findRun(registry, options.run, { path: options["to-path"] });
  try {
    const from = await notedConfig(found.from, options.passwords.from, "from", context, options["from-identity"]);
    const to = await notedConfig(found.to, options.passwords.to, "to", context, options["to-identity"]);
    tellOutcome(await resumeRun(registry, found, from, to, { onProgress, signal }), to, context);
  } finally {
    found.file.close();
  }
}
