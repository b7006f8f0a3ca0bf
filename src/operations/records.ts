/** What records are called and when they changed. */
import { compareInstants, type Instant, parseInstant } from "../graph/instant.ts";
import { type GraphRecord, idOfKey, nameWithoutId, relationshipId } from "../graph/record.ts";
import { Temporal, type Value } from "../graph/value.ts";

/** How a person finds the record: its id, or what it is where it has none. */
export function nameOf(record: GraphRecord): string {
  if (record.kind === "node") return idOfKey(record.key) ?? nameWithoutId(record);
  return relationshipId(record) ?? `${record.from.replace(/^=/, "")} -${record.type}-> ${record.to.replace(/^=/, "")}`;
}

/** When the record was last changed, for the policy `newest`: updated_at, of relationships last_validated. */
export function stampOf(record: GraphRecord): Instant | null {
  const [first, second] = record.kind === "node" ? ["updated_at", "created_at"] : ["last_validated", "created_at"];
  return instantOf(record.properties.get(first!)) ?? instantOf(record.properties.get(second!));
}

/** Whether a node belongs to what changed since; one without any time always does. */
export function changedSince(record: GraphRecord, since: Instant): boolean {
  const times = ["created_at", "updated_at"]
    .map((name) => instantOf(record.properties.get(name)))
    .filter((time) => time !== null);
  return times.length === 0 || times.some((time) => compareInstants(time, since) >= 0);
}

/** The instant that a text or native date-time names; null for anything else. */
export function instantOf(value: Value): Instant | null {
  if (typeof value === "string") return parseInstant(value);
  return value instanceof Temporal ? parseInstant(value.text.replace(/\[.*\]$/, "")) : null;
}
