/** Records as maps that json.ts writes exactly. */
import { Properties } from "./properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "./record.ts";
import { tag, untag } from "./tagged.ts";
import type { Value, ValueMap } from "./value.ts";

/** What stands on disk in side tables, in stores that earlier builds wrote too: it keeps its first name. */
const DUPLICATE_ID = "sharesId";

/**
 * @param more goes between what the record is and what it holds, in this order: texts that were written before must
 *   come out the same
 */
export function recordToMap(record: GraphRecord, more: Iterable<readonly [string, Value]> = []): ValueMap {
  const map: ValueMap = new Map();
  if (record.kind === "node") map.set("key", record.key).set("labels", [...record.labels]);
  else map.set("from", record.from).set("to", record.to).set("type", record.type);
  for (const [name, value] of more) map.set(name, value);
  if (record.kind === "relationship" && record.hasDuplicateId) map.set(DUPLICATE_ID, true);
  return map.set("properties", pairsOf(record.properties.entries()));
}

/** The inverse. @throws TypeError when the map is not what recordToMap gives */
export function recordFromMap(kind: GraphRecord["kind"], map: ValueMap): GraphRecord {
  const properties = Properties.from(unpaired(map.get("properties")!));
  if (kind === "node") return { kind, key: map.get("key"), labels: map.get("labels"), properties } as GraphNode;
  return {
    kind,
    from: map.get("from"),
    to: map.get("to"),
    type: map.get("type"),
    properties,
    ...(map.get(DUPLICATE_ID) === true && { hasDuplicateId: true }),
  } as GraphRelationship;
}

/** Pairs, since an object's prototype has names of its own. */
export function pairsOf(entries: Iterable<readonly [string, Value]>): Value[] {
  return [...entries].map(([name, value]) => [name, tag(value)]);
}

/** The inverse of pairsOf. @throws TypeError for anything else */
export function unpaired(list: Value): [string, Value][] {
  return (list as [string, Value][]).map(([name, value]) => [name, untag(value)]);
}
