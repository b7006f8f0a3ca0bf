/**
 * What a run notes of what it does to its target, whatever kind of store that is: the fingerprints of what it creates and of
 * what it puts in the place of something else, and the whole of what was there. Enough to undo the run against any later state
 * of the target.
 */
import * as v from "valibot";
import { parseJson, writeJson } from "../graph/json.ts";
import type { GraphRecord } from "../graph/record.ts";
import { recordFromMap, recordToMap } from "../graph/record-map.ts";
import { tag, untag } from "../graph/tagged.ts";
import { isMap, type Value, type ValueMap } from "../graph/value.ts";
import { FINGERPRINT_BYTES, fingerprintOf, unpackFingerprints } from "../memorygraph/fingerprint.ts";
import type { LogRow, NumberedRow } from "./journal-file.ts";

/** The kinds of entries that undoing a run is decided by. */
export const CREATED = "created";
export const OVERWRITTEN = "overwritten";
export const BEFORE_IMAGE = "before-image";
/** Refers to an entry of what was to be created, and certainly was not. */
export const DROPPED = "dropped";

/** @param packed as FingerprintPacker gives them */
export function createdRow(packed: Uint8Array): LogRow {
  return { kind: CREATED, ref: null, text: "", bytes: packed };
}

/** @param packed of the records that the run puts in the place of others */
export function overwrittenRow(packed: Uint8Array): LogRow {
  return { kind: OVERWRITTEN, ref: null, text: "", bytes: packed };
}

/** Strikes out an earlier entry. @param created the number of that entry */
export function droppedRow(created: number): LogRow {
  return { kind: DROPPED, ref: BigInt(created), text: "", bytes: null };
}

/** A record as it was before the run overwrote it, and its identity. */
interface BeforeImage {
  readonly identity: bigint;
  readonly record: GraphRecord;
  /** The run has to delete it before it can create what takes its place. */
  readonly moved: boolean;
}

/** @param moved the run has to delete it before it can create what takes its place */
export function beforeImageRow(record: GraphRecord, moved = false): LogRow {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, fingerprintOf(record).identity);
  return { kind: BEFORE_IMAGE, ref: null, text: encodeRecord(record, moved), bytes };
}

/** @throws TypeError, RangeError for a row that holds something else */
export function readFingerprints({ bytes }: LogRow): ReturnType<typeof unpackFingerprints> {
  return unpackFingerprints(v.parse(PackedSchema, bytes));
}

/** @throws TypeError, JsonSyntaxError, ValiError for a row that holds something else */
export function readBeforeImage({ text, bytes }: NumberedRow): BeforeImage {
  return { identity: identityOfImage(bytes), ...decodeRecord(text) };
}

/** As readBeforeImage, without the record. */
export function identityOfImage(bytes: Uint8Array | null): bigint {
  const packed = v.parse(IdentitySchema, bytes);
  return new DataView(packed.buffer, packed.byteOffset, 8).getBigInt64(0);
}

const PackedSchema = v.pipe(
  v.instance(Uint8Array),
  v.check((bytes) => bytes.length % FINGERPRINT_BYTES === 0, "the fingerprints are truncated"),
);
const IdentitySchema = v.pipe(
  v.instance(Uint8Array),
  v.check((bytes) => bytes.length === 8, "not an identity"),
);

const ValueMapSchema = v.custom<ValueMap>((input) => isMap(input as Value));
const NativeSchema = v.tuple([v.string(), v.array(v.custom<Value>(() => true)), v.nullable(v.string())]);
const RecordSchema = v.variant("kind", [
  v.object({ kind: v.literal("node"), key: v.string(), labels: v.array(v.string()) }),
  v.object({ kind: v.literal("relationship"), from: v.string(), to: v.string(), type: v.string() }),
]);

/** With the row as the layout held it, so that it returns byte for byte. */
function encodeRecord(record: GraphRecord, moved: boolean): string {
  const more: [string, Value][] = [["kind", record.kind]];
  if (moved) more.push(["moved", true]);
  if (record.native !== undefined) {
    const { layout, columns, ...others } = record.native;
    const extra = "extra" in others && typeof others.extra === "string" ? others.extra : null;
    more.push(["native", [layout, (columns as Value[]).map(tag), extra]]);
  }
  return writeJson(recordToMap(record, more), "javascript");
}

function decodeRecord(text: string): { record: GraphRecord; moved: boolean } {
  const map = v.parse(ValueMapSchema, parseJson(text));
  const { kind } = v.parse(RecordSchema, Object.fromEntries(map));
  const record = recordFromMap(kind, map);
  const moved = map.get("moved") === true;
  if (!map.has("native")) return { record, moved };
  const [layout, columns, extra] = v.parse(NativeSchema, map.get("native"));
  const native = { layout, columns: columns.map(untag), extra };
  return { record: { ...record, native } as GraphRecord, moved };
}
