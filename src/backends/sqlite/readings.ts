/** Values of another type than their column should have, as hands and other programs leave them. */
import type { Row, SqlValue } from "./database.ts";
import type { Reading } from "./tables.ts";

/** What SQLite gives for a character of text that is not valid in its encoding, without a word. */
export const REPLACED = "\uFFFD";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const INTEGER = /^[+-]?\d{1,19}$/;
const REAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** Whether a row has a value that needs a second look. Asked of every row: it costs next to nothing. */
export function isOdd(row: Row, readings: readonly Reading[]): boolean {
  for (let at = 0; at < row.length; at++) {
    const value = row[at];
    if (typeof value === "string") {
      if (value.includes(REPLACED)) return true;
      const reading = readings[at];
      if (reading === "real" || reading === "integer") return true;
    } else if (typeof value === "bigint") {
      if (readings[at] === "name") return true;
    } else if (value !== null && typeof value === "object" && at < readings.length && readings[at] !== "any")
      return true;
  }
  return false;
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
