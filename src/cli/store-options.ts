/** The options that name one store, as data: what each is called, what it means, and which kinds of store it is for. */
import type { ArgsDef } from "citty";
import * as v from "valibot";
import { READING_WAYS } from "../backends/config.ts";
import type { StoreOption } from "../backends/descriptor.ts";
import { BACKENDS } from "../backends/descriptors.ts";
import { PASSWORD_PLACES } from "../doctor/clients.ts";

export type Side = "from" | "to";

interface OptionSpec {
  /** Behind `--from-` or `--to-`. */
  readonly flag: string;
  /** Only this side has it; both where it is left out. */
  readonly side?: Side;
  /** The field of a store's configuration; password has several options. */
  readonly field: StoreOption | "path" | "uri";
  readonly hint?: string;
  /** It can be given more than once: the values stand with commas between. */
  readonly repeatable?: true;
  readonly choices?: readonly string[];
  /** `{side}` is source or target. */
  readonly description: string;
}

const OPTIONS: readonly OptionSpec[] = [
  { flag: "path", field: "path", hint: "FILE", description: "{side} file or directory" },
  { flag: "uri", field: "uri", hint: "URI", description: "{side} server" },
  { flag: "user", field: "username", hint: "NAME", description: "user name" },
  {
    flag: "password-file",
    field: "password",
    hint: "FILE",
    description: "file whose first line is the password",
  },
  {
    flag: "password-command",
    field: "password",
    hint: "CMD",
    description: "command that prints the password",
  },
  { flag: "password-stdin", field: "password", description: "read the password from standard input" },
  {
    flag: "password-from",
    field: "password",
    hint: "CLIENT",
    choices: PASSWORD_PLACES,
    description: "read it from an MCP client's configuration",
  },
  { flag: "database", field: "database", hint: "NAME", description: "database" },
  { flag: "graph", field: "graph", hint: "NAME", description: "graph, else memorygraph" },
  {
    flag: "ca-file",
    field: "caFile",
    hint: "FILE",
    description: "further certificates to trust (PEM)",
  },
  {
    flag: "cert-file",
    field: "certFile",
    hint: "FILE",
    description: "client certificate to show the server (PEM)",
  },
  {
    flag: "key-file",
    field: "keyFile",
    hint: "FILE",
    description: "its private key, if it is in a file of its own",
  },
  {
    flag: "recipient",
    field: "recipient",
    side: "to",
    hint: "KEY",
    repeatable: true,
    description: "encrypt for age1… or file; repeatable",
  },
  { flag: "identity", field: "identity", hint: "FILE", description: "file with the secret key" },
];

/** Options that every server takes need no list of kinds behind them. */
const COMMON: readonly OptionSpec["field"][] = ["path", "uri", "username", "password", "caFile", "certFile", "keyFile"];

/** How a side is spelled in the options that only a source has. */
export const READ_BY = "read-by";

/** The kinds of store that a field means something for. */
export function kindsThatTake(field: OptionSpec["field"]): readonly string[] {
  const takes = ({ server, takes: options }: (typeof BACKENDS)[number]) =>
    field === "path" ? server === null : field === "uri" ? server !== null : options.includes(field);
  return BACKENDS.filter(takes).map(({ type }) => type);
}

/** What an option, or a store without one, is for: to say which store it is, or to get in; null for what names no store. */
export function purposeOf(name: string): "source" | "target" | "login" | null {
  if (name === "source" || name === "from" || name === READ_BY) return "source";
  if (name === "target" || name === "to") return "target";
  const [, side, flag] = /^(from|to)-(.+)$/.exec(name) ?? [];
  const option = OPTIONS.find((candidate) => candidate.flag === flag);
  if (option === undefined) return null;
  if (option.side !== undefined) return side === "from" ? "source" : "target";
  if (option.field !== "path" && option.field !== "uri") return "login";
  return side === "from" ? "source" : "target";
}

function optionsOf(side: Side): readonly OptionSpec[] {
  return OPTIONS.filter((option) => option.side === undefined || option.side === side);
}

/** The definitions for citty, in the order of the help. */
export function storeArgs(side: Side): ArgsDef {
  const what = side === "from" ? "source" : "target";
  const args: ArgsDef = {};
  for (const { flag, field, hint, choices, description, repeatable } of optionsOf(side)) {
    const kinds = COMMON.includes(field) ? "" : ` (${kindsThatTake(field).join(", ")})`;
    const described = { description: `${description.replace("{side}", what)}${kinds}` };
    args[`${side}-${flag}`] =
      choices !== undefined
        ? { type: "enum", options: [...choices], valueHint: hint ?? "NAME", ...described }
        : hint === undefined
          ? { type: "boolean", ...described }
          : { type: "string", valueHint: hint, ...described, ...(repeatable && { repeatable }) };
  }
  if (side === "to") return args;
  args[READ_BY] = {
    type: "enum",
    options: [...READING_WAYS],
    valueHint: "WAY",
    description: `${kindsThatTake("readBy").join(", ")}: ${READING_WAYS.join(" or ")} (default: query first)`,
  };
  return args;
}

const TEXT = v.exactOptional(v.string());
const GIVEN = v.exactOptional(v.literal(true));

/** The same options for valibot. */
export function storeEntries(side: Side): Record<string, typeof TEXT | typeof GIVEN> {
  return Object.fromEntries(
    optionsOf(side).map(({ flag, hint }) => [`${side}-${flag}`, hint === undefined ? GIVEN : TEXT] as const),
  );
}

/** The fields whose value is the option's own text, by the option's name. */
export const TEXT_FIELDS: readonly (readonly [flag: string, field: OptionSpec["field"]])[] = OPTIONS.filter(
  ({ field }) => field !== "password",
).map(({ flag, field }) => [flag, field] as const);

/** Each option of a side once, as documents name it, with the field that it gives. */
export const OPTION_NAMES: readonly { readonly spelled: string; readonly field: OptionSpec["field"] }[] = [
  ...OPTIONS.map(({ flag, field, side }) => ({
    spelled: side === undefined ? `--from-${flag}, --to-${flag}` : `--${side}-${flag}`,
    field,
  })),
  { spelled: `--${READ_BY}`, field: "readBy" },
];

/** The option that gave a field, for messages; of a password, the one that was used. */
export function flagOf(field: OptionSpec["field"], passwordBy = "file"): string {
  if (field === "password") return `password-${passwordBy}`;
  return TEXT_FIELDS.find(([, known]) => known === field)?.[0] ?? field;
}
