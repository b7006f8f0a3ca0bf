/** The names, indexes and constraints of a graph, as the effects of a log change them. */
import type { Value } from "../graph/value.ts";
import { type GraphIndex, type GraphSchema, INDEX, type IndexField, type SchemaEntry } from "./dump.ts";
import { type Entity, UnreadableLog } from "./effect-reader.ts";
import type { Effect } from "./effects.ts";

type IndexChange = Extract<Effect, { what: "index" }>;
type ConstraintChange = Extract<Effect, { what: "constraint" }>;
type SchemaChange = IndexChange | ConstraintChange | Extract<Effect, { what: "addName" | "addProperty" }>;

/** What an engine writes of a vector index that is not said: its own defaults. */
const VECTOR = { m: 16, efConstruction: 200, efRuntime: 10 } as const;
const METRICS: readonly string[] = ["euclidean", "ip", "cosine"];

interface Names {
  readonly entries: SchemaEntry[];
  readonly numbers: Map<string, number>;
}

/** The names, indexes and constraints of a graph while its log is replayed. */
export class ChangingSchema {
  #properties: string[] = [];
  #names: Record<Entity, Names> = { node: namesOf([]), relationship: namesOf([]) };

  begin({ attributes, labels, types }: GraphSchema): void {
    this.#properties = [...attributes];
    this.#names = { node: namesOf(labels), relationship: namesOf(types) };
  }

  get current(): GraphSchema {
    const { node, relationship } = this.#names;
    return { attributes: this.#properties, labels: node.entries, types: relationship.entries };
  }

  numberOf(entity: Entity, name: string): number {
    const number = this.#names[entity].numbers.get(name);
    if (number === undefined) throw new UnreadableLog(`the unknown name ${JSON.stringify(name)}`);
    return number;
  }

  nameOf(entity: Entity, number: number): string {
    const entry = this.#names[entity].entries[number];
    if (entry === undefined) throw new UnreadableLog(`the unknown label or type ${number}`);
    return entry.name;
  }

  propertyOf(number: number): string {
    const name = this.#properties[number];
    if (name === undefined) throw new UnreadableLog(`the unknown property ${number}`);
    return name;
  }

  /** @throws UnreadableLog */
  apply(change: SchemaChange): void {
    switch (change.what) {
      case "addProperty":
        if (this.#properties.includes(change.name)) throw known(change.name);
        this.#properties.push(change.name);
        return;
      case "addName": {
        const { entries, numbers } = this.#names[change.entity];
        if (numbers.has(change.name)) throw known(change.name);
        numbers.set(change.name, entries.push({ name: change.name, index: null, constraints: [] }) - 1);
        return;
      }
      case "index":
        this.#change(change, (entry) => ({ ...entry, index: indexAfter(entry.index, change) }));
        return;
      case "constraint":
        this.#change(change, (entry) => ({ ...entry, constraints: constraintsAfter(entry, change) }));
    }
  }

  #change({ entity, name }: IndexChange | ConstraintChange, to: (entry: SchemaEntry) => SchemaEntry): void {
    const number = this.numberOf(entity, name);
    const { entries } = this.#names[entity];
    entries[number] = to(entries[number]!);
  }
}

function namesOf(entries: readonly SchemaEntry[]): Names {
  return { entries: [...entries], numbers: new Map(entries.map(({ name }, at) => [name, at])) };
}

function known(name: string): UnreadableLog {
  return new UnreadableLog(`the name ${JSON.stringify(name)} for the second time`);
}

function constraintsAfter({ constraints }: SchemaEntry, { isNew, kind, properties }: ConstraintChange) {
  const others = constraints.filter((one) => one.kind !== kind || one.properties.join("\0") !== properties.join("\0"));
  return isNew ? [...others, { kind, properties }] : others;
}

function indexAfter(index: GraphIndex | null, change: IndexChange): GraphIndex | null {
  const { property, kinds, isNew } = change;
  const base = index ?? { language: "english", stopWords: [], fields: [] };
  const field = base.fields.find((one) => one.property === property);
  const others = base.fields.filter((one) => one !== field);
  if (isNew) {
    const { language = base.language, stopWords = base.stopWords } = settingsOf(change);
    return { language, stopWords, fields: [...others, fieldWith(field, change)] };
  }
  if (field === undefined) throw new UnreadableLog(`the removal of an index on ${property} that does not exist`);
  const left = field.kinds & ~kinds;
  const fields =
    left === 0 ? others : [...others, { ...field, kinds: left, vector: kinds & INDEX.vector ? null : field.vector }];
  return fields.length === 0 ? null : { ...base, fields };
}

function fieldWith(field: IndexField | undefined, { property, kinds, options }: IndexChange): IndexField {
  const base = field ?? { property, kinds: 0, weight: 1, nostem: false, phonetic: "no", vector: null };
  const isText = (kinds & INDEX.fulltext) !== 0;
  return {
    ...base,
    kinds: base.kinds | kinds,
    ...(isText && {
      weight: Number(options.get("weight") ?? base.weight),
      nostem: Boolean(options.get("nostem") ?? base.nostem),
      phonetic: String(options.get("phonetic") ?? base.phonetic),
    }),
    ...((kinds & INDEX.vector) !== 0 && { vector: vectorOf(options) }),
  };
}

function vectorOf(options: ReadonlyMap<string, Value>) {
  const metric = METRICS.indexOf(String(options.get("similarityfunction") ?? METRICS[0]).toLowerCase());
  if (metric === -1) throw new UnreadableLog("a vector index with an unknown similarity");
  return {
    dimension: Number(options.get("dimension") ?? 0),
    m: Number(options.get("m") ?? VECTOR.m),
    efConstruction: Number(options.get("efconstruction") ?? VECTOR.efConstruction),
    efRuntime: Number(options.get("efruntime") ?? VECTOR.efRuntime),
    metric,
  };
}

function settingsOf({ options }: IndexChange): { language?: string; stopWords?: readonly string[] } {
  const language = options.get("language");
  const stopWords = options.get("stopwords");
  return {
    ...(typeof language === "string" && { language }),
    ...(Array.isArray(stopWords) && { stopWords: stopWords.map(String) }),
  };
}
