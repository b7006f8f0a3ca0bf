/** What a graph is and holds, in figures. */
import { parseInstant } from "../../graph/instant.ts";
import type { Value } from "../../graph/value.ts";
import type { StoreDescription } from "../backend.ts";
import type { GraphServer } from "./server.ts";

/** How many memories are asked for their times, to tell which releases can read them. */
const SAMPLE = 1_000;

export async function describe(server: GraphServer): Promise<StoreDescription> {
  const { nodes, relationships } = await server.counts();
  const empty = nodes + relationships === 0;
  const schema = await server.schema();
  const times = empty ? [] : await server.sampleTimes(SAMPLE);
  const warnings = await server.warnings();
  return {
    backend: server.type,
    location: server.location,
    engine: server.engine,
    layout: empty ? "empty" : "graph",
    ...releasesOf(times),
    bytes: null,
    nodes,
    relationships,
    indexes: schema.map(({ what }) => what),
    schema,
    findings: warnings.map((what) => ({ what, count: 1, examples: [], kind: "note" })),
  };
}

/**
 * Who wrote such times, and who reads them: 0.13 reads only text that ends in Z, and writes nothing else; 0.12 writes
 * offsets, and native date-times, and reads everything.
 */
export function releasesOf(times: readonly Value[]): Pick<StoreDescription, "release" | "readableBy"> {
  const isNew = times.every(isUtcText);
  return {
    release: times.length === 0 ? null : isNew ? "0.13" : "0.12",
    readableBy: isNew ? ["0.12", "0.13"] : ["0.12"],
  };
}

function isUtcText(time: Value): boolean {
  return typeof time === "string" && (time.endsWith("Z") || parseInstant(time) === null);
}
