/** What the indexes and constraints of a Neo4j refuse of what is to be written. */
import type { TargetRule } from "../graph-store/target-rules.ts";
import type { Connection } from "./connection.ts";
import { tooLargeForRange, tooLargeForText } from "./index-limits.ts";
import { quoteNeo4j } from "./neo4j-names.ts";
import { describeRow, isOnNodeId, isUnique, ROW } from "./neo4j-schema-rows.ts";
import { typeViolation } from "./property-types.ts";
import type { Row } from "./rows.ts";

/** @param hasTypes whether constraints can be on the type of a property: from 5.9 on */
export async function rulesOf(connection: Connection, hasTypes: boolean): Promise<TargetRule[]> {
  const types = hasTypes ? "propertyType" : "null";
  const yielded = types === "null" ? "" : `, ${types}`;
  const constraints = await connection.rows(
    `SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties${yielded} RETURN ${ROW}, name, ${types}`,
  );
  const indexes = await connection.rows(
    `SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, state WHERE state <> 'FAILED' AND type <> 'LOOKUP' RETURN ${ROW}, name`,
  );
  // The index of a constraint has the constraint's name, and goes with it.
  const named = new Set(constraints.map((row) => row[4]));
  return [
    ...constraints.map((row) => constraintRule(row)).filter((rule) => rule !== null),
    ...indexes.map((row) => indexRule(row, named.has(row[4]))).filter((rule) => rule !== null),
  ];
}

function constraintRule(row: Row): TargetRule | null {
  const base = ruleOf("constraint", row);
  const missing = (values: readonly unknown[]) =>
    values.includes(null) ? `it has no ${base.properties[values.indexOf(null)]}` : null;
  const type = String(row[0]);
  // Ids are compared where duplicates are decided about.
  if (isUnique(row) && !isOnNodeId(row)) {
    return { ...base, isUnique: true, violation: /_KEY$/.test(type) ? missing : () => null };
  }
  if (/EXISTENCE$|_KEY$/.test(type)) return { ...base, violation: missing };
  if (!/PROPERTY_TYPE$/.test(type)) return null;
  return { ...base, violation: ([value]) => typeViolation(String(row[5]), value!) };
}

function indexRule(row: Row, isOfConstraint: boolean): TargetRule | null {
  const base = ruleOf(isOfConstraint ? "constraint" : "index", row);
  const what = describeRow("index", row);
  const type = String(row[0]);
  if (/RANGE|BTREE/.test(type)) return { ...base, what, violation: tooLargeForRange };
  return type === "TEXT" ? { ...base, what, violation: tooLargeForText } : null;
}

function ruleOf(kind: "index" | "constraint", row: Row): Omit<TargetRule, "violation"> {
  const name = String(row[4]);
  return {
    what: describeRow(kind, row),
    name,
    entity: row[1] === "NODE" ? "node" : "relationship",
    names: (row[2] as string[] | null) ?? [],
    properties: (row[3] as string[] | null) ?? [],
    drop: `DROP ${kind.toUpperCase()} ${quoteNeo4j(name)}`,
  };
}
