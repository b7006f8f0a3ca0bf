/** One side of a migration as the options name it, and valibot's complaints in the words of the command line. */
import * as v from "valibot";
import { BACKEND_TYPES, type BackendType } from "../backends/config.ts";
import { UsageError } from "../errors.ts";
import type { Values } from "./strict.ts";

/** Only what was given; the rest comes from the environment, or is asked of the file. */
export interface Endpoint {
  readonly type?: BackendType;
  readonly path?: string;
  readonly uri?: string;
}

export const SourceSchema = v.object({
  from: v.exactOptional(v.picklist(BACKEND_TYPES)),
  "from-path": v.exactOptional(v.string()),
  "from-uri": v.exactOptional(v.string()),
});

export const TargetSchema = v.object({
  to: v.picklist(BACKEND_TYPES),
  "to-path": v.exactOptional(v.string()),
  "to-uri": v.exactOptional(v.string()),
});

/** @throws UsageError when a path and a URI are given for the one source */
export function sourceOf(values: v.InferOutput<typeof SourceSchema>): Endpoint {
  return endpointOf("from", values.from, values["from-path"], values["from-uri"]);
}

/** @throws UsageError when a path and a URI are given for the one target */
export function targetOf(values: v.InferOutput<typeof TargetSchema>): Endpoint & { readonly type: BackendType } {
  return { ...endpointOf("to", values.to, values["to-path"], values["to-uri"]), type: values.to };
}

function endpointOf(side: "from" | "to", type?: BackendType, path?: string, uri?: string): Endpoint {
  if (path !== undefined && uri !== undefined) {
    throw new UsageError(`--${side}-path and --${side}-uri name two stores`, {
      next: `Give only one: --${side}-path for a file, --${side}-uri for a server.`,
    });
  }
  return {
    ...(type === undefined ? {} : { type }),
    ...(path === undefined ? {} : { path }),
    ...(uri === undefined ? {} : { uri }),
  };
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
