/** Reads a command's arguments without guessing: what is not exactly understood is a usage error. */
import { parseArgs } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { UsageError } from "../errors.ts";
import { nearest } from "./suggest.ts";

/** What stands for a run among the operands; completions offer those that there are. */
export const RUN_HINT = "RUN";

/** What was given, by the option's name without dashes; an option that was not given has no entry. */
export type Values = Readonly<Record<string, string | boolean>>;

/** Of an option with choices: values that a person may well try, with why they are none of them. */
export type ChoiceArg = ArgDef & { readonly refused?: Readonly<Record<string, string>> };

/** An option that may be given more than once: its values come with commas between. */
type RepeatableArg = ArgDef & { readonly repeatable?: true };

/** An operand that is wanted only behind one choice of the operand before it. */
export type OperandArg = ArgDef & { readonly after?: string };

/** One way to write an option: `--json`, `-h`, `--no-skip-duplicates`. */
interface Spelling {
  readonly name: string;
  readonly option: ArgDef;
  readonly negated: boolean;
}

/**
 * @param command the command's name, for the way out that an error names
 * @throws UsageError for unknown, repeated or contradicting options, for values that are missing, not wanted or not
 * in the list, and for arguments that are no options
 */
export function parseStrictly(argv: readonly string[], args: ArgsDef, command: string): Values {
  const spellings = spellingsOf(args);
  const help = `"memorygraph-migrate ${command} --help" lists the options.`;
  const operands = Object.entries(args).filter(([, option]) => option.type === "positional");
  const values: Record<string, string | boolean> = {};
  for (const token of tokensOf(argv, spellings)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const [name, option] = operands.shift() ?? [];
      if (name !== undefined && option !== undefined) {
        values[name] = chosenValue(hintOf(name, option), option, token.value);
        continue;
      }
      throw new UsageError(`unexpected argument "${token.value}"`, {
        next: `Every other value follows an option; ${help}`,
      });
    }
    const spelling = spellings.get(token.rawName);
    if (spelling === undefined) throw unknownOption(token.rawName, [...spellings.keys()], help);
    const { name, option, negated } = spelling;
    const former = values[name];
    if (former !== undefined && !(option as RepeatableArg).repeatable)
      throw new UsageError(`--${name} is given more than once`, { next: "Give it once." });
    const value =
      option.type === "boolean"
        ? switchValue(token.rawName, token.value, negated)
        : textValue(token.rawName, hintOf(name, option), option, token.value, token.inlineValue === true);
    values[name] = former === undefined ? value : `${former},${value}`;
  }
  return values;
}

/** @throws UsageError when an option that the command cannot do without was not given */
export function requireGiven(values: Values, args: ArgsDef, command: string): void {
  for (const [name, option] of Object.entries(args)) {
    if (option.required !== true || Object.hasOwn(values, name)) continue;
    const choices = choicesOf(option);
    const among = choices.length > 0 ? `, one of ${choices.join(", ")}` : "";
    const [what, typed] =
      option.type === "positional" ? [hintOf(name, option)] : [`--${name}`, `--${name} ${hintOf(name, option)}`];
    const known = option.valueHint === RUN_HINT ? '"memorygraph-migrate runs" lists them; ' : "";
    throw new UsageError(`${what} is missing`, {
      next: `Add ${typed ?? what}${among}; ${known}"memorygraph-migrate ${command} --help" has examples.`,
    });
  }
}

export function choicesOf(option: ArgDef): readonly string[] {
  return "options" in option && Array.isArray(option.options) ? option.options : [];
}

/** What stands for the value in help and messages. */
export function hintOf(name: string, option: ArgDef): string {
  return option.valueHint ?? (option.type === "positional" ? name.toUpperCase() : "VALUE");
}

/** Every accepted way to write every option. */
export function spellingsOf(args: ArgsDef): ReadonlyMap<string, Spelling> {
  const spellings = new Map<string, Spelling>();
  for (const [name, option] of Object.entries(args)) {
    if (option.type === "positional") continue;
    spellings.set(`--${name}`, { name, option, negated: false });
    for (const letter of lettersOf(option)) spellings.set(`-${letter}`, { name, option, negated: false });
    if ("negativeDescription" in option) spellings.set(`--no-${name}`, { name, option, negated: true });
  }
  return spellings;
}

function lettersOf(option: ArgDef): readonly string[] {
  return "alias" in option ? [option.alias ?? []].flat() : [];
}

function tokensOf(argv: readonly string[], spellings: ReadonlyMap<string, Spelling>) {
  const options = Object.create(null) as Record<string, { type: "boolean" | "string"; short?: string }>;
  for (const [spelled, { name, option }] of spellings) {
    const type = option.type === "boolean" ? "boolean" : "string";
    if (spelled.startsWith("--")) options[spelled.slice(2)] ??= { type };
    else options[name] = { type, short: spelled.slice(1) };
  }
  // Not `strict`: its messages name neither the nearest option nor the choices, and the tokens tell everything.
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function unknownOption(spelled: string, known: readonly string[], help: string): UsageError {
  const positive = spelled.replace(/^--no-/, "--");
  if (positive !== spelled && known.includes(positive)) {
    return new UsageError(`${spelled} is not an option`, { next: `Leave ${positive} out instead; ${help}` });
  }
  const near =
    nearest(spelled, known) ?? (/^-[a-z]$/.test(spelled) ? known.find((k) => k.startsWith(`-${spelled}`)) : undefined);
  return new UsageError(`unknown option ${spelled}`, {
    next: near === undefined ? capitalised(help) : `Did you mean ${near}? ${capitalised(help)}`,
  });
}

function switchValue(spelled: string, value: string | undefined, negated: boolean): boolean {
  if (value === undefined) return !negated;
  throw new UsageError(`${spelled} takes no value`, { next: `Write ${spelled} alone, or leave it out.` });
}

function textValue(spelled: string, hint: string, option: ArgDef, value: string | undefined, inline: boolean): string {
  // "--from-path --json" is a forgotten value; a value that does begin with a dash can be written with "=".
  if (value === undefined || value === "" || (!inline && value.length > 1 && value.startsWith("-"))) {
    throw new UsageError(`${spelled} needs a value`, { next: `Write ${spelled} ${hint}, or ${spelled}=${hint}.` });
  }
  return chosenValue(spelled, option, value);
}

function chosenValue(spelled: string, option: ArgDef, value: string): string {
  const choices = choicesOf(option);
  if (choices.length === 0 || choices.includes(value)) return value;
  const why = (option as ChoiceArg).refused?.[value];
  if (why !== undefined) {
    throw new UsageError(`${spelled} cannot be "${value}": ${why}`, { next: `It is one of ${choices.join(", ")}.` });
  }
  const near = nearest(value, choices);
  throw new UsageError(`${spelled} cannot be "${value}"`, {
    next: `${near === undefined ? "" : `Did you mean ${near}? `}It is one of ${choices.join(", ")}.`,
  });
}

function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
