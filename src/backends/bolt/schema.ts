/** Indexes and constraints as a person reads them, the same words on every Bolt server. */

import type { BackendType } from "../config.ts";
import type { SchemaItem } from "../description.ts";

interface Indexed {
  readonly entity: "node" | "relationship";
  readonly names: readonly string[];
  readonly properties: readonly string[];
}

/** `index on :Memory(type)`, `unique constraint on -[:SOLVES]-(id)`. */
export function whatOf(kind: string, { entity, names, properties }: Indexed): string {
  const list = `(${properties.join(", ")})`;
  const of = names.map((name) => `:${name}`).join("|");
  return `${kind} on ${entity === "node" ? of : `-[${of}]-`}${properties.length === 0 ? "" : list}`;
}

/** MemoryGraph's own, from the words of the release: each needs only what it is on and the statement. */
export function ownItems(
  backend: BackendType,
  items: readonly (readonly [kind: string, label: string, properties: readonly string[], statement: string])[],
): SchemaItem[] {
  return items.map(([kind, label, properties, statement]) => ({
    backend,
    kind: kind.includes("constraint") ? "constraint" : "index",
    what: whatOf(kind, { entity: "node", names: [label], properties }),
    statement,
    own: true,
  }));
}
