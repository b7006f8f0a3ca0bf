/** What a constraint on the type of a property says, in the words of Neo4j and Memgraph. */
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";

/** Each with what either server calls it, without spaces. */
const TEMPORAL: Record<Temporal["kind"], string> = {
  date: "DATE",
  time: "ZONEDTIME",
  "local-time": "LOCALTIME",
  "date-time": "ZONEDDATETIME",
  "local-date-time": "LOCALDATETIME",
  duration: "DURATION",
};
const KNOWN = new Set([
  ...["STRING", "BOOLEAN", "BOOL", "INTEGER", "FLOAT", "POINT", "LIST", "MAP"],
  ...Object.values(TEMPORAL),
]);

/**
 * How the value breaks a type constraint, as in "it is no STRING"; null where it does not, where the property is absent,
 * and where the constraint has a type that is not known here.
 * @param types as the server spells them: `STRING`, `INTEGER | FLOAT`, `LIST<STRING NOT NULL>`
 */
export function typeViolation(types: string, value: Value): string | null {
  if (value === null) return null;
  const allowed = types.split("|").map((type) => type.replace(/NOT NULL|\s+/g, "").toUpperCase());
  if (!allowed.every((type) => KNOWN.has(type.replace(/^LIST<(.*)>$/, "$1")))) return null;
  return namesOf(value).some((name) => allowed.some((type) => matches(type, name))) ? null : `it is no ${types}`;
}

/** An empty list is of every type of list. */
function matches(type: string, name: string): boolean {
  return type === name || (name === "LIST<>" && type.startsWith("LIST"));
}

function namesOf(value: Value): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return ["LIST<>"];
    return ["LIST", ...namesOf(value[0]!).map((name) => `LIST<${name}>`)];
  }
  if (typeof value === "string") return ["STRING"];
  if (typeof value === "boolean") return ["BOOLEAN", "BOOL"];
  if (typeof value === "bigint") return ["INTEGER"];
  if (typeof value === "number") return ["FLOAT"];
  if (value instanceof Temporal) return [TEMPORAL[value.kind]];
  if (value instanceof Point) return ["POINT"];
  if (value instanceof Map) return ["MAP"];
  return value instanceof Vector ? ["VECTOR"] : ["BYTES"];
}
