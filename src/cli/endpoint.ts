/** One side of a migration as the options name it, and valibot's complaints in the words of the command line. */
import * as v from "valibot";
import { type BackendType, READING_WAYS, type ReadingWay } from "../backends/config.ts";
import { BACKEND_TYPES, TARGET_TYPES } from "../backends/descriptors.ts";
import { UsageError } from "../errors.ts";
import { READ_BY, type Side, storeEntries, TEXT_FIELDS } from "./store-options.ts";
import type { Values } from "./strict.ts";

export type { Side } from "./store-options.ts";

/** Only what was given; the rest comes from the environment, or is asked of the file. */
export interface Endpoint {
  readonly type?: BackendType;
  readonly path?: string;
  readonly uri?: string;
  readonly username?: string;
  readonly database?: string;
  readonly graph?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly recipient?: string;
  readonly identity?: string;
  readonly readBy?: ReadingWay;
  readonly password?: PasswordSource;
}

/** Where the password is to be read; it never stands on the command line itself. */
export type PasswordSource =
  | { readonly by: "file"; readonly path: string }
  | { readonly by: "command"; readonly command: string }
  | { readonly by: "stdin" }
  /** The configuration of an MCP client, or the variables of the shell. */
  | { readonly by: "from"; readonly place: string };

export const SourceSchema = v.object({
  from: v.exactOptional(v.picklist(BACKEND_TYPES)),
  ...storeEntries("from"),
  [READ_BY]: v.exactOptional(v.picklist(READING_WAYS)),
});

export const TargetSchema = v.object({ to: v.exactOptional(v.picklist(TARGET_TYPES)), ...storeEntries("to") });

/** @throws UsageError when the options name the one source twice */
export function sourceOf(values: v.InferOutput<typeof SourceSchema>): Endpoint {
  const { [READ_BY]: readBy } = values;
  return { ...endpointOf("from", values.from, values), ...(readBy !== undefined && { readBy }) };
}

/** @throws UsageError when the options name the one target twice */
export function targetOf(values: v.InferOutput<typeof TargetSchema>): Endpoint {
  return endpointOf("to", values.to, values);
}

/** @throws UsageError when both sides want standard input */
export function assertOneStdin(from: Endpoint, to: Endpoint): void {
  if (from.password?.by !== "stdin" || to.password?.by !== "stdin") return;
  throw new UsageError("both passwords cannot come from standard input", {
    next: "Give one of them with --from-password-file or --to-password-file.",
  });
}

function endpointOf(side: Side, type: BackendType | undefined, values: Values): Endpoint {
  const text = (name: string) => values[`${side}-${name}`] as string | undefined;
  const [path, uri] = [text("path"), text("uri")];
  if (path !== undefined && uri !== undefined) {
    throw new UsageError(`--${side}-path and --${side}-uri name two stores`, {
      next: `Give only one: --${side}-path for a file, --${side}-uri for a server.`,
    });
  }
  const fields = TEXT_FIELDS.map(([flag, field]) => [field, text(flag)] as const);
  const given = Object.fromEntries([["type", type] as const, ...fields].filter(([, value]) => value !== undefined));
  const password = passwordOf(side, values);
  return { ...given, ...(password !== undefined && { password }) };
}

export function passwordOf(side: Side, values: Values): PasswordSource | undefined {
  const file = values[`${side}-password-file`];
  const command = values[`${side}-password-command`];
  const sources: PasswordSource[] = [];
  if (typeof file === "string") sources.push({ by: "file", path: file });
  if (typeof command === "string") sources.push({ by: "command", command });
  const place = values[`${side}-password-from`];
  if (values[`${side}-password-stdin`] === true) sources.push({ by: "stdin" });
  if (typeof place === "string") sources.push({ by: "from", place });
  if (sources.length <= 1) return sources[0];
  throw new UsageError(`the ${side === "from" ? "source" : "target"}'s password is given in more than one way`, {
    next: `Give only one of --${side}-password-file, --${side}-password-command and --${side}-password-stdin.`,
  });
}

/** @throws UsageError naming each option that is not valid */
export function decode<Schema extends v.GenericSchema>(schema: Schema, values: Values): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, values);
  if (parsed.success) return parsed.output;
  const [first, ...others] = parsed.issues.map((issue) => `--${v.getDotPath(issue)}: ${issue.message}`);
  throw new UsageError(first ?? "the options are not valid", {
    next: "Correct the option and run it again.",
    details: others,
  });
}
