/** What stood where a run overwrites: as a value while it works, as text in its journal. */
import { parseJson, writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import { pairsOf, unpaired } from "../../graph/record-map.ts";
import { tag, untag } from "../../graph/tagged.ts";
import type { Value } from "../../graph/value.ts";
import type { ServerNode, ServerRelationship } from "./server.ts";

export interface NodeBefore extends ServerNode {
  readonly kind: "node";
  /** What we made of it. */
  readonly labelsAfter: readonly string[];
}

export interface RelationshipBefore extends ServerRelationship {
  readonly kind: "relationship";
  /** It was deleted, since type or ends were to change: putting it back makes a new one. */
  readonly gone: boolean;
}

export type BeforeImage = NodeBefore | RelationshipBefore;

export function encodeFormer(record: BeforeImage): string {
  const map = new Map<string, Value>([
    ["kind", record.kind],
    ["id", record.id],
    ["properties", pairsOf(record.properties.entries())],
  ]);
  if (record.kind === "node") {
    map.set("labels", [...record.labels]);
    map.set("labelsAfter", [...record.labelsAfter]);
  } else {
    map.set("ends", [record.from, record.to, tag(record.fromId), tag(record.toId)]);
    map.set("type", record.type);
    map.set("gone", record.gone);
  }
  return writeJson(map, "javascript");
}

export function decodeFormer(text: string): BeforeImage {
  const map = parseJson(text) as Map<string, Value>;
  const id = map.get("id") as bigint;
  const properties = Properties.from(unpaired(map.get("properties")!));
  if (map.get("kind") === "node") {
    const [labels, labelsAfter] = [map.get("labels"), map.get("labelsAfter")] as string[][];
    return { kind: "node", id, labels: labels!, labelsAfter: labelsAfter!, properties };
  }
  const [from, to, fromId, toId] = map.get("ends") as [bigint, bigint, Value, Value];
  const type = map.get("type") as string;
  const gone = map.get("gone") === true;
  return { kind: "relationship", id, from, to, fromId: untag(fromId), toId: untag(toId), type, gone, properties };
}
