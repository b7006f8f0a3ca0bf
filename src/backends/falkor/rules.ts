/** What the constraints of a FalkorDB graph refuse of what is to be written, or would let the server fall over. */
import type { Value } from "../../graph/value.ts";
import { shellQuote } from "../../support/shell.ts";
import type { TargetRule } from "../graph-store/target-rules.ts";
import type { Client } from "./client.ts";
import { constraints, itemOf, type Named } from "./schema.ts";
import { fatalWhenUnique } from "./values.ts";

/** Those of the constraints that work, or will. */
export async function rulesOf(client: Client, graph: string): Promise<TargetRule[]> {
  const found = (await constraints(client)).filter(({ state }) => state !== "FAILED").map(({ named }) => named);
  // Ids are compared where duplicates are decided about.
  return found.filter((named) => !isOnNodeId(named)).map((named) => ruleOf(named, graph));
}

function isOnNodeId({ type, entity, properties }: Named): boolean {
  return type === "UNIQUE" && entity === "NODE" && properties.join() === "id";
}

function ruleOf(named: Named, graph: string): TargetRule {
  const { type, entity, label, properties } = named;
  const words = [graph, type, entity, label, "PROPERTIES", String(properties.length), ...properties];
  const base = {
    what: itemOf(named).what,
    name: null,
    entity: entity === "NODE" ? ("node" as const) : ("relationship" as const),
    names: [label],
    properties,
    drop: `redis-cli GRAPH.CONSTRAINT DROP ${words.map(shellQuote).join(" ")}`,
  };
  if (type === "UNIQUE") return { ...base, isUnique: true, violation: fatal };
  return {
    ...base,
    violation: (values) => (values.includes(null) ? `it has no ${properties[values.indexOf(null)]}` : null),
  };
}

function fatal(values: readonly Value[]): string | null {
  const why = values.map(fatalWhenUnique).find((each) => each !== null) ?? null;
  return why === null ? null : `${why}, which lets FalkorDB crash`;
}
