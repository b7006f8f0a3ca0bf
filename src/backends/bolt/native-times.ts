/** Where MemoryGraph's Python releases give the driver date-times, or let the server make them; all else is text. */
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import type { Release } from "../../memorygraph/releases.ts";

/** Of the relationships between memories, whose `created_at` is text. */
const OF_RELATIONSHIPS = new Set(["valid_from", "valid_until", "recorded_at", "superseded_at"]);
/** What leads from a memory to a file, session or project. Compared with a date-time, text would be no match. */
const LINKS = new Set("MENTIONS IN_SESSION INVOLVES PART_OF MODIFIES CREATES EXECUTED_IN FOUND_IN EXHIBITS".split(" "));
const LABELS = new Set(["Entity", "Outcome"]);

/** @param names the labels of a node, or the type of a relationship */
export function keepsNative(
  release: Release,
  kind: "node" | "relationship",
  names: readonly string[],
  property: string,
): boolean {
  if (release === "0.13") return false;
  if (kind === "relationship") return OF_RELATIONSHIPS.has(property) || names.some((type) => LINKS.has(type));
  return !names.includes(MEMORY_LABEL) && names.some((label) => LABELS.has(label));
}
