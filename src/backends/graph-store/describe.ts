/** What a graph is and holds, in figures. */
import { readIsoInstant } from "../../graph/read-instant.ts";
import type { Value } from "../../graph/value.ts";
import type { ReleaseLine } from "../../memorygraph/releases/release.ts";
import { releaseLines } from "../../memorygraph/releases.ts";
import type { Finding, StoreDescription } from "../description.ts";
import type { GraphServer, Hazard } from "./server.ts";

/** How many memories are asked for their times, to tell which releases can read them. */
const SAMPLE = 1_000;

/** Counts, schema and findings of the graph as the server tells them; no record is read. */
export async function describe(server: GraphServer): Promise<StoreDescription> {
  const { nodes, relationships } = await server.counts();
  const empty = nodes + relationships === 0;
  const schema = await server.schema();
  const times = empty ? [] : await server.sampleTimes(SAMPLE);
  const warnings = await server.warnings();
  const closed = (await server.closed?.()) ?? null;
  const releases = releasesOf(times);
  const hazards = (await server.hazards?.()) ?? [];
  return {
    backend: server.type,
    location: server.location,
    engine: server.engine,
    layout: empty ? "empty" : "graph",
    release: releases.release,
    readableBy: closed !== null || (nodes > 0 && times.length === 0) ? [] : releases.readableBy,
    bytes: null,
    nodes,
    relationships,
    indexes: schema.map(({ what }) => what),
    schema,
    findings: [
      ...(closed === null
        ? []
        : [{ what: closed, count: 1, examples: [], kind: "note" as const, isUrgent: true as const }]),
      ...warnings.map((what) => ({ what, count: 1, examples: [], kind: "note" as const })),
      ...hazards.map(aboutHazard),
    ],
  };
}

function aboutHazard({ what, names }: Hazard): Finding {
  const examples = names.slice(0, 10);
  return { kind: "note", what, count: Math.max(1, names.length), examples, isUrgent: true, needsConsent: true };
}

/**
 * Who wrote such times, and who reads them: the line that accepts most of them is the likeliest writer, and native
 * date-times come from one that keeps such. Where memories tell no time, nobody knows.
 */
export function releasesOf(times: readonly Value[]): Pick<StoreDescription, "release" | "readableBy"> {
  const lines = releaseLines();
  const readers = lines.filter((line) => times.every((time) => isReadBy(line, time)));
  const spelled = (line: ReleaseLine) => times.filter((time) => isWrittenBy(line, time)).length;
  const [writer] = lines.toSorted((a, b) => spelled(b) - spelled(a));
  return {
    release: times.length === 0 ? null : writer!.name,
    readableBy: readers.map(({ name }) => name),
  };
}

/** What names no instant is no sign of anything. */
function isReadBy({ times, nativeTimes }: ReleaseLine, time: Value): boolean {
  if (typeof time !== "string") return nativeTimes !== null;
  return times.reads.test(time) || readIsoInstant(time) === null;
}

function isWrittenBy({ times, nativeTimes }: ReleaseLine, time: Value): boolean {
  return typeof time === "string" ? times.accepts.test(time) : nativeTimes !== null;
}
