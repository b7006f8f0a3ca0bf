/** When records were made and changed. A time that cannot be read is another thing than none. */
import { compareInstants, type Instant } from "../graph/instant.ts";
import { readAnyInstant } from "../graph/read-instant.ts";
import type { GraphRecord } from "../graph/record.ts";
import { Temporal, type Value } from "../graph/value.ts";

/** In the place of an instant: something is there, and nobody can tell which time it means. */
export const UNREADABLE = "unreadable";

/** An instant, UNREADABLE, or null for none. */
export type Stamp = Instant | null;

/** The instant that a value names, in any spelling or as a number of seconds or milliseconds; UNREADABLE; null for null. */
export function timeOf(value: Value): Stamp {
  if (value === null) return null;
  if (typeof value === "string") return readAnyInstant(value)?.instant ?? UNREADABLE;
  if (typeof value === "bigint" || typeof value === "number")
    return readAnyInstant(String(value))?.instant ?? UNREADABLE;
  return value instanceof Temporal ? (readAnyInstant(value.text)?.instant ?? UNREADABLE) : UNREADABLE;
}

/** The instant that a value names; null for anything else. */
export function instantOf(value: Value): Instant | null {
  const time = timeOf(value);
  return time === UNREADABLE ? null : time;
}

/** When the record was last changed: updated_at, of relationships last_validated; created_at where it has none. */
export function stampOf(record: GraphRecord): Stamp {
  const [first, second] = record.kind === "node" ? ["updated_at", "created_at"] : ["last_validated", "created_at"];
  return timeOf(record.properties.get(first!)) ?? timeOf(record.properties.get(second!));
}

/** Negative, zero or positive, as for Array.sort; null where either cannot be told. */
export function compareStamps(a: Stamp, b: Stamp): number | null {
  if (a === null || b === null || a === UNREADABLE || b === UNREADABLE) return null;
  return compareInstants(a, b);
}

/**
 * Whether a node was made or changed at or after that time. One without any time counts as changed; UNREADABLE is for
 * one of which nobody can tell, since it has a time that cannot be read, and none that is late enough.
 */
export function changedSince(record: GraphRecord, since: Instant): boolean | typeof UNREADABLE {
  const times = ["created_at", "updated_at"].map((name) => timeOf(record.properties.get(name)));
  if (times.every((time) => time === null)) return true;
  if (times.some((time) => (compareStamps(time, since) ?? -1) >= 0)) return true;
  return times.includes(UNREADABLE) ? UNREADABLE : false;
}
