/** Values of another type than their column should have, as hands and other programs leave them. */
import type { SqlValue } from "./database.ts";
import type { Reading } from "./tables.ts";

/** What SQLite gives for a character of text that is not valid in its encoding, without a word. */
export const REPLACED = "\uFFFD";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const INTEGER = /^[+-]?\d{1,19}$/;
const REAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** Whether a value needs a second look. */
export function isOddIn(reading: Reading, value: SqlValue): boolean {
  if (typeof value === "string") return reading === "real" || reading === "integer" || value.includes(REPLACED);
  if (typeof value === "bigint") return reading === "name";
  return value instanceof Uint8Array && reading !== "any";
}

/** Bytes that are text, numbers as text and texts that are numbers become what they mean; all else stays as it is. */
export function readAs(reading: Reading, value: SqlValue): SqlValue {
  if (reading === "any" || value === null) return value;
  if (value instanceof Uint8Array) return reading === "text" || reading === "name" ? textOf(value) : value;
  if (reading === "name" && typeof value === "bigint") return String(value);
  if (typeof value !== "string") return value;
  if (reading === "integer" && INTEGER.test(value)) {
    const number = BigInt(value);
    return number >= LEAST && number <= MOST ? number : value;
  }
  return reading === "real" && REAL.test(value) ? Number(value) : value;
}

/** The bytes themselves where they are no text. */
function textOf(bytes: Uint8Array): SqlValue {
  if (bytes.includes(0)) return bytes;
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}
