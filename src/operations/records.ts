/** What records are called. */
import { type GraphRecord, idOfKey, nameWithoutId, relationshipId } from "../graph/record.ts";

/** How a person finds the record: its id, or what it is where it has none. */
export function nameOf(record: GraphRecord): string {
  if (record.kind === "node") return idOfKey(record.key) ?? nameWithoutId(record);
  return relationshipId(record) ?? `${record.from.replace(/^=/, "")} -${record.type}-> ${record.to.replace(/^=/, "")}`;
}
