/**
 * Graphs that break careless code, in plain terms of the tests: integers are bigint, floats are number, and a native
 * date-time is `{ dateTime: "..." }`. Nothing here comes from the program.
 */
import * as fc from "fast-check";

export type Plain = null | boolean | bigint | number | string | readonly Plain[] | { readonly dateTime: string };

export interface PlainNode {
  /** How relationships of the corpus name it; not stored. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly properties: Readonly<Record<string, Plain>>;
}

export interface PlainRelationship {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, Plain>>;
}

export interface PlainGraph {
  readonly nodes: readonly PlainNode[];
  readonly relationships: readonly PlainRelationship[];
}

const WHEN = "2024-01-31T23:59:59.123456+00:00";

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.1,
  0.1 + 0.2,
  1 / 3,
  0.8,
  0.30000000000000004,
  1e300,
  -1e300,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
  2 ** 53 + 2,
  9007199254740994,
  123456789.12345679,
  1e-7,
  1e21,
  1e22,
  0.1 * 3,
  4.35,
  1.0000000000000002,
];

const INTEGERS = [0n, -1n, 1n, 2n ** 31n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];

const TEXTS = [
  "",
  " ",
  "[]",
  "{}",
  "null",
  "1",
  "1.0",
  "true",
  "'",
  '"',
  "`",
  "\\",
  "\\u0041",
  "\\\\",
  "\n",
  "\r\n",
  "\t",
  "\b\f",
  "$p",
  "%s",
  "é",
  "e\u0301",
  "日本語",
  "🚀👩‍👩‍👧",
  "\u202eRTL\u200b",
  "\ufeffbom",
  "\u2028\u2029",
  "\ufffd",
  "\u007f\u0080",
  "\u0001\u001b[31m",
  "'; MATCH (n) DETACH DELETE n //",
  "}) DETACH DELETE n //",
  "=x",
  "#y.1",
  "__proto__",
  "a".repeat(1 << 20),
];

const NAMES = [
  "with space",
  "back`tick",
  "quote'\"",
  "\\u0041",
  "\\\\u0041",
  "\\uu0041",
  "\\U00000041",
  "\\u",
  " ",
  "\t",
  "\u00a0",
  "\u200b",
  "back\\slash",
  "日本",
  "a.b",
  "a-b",
  "1st",
  "MATCH",
  "constructor",
  "🚀",
];

/** What every kind of store can hold. */
export function sharedCorpus(): PlainGraph {
  const nodes: PlainNode[] = [];
  const relationships: PlainRelationship[] = [];
  const memory = (name: string, properties: Record<string, Plain>, labels = ["Memory"]) => {
    nodes.push({
      name,
      labels,
      properties: { id: name, type: "solution", title: name, created_at: WHEN, ...properties },
    });
  };
  const join = (from: string, to: string, type: string, properties: Record<string, Plain>) => {
    relationships.push({ from, to, type, properties });
  };
  for (const [at, value] of FLOATS.entries())
    memory(`float-${at}`, { importance: value, list: [value, 0.5], usage_count: 1n });
  for (const [at, value] of INTEGERS.entries())
    memory(`integer-${at}`, { usage_count: value, list: [value, 2n], importance: 1 });
  for (const [at, value] of TEXTS.entries()) memory(`text-${at}`, { content: value, list: [value, "x"], tags: ["a"] });
  for (const [at, name] of NAMES.entries()) {
    memory(`name-${at}`, { [name]: at % 2 === 0 ? "x" : 1n });
    nodes.push({ name: `labelled-${at}`, labels: [name, "Memory"], properties: { id: `labelled-${at}` } });
    join(`name-${at}`, `labelled-${at}`, name, { id: `typed-${at}`, [name]: 0.1 });
  }
  memory("one and one point nought", { a: 1n, b: 1 });
  memory("truth", { yes: true, no: false, list: [true, false] });
  memory("context", {
    context_languages: ["python", "ts"],
    context_frameworks: "[]",
    context_additional_metadata: '{"k": 1, "nested": {"deep": [1, 2.5, null, true, "x"]}}',
    context_project_path: "/p/ö",
    context_visibility: "private",
    context_tenant_id: "acme",
    context_timestamp: WHEN,
  });
  memory("empty list", { tags: [] });
  nodes.push({ name: "bare", labels: ["Memory"], properties: { id: "bare" } });
  nodes.push({ name: "file", labels: ["Entity"], properties: { name: "src/a.ts", type: "file" } });
  nodes.push({ name: "same file", labels: ["Entity"], properties: { name: "src/a.ts", type: "file" } });
  nodes.push({ name: "other file", labels: ["Entity"], properties: { name: "src/b.ts", type: "file" } });
  nodes.push({ name: "shared 1", labels: ["Entity"], properties: { id: "shared", text: "one" } });
  nodes.push({ name: "shared 2", labels: ["Entity"], properties: { id: "shared", text: "two" } });
  nodes.push({ name: "number as id", labels: ["Thing"], properties: { id: 5n } });
  join("bare", "file", "MENTIONS", { confidence: 0.8 });
  join("bare", "same file", "MENTIONS", { confidence: 0.8 });
  join("bare", "shared 1", "MENTIONS", { confidence: 0.8 });
  join("bare", "shared 2", "MENTIONS", { confidence: 0.8 });
  join("file", "number as id", "PART_OF", {});
  const times = { created_at: WHEN, last_validated: WHEN, valid_from: WHEN, recorded_at: WHEN };
  for (let at = 0; at < 3; at++)
    join("bare", "context", "SOLVES", { id: `parallel-${at}`, strength: 0.5 + at / 10, ...times });
  for (let at = 0; at < 2; at++) join("bare", "context", "SOLVES", { strength: 0.25 });
  join("bare", "bare", "RELATED_TO", {
    id: "loop",
    strength: 1,
    evidence_count: 2n ** 53n + 1n,
    context: "",
    ...times,
  });
  join("context", "truth", "CAUSES", { id: "shared relationship", strength: 0.1 });
  join("truth", "context", "CAUSES", { id: "shared relationship", strength: 0.2 });
  for (let at = 0; at < 300; at++)
    join("context", `float-${at % FLOATS.length}`, "FOLLOWS", { id: `hub-${at}`, strength: at / 300 });
  return { nodes, relationships };
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 10 }).filter((value) => value.isWellFormed() && !value.includes("\0")),
  fc.constantFrom(...TEXTS.filter(({ length }) => length < 100)),
);
const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const float = fc.double({ noNaN: true, noDefaultInfinity: true });
const scalar: fc.Arbitrary<Plain> = fc.oneof(text, integer, float, fc.boolean());
const value: fc.Arbitrary<Plain> = fc.oneof(
  scalar,
  fc.array(text, { maxLength: 4 }),
  fc.array(integer, { maxLength: 4 }),
  fc.array(float, { maxLength: 4 }),
);
const name = fc.oneof(
  fc.constantFrom("title", "tags", "importance", "usage_count", "context_x", "created_at", ...NAMES),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((key) => key !== "id" && !key.includes("\0")),
);
const properties = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });
const labels = fc.uniqueArray(fc.oneof(fc.constantFrom("Memory", "Entity", "Outcome"), name), {
  minLength: 1,
  maxLength: 3,
});

