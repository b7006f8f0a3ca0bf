/** Help texts, rendered from the definitions of the commands: usage, examples, then the options in groups. */
import type { ArgDef, ArgsDef } from "citty";
import type { Colour } from "./colour.ts";
import type { Command, Example } from "./command.ts";
import { type Commands, DEFAULT_COMMAND, PROGRAM } from "./commands.ts";
import { EXIT_STATUS } from "./exit-codes.ts";
import { groupsOf } from "./help-layout.ts";
import { choicesOf, hintOf } from "./strict.ts";
import { commandLines, paragraph } from "./text.ts";

const DESCRIPTION = "Move, upgrade, verify and rescue MemoryGraph stores. Nothing is lost, and every result is proven.";
/** Columns that the names of options get; a longer one pushes its description to the next line. */
const NAMES = 28;

/** How a help is laid out: for one terminal. */
export interface HelpLayout {
  readonly colour: Colour;
  readonly width: number;
}

/** The help of one command. */
export function commandHelp({ meta, args }: Command, layout: HelpLayout): string {
  return joined([
    paragraph(meta.description, layout.width, ""),
    section("Usage", [usageOf(meta.name, args)], layout),
    section("Examples", examplesOf(meta.examples, layout), layout),
    ...operandsOf(args, layout),
    ...optionSections(args, layout),
  ]);
}

/** The help of the program. */
export async function programHelp(commands: Commands, layout: HelpLayout): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const listed = all.flatMap(({ meta }) => entry(meta.name, meta.description, 14, layout.width));
  const topics = [
    ...entry("COMMAND", "the options of a command", 14, layout.width),
    ...entry("exit-codes", "what the exit codes mean", 14, layout.width),
  ];
  return joined([
    paragraph(DESCRIPTION, layout.width, ""),
    section("Usage", [`  ${PROGRAM} COMMAND [options]`], layout),
    section(
      "Examples",
      examplesOf(
        all.flatMap(({ meta }) => meta.examples.slice(0, 1)),
        layout,
      ),
      layout,
    ),
    section("Commands", listed, layout),
    section(`More help: ${PROGRAM} help …`, topics, layout),
    paragraph(
      `Without a command, ${DEFAULT_COMMAND} is meant. "${PROGRAM} --version" prints the version.`,
      layout.width,
      "",
    ),
  ]);
}

/** `help exit-codes` */
export function exitCodesHelp(layout: HelpLayout): string {
  const lines = EXIT_STATUS.flatMap(([code, meaning]) => entry(String(code).padStart(3), meaning, 7, layout.width));
  return joined([section("Exit codes", lines, layout), paragraph("Any other code means failure.", layout.width, "")]);
}

/** For somebody who typed only the program's name. */
export function shortHelp(commands: Commands): string {
  return [
    `usage: ${PROGRAM} [${Object.keys(commands).join("|")}] [options]`,
    `next: "${PROGRAM} doctor" finds your memories; "${PROGRAM} --help" has examples.`,
    "",
  ].join("\n");
}

function joined(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((block) => block.length > 0).map((block) => block.join("\n"));
  return `${filled.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[], { colour }: HelpLayout): string[] {
  return lines.length === 0 ? [] : [colour.bold(title), ...lines];
}

function usageOf(name: string, args: ArgsDef): string {
  const shown = Object.entries(args).filter(([, { type, required }]) => type === "positional" || required === true);
  const words = shown.map(([option, definition]) => {
    const hint = hintOf(option, definition);
    if (definition.type !== "positional") return `--${option} ${hint}`;
    return definition.required === false ? `[${hint}]` : hint;
  });
  const command = name === DEFAULT_COMMAND ? `[${name}]` : name;
  return `  ${[PROGRAM, command, ...words, "[options]"].join(" ")}`;
}

function examplesOf(examples: readonly Example[], { colour, width }: HelpLayout): string[] {
  return examples.flatMap(({ what, type }) => [
    ...paragraph(`# ${what}`, width, "  ", "  # ").map((line) => colour.dim(line)),
    ...commandLines(`${PROGRAM} ${type}`, width, "  ", process.platform),
  ]);
}

function operandsOf(args: ArgsDef, layout: HelpLayout): string[][] {
  // What may be left out stands among the options that can take its place.
  const operands = Object.entries(args).filter(([, { type, required }]) => type === "positional" && required !== false);
  const lines = operands.flatMap(([name, option]) =>
    entry(hintOf(name, option), describe(option), NAMES, layout.width),
  );
  return [section("Arguments", lines, layout)];
}

function optionSections(args: ArgsDef, layout: HelpLayout): string[][] {
  const shown = new Set<string>();
  return groupsOf(args).map(({ title, names }) => {
    const lines = names
      .filter((name) => name !== "version" || !names.includes("help"))
      .flatMap((name) => optionLines(name, args[name]!, shown, layout.width));
    return section(title, lines, layout);
  });
}

/** @param shown lists of choices that have been printed, which are not repeated */
function optionLines(name: string, option: ArgDef, shown: Set<string>, width: number): string[] {
  if (name === "help") return entry("-h, --help, -V, --version", "print this help; print the version", NAMES, width);
  if (option.type === "positional") return entry(hintOf(name, option), describe(option), NAMES, width);
  const letters = "alias" in option ? [option.alias ?? []].flat() : [];
  const spelled = [...letters.map((letter) => `-${letter}`), `--${name}`].join(", ");
  const value = option.type === "boolean" ? "" : ` ${hintOf(name, option)}`;
  const negated = "negativeDescription" in option ? ` (--no-…: ${option.negativeDescription})` : "";
  return entry(spelled + value, describe(option, shown) + negated, NAMES, width);
}

/** More than these would bury the description; completions offer them all. */
const MOST_CHOICES = 8;

/** With the values that it takes, unless the description or an option before it names them. */
function describe(option: ArgDef, shown = new Set<string>()): string {
  const choices = choicesOf(option);
  const { description = "" } = option;
  const list = choices.join(", ");
  const isPrinted = [...shown].some((printed) => `${printed},`.includes(`${list},`));
  const named = isPrinted || choices.every((choice) => description.includes(choice));
  if (list !== "") shown.add(list);
  if (choices.length === 0 || choices.length > MOST_CHOICES || named) return description;
  return `${description}: ${list}`;
}

/** One line of a list; the rest of a description is indented as it is. */
function entry(name: string, description: string, columns: number, width: number): string[] {
  const indent = " ".repeat(columns + 2);
  const label = `  ${name.padEnd(columns)}`;
  if (name.length < columns) return paragraph(description, width, label, indent);
  return [`  ${name}`, ...paragraph(description, width, indent)];
}
