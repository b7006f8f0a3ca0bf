/** Records as lines of strict JSON, and back. */
import { JsonSyntaxError, parseJson, writeJson } from "../../graph/json.ts";
import { Properties } from "../../graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship, NativeRow } from "../../graph/record.ts";
import { tag, untag } from "../../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import type { RecordKind } from "./format.ts";

/** Without the end of the line. */
export function lineOf(record: GraphRecord): string {
  const row = record.native === undefined ? "" : `,"row":${rowText(record.native)}`;
  if (record.kind === "node") {
    const stored = record.stored === undefined ? "" : `,"stored":${propertiesText(record.stored)}`;
    const labels = record.labels.map((label) => JSON.stringify(label)).join(",");
    return `{"node":${JSON.stringify(record.key)},"labels":[${labels}],"properties":${propertiesText(record.properties)}${stored}${row}}`;
  }
  const { type, from, to, hasDuplicateId, properties } = record;
  const shared = hasDuplicateId ? ',"sharesId":true' : "";
  return `{"relationship":${JSON.stringify(type)},"from":${JSON.stringify(from)},"to":${JSON.stringify(to)}${shared},"properties":${propertiesText(properties)}${row}}`;
}

function propertiesText(properties: Properties): string {
  const { shape, values } = properties;
  let text = "";
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value !== null) text += `${text === "" ? "" : ","}${JSON.stringify(shape.keys[at])}:${textOf(value)}`;
  }
  return `{${text}}`;
}

function rowText({ layout, columns, extra }: NativeRow): string {
  const beside = extra === null ? "" : `,"extra":${JSON.stringify(extra)}`;
  return `{"layout":${JSON.stringify(layout)},"columns":[${columns.map(textOf).join(",")}]${beside}}`;
}

function textOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? writeJson(value, "javascript") : `{"$float":"${value}"}`;
  }
  return value === null ? "null" : strictText(tag(value));
}

/** Of a value that is tagged already. */
function strictText(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(strictText).join(",")}]`;
  if (isMap(value)) {
    return `{${[...value].map(([name, item]) => `${JSON.stringify(name)}:${strictText(item)}`).join(",")}}`;
  }
  return textOf(value);
}

/** A line that is no record, or has something in it that this release does not know. */
export class LineError extends Error {
  override readonly name = "LineError";
}

const NODE_MEMBERS = new Set(["node", "labels", "properties", "stored", "row"]);
const RELATIONSHIP_MEMBERS = new Set(["relationship", "from", "to", "sharesId", "properties", "row"]);

/** @param onUnknown told of each member that this release does not know @throws LineError */
export function recordOf(kind: RecordKind, line: string, onUnknown: (member: string) => void): GraphRecord {
  try {
    const map = parseJson(line);
    if (!isMap(map)) throw new LineError("no object");
    const known = kind === "node" ? NODE_MEMBERS : RELATIONSHIP_MEMBERS;
    for (const name of map.keys()) if (!known.has(name)) onUnknown(name);
    return kind === "node" ? nodeOf(map) : relationshipOf(map);
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof TypeError) {
      throw new LineError(error.message, { cause: error });
    }
    throw error;
  }
}

function nodeOf(map: ValueMap): GraphNode {
  const labels = map.get("labels");
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) throw new LineError("no labels");
  const stored = map.get("stored");
  return {
    kind: "node",
    key: keyIn(map, "node"),
    labels,
    properties: propertiesOf(map.get("properties")),
    ...(stored !== undefined && { stored: propertiesOf(stored) }),
    ...rowOf(map.get("row")),
  };
}

function relationshipOf(map: ValueMap): GraphRelationship {
  const type = map.get("relationship");
  if (typeof type !== "string") throw new LineError("no type");
  return {
    kind: "relationship",
    from: keyIn(map, "from"),
    to: keyIn(map, "to"),
    type,
    properties: propertiesOf(map.get("properties")),
    ...(map.get("sharesId") === true && { hasDuplicateId: true as const }),
    ...rowOf(map.get("row")),
  };
}

function keyIn(map: ValueMap, name: string): string {
  const key = map.get(name);
  if (typeof key === "string" && /^[=#]/.test(key)) return key;
  throw new LineError(`no key in ${name}`);
}

function propertiesOf(value: Value | undefined): Properties {
  if (value === undefined || !isMap(value)) throw new LineError("no properties");
  const names = [...value.keys()];
  return Properties.of(names, [...value.values()].map(untag));
}

function rowOf(value: Value | undefined): { native?: NativeRow } {
  if (value === undefined) return {};
  const [layout, columns, extra = null] = isMap(value)
    ? [value.get("layout"), value.get("columns"), value.get("extra")]
    : [];
  if (typeof layout !== "string" || !Array.isArray(columns) || (extra !== null && typeof extra !== "string")) {
    throw new LineError("no row");
  }
  return { native: { layout, columns: columns.map(untag), extra } };
}
