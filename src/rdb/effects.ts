/**
 * What a FalkorDB from 4.18 on writes into its append-only log for a query: the changes that it made (GRAPH.EFFECT), one
 * after another, in the order in which a replica applies them. Version 2; all numbers are little endian.
 */
import type { Value } from "../graph/value.ts";
import { EffectReader, type Entity, UnreadableLog } from "./effect-reader.ts";

const VERSION = 2;
/** In place of a property's number: all of them. */
export const ALL_PROPERTIES = 0xfffe;

const OPERATION = {
  updateNode: 1,
  updateRelationship: 2,
  createNode: 3,
  createRelationship: 4,
  deleteNode: 5,
  deleteRelationship: 6,
  setLabels: 7,
  removeLabels: 8,
  addName: 9,
  addProperty: 10,
  createIndex: 11,
  dropIndex: 12,
  createConstraint: 13,
  dropConstraint: 14,
} as const;

type Pairs = readonly (readonly [property: number, value: Value])[];

/** Labels, types and properties are their numbers in the graph's schema. */
export type Effect =
  | {
      readonly what: "update";
      readonly entity: Entity;
      readonly id: number;
      readonly property: number;
      readonly value: Value;
    }
  | { readonly what: "createNode"; readonly labels: readonly number[]; readonly properties: Pairs }
  | {
      readonly what: "createRelationship";
      readonly type: number;
      readonly start: number;
      readonly end: number;
      readonly properties: Pairs;
    }
  | { readonly what: "deleteNode"; readonly id: number }
  | {
      readonly what: "deleteRelationship";
      readonly id: number;
      readonly type: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly what: "label"; readonly isSet: boolean; readonly label: string; readonly nodes: readonly number[] }
  | { readonly what: "addName"; readonly entity: Entity; readonly name: string }
  | { readonly what: "addProperty"; readonly name: string }
  | {
      readonly what: "index";
      readonly isNew: boolean;
      readonly entity: Entity;
      readonly name: string;
      readonly property: string;
      readonly kinds: number;
      readonly options: ReadonlyMap<string, Value>;
    }
  | {
      readonly what: "constraint";
      readonly isNew: boolean;
      readonly entity: Entity;
      readonly name: string;
      readonly kind: "unique" | "mandatory";
      readonly properties: readonly string[];
    };

/**
 * @param capacity how many ids of nodes there can be, by which a vector of nodes is bounded
 * @throws UnreadableLog
 */
export function* effectsOf(bytes: Uint8Array, capacity: () => number): Generator<Effect> {
  const reader = new EffectReader(bytes, capacity);
  const version = reader.byte();
  if (version !== VERSION) {
    const age = version < VERSION ? ", of a FalkorDB before 4.22" : "";
    throw new UnreadableLog(`effects of version ${version}${age}`);
  }
  while (reader.left > 0) yield readEffect(reader);
}

function readEffect(reader: EffectReader): Effect {
  const operation = reader.u32();
  switch (operation) {
    case OPERATION.updateNode:
      return { what: "update", entity: "node", id: reader.id(), property: reader.u16(), value: reader.value() };
    case OPERATION.updateRelationship: {
      const id = reader.id();
      reader.skip(20);
      return { what: "update", entity: "relationship", id, property: reader.u16(), value: reader.value() };
    }
    case OPERATION.createNode:
      return { what: "createNode", labels: reader.times(reader.u16(), () => reader.u32()), properties: reader.pairs() };
    case OPERATION.createRelationship: {
      if (reader.u16() !== 1) throw new UnreadableLog("a relationship of several types");
      const joined = { type: reader.u32(), start: reader.id(), end: reader.id() };
      return { what: "createRelationship", ...joined, properties: reader.pairs() };
    }
    case OPERATION.deleteNode:
      return { what: "deleteNode", id: reader.id() };
    case OPERATION.deleteRelationship: {
      const id = reader.id();
      return { what: "deleteRelationship", id, type: reader.u32(), start: reader.id(), end: reader.id() };
    }
    case OPERATION.setLabels:
    case OPERATION.removeLabels:
      return { what: "label", isSet: operation === OPERATION.setLabels, ...reader.labelled() };
    case OPERATION.addName:
      return { what: "addName", entity: reader.entity(), name: reader.text() };
    case OPERATION.addProperty:
      return { what: "addProperty", name: reader.text() };
    case OPERATION.createIndex:
    case OPERATION.dropIndex:
      return readIndex(reader, operation === OPERATION.createIndex);
    case OPERATION.createConstraint:
    case OPERATION.dropConstraint:
      return readConstraint(reader, operation === OPERATION.createConstraint);
  }
  throw new UnreadableLog(`an effect of the unknown kind ${operation}`);
}

function readIndex(reader: EffectReader, isNew: boolean): Effect {
  const entity = reader.entity();
  reader.u32();
  const name = reader.text();
  reader.u16();
  const [property, kinds] = [reader.text(), reader.u32()];
  return { what: "index", isNew, entity, name, property, kinds, options: isNew ? reader.options() : new Map() };
}

function readConstraint(reader: EffectReader, isNew: boolean): Effect {
  const kind = reader.u32() === 0 ? "unique" : "mandatory";
  const entity = reader.entityOfConstraint();
  reader.u32();
  const name = reader.text();
  const properties = reader.times(reader.byte(), () => {
    reader.u16();
    return reader.text();
  });
  return { what: "constraint", isNew, entity, name, kind, properties };
}
