/** How records are named: for people, and as keys of tables. */
import type { ContentHash } from "../graph/digest.ts";
import { type GraphRecord, idOfKey, nameWithoutId, relationshipId } from "../graph/record.ts";
import { storable } from "../support/scratch.ts";

/** How a person finds the record: its id, or what it is where it has none. */
export function nameOf(record: GraphRecord): string {
  if (record.kind === "node") return idOfKey(record.key) ?? nameWithoutId(record);
  return relationshipId(record) ?? `${record.from.replace(/^=/, "")} -${record.type}-> ${record.to.replace(/^=/, "")}`;
}

/** Gives every record its key in a table: its identity, and a number where several have the same. */
export class RecordKeys {
  readonly #repeats = new Map<string, number>();

  keyOf(record: GraphRecord, hash: ContentHash): string {
    if (record.kind === "node") return storable(`node ${record.key}`);
    const id = relationshipId(record);
    if (id !== null) return storable(`relationship =${id}`);
    const content = hash.toHex();
    const number = (this.#repeats.get(content) ?? 0) + 1;
    this.#repeats.set(content, number);
    return `relationship #${content}.${number}`;
  }
}
