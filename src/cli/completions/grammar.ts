/** What can be typed, read off the definitions of the commands, as the scripts for every shell need it. */
import type { ArgDef } from "citty";
import type { Command } from "../command.ts";
import { STORE_HINTS } from "../operands.ts";
import { choicesOf, hintOf, type OperandArg, RUN_HINT, spellingsOf } from "../strict.ts";

/** What follows an option: nothing, one of a list, a file, or something that nobody can foresee. */
export type Value =
  | { readonly kind: "none" | "file" | "text" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

export interface OptionGrammar {
  /** With its dashes. */
  readonly spelled: string;
  readonly description: string;
  readonly hint: string;
  readonly value: Value;
}

export interface CommandGrammar {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  /** What may follow the command without an option before it; one of them. */
  readonly operands: readonly string[];
  /** How many files may follow it without an option before them. */
  readonly files: number;
  /** Where a run may follow it: behind one of the operands, or at once. Null where none is taken. */
  readonly runs: { readonly after: string | null } | null;
}

export interface Grammar {
  readonly program: string;
  readonly commands: readonly CommandGrammar[];
  /** The command that is meant when none is named. */
  readonly fallback: CommandGrammar;
  /** Options that may stand before the command. */
  readonly leading: readonly string[];
}

/** @param fallback the name of the command that is meant when none is named */
export function grammarOf(
  program: string,
  commands: readonly Command[],
  fallback: string,
  leading: readonly string[],
): Grammar {
  const own = commands.map(commandGrammar);
  const help: CommandGrammar = {
    name: "help",
    description: "Print the help of a command.",
    options: [],
    operands: own.map(({ name }) => name),
    files: 0,
    runs: null,
  };
  const meant = own.find(({ name }) => name === fallback);
  if (meant === undefined) throw new Error(`no command is called ${fallback}`);
  return { program, commands: [...own, help], fallback: meant, leading };
}

/** Of all commands, each option once. @throws Error when one takes other values in another command */
export function optionsOf({ commands }: Grammar): readonly OptionGrammar[] {
  const options = new Map<string, OptionGrammar>();
  for (const option of commands.flatMap((command) => command.options)) {
    const same = options.get(option.spelled) ?? option;
    if (JSON.stringify(same.value) !== JSON.stringify(option.value)) {
      throw new Error(`${option.spelled} does not take the same values everywhere`);
    }
    options.set(option.spelled, same);
  }
  return [...options.values()];
}

function commandGrammar({ meta, args }: Command): CommandGrammar {
  const options = [...spellingsOf(args)].map(([spelled, { name, option, negated }]): OptionGrammar => {
    const negative = "negativeDescription" in option ? option.negativeDescription : undefined;
    return {
      spelled,
      description: (negated ? negative : option.description) ?? "",
      hint: hintOf(name, option),
      value: valueAfter(option),
    };
  });
  const positional: OperandArg[] = Object.values(args).filter(({ type }) => type === "positional");
  const files = positional.filter(({ valueHint }) => STORE_HINTS.some((hint) => hint === valueHint)).length;
  const run = positional.find(({ valueHint }) => valueHint === RUN_HINT);
  return {
    ...{ name: meta.name, description: meta.description, options },
    operands: positional.flatMap(choicesOf),
    files,
    runs: run === undefined ? null : { after: run.after ?? null },
  };
}

function valueAfter(option: ArgDef): Value {
  if (option.type === "boolean") return { kind: "none" };
  const choices = choicesOf(option);
  if (choices.length > 0) return { kind: "choice", choices };
  return { kind: option.valueHint === "FILE" ? "file" : "text" };
}
