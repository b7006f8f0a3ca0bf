/** Values as JSON can say them, for stores that hold JSON or text; `exact` tells whether that says everything. */
import { parseInstant } from "../graph/instant.ts";
import { writeJson } from "../graph/json.ts";
import { isMap, Point, Temporal, type Value, Vector } from "../graph/value.ts";
import { isTimestampField } from "./fields.ts";
import type { Release } from "./releases.ts";
import { spellInstant } from "./spelling.ts";

interface PlainValue {
  readonly value: Value;
  readonly exact: boolean;
}

/** A native date-time in a timestamp field becomes the release's own spelling, which says the same. */
export function toPlain(key: string, value: Value, release: Release): PlainValue {
  if (value === null || typeof value !== "object") return { value, exact: true };
  if (value instanceof Temporal && isTimestampField(key)) {
    const instant = value.kind.endsWith("date-time") ? parseInstant(value.text.replace(/\[.*\]$/, "")) : null;
    if (instant !== null) return { value: spellInstant(instant, release), exact: true };
  }
  return nested(value);
}

/**
 * A context field as the graph stores and the `nodes` layout keep it: objects, empty lists and lists of anything but
 * scalars are JSON text.
 */
export function contextValue(value: Value): Value {
  const scalars =
    Array.isArray(value) && value.length > 0 && value.every((item) => item !== null && typeof item !== "object");
  return (Array.isArray(value) && !scalars) || isMap(value) ? writeJson(value, "python") : value;
}

function nested(value: Value): PlainValue {
  if (value === null || typeof value !== "object") return { value, exact: true };
  if (Array.isArray(value)) {
    const items = value.map(nested);
    return { value: items.map((item) => item.value), exact: items.every((item) => item.exact) };
  }
  if (isMap(value)) {
    const items = [...value].map(([name, item]) => [name, nested(item)] as const);
    return {
      value: new Map(items.map(([name, item]) => [name, item.value])),
      exact: items.every(([, item]) => item.exact),
    };
  }
  if (value instanceof Temporal) return { value: value.text, exact: false };
  if (value instanceof Uint8Array) return { value: value.toHex(), exact: false };
  if (value instanceof Point) {
    return { value: value.z === undefined ? [value.x, value.y] : [value.x, value.y, value.z], exact: false };
  }
  if (value instanceof Vector) return { value: [...value.elements], exact: false };
  return value satisfies never;
}
