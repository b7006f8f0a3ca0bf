/** A row of SHOW INDEXES or SHOW CONSTRAINTS of Neo4j, as a person reads it. */
import type { Row } from "./rows.ts";
import { whatOf } from "./schema.ts";

/** What describeRow and the like take, in the order of their elements. */
export const ROW = "type, entityType, labelsOrTypes, properties";

/** Whether it is a unique or a key constraint. */
export function isUnique([type]: Row): boolean {
  return /UNIQUE|_KEY$/.test(String(type));
}

/** Whether it is over the property `id` of nodes alone. */
export function isOnNodeId([, entity, , properties]: Row): boolean {
  return entity === "NODE" && String(properties) === "id";
}

const KINDS: Record<string, string> = {
  RANGE: "index",
  BTREE: "index",
  FULLTEXT: "full-text index",
  UNIQUENESS: "unique constraint",
  NODE_PROPERTY_UNIQUENESS: "unique constraint",
  RELATIONSHIP_UNIQUENESS: "unique constraint",
  RELATIONSHIP_PROPERTY_UNIQUENESS: "unique constraint",
  NODE_KEY: "key constraint",
  RELATIONSHIP_KEY: "key constraint",
  NODE_PROPERTY_EXISTENCE: "existence constraint",
  RELATIONSHIP_PROPERTY_EXISTENCE: "existence constraint",
};

/** As in `index on :Memory(type)`: by this text, indexes and constraints are told apart. */
export function describeRow(kind: "index" | "constraint", [type, entity, names, properties]: Row): string {
  const word = KINDS[String(type)] ?? `${String(type).toLowerCase().replaceAll("_", " ")} ${kind}`;
  return whatOf(word, {
    entity: entity === "NODE" ? "node" : "relationship",
    names: (names as string[] | null) ?? [],
    properties: (properties as string[] | null) ?? [],
  });
}
