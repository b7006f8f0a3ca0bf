/** Help texts: examples first, then citty's usage, the values that options take, and the exit codes. */
import { type ArgDef, type ArgsDef, renderUsage } from "citty";
import type { Colour } from "./colour.ts";
import type { Command, Example } from "./command.ts";
import { type Commands, PROGRAM } from "./commands.ts";
import { EXIT_STATUS } from "./exit-codes.ts";
import { choicesOf, hintOf } from "./strict.ts";
import { paragraph } from "./text.ts";

const DESCRIPTION = "Move, upgrade, verify and rescue MemoryGraph stores, with nothing lost and the proof shown.";

/** The help of one command. */
export async function commandHelp(command: Command, colour: Colour): Promise<string> {
  const { name, description, examples } = command.meta;
  const usage = await renderUsage(
    { meta: { name, description }, args: withoutLists(command.args) },
    { meta: { name: PROGRAM } },
  );
  return joined(colour, [
    description,
    examplesBlock(examples),
    withoutTitle(usage),
    valuesBlock(command.args),
    exitBlock(),
  ]);
}

/** The help of the program. */
export async function programHelp(commands: Commands, colour: Colour): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const subCommands = Object.fromEntries(
    all.map(({ meta: { name, description } }) => [name, { meta: { name, description } }]),
  );
  const usage = await renderUsage({ meta: { name: PROGRAM, description: DESCRIPTION }, subCommands });
  const examples = all.flatMap(({ meta }) => meta.examples.slice(0, 1));
  const fallback = `Without a command, the options are those of "migrate".\n"${PROGRAM} --version" prints the version.`;
  return joined(colour, [DESCRIPTION, examplesBlock(examples), withoutTitle(usage), fallback, exitBlock()]);
}

/** For somebody who typed only the program's name. */
export function shortHelp(commands: Commands): string {
  return [
    `usage: ${PROGRAM} [${Object.keys(commands).join("|")}] [options]`,
    `next: "${PROGRAM} doctor" finds your memory; "${PROGRAM} --help" has examples.`,
    "",
  ].join("\n");
}

function joined(colour: Colour, blocks: readonly string[]): string {
  const text = blocks.filter((block) => block !== "").join("\n\n");
  return `${text.replace(/^[A-Z]+( [A-Z]+)?(?=$| memorygraph)/gm, (heading) => colour.bold(heading))}\n`;
}

function examplesBlock(examples: readonly Example[]): string {
  return [
    "EXAMPLES",
    ...examples.flatMap(({ what, type }) => ["", `  # ${what}`, ...continued(`${PROGRAM} ${type}`)]),
  ].join("\n");
}

/** A command that is too long for 80 columns goes on in the next line, as a shell reads it. */
function continued(command: string): string[] {
  if (command.length <= 78) return [`  ${command}`];
  const at = command.lastIndexOf(" --", 76);
  return [`  ${command.slice(0, at)} \\`, `      ${command.slice(at + 1)}`];
}

/** citty colours by its own rules and opens with a line that stands above already. */
function withoutTitle(usage: string): string {
  return Bun.stripANSI(usage).split("\n").slice(1).join("\n").replace(/\n\n+/g, "\n\n").trim();
}

/** Choices spelled out behind each option make lines that nobody can read; they come once, in a block of their own. */
function withoutLists(args: ArgsDef): ArgsDef {
  const short = Object.entries(args).map(([name, option]): [string, ArgDef] => {
    return [name, option.type === "enum" ? { ...option, options: [] } : option];
  });
  return Object.fromEntries(short);
}

function valuesBlock(args: ArgsDef): string {
  const lists = new Map<string, string>();
  for (const [name, option] of Object.entries(args)) {
    if (choicesOf(option).length > 0) lists.set(hintOf(name, option), choicesOf(option).join(", "));
  }
  return lists.size === 0
    ? ""
    : [
        "VALUES",
        "",
        ...[...lists].flatMap(([hint, list]) => paragraph(list, 100, `  ${hint.padEnd(8)} `, " ".repeat(11))),
      ].join("\n");
}

function exitBlock(): string {
  const lines = EXIT_STATUS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ["EXIT STATUS", "", ...lines, "", "  Take every other code for a failure."].join("\n");
}
