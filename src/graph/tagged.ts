/** Any value as JSON text and back, where plain JSON is not enough: other types become `{"$type": ...}`. */
import { floatToken } from "./json.ts";
import { isMap, Point, Temporal, type TemporalKind, type Value, type ValueMap, Vector } from "./value.ts";

/** A value that json.ts can write exactly. */
export function tag(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(tag);
  if (isMap(value)) return tagMap(value);
  if (value instanceof Uint8Array) return new Map([["$bytes", value.toHex()]]);
  if (value instanceof Temporal) return new Map([[`$${value.kind}`, value.text]]);
  if (value instanceof Point) return new Map([["$point", [BigInt(value.srid), value.x, value.y, value.z ?? null]]]);
  if (value instanceof Vector) return new Map<string, Value>([[`$vector-${value.elementType}`, [...value.elements]]]);
  return value satisfies never;
}

function tagMap(map: ValueMap): Value {
  const tagged: ValueMap = new Map();
  for (const [name, item] of map) tagged.set(name, tag(item));
  const [only] = map.keys();
  return map.size === 1 && only!.startsWith("$") ? new Map([["$map", tagged]]) : tagged;
}

/** Any value as strict JSON, which every reader takes: `untag` of what is parsed gives it back. */
export function writeTagged(value: Value): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? floatToken(value) : `{"$float":"${value}"}`;
  }
  return value === null ? "null" : writeStrictly(tag(value));
}

/** Of a value that is tagged already. */
function writeStrictly(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(writeStrictly).join(",")}]`;
  if (isMap(value)) {
    return `{${[...value].map(([name, item]) => `${JSON.stringify(name)}:${writeStrictly(item)}`).join(",")}}`;
  }
  return writeTagged(value);
}

/** The inverse of tag. @throws TypeError for a tag that this release does not know. */
export function untag(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(untag);
  if (!isMap(value)) return value;
  const [name] = value.keys();
  if (value.size === 1 && name!.startsWith("$")) return untagOne(name!.substring(1), value.get(name!)!);
  return untagMap(value);
}

function untagMap(map: ValueMap): ValueMap {
  const plain: ValueMap = new Map();
  for (const [name, item] of map) plain.set(name, untag(item));
  return plain;
}

const TEMPORAL: ReadonlySet<string> = new Set<TemporalKind>([
  "date",
  "time",
  "local-time",
  "date-time",
  "local-date-time",
  "duration",
]);

function untagOne(type: string, value: Value): Value {
  if (type === "map" && value instanceof Map) return untagMap(value);
  if (type === "bytes" && typeof value === "string") return Uint8Array.fromHex(value);
  // As strict JSON has it, which archives keep to: NaN, Infinity and -Infinity.
  if (type === "float" && typeof value === "string") return Number(value);
  if (TEMPORAL.has(type) && typeof value === "string") return new Temporal(type as TemporalKind, value);
  if (type === "point" && Array.isArray(value)) {
    const [srid, x, y, z] = value.map((item) => (item === null ? null : Number(untag(item))));
    return z === null ? new Point(srid!, x!, y!) : new Point(srid!, x!, y!, z);
  }
  if (type === "vector-float32" || type === "vector-float64") {
    return new Vector(
      (value as Value[]).map((item) => Number(untag(item))),
      type === "vector-float32" ? "float32" : "float64",
    );
  }
  throw new TypeError(`unknown tag $${type}`);
}