/** Graphs as every kind of store can hold them. None is empty: in FalkorDB there is no such graph, which is refused. */
export const graphs: fc.Arbitrary<PlainGraph> = fc
  .record({
    nodes: fc.array(fc.record({ labels, properties, id: fc.option(text.filter((id) => id !== "")) }), {
      minLength: 1,
      maxLength: 12,
    }),
    relationships: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), type: name, properties, hasId: fc.boolean() }), {
      maxLength: 20,
    }),
  })
  .map((raw) => {
    const nodes = raw.nodes.map((node, at) => ({
      name: String(at),
      labels: node.labels,
      // The number keeps ids apart: what shares an id is in the fixed corpus.
      properties: { ...node.properties, ...(node.id !== null && { id: `${node.id}-${at}` }) },
    }));
    const relationships = raw.relationships.map(({ from, to, type, properties: own, hasId }, at) => ({
      from: String(from % nodes.length),
      to: String(to % nodes.length),
      type,
      properties: { ...own, ...(hasId && { id: `r-${at}` }) },
    }));
    return { nodes, relationships };
  });

/** The same with other names: FalkorDB's Cypher cannot spell a backtick in a name. */
export function withoutBackticks({ nodes, relationships }: PlainGraph): PlainGraph {
  const rename = (name: string) => name.replaceAll("`", "´");
  const renamed = (properties: PlainNode["properties"]) =>
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [rename(name), value]));
  return {
    nodes: nodes.map((node) => ({
      ...node,
      labels: [...new Set(node.labels.map(rename))],
      properties: renamed(node.properties),
    })),
    relationships: relationships.map((relationship) => ({
      ...relationship,
      type: rename(relationship.type),
      properties: renamed(relationship.properties),
    })),
  };
}
