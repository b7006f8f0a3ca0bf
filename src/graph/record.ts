/** Nodes and relationships as they travel between stores. */
import type { Properties } from "./properties.ts";
import type { Value } from "./value.ts";

/**
 * A node's identity, valid in every store: `=` and its `id` where that is a text no other node has; else `#`, the
 * digest of its content, a dot and its number among the nodes of equal content.
 */
export type NodeKey = string;

/**
 * A row exactly as a layout holds it, so that a target of the same layout gets the same bytes. What it means is known to that
 * backend only; archives keep it.
 */
export interface NativeRow {
  readonly layout: string;
  readonly columns: readonly Value[];
  /** What stands beside the row about it; null for nothing. */
  readonly extra: string | null;
}

/** Eight bytes of SHA-256 each, as integers with sign, which is how SQLite keeps them. */
export interface Fingerprint {
  /** Which record it is: by its id where it has one of its own, else by its content. */
  readonly identity: bigint;
  readonly content: bigint;
  /** The content without the properties that the application updates by itself. */
  readonly stable: bigint;
}

/**
 * Hashes of exactly this record, which travel with it so that they are computed once. Whoever makes a changed copy of a
 * record leaves them out.
 */
export interface RecordHashes {
  /** 16 bytes of SHA-256 over the content; of a relationship without its ends. */
  readonly content: Uint8Array;
  readonly fingerprint: Fingerprint;
}

export interface GraphNode {
  readonly kind: "node";
  readonly key: NodeKey;
  readonly labels: readonly string[];
  readonly properties: Properties;
  /** What the store's own tables say of it, where something beside them adds to that: the application sees no more. */
  readonly stored?: Properties;
  readonly native?: NativeRow;
  readonly hashes?: RecordHashes;
}

export interface GraphRelationship {
  readonly kind: "relationship";
  readonly from: NodeKey;
  readonly to: NodeKey;
  readonly type: string;
  readonly properties: Properties;
  /** Another relationship of the store has the same id, so that it identifies neither: their content does. */
  readonly hasDuplicateId?: true;
  readonly native?: NativeRow;
  readonly hashes?: RecordHashes;
}

export type GraphRecord = GraphNode | GraphRelationship;

/** The key of a node whose id no other node has. */
export function keyOfId(id: string): NodeKey {
  return `=${id}`;
}

/**
 * The key of a node that no id identifies.
 * @param content the hash of what it holds, in hexadecimal
 * @param number among the nodes of equal content, from 1
 */
export function keyOfContent(content: string, number: number): NodeKey {
  return `#${content}.${number}`;
}

/** The id that a key stands for, or null for a node that has none of its own. */
export function idOfKey(key: NodeKey): string | null {
  return key.charCodeAt(0) === 61 ? key.substring(1) : null;
}

/** Whether other nodes of the store have the id of the node as well. */
export function hasDuplicateId({ key, properties }: GraphNode): boolean {
  return idOfKey(key) === null && typeof properties.get("id") === "string";
}

/** The node itself as others see it: without the number that tells nodes of equal content apart. */
export function identityOfKey(key: NodeKey): string {
  if (key.charCodeAt(0) === 61) return key;
  const dot = key.lastIndexOf(".");
  return dot === -1 ? key : key.substring(0, dot);
}

/** Properties by which people know what has no id. */
const NAMING = ["uuid", "name", "title", "text"];

/** How a person finds a node that has no id of its own: `a node :Entity without id (uuid "a")`. */
export function nameWithoutId({ labels, properties }: Pick<GraphNode, "labels" | "properties">): string {
  const known = NAMING.find((name) => typeof properties.get(name) === "string");
  const hint = known === undefined ? "" : ` (${known} ${JSON.stringify(String(properties.get(known)).slice(0, 60))})`;
  return `a node ${labels.map((label) => `:${label}`).join("")}${labels.length > 0 ? " " : ""}without id${hint}`;
}

/** A relationship's id where it is a text of its own, else null. */
export function relationshipId(relationship: GraphRelationship): string | null {
  if (relationship.hasDuplicateId) return null;
  const id = relationship.properties.get("id");
  return typeof id === "string" ? id : null;
}
