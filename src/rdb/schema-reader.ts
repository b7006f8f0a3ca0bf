/** Attributes, labels and types of a graph, with indexes and constraints. What an index holds is never stored. */
import {
  type GraphConstraint,
  type GraphIndex,
  type GraphSchema,
  INDEX,
  type IndexField,
  type SchemaEntry,
  type VectorOptions,
} from "./dump.ts";
import type { Payload } from "./payload.ts";

const VECTOR_OPTIONS_SINCE = 15;
const DEFAULTS: Omit<VectorOptions, "dimension"> = { m: 16, efConstruction: 200, efRuntime: 10, metric: 0 };

/** One after another, never allocated at once: a count is believed only as far as there are data. */
export function times<T>(count: number, one: (at: number) => T): T[] {
  const all: T[] = [];
  for (let at = 0; at < count; at++) all.push(one(at));
  return all;
}

/** @throws DamagedStoreError for indexes and constraints of an unknown kind */
export function readSchema(
  payload: Payload,
  counts: { readonly labels: number; readonly types: number },
  encoding: number,
  replaced: string[],
): GraphSchema {
  const attributes = times(payload.unsigned(), () => readName(payload, replaced));
  assertDistinct(payload, attributes);
  const entries = (announced: number): SchemaEntry[] => {
    const count = payload.unsigned();
    if (count !== announced) payload.fail(`${count} names where ${announced} were announced`);
    const all = times(count, (at) => readEntry(payload, at, attributes, encoding, replaced));
    assertDistinct(
      payload,
      all.map(({ name }) => name),
    );
    return all;
  };
  return { attributes, labels: entries(counts.labels), types: entries(counts.types) };
}

function assertDistinct(payload: Payload, names: readonly string[]): void {
  if (new Set(names).size !== names.length) payload.fail("a schema with a duplicate name");
}

/** One that is not UTF-8 is also told to `replaced`. */
function readName(payload: Payload, replaced: string[]): string {
  payload.hasBadText = false;
  const name = payload.text();
  if (payload.hasBadText) replaced.push(name);
  return name;
}

function readEntry(
  payload: Payload,
  at: number,
  attributes: readonly string[],
  encoding: number,
  replaced: string[],
): SchemaEntry {
  const number = payload.unsigned();
  if (number !== at) payload.fail(`a label or type numbered ${number} in the place of ${at}`);
  const name = readName(payload, replaced);
  const index = payload.unsigned() === 0 ? null : readIndex(payload, encoding);
  const constraints = times(payload.unsigned(), () => readConstraint(payload, attributes));
  return { name, index, constraints };
}

function readIndex(payload: Payload, encoding: number): GraphIndex {
  const language = payload.text();
  const stopWords = times(payload.unsigned(), () => payload.text());
  return { language, stopWords, fields: times(payload.unsigned(), () => readField(payload, encoding)) };
}

function readField(payload: Payload, encoding: number): IndexField {
  const property = payload.text();
  const kinds = payload.unsigned();
  const weight = payload.double();
  const nostem = payload.unsigned() !== 0;
  const phonetic = payload.text();
  return { property, kinds, weight, nostem, phonetic, vector: readVectorOptions(payload, kinds, encoding) };
}

function readVectorOptions(payload: Payload, kinds: number, encoding: number): VectorOptions | null {
  const isVector = (kinds & INDEX.vector) !== 0;
  if (encoding < VECTOR_OPTIONS_SINCE) {
    const dimension = payload.unsigned();
    return isVector ? { dimension, ...DEFAULTS } : null;
  }
  if (!isVector) return null;
  return {
    dimension: payload.unsigned(),
    m: payload.unsigned(),
    efConstruction: payload.unsigned(),
    efRuntime: payload.unsigned(),
    metric: payload.unsigned(),
  };
}

function readConstraint(payload: Payload, attributes: readonly string[]): GraphConstraint {
  const kind = payload.unsigned();
  if (kind > 1) payload.fail(`a constraint of the unknown kind ${kind}`);
  const properties = times(payload.unsigned(), () => {
    const number = payload.unsigned();
    return attributes[number] ?? payload.fail(`a constraint on attribute ${number}, which is not there`);
  });
  return { kind: kind === 0 ? "unique" : "mandatory", properties };
}
