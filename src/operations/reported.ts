/** What a result document takes from the description of a store. */
import type { Finding, StoreDescription } from "../backends/description.ts";
import type { Showing } from "../memorygraph/showing.ts";
import type { MigrationResult, ReportedFinding, StoreStatistics } from "./models.ts";

/** A finding without its kind, which the list that it is in says. */
export function finding({ what, count, examples, ids, unit }: Finding): ReportedFinding {
  return {
    ...{ what, count, examples: [...examples] },
    ...(ids !== undefined && { ids: [...ids] }),
    ...(unit !== undefined && { unit }),
  };
}

/** What a release will not show, as the documents have it. */
export function notShown(showing: Showing): MigrationResult["notShown"] {
  const reasons = showing.reasons().map(({ what, count, examples }) => ({ what, count, examples: [...examples] }));
  return { count: showing.count, reasons };
}

/** The figures of a description. */
export function statistics({
  backend,
  location,
  engine,
  layout,
  release,
  nodes,
  relationships,
  bytes,
}: StoreDescription): StoreStatistics {
  return { backend, location, engine, layout, release, nodes, relationships, bytes };
}
