/** What stands at the front of every key of a graph: name, counts, schema, and which data the key holds. */
import type { GraphCounts, GraphSchema } from "./dump.ts";
import type { Payload } from "./payload.ts";
import { readSchema, times } from "./schema-reader.ts";

export const OLDEST = 14;
export const NEWEST = 20;
/** From here on, properties alone stand with the records; labels, ends and types stand in matrices. */
export const PACKED_SINCE = 17;

/** The kinds of data in a key. */
export const STATE = {
  nodes: 1,
  deletedNodes: 2,
  relationships: 3,
  deletedRelationships: 4,
  labels: 6,
  types: 7,
  adjacency: 8,
  nodeLabels: 9,
  pathIndexes: 10,
} as const;

export interface GraphHeader {
  readonly name: string;
  readonly counts: GraphCounts;
  /** How many keys the graph has in all. */
  readonly keys: number;
  readonly schema: GraphSchema;
  /** Names of the schema that are not UTF-8: what is not stands there as U+FFFD. */
  readonly replacedNames: readonly string[];
  readonly directory: readonly { readonly state: number; readonly count: number }[];
}

/** @param encoding FalkorDB's version of the graph's encoding @throws DamagedStoreError */
export function readHeader(payload: Payload, encoding: number): GraphHeader {
  const name = payload.text();
  payload.hasBadText = false;
  const counts: GraphCounts = {
    nodes: payload.unsigned(),
    relationships: payload.unsigned(),
    deletedNodes: payload.unsigned(),
    deletedRelationships: payload.unsigned(),
  };
  const labels = payload.unsigned();
  const types = payload.unsigned();
  // Whether any relationships of a type are parallel: what they themselves tell, too.
  for (let left = types; left > 0; left--) payload.unsigned();
  const keys = payload.unsigned();
  const replacedNames: string[] = [];
  const schema = readSchema(payload, { labels, types }, encoding, replacedNames);
  payload.hasBadText = null;
  const directory = times(payload.unsigned(), () => ({ state: payload.unsigned(), count: payload.unsigned() }));
  return { name, counts, keys, schema, replacedNames, directory };
}
