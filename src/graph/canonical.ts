/**
 * The canonical form: one text for each record, the same for every store that holds the same thing. docs/DIGEST.md
 * describes it for whoever wants to compute it elsewhere. Two spellings that MemoryGraph reads as one are one here;
 * everything else differs.
 */

import { parseInstant } from "./instant.ts";
import { floatToken, JsonSyntaxError, parseJson } from "./json.ts";
import type { Properties, Shape } from "./properties.ts";
import { type GraphNode, type GraphRecord, type GraphRelationship, identityOfKey } from "./record.ts";
import { Point, Temporal, type Value, Vector } from "./value.ts";

/** How the values of a property are read: exactly; as a point in time; as text that may hold a JSON list or object. */
export type FieldMeaning = "plain" | "instant" | "json";

export interface CanonicalField {
  readonly name: string;
  readonly text: string;
}

/** How records are read before they are spelled out, where what they hold is not what they say. */
export interface Reading {
  /** Whether properties of that shape need it. */
  needs(shape: Shape): boolean;
  read(properties: Properties): Properties;
}

interface Plan {
  /** Whether the properties are to be read in another way first. */
  readonly indirect: boolean;
  readonly order: readonly number[];
  readonly prefix: readonly string[];
  readonly meaning: readonly FieldMeaning[];
  readonly bookkeeping: readonly boolean[];
}

/** Canonical texts of records: two records are equal when their texts are. What a shape needs is found once. */
export class Canonicalizer {
  readonly #plans = new WeakMap<Shape, Plan>();
  readonly #meaningOf: (key: string) => FieldMeaning;
  readonly #reading: Reading | null;
  readonly #isBookkeeping: (key: string) => boolean;

  /** @param isBookkeeping whether the application changes a property by itself */
  constructor(
    meaningOf: (key: string) => FieldMeaning,
    reading: Reading | null = null,
    isBookkeeping: (key: string) => boolean = () => false,
  ) {
    this.#meaningOf = meaningOf;
    this.#reading = reading;
    this.#isBookkeeping = isBookkeeping;
  }

  text(record: GraphRecord): string {
    return wellFormed(this.#head(record) + this.#properties(record.properties));
  }

  /**
   * In hardly more time than one of them takes: the whole; the whole without what the application keeps by itself; of a
   * relationship what it holds, whatever it joins.
   */
  texts(record: GraphRecord): { text: string; stable: string; content: string } {
    const { shape } = record.properties;
    const properties = this.#plan(shape).indirect ? this.#reading!.read(record.properties) : record.properties;
    const { order, prefix, meaning, bookkeeping } = this.#plan(properties.shape);
    let [body, stable] = ["", ""];
    for (let i = 0; i < order.length; i++) {
      const at = order[i]!;
      const value = properties.values[at]!;
      if (value === null) continue;
      const part = prefix[at]! + canonicalValue(value, meaning[at]!);
      body += part;
      if (!bookkeeping[at]) stable += part;
    }
    const head = this.#head(record);
    const text = wellFormed(head + body);
    return {
      text,
      stable: stable.length === body.length ? text : wellFormed(head + stable),
      content: record.kind === "node" ? text : wellFormed(typeHead(record.type) + body),
    };
  }

  /** What a relationship holds, whatever it joins. */
  relationshipContent({ type, properties }: Pick<GraphRelationship, "type" | "properties">): string {
    return wellFormed(typeHead(type) + this.#properties(properties));
  }

  /** The same content part by part, for showing which fields differ. */
  fields(record: GraphRecord): CanonicalField[] {
    let { properties } = record;
    if (this.#plan(properties.shape).indirect) properties = this.#reading!.read(properties);
    const { shape, values } = properties;
    const plan = this.#plan(shape);
    const parts: CanonicalField[] = headFields(record);
    for (const at of plan.order) {
      const value = values[at]!;
      if (value !== null) parts.push({ name: shape.keys[at]!, text: canonicalValue(value, plan.meaning[at]!) });
    }
    return parts;
  }

  #head(record: GraphRecord): string {
    return record.kind === "node" ? nodeHead(record) : relationshipHead(record);
  }

  #properties(properties: Properties): string {
    const { shape, values } = properties;
    const plan = this.#plan(shape);
    return plan.indirect ? this.#direct(this.#reading!.read(properties)) : this.#spell(values, plan);
  }

  #direct({ shape, values }: Properties): string {
    return this.#spell(values, this.#plan(shape));
  }

