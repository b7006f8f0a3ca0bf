/** What a dump is and holds, in figures. */
import { GRAPH_NAME } from "../../memorygraph/fields.ts";
import { releasesOfForm } from "../../memorygraph/opens.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { DumpScan } from "../../rdb/dump.ts";
import { timeOf } from "../../rdb/loadable.ts";
import type { OpenOptions } from "../backend.ts";
import type { BackendType } from "../config.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { releasesOf } from "../graph-store/describe.ts";
import { schemaItems } from "./dump-schema.ts";
import type { LiteForm } from "./lite-place.ts";
import { graphNames, type OpenDump } from "./open-dump.ts";

/** How many memories are asked for their times, to tell which releases can read them. */
const SAMPLE = 1_000;

/** Which FalkorDB writes an encoding. */
const FALKORDB: Readonly<Record<number, string>> = {
  14: "4.0",
  15: "4.2",
  16: "4.4 to 4.8",
  17: "4.10",
  18: "4.12 to 4.16",
  19: "4.18 to 4.20",
  20: "4.22",
};

export interface DumpOrigin {
  readonly backend: BackendType;
  readonly location: string;
  readonly graph: string;
  /** Of Redis; MemoryGraph looks into 0 alone. */
  readonly database: number;
  /** Of a FalkorDBLite store; null for what a server sent. */
  readonly form: LiteForm | null;
  /** Which store of a command it is, for the options that a message names; the source where it is left out. */
  readonly side?: OpenOptions["side"];
  /** As a server tells it; null where only the dump can. */
  readonly engine: string | null;
  readonly notes: readonly Finding[];
}

/** A graph in a dump, with counts from its header; nothing of it is read again. */
export async function describeDump(dump: OpenDump, origin: DumpOrigin): Promise<StoreDescription> {
  const { scan, graph, store } = dump;
  const { backend, location, form } = origin;
  const { nodes, relationships } = graph?.counts ?? { nodes: 0, relationships: 0 };
  const empty = nodes + relationships === 0;
  const schema = graph === null ? [] : schemaItems(graph.schema);
  const graphs = graphNames(scan, origin.database);
  const times = await store.sampleTimes(SAMPLE);
  const { release, readableBy } = releasesOf(times);
  const closed = closedGraph(origin.graph);
  const isOpened = origin.database === 0 && closed === null && (nodes === 0 || times.length > 0);
  const lines = isOpened ? readableBy : [];
  return {
    backend,
    location,
    engine: origin.engine ?? engineOf(dump),
    layout: empty ? "empty" : (form ?? "graph"),
    release: form === null ? release : releasesOfForm(form)[0]!,
    readableBy: form === null ? lines : lines.filter((one) => releasesOfForm(form).includes(one)),
    bytes: form === null ? null : scan.source.size,
    nodes,
    relationships,
    indexes: schema.map(({ what }) => what),
    schema,
    takesSchemaOf: "falkordb",
    dump: {
      redis: scan.fields.get("redis-ver") ?? null,
      encoding: graph?.encoding ?? null,
      graphs,
      otherKeys: [...scan.otherKeys.values()].reduce((sum, count) => sum + count, 0),
    },
    findings: [...origin.notes, ...closedNote(closed), ...beside(scan, origin)],
  };
}

/** Of a store that is yet to be made. */
export function describeNew(origin: DumpOrigin, release: Release): StoreDescription {
  const { backend, location } = origin;
  const closed = closedGraph(origin.graph);
  const readableBy = closed === null ? [release] : [];
  return {
    ...{ backend, location, engine: "FalkorDBLite", layout: "new", release: null, readableBy, bytes: null },
    ...{ nodes: 0, relationships: 0, indexes: [], schema: [], takesSchemaOf: "falkordb" },
    findings: [...origin.notes, ...closedNote(closed)],
  };
}

/** Why no MemoryGraph opens a graph of that name; null for the one that it opens. */
export function closedGraph(graph: string): string | null {
  return graph === GRAPH_NAME ? null : `MemoryGraph opens only the graph ${GRAPH_NAME}, not ${graph}`;
}

function closedNote(closed: string | null): Finding[] {
  return closed === null ? [] : [{ kind: "note", what: closed, count: 1, examples: [], isUrgent: true }];
}

function engineOf({ scan, graph }: OpenDump): string {
  const redis = scan.fields.get("redis-ver");
  const parts = [
    ...(graph === null ? [] : [`FalkorDB ${FALKORDB[graph.encoding] ?? "?"}`, `encoding ${graph.encoding}`]),
    ...(redis === undefined ? [] : [`Redis ${redis}`]),
  ];
  return parts.length === 0 ? "FalkorDBLite" : `FalkorDBLite (${parts.join(", ")})`;
}

function beside(scan: DumpScan, { graph: own, database }: DumpOrigin): Finding[] {
  const graph = scan.graphs.find(({ db, name }) => db === database && name === own);
  const others = graphNames(scan, database).filter((name) => name !== own);
  const unread = scan.unreadable.map(({ key }) => key);
  const elsewhere = scan.graphs.filter(({ db }) => db !== database).map(({ db, name }) => `${name} (database ${db})`);
  const newer = scan.isNewer ? [`${scan.family} dump of version ${scan.version}`] : [];
  const expiry = graph === undefined || graph.expires === null ? [] : [timeOf(graph.expires)];
  const notes: [what: string, names: readonly string[]][] = [
    ["a dump newer than this release knows; all of it could be read", newer],
    ["the engine deletes this graph when its key expires; it is read as it is in the dump", expiry],
    ["another graph in the same dump; it is not read", others],
    ["a graph in another database of the same dump; it is not read (--from-database NUMBER reads it)", elsewhere],
    ["another graph in the same dump that cannot be read", unread],
  ];
  return notes
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => ({ kind: "note", what, count: names.length, examples: names.slice(0, 10) }));
}
