/** The indexes and constraints of a graph in a dump, as a server would tell and take them. */
import {
  type GraphConstraint,
  type GraphIndex,
  type GraphSchema,
  INDEX,
  type IndexField,
  type SchemaEntry,
  type VectorOptions,
} from "../../rdb/dump.ts";
import type { SchemaItem } from "../description.ts";
import { itemsOf, type Named } from "./schema.ts";
import { otherLanguage, type TextSettings, USUAL_TEXT } from "./text-settings.ts";

const METRICS = ["euclidean", "ip", "cosine"] as const;

export const EMPTY_SCHEMA: GraphSchema = { attributes: [], labels: [], types: [] };

/** Indexes and constraints as a FalkorDB server reports them. */
export function schemaItems({ labels, types }: GraphSchema): SchemaItem[] {
  return itemsOf([
    ...labels.flatMap((entry) => namedOf(entry, "NODE")),
    ...types.flatMap((entry) => namedOf(entry, "RELATIONSHIP")),
  ]);
}

function namedOf({ name: label, index, constraints }: SchemaEntry, entity: Named["entity"]): Named[] {
  const indexes = (index?.fields ?? []).flatMap((field) => {
    const { property, kinds, vector } = field;
    const named = (type: string): Named => ({ kind: "index", type, entity, label, properties: [property] });
    return [
      ...(kinds & INDEX.range ? [named("RANGE")] : []),
      ...(kinds & INDEX.fulltext ? [{ ...named("FULLTEXT"), text: textOf(index!, field) }] : []),
      ...(vector === null ? [] : [{ ...named("VECTOR"), options: optionsText(vector) }]),
    ];
  });
  return [
    ...indexes,
    ...constraints.map(({ kind, properties }): Named => {
      return { kind: "constraint", type: kind.toUpperCase(), entity, label, properties };
    }),
  ];
}

function textOf({ language, stopWords }: GraphIndex, { weight, nostem, phonetic }: IndexField): TextSettings {
  return { language, stopWords, weight, nostem, phonetic };
}

/** Why the schema cannot have the item beside what it has; null where it can. */
export function conflictOf(schema: GraphSchema, { statement }: SchemaItem): string | null {
  const { type, entity, label, text = USUAL_TEXT } = JSON.parse(statement) as Named;
  if (type !== "FULLTEXT") return null;
  const entries = entity === "NODE" ? schema.labels : schema.types;
  const index = entries.find(({ name }) => name === label)?.index ?? null;
  const field = index?.fields.find(({ kinds }) => (kinds & INDEX.fulltext) !== 0);
  return index === null || field === undefined ? null : otherLanguage(label, textOf(index, field), text);
}

/** As Cypher spells them. */
function optionsText({ dimension, m, efConstruction, efRuntime, metric }: VectorOptions): string {
  const name = METRICS[metric] ?? METRICS[0];
  return `{dimension:${dimension},similarityFunction:'${name}',M:${m},efConstruction:${efConstruction},efRuntime:${efRuntime}}`;
}

function optionsOf(text: string): VectorOptions {
  const number = (name: string, otherwise: number) => {
    return Number(new RegExp(`\\b${name}\\b\\W*?:\\s*(\\d+)`).exec(text)?.[1] ?? otherwise);
  };
  const metric = METRICS.findIndex((name) => text.includes(`'${name}'`));
  return {
    dimension: number("dimension", 0),
    m: number("M", 16),
    efConstruction: number("efConstruction", 200),
    efRuntime: number("efRuntime", 10),
    metric: Math.max(0, metric),
  };
}

/** The schema with one item more; what the engine needs for a constraint comes along. */
export function withItem(schema: GraphSchema, item: SchemaItem): GraphSchema {
  const named = JSON.parse(item.statement) as Named;
  const list = named.entity === "NODE" ? "labels" : "types";
  const entries = schema[list];
  const there = entries.find(({ name }) => name === named.label);
  const grown = grow(there ?? { name: named.label, index: null, constraints: [] }, named);
  const attributes = [...new Set([...schema.attributes, ...named.properties])];
  const all = there === undefined ? [...entries, grown] : entries.map((entry) => (entry === there ? grown : entry));
  return { ...schema, attributes, [list]: all };
}

function grow(entry: SchemaEntry, named: Named): SchemaEntry {
  if (named.kind === "index") {
    const vector = named.type === "VECTOR" ? optionsOf(named.options ?? "") : null;
    const text = named.type === "FULLTEXT" ? (named.text ?? USUAL_TEXT) : null;
    const kinds = vector !== null ? INDEX.vector : text !== null ? INDEX.fulltext : INDEX.range;
    return {
      ...entry,
      index: named.properties.reduce((index, name) => withField(index, name, kinds, vector, text), entry.index),
    };
  }
  const kind: GraphConstraint["kind"] = named.type === "UNIQUE" ? "unique" : "mandatory";
  // Engines refuse a unique constraint without a range index on each of its properties, or crash over it.
  const index =
    kind === "unique"
      ? named.properties.reduce((grown, name) => withField(grown, name, INDEX.range, null, null), entry.index)
      : entry.index;
  return { ...entry, index, constraints: [...entry.constraints, { kind, properties: named.properties }] };
}

function withField(
  index: GraphIndex | null,
  property: string,
  kinds: number,
  vector: VectorOptions | null,
  text: TextSettings | null,
): GraphIndex {
  const { language, stopWords, weight, nostem, phonetic } = text ?? USUAL_TEXT;
  const base = index ?? { language: USUAL_TEXT.language, stopWords: [], fields: [] };
  const there = base.fields.find((field) => field.property === property);
  const field: IndexField =
    there === undefined
      ? { property, kinds, weight, nostem, phonetic, vector }
      : {
          ...there,
          ...(text !== null && { weight, nostem, phonetic }),
          ...{ kinds: there.kinds | kinds, vector: vector ?? there.vector },
        };
  const fields =
    there === undefined ? [...base.fields, field] : base.fields.map((one) => (one === there ? field : one));
  return { ...base, ...(text !== null && { language, stopWords }), fields };
}
