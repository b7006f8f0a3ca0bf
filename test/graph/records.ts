/** Random records for property-based tests. */
import fc from "fast-check";
import { Properties } from "../../src/graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "../../src/graph/record.ts";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "[]", "{}", "1", "i1;", "s1:a", "\ud800", "@", "T"),
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  text,
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom(
    new Temporal("date-time", "2024-01-01T00:00:00Z"),
    new Temporal("local-date-time", "2024-01-01T00:00:00"),
    new Temporal("date", "2024-01-01"),
    new Point(4326, 1, 2),
    new Point(4326, 1, 2, 0),
    new Point(7203, 1, 2),
    new Vector([1, 2]),
    new Vector([1, 2], "float64"),
    new Vector([12]),
  ),
);
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    scalar,
    fc.array(fc.oneof(tie("value"), fc.constant(null)), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 3 }).map((entries): Value => new Map(entries)),
  ),
})).value;

export const anyName = fc.oneof(
  fc.constantFrom("id", "title", "created_at", "context_languages", "context", "tags", ""),
  text,
);
export const anyProperties = fc
  .array(fc.tuple(anyName, anyValue), { maxLength: 5 })
  .map((entries) => Properties.from(entries));
export const anyKey = text.map((id) => `=${id}`);

export const anyNode: fc.Arbitrary<GraphNode> = fc
  .tuple(anyKey, fc.uniqueArray(fc.oneof(fc.constant("Memory"), text), { maxLength: 3 }), anyProperties)
  .map(([key, labels, properties]) => ({ kind: "node", key, labels, properties: properties.with("id", key.slice(1)) }));
export const anyRelationship: fc.Arbitrary<GraphRelationship> = fc
  .tuple(anyKey, anyKey, text, anyProperties)
  .map(([from, to, type, properties]) => ({ kind: "relationship", from, to, type, properties }));
export const anyRecord: fc.Arbitrary<GraphRecord> = fc.oneof(anyNode, anyRelationship);

export function node(
  id: string,
  properties: Record<string, Value> = {},
  labels: readonly string[] = ["Memory"],
): GraphNode {
  return {
    kind: "node",
    key: `=${id}`,
    labels,
    properties: Properties.from([["id", id], ...Object.entries(properties)]),
  };
}

export function relationship(
  from: string,
  to: string,
  properties: Record<string, Value> = {},
  type = "SOLVES",
): GraphRelationship {
  return {
    kind: "relationship",
    from: `=${from}`,
    to: `=${to}`,
    type,
    properties: Properties.from(Object.entries(properties)),
  };
}
