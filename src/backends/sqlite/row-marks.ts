/** By what a row is recognised when it is to go: as the plan of a rollback keeps it of each record. */
import { Properties } from "../../graph/properties.ts";
import { type GraphRecord, idOfKey, keyOfId, relationshipId } from "../../graph/record.ts";

const HASH_BYTES = 32;
const ID_AT = HASH_BYTES + 16;

/** The hash of the row as it is read, those of its bytes and of what stands beside it, then its id. */
export function markOf(record: GraphRecord, stored: Uint8Array, rows: readonly [bigint, bigint]): Uint8Array {
  const hashes = new Uint8Array(BigUint64Array.from(rows).buffer);
  return Buffer.concat([stored, hashes, Buffer.from(JSON.stringify(idOf(record)))]);
}

export function readMark(mark: Uint8Array): { stored: Uint8Array; row: bigint; beside: bigint; id: string | null } {
  const [row = 0n, beside = 0n] = new BigUint64Array(mark.slice(HASH_BYTES, ID_AT).buffer);
  return { stored: mark.slice(0, HASH_BYTES), row, beside, id: idIn(mark) };
}

export function idIn(mark: Uint8Array): string | null {
  return JSON.parse(Buffer.from(mark.subarray(ID_AT)).toString()) as string | null;
}

export function idOf(record: GraphRecord): string | null {
  return record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
}

/** As much of a record as it takes to take its row out; none has no id, since then no row is found to go. */
export function named(kind: GraphRecord["kind"], id: string | null): GraphRecord {
  if (kind === "node")
    return { kind, key: id === null ? "#" : keyOfId(id), labels: [], properties: Properties.from([]) };
  return { kind, from: "", to: "", type: "", properties: Properties.from([["id", id]]) };
}