  #spell(values: readonly Value[], { order, prefix, meaning }: Plan): string {
    let text = "";
    for (let i = 0; i < order.length; i++) {
      const at = order[i]!;
      const value = values[at]!;
      if (value !== null) text += prefix[at]! + canonicalValue(value, meaning[at]!);
    }
    return text;
  }

  #plan(shape: Shape): Plan {
    let plan = this.#plans.get(shape);
    if (plan === undefined) {
      const { keys } = shape;
      plan = {
        indirect: this.#reading?.needs(shape) ?? false,
        order: keys.map((_, at) => at).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1)),
        prefix: keys.map(string),
        meaning: keys.map((key) => this.#meaningOf(key)),
        bookkeeping: keys.map((key) => this.#isBookkeeping(key)),
      };
      this.#plans.set(shape, plan);
    }
    return plan;
  }
}

/** Digests are taken over UTF-8, which has no lone surrogates: texts that hold one are escaped as a whole. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : `~${JSON.stringify(text)}`;
}

function typeHead(type: string): string {
  return `R${string(type)};`;
}

function nodeHead(node: GraphNode): string {
  const { labels } = node;
  if (labels.length === 1) return `N${string(labels[0]!)};`;
  return `N${[...labels].sort().map(string).join("")};`;
}

function relationshipHead(relationship: GraphRelationship): string {
  const { from, to, type } = relationship;
  return `R${string(identityOfKey(from))}${string(identityOfKey(to))}${string(type)};`;
}

function headFields(record: GraphRecord): CanonicalField[] {
  if (record.kind === "node") return [{ name: "(labels)", text: [...record.labels].sort().map(string).join("") }];
  return [
    { name: "(from)", text: string(identityOfKey(record.from)) },
    { name: "(to)", text: string(identityOfKey(record.to)) },
    { name: "(type)", text: string(record.type) },
  ];
}

/** Every value's text says where it ends, so that no two sequences of values share one text. */
export function canonicalValue(value: Value, meaning: FieldMeaning): string {
  switch (typeof value) {
    case "string":
      if (meaning === "instant") return instantOr(value, value);
      if (meaning === "json") return jsonText(value);
      return string(value);
    case "bigint":
      return `i${value};`;
    case "number":
      return `f${floatToken(value)};`;
    case "boolean":
      return value ? "T" : "F";
  }
  if (value === null) return "0";
  if (Array.isArray(value)) return list(value);
  if (value instanceof Map) return map(value);
  if (value instanceof Temporal) return temporal(value, meaning);
  if (value instanceof Uint8Array) return `x${value.toHex()};`;
  if (value instanceof Point) return `p${[value.srid, value.x, value.y, value.z ?? ""].join(",")};`;
  if (value instanceof Vector) return `v${value.elementType}${value.elements.map(floatToken).join(",")};`;
  return value satisfies never;
}

function string(text: string): string {
  return `s${text.length}:${text}`;
}

function list(value: readonly Value[]): string {
  let text = "[";
  for (const item of value) text += canonicalValue(item, "plain");
  return `${text}]`;
}

function map(value: Map<string, Value>): string {
  const names = [...value.keys()].sort();
  return `{${names.map((name) => string(name) + canonicalValue(value.get(name)!, "plain")).join("")}}`;
}

function jsonText(text: string): string {
  const first = text.charCodeAt(0);
  if (first !== 91 && first !== 123) return string(text);
  if (text === "[]" || text === "{}") return text;
  try {
    return canonicalValue(parseJson(text), "plain");
  } catch (error) {
    if (error instanceof JsonSyntaxError) return string(text);
    throw error;
  }
}

function instantOr(text: string, otherwise: string): string {
  const instant = parseInstant(text);
  return instant === null ? string(otherwise) : `@${instant}`;
}

function temporal(value: Temporal, meaning: FieldMeaning): string {
  const plain = `d${value.kind} ${value.text};`;
  if (meaning !== "instant" || (value.kind !== "date-time" && value.kind !== "local-date-time")) return plain;
  const instant = parseInstant(value.text.replace(/\[.*\]$/, ""));
  return instant === null ? plain : `@${instant}`;
}

/** A canonical value as a person reads it; long ones are cut. */
export function showCanonical(text: string | undefined, limit = 80): string {
  if (text === undefined) return "(absent)";
  const tag = text.charAt(0);
  const shown =
    tag === "s"
      ? JSON.stringify(text.substring(text.indexOf(":") + 1))
      : tag === "i" || tag === "f"
        ? text.slice(1, -1)
        : tag === "@"
          ? text.slice(1)
          : tag === "T"
            ? "true"
            : tag === "F"
              ? "false"
              : text;
  return shown.length <= limit ? shown : `${shown.substring(0, limit)}… (${shown.length} characters)`;
}
