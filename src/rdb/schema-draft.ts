/** The names of a graph that is being written, with the numbers they get, and its indexes and constraints. */
import { RefusedError } from "../errors.ts";
import {
  type GraphConstraint,
  type GraphIndex,
  type GraphSchema,
  INDEX,
  type IndexField,
  type SchemaEntry,
} from "./dump.ts";
import type { PackedWriter } from "./packed-writer.ts";
import { assertText } from "./value-writer.ts";

/** Attributes are numbered in 16 bits, the last of which says that there is none. */
const MOST_ATTRIBUTES = 2 ** 16 - 1;

class Names {
  readonly all: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    assertText(name, `the name of ${this.#what}`);
    const number = this.all.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }
}

/**
 * Names, indexes and constraints of a graph to be written.
 * @throws RefusedError for what FalkorDB cannot hold
 */
export class SchemaDraft {
  readonly #attributes = new Names("a property");
  readonly #labels = new Names("a label");
  readonly #types = new Names("a relationship type");
  #entries: { labels: Map<string, SchemaEntry>; types: Map<string, SchemaEntry> } = {
    labels: new Map(),
    types: new Map(),
  };

  get labels(): readonly string[] {
    return this.#labels.all;
  }

  get types(): readonly string[] {
    return this.#types.all;
  }

  readonly attribute = (name: string): number => {
    const number = this.#attributes.numberOf(name);
    if (number < MOST_ATTRIBUTES) return number;
    throw new RefusedError(`FalkorDB cannot hold more than ${MOST_ATTRIBUTES} different property names in a graph`, {
      next: "Choose another kind of target.",
    });
  };

  readonly label = (name: string): number => this.#labels.numberOf(name);

  readonly type = (name: string): number => this.#types.numberOf(name);

  /** Names are added; indexes and constraints take the place of those there were. */
  set({ attributes, labels, types }: GraphSchema): void {
    attributes.forEach(this.attribute);
    for (const entry of [...labels, ...types]) this.#take(entry);
    for (const { name } of labels) this.label(name);
    for (const { name } of types) this.type(name);
    const byName = (entries: readonly SchemaEntry[]) => new Map(entries.map((entry) => [entry.name, entry]));
    this.#entries = { labels: byName(labels), types: byName(types) };
  }

  write(writer: PackedWriter): void {
    writer.unsigned(this.#attributes.all.length);
    for (const name of this.#attributes.all) writer.text(name);
    this.#writeEntries(writer, this.#labels.all, this.#entries.labels);
    this.#writeEntries(writer, this.#types.all, this.#entries.types);
  }

  #take({ name, index, constraints }: SchemaEntry): void {
    for (const { property } of index?.fields ?? []) this.attribute(property);
    for (const { kind, properties } of constraints) {
      for (const property of properties) {
        this.attribute(property);
        const isIndexed = index?.fields.some(
          (field) => field.property === property && (field.kinds & INDEX.range) !== 0,
        );
        if (kind !== "unique" || isIndexed) continue;
        // Older engines fall over such a dump, newer ones refuse it.
        throw new RefusedError(`a unique constraint of ${name} needs a range index on ${property}`, {
          next: "Add the index to the schema.",
        });
      }
    }
  }

  #writeEntries(writer: PackedWriter, names: readonly string[], entries: ReadonlyMap<string, SchemaEntry>): void {
    writer.unsigned(names.length);
    for (const [number, name] of names.entries()) {
      const entry = entries.get(name);
      writer.unsigned(number);
      writer.text(name);
      const index = entry?.index ?? null;
      writer.unsigned(index === null ? 0 : 1);
      if (index !== null) writeIndex(writer, index);
      writer.unsigned(entry?.constraints.length ?? 0);
      for (const constraint of entry?.constraints ?? []) this.#writeConstraint(writer, constraint);
    }
  }

  #writeConstraint(writer: PackedWriter, { kind, properties }: GraphConstraint): void {
    writer.unsigned(kind === "unique" ? 0 : 1);
    writer.unsigned(properties.length);
    for (const property of properties) writer.unsigned(this.attribute(property));
  }
}

function writeIndex(writer: PackedWriter, { language, stopWords, fields }: GraphIndex): void {
  writer.text(language);
  writer.unsigned(stopWords.length);
  for (const word of stopWords) writer.text(word);
  writer.unsigned(fields.length);
  for (const field of fields) writeField(writer, field);
}

function writeField(writer: PackedWriter, { property, kinds, weight, nostem, phonetic, vector }: IndexField): void {
  writer.text(property);
  writer.unsigned(kinds);
  writer.double(weight);
  writer.unsigned(nostem ? 1 : 0);
  writer.text(phonetic);
  if ((kinds & INDEX.vector) === 0) return;
  if (vector === null)
    throw new RefusedError(`a vector index on ${property} needs a dimension`, { next: "Give it one." });
  const { dimension, m, efConstruction, efRuntime, metric } = vector;
  for (const number of [dimension, m, efConstruction, efRuntime, metric]) writer.unsigned(number);
}
