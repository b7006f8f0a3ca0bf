/**
 * Graphs as one line a record, spelt so that nothing that differs looks alike: from the program's own records, and from the
 * `.expected.jsonl` beside the fixtures, which an independent reader and the engines themselves agreed on.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";
import type { DumpNode, DumpRelationship, GraphSchema, SchemaEntry } from "../../src/rdb/dump.ts";
import { type TemporalFunction, temporalOf } from "../../src/rdb/temporal.ts";

export const FIXTURES = join(import.meta.dir, "../fixtures/rdb");

export function spellValue(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `integer ${value}`;
  if (typeof value === "number") return `double ${bitsOf(value)}`;
  if (typeof value === "string") return `text ${JSON.stringify(value)}`;
  if (Array.isArray(value)) return `[${value.map(spellValue).join(", ")}]`;
  if (value instanceof Temporal) return `${value.kind} ${value.text}`;
  if (value instanceof Point) return `point ${value.srid} ${bitsOf(value.x)} ${bitsOf(value.y)}`;
  if (value instanceof Vector) return `${value.elementType} ${value.elements.map(bitsOf).join(" ")}`;
  throw new Error(`no property: ${value}`);
}

/** Every NaN is one to JavaScript. */
function bitsOf(value: number): string {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!.toString(16);
}

function spellProperties(entries: Iterable<readonly [string, string]>): string {
  return [...entries]
    .map(([name, value]) => `${JSON.stringify(name)}: ${value}`)
    .sort()
    .join(", ");
}

const spelt = (properties: DumpNode["properties"]) =>
  spellProperties([...properties.entries()].map(([name, value]) => [name, spellValue(value)] as const));

export function spellNode({ id, labels, properties }: DumpNode): string {
  return `node ${id} ${JSON.stringify(labels)} {${spelt(properties)}}`;
}

export function spellRelationship({ id, type, start, end, properties }: DumpRelationship): string {
  return `relationship ${id} ${start} ${JSON.stringify(type)} ${end} {${spelt(properties)}}`;
}

/** One line a record, sorted. */
export function spellGraph(graph: {
  readonly nodes: readonly DumpNode[];
  readonly relationships: readonly DumpRelationship[];
}): string[] {
  return [...graph.nodes.map(spellNode), ...graph.relationships.map(spellRelationship)].sort();
}

/** A number keeps its digits, as JSON.parse would not tell 1 from 1.0. */
interface Digits {
  readonly source: string;
}
type Json = string | boolean | null | Digits | Json[] | { [name: string]: Json };
type Tagged = readonly [kind: string, value: Json];

interface ExpectedLine {
  readonly g: string;
  readonly schema?: ExpectedSchema;
  readonly n?: Digits;
  readonly e?: Digits;
  readonly labels?: readonly string[];
  readonly src?: Digits;
  readonly dst?: Digits;
  readonly type?: string;
  readonly props?: Readonly<Record<string, Tagged>>;
}

interface ExpectedEntry {
  readonly name: string;
  readonly indexes: readonly {
    readonly language: string;
    readonly stopwords: readonly string[];
    readonly fields: readonly { readonly name: string; readonly type: Digits; readonly weight: Digits }[];
  }[];
  readonly constraints: readonly { readonly type: string; readonly attrs: readonly string[] }[];
}

interface ExpectedSchema {
  readonly attrs: readonly string[];
  readonly labels: readonly ExpectedEntry[];
  readonly rels: readonly ExpectedEntry[];
}

export interface ExpectedGraph {
  readonly schema: string;
  readonly nodes: readonly string[];
  readonly relationships: readonly string[];
}

/** By graph; records in the order of their ids. */
export function readExpected(name: string): Map<string, ExpectedGraph> {
  const text = readFileSync(join(FIXTURES, `${name}.expected.jsonl`), "utf8");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => parse(line));
  const graphs = Map.groupBy(lines, ({ g }) => g);
  return new Map([...graphs].map(([graph, of]) => [graph, expectedGraph(of)]));
}

function parse(line: string): ExpectedLine {
  const reviver = (_name: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? { source: context!.source! } : value;
  return JSON.parse(line, reviver as (name: string, value: unknown) => unknown);
}

function expectedGraph(lines: readonly ExpectedLine[]): ExpectedGraph {
  const byId = (at: "n" | "e") =>
    lines.filter((line) => line[at] !== undefined).sort((a, b) => Number(a[at]!.source) - Number(b[at]!.source));
  return {
    schema: spellExpectedSchema(lines.find(({ schema }) => schema !== undefined)!.schema!),
    nodes: byId("n").map(
      ({ n, labels, props }) => `node ${n!.source} ${JSON.stringify(labels)} {${expectedProperties(props!)}}`,
    ),
    relationships: byId("e").map(
      ({ e, src, dst, type, props }) =>
        `relationship ${e!.source} ${src!.source} ${JSON.stringify(type)} ${dst!.source} {${expectedProperties(props!)}}`,
    ),
  };
}

function expectedProperties(properties: Readonly<Record<string, Tagged>>): string {
  return spellProperties(
    Object.entries(properties).map(([name, value]) => [name, spellValue(valueOfTagged(value))] as const),
  );
}

const TEMPORAL: Readonly<Record<string, TemporalFunction>> = {
  dt: "localdatetime",
  da: "date",
  ti: "localtime",
  du: "duration",
};

function valueOfTagged([kind, value]: Tagged): Value {
  const number = (digits: Json) => Number(typeof digits === "string" ? nameOf(digits) : (digits as Digits).source);
  if (kind === "s" || kind === "b") return value as string | boolean;
  if (kind === "i") return BigInt((value as Digits).source);
  if (kind === "d") return number(value);
  if (kind === "l") return (value as unknown as Tagged[]).map(valueOfTagged);
  if (kind === "v") return new Vector((value as Json[]).map((element) => Math.fround(number(element))));
  if (kind === "p") {
    const [latitude, longitude] = (value as Json[]).map(number);
    return new Point(4326, longitude!, latitude!);
  }
  return temporalOf(TEMPORAL[kind]!, BigInt((value as Digits).source));
}

function nameOf(text: string): string {
  return text.replace("inf", "Infinity").replace("nan", "NaN");
}

export function spellSchema({ attributes, labels, types }: GraphSchema): string {
  const entry = ({ name, index, constraints }: SchemaEntry) => ({
    name,
    indexes: (index === null ? [] : [index]).map(({ language, stopWords, fields }) => ({
      language,
      stopWords,
      fields: fields.map(({ property, kinds, weight }) => [property, kinds, weight]),
    })),
    constraints: constraints.map(({ kind, properties }) => [kind, properties]),
  });
  return JSON.stringify({ attributes, labels: labels.map(entry), types: types.map(entry) }, null, 1);
}

function spellExpectedSchema({ attrs, labels, rels }: ExpectedSchema): string {
  const entry = ({ name, indexes, constraints }: ExpectedEntry) => ({
    name,
    indexes: indexes.map(({ language, stopwords, fields }) => ({
      language,
      stopWords: stopwords,
      fields: fields.map((field) => [field.name, Number(field.type.source), Number(field.weight.source)]),
    })),
    constraints: constraints.map((constraint) => [constraint.type, constraint.attrs]),
  });
  return JSON.stringify({ attributes: attrs, labels: labels.map(entry), types: rels.map(entry) }, null, 1);
}
