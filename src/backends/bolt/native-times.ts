/** Where a line of releases gives the driver date-times, or lets the server make them; all else is text. */
import { MEMORY_LABEL } from "../../memorygraph/fields.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";

/** @param names the labels of a node, or the type of a relationship */
export function keepsNative(
  release: Release,
  kind: "node" | "relationship",
  names: readonly string[],
  property: string,
): boolean {
  const { nativeTimes } = releaseLine(release);
  if (nativeTimes === null) return false;
  if (kind === "relationship") {
    return nativeTimes.ofRelationships.has(property) || names.some((type) => nativeTimes.types.has(type));
  }
  return !names.includes(MEMORY_LABEL) && names.some((label) => nativeTimes.labels.has(label));
}
