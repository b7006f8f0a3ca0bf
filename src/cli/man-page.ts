/** The manual page, section 1, out of the same definitions as the help. */
import type { ArgDef } from "citty";
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import { PROGRAM } from "./commands.ts";
import { EXIT_STATUS } from "./exit-codes.ts";
import { groupsOf } from "./help-layout.ts";
import { choicesOf, hintOf } from "./strict.ts";

const ABOUT = "move, upgrade, verify and rescue MemoryGraph stores";

/** In roff, as `man` reads it. The same for everybody who makes it of the same version. */
export function manPage(commands: readonly Command[]): string {
  return [
    `.TH ${PROGRAM.toUpperCase()} 1 "" "${PROGRAM} ${VERSION}" "User Commands"`,
    ".SH NAME",
    `${roff(PROGRAM)} \\- ${ABOUT}`,
    ".SH SYNOPSIS",
    `.B ${roff(PROGRAM)}`,
    ".I COMMAND",
    "[options]",
    ".SH DESCRIPTION",
    "Copies everything from one MemoryGraph store to another, reads it back and proves it, and undoes it later if that is wanted.",
    "Sources are never changed. Without a command, migrate is meant; without any argument, on a terminal, the program leads.",
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH EXIT STATUS",
    ...EXIT_STATUS.flatMap(([code, meaning]) => [".TP", `.B ${code}`, roff(meaning)]),
    ".PP",
    "Any other code means failure.",
    "",
  ].join("\n");
}

function commandLines({ meta, args }: Command): string[] {
  const operands = Object.entries(args).filter(([, option]) => option.type === "positional");
  return [
    `.SS ${roff(meta.name)}`,
    roff(meta.description),
    ...operands.flatMap(([name, option]) => [
      ".TP",
      `.I ${roff(hintOf(name, option))}`,
      roff(option.description ?? ""),
    ]),
    ...groupsOf(args).flatMap(({ names }) =>
      names
        .filter((name) => !operands.some(([operand]) => operand === name))
        .flatMap((name) => optionLines(name, args[name]!)),
    ),
    ".PP",
    "Examples:",
    ".nf",
    ...meta.examples.map(({ type }) => roff(`  ${PROGRAM} ${type}`)),
    ".fi",
  ];
}

function optionLines(name: string, option: ArgDef): string[] {
  const letters = "alias" in option ? [option.alias ?? []].flat().map((letter) => `-${letter}`) : [];
  const value = option.type === "boolean" ? "" : ` \\fI${roff(hintOf(name, option))}\\fR`;
  const spelled = [...letters, `--${name}`].map((word) => `\\fB${roff(word)}\\fR`).join(", ");
  const choices = choicesOf(option);
  const list = choices.length === 0 ? "" : ` (${choices.join(", ")})`;
  return [".TP", spelled + value, roff(`${option.description ?? ""}${list}`)];
}

/** A dash that can be copied, ASCII alone, and no line that begins like a request. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/[^\p{ASCII}]/gu, (sign) => `\\[u${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`)
    .replace(/^(?=[.'])/gm, "\\&");
}
