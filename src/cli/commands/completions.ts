/** `completions`: what a shell has to be told so that Tab finishes words. */
import * as v from "valibot";
import { completionsArgs } from "../args.ts";
import type { Command, CommandContext } from "../command.ts";
import { COMMANDS, DEFAULT_COMMAND, LEADING, PROGRAM } from "../commands.ts";
import { bashScript } from "../completions/bash.ts";
import { fishScript } from "../completions/fish.ts";
import { type Grammar, grammarOf } from "../completions/grammar.ts";
import { powershellScript } from "../completions/powershell.ts";
import { SHELLS, type Shell } from "../completions/shells.ts";
import { zshScript } from "../completions/zsh.ts";
import { decode } from "../endpoint.ts";
import { jsonLine } from "../printable.ts";

const SCRIPTS: Readonly<Record<Shell, (grammar: Grammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

const CompletionsSchema = v.object({ shell: v.picklist(SHELLS) });

export const completions: Command<Shell> = {
  meta: {
    name: "completions",
    description: "Print the script with which a shell completes commands, options and files.",
    examples: [
      { what: "For bash; put it where your shell looks", type: "completions bash" },
      { what: "For PowerShell; add it to your $PROFILE", type: "completions powershell" },
    ],
  },
  args: completionsArgs,
  parse: (values) => decode(CompletionsSchema, values).shell,
  run,
};

async function run(shell: Shell, { json, write }: CommandContext): Promise<void> {
  const script = await completionScript(shell);
  write(json ? jsonLine({ shell, script }) : script);
}

/** What `completions SHELL` prints. */
export async function completionScript(shell: Shell): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return SCRIPTS[shell](grammarOf(PROGRAM, commands, DEFAULT_COMMAND, LEADING));
}
