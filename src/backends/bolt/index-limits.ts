/**
 * How much an index of Neo4j takes of one record. Measured on 5.26 by the sizes that its refusals name; the limit is the
 * largest key of its index pages.
 */
import { Point, Temporal, type Value } from "../../graph/value.ts";

/** Bytes of a key of a range index, the record's number among them. */
export const RANGE_KEY_BYTES = 8_175;
/** Bytes of a text in a text index; it holds nothing but texts. */
export const TEXT_KEY_BYTES = 32_766;

const RECORD_NUMBER_BYTES = 8;
const TYPE_BYTES = 1;
const LENGTH_BYTES = 2;
const POINT_TYPE_BYTES = 3;
const TEMPORAL_BYTES: Record<Temporal["kind"], number> = {
  date: 8,
  time: 12,
  "local-time": 8,
  "date-time": 16,
  "local-date-time": 12,
  duration: 28,
};

/** The bytes of a range index's key for these values: one for each property of the index, none of them null. */
export function rangeKeyBytes(values: readonly Value[]): number {
  return values.reduce<number>((sum, value) => sum + TYPE_BYTES + valueBytes(value), RECORD_NUMBER_BYTES);
}

function valueBytes(value: Value): number {
  if (!Array.isArray(value)) return prefixBytes(value) + contentBytes(value);
  const first = value[0] ?? null;
  // Numbers and points tell their type once; each text tells its own length.
  const shared = typeof first === "string" ? 0 : prefixBytes(first);
  const each = typeof first === "string" ? LENGTH_BYTES : 0;
  return LENGTH_BYTES + shared + value.reduce<number>((sum, item) => sum + each + contentBytes(item), 0);
}

function prefixBytes(value: Value): number {
  if (typeof value === "string") return LENGTH_BYTES;
  if (typeof value === "bigint" || typeof value === "number") return TYPE_BYTES;
  if (value instanceof Point) return POINT_TYPE_BYTES;
  return value instanceof Uint8Array ? LENGTH_BYTES + TYPE_BYTES : 0;
}

function contentBytes(value: Value): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "bigint" || typeof value === "number") return 8;
  if (typeof value === "boolean") return 1;
  if (value instanceof Temporal) return TEMPORAL_BYTES[value.kind];
  if (value instanceof Point) return value.z === undefined ? 16 : 24;
  if (value instanceof Uint8Array) return value.length;
  // No range index holds others.
  return 0;
}

/** Why a range index cannot hold the values; null where it can, or need not, since it holds complete records alone. */
export function tooLargeForRange(values: readonly Value[]): string | null {
  if (values.includes(null)) return null;
  const bytes = rangeKeyBytes(values);
  return bytes <= RANGE_KEY_BYTES ? null : tooLarge(bytes, RANGE_KEY_BYTES);
}

/** As tooLargeForRange, for a text index. */
export function tooLargeForText([value]: readonly Value[]): string | null {
  if (typeof value !== "string") return null;
  const bytes = Buffer.byteLength(value);
  return bytes <= TEXT_KEY_BYTES ? null : tooLarge(bytes, TEXT_KEY_BYTES);
}

function tooLarge(bytes: number, most: number): string {
  const number = (count: number) => count.toLocaleString("en-US");
  return `${number(bytes)} bytes; the index can hold ${number(most)}`;
}
