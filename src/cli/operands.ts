/** Stores that are named without an option: `memorygraph-migrate old.db new.db`, `inspect FILE`, `verify A B`. */
import { existsSync } from "node:fs";
import type { ArgsDef } from "citty";
import { UsageError } from "../errors.ts";
import type { Side } from "./store-options.ts";
import type { Values } from "./strict.ts";

const HINTS = { from: "SOURCE", to: "TARGET" } as const;
/** What stands for an archive, and for where archives go, which is a file or folder as well as a rule. */
export const ARCHIVE_HINT = "ARCHIVE";
export const PLACE_HINT = "PLACE";
/** What stands for a store, or for an archive of one, among the operands. */
export const STORE_HINTS: readonly string[] = [...Object.values(HINTS), ARCHIVE_HINT, PLACE_HINT];
const NAMES = { from: "source", to: "target" } as const;

/** The definitions for citty of the stores that a command takes. */
export function operandArgs(sides: readonly Side[]): ArgsDef {
  return Object.fromEntries(
    sides.map((side) => [
      NAMES[side],
      {
        type: "positional",
        required: false,
        valueHint: HINTS[side],
        description: `${NAMES[side]}: a path, or an address (bolt://HOST)`,
      },
    ]),
  );
}

/**
 * The same values with `--from-path` and the like in the place of the operands, in their order: options stay, so an
 * operand is of the first side that no option names.
 * @throws UsageError for more stores than sides
 */
export function withOperands(values: Values, sides: readonly Side[]): Values {
  const { source, target, ...options } = values;
  const given = [source, target].filter((store) => typeof store === "string");
  if (given.includes("-") || options["from-path"] === "-" || options["to-path"] === "-") {
    throw new UsageError('"-" is no store: by standard input and output only archives go', {
      next: 'Type "backup STORE -", "restore - TARGET" or "verify --restore -"; for all else save it as a file first. A file called - is ./-',
    });
  }
  const free = sides.filter((side) => options[`${side}-path`] === undefined && options[`${side}-uri`] === undefined);
  if (given.length > free.length) {
    const named = sides.find((side) => !free.includes(side)) ?? "from";
    throw new UsageError(`"${given.at(-1)}" is one store too many: the options name the ${NAMES[named]} already`, {
      next: "Name each store once, by an option or without.",
    });
  }
  const placed = given.map((store, at) => [`${free[at]}-${isAddress(store) ? "uri" : "path"}`, store] as const);
  return { ...options, ...Object.fromEntries(placed) };
}

export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+]*:\/\//i.test(text);
}

/** Whether a first word is a store rather than the name of a command: an address, a path, or a file that is there. */
export function looksLikeStore(word: string): boolean {
  return isAddress(word) || /[\\/.~]/.test(word) || existsSync(word);
}
