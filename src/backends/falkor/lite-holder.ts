/** What a FalkorDBLite store can hold: what its engine can. */
import type { SchemaItem } from "../description.ts";
import type { Holder } from "../graph-store/server.ts";
import type { Named } from "./schema.ts";
import { fatalWhenUnique, unstorable, unstorableName } from "./values.ts";

/** What a FalkorDBLite store at that location can hold; no engine is asked. */
export function holderOf(location: string): Holder {
  return {
    location,
    engine: "FalkorDB",
    unsupported: (value) => unstorable(value),
    unsupportedName: unstorableName,
    unsupportedId: fatalWhenUnique,
    // The application reads and writes text here.
    keepsNative: () => false,
  };
}

/** The labels on which `id` must be unique. */
export function uniqueIdLabelsOf(schema: readonly SchemaItem[]): string[] {
  return schema
    .filter(({ kind }) => kind === "constraint")
    .map(({ statement }) => JSON.parse(statement) as Named)
    .filter(({ type, entity, properties }) => type === "UNIQUE" && entity === "NODE" && properties.join() === "id")
    .map(({ label }) => label);
}
