/**
 * What FalkorDB can hold, and its temporal values, which are whole seconds since 1970 on the wire and in the store
 * (seen on 4.22.1): no fractions, no zones, no calendar durations.
 */
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";

const WGS84 = 4326;
/** The parser of durations takes 32 bits. */
const LONGEST_DURATION = 2_147_483_647n;

/** Why a property cannot hold the value exactly; null where it can. */
export function unsupported(value: Value): string | null {
  if (typeof value === "string") return unsupportedText(value);
  if (value === null || typeof value !== "object") return null;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (item === null) return "a list that holds null";
      const why = unsupported(item);
      if (why !== null) return `a list that holds ${why}`;
    }
    return null;
  }
  if (value instanceof Map) return "a map";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Point) {
    const exact =
      value.srid === WGS84 && value.z === undefined && [value.x, value.y].every((n) => Object.is(Math.fround(n), n));
    return exact ? null : "a point that is not two 32-bit numbers of WGS 84";
  }
  if (value instanceof Vector) {
    const exact =
      value.elementType === "float32" &&
      value.elements.every((n) => Object.is(Math.fround(n), n) && Number.isFinite(n));
    return exact ? null : "a vector of other than finite 32-bit numbers";
  }
  if (value instanceof Temporal) return secondsOf(value) === null ? `a ${value.kind} like ${value.text}` : null;
  return value satisfies never;
}

function unsupportedText(text: string): string | null {
  if (!text.isWellFormed()) return "text with a lone surrogate";
  return text.includes("\0") ? "text with a NUL character" : null;
}

/** What a unique constraint's index can hold of a text. */
const LONGEST_UNIQUE_BYTES = 4096;

/**
 * Why a text must not be in a property with a unique constraint; null where it may. FalkorDB 4.22.1 looks the text up in
 * its index, does not find what the index trims, splits or leaves out, and falls: the whole server ends (SIGSEGV).
 */
export function fatalWhenUnique(value: Value): string | null {
  if (typeof value !== "string") return null;
  if (value === "") return "it is empty";
  if (/^[ \t\n\v\f\r]|[ \t\n\v\f\r]$/.test(value)) return "it begins or ends with white space";
  if (value.includes("\u0001")) return "it has a control character 1";
  return Buffer.byteLength(value) > LONGEST_UNIQUE_BYTES ? `it has more than ${LONGEST_UNIQUE_BYTES} bytes` : null;
}

export function unsupportedName(name: string): string | null {
  // Cypher doubles it within a quoted name; FalkorDB's parser does not know that (4.22.1).
  if (name.includes("`")) return "it has a backtick";
  if (name === "") return "it is empty";
  if (name.includes("\0")) return "it has a NUL character";
  return name.isWellFormed() ? null : "it has a lone surrogate";
}

export type TemporalFunction = "localdatetime" | "date" | "localtime" | "duration";

/** As the wire has it. */
export function temporalOf(kind: TemporalFunction, seconds: bigint): Temporal {
  switch (kind) {
    case "duration":
      return new Temporal("duration", `P0M0DT${seconds}S`);
    case "localtime":
      return new Temporal("local-time", isoOf(seconds).substring(11));
    case "date":
      return new Temporal("date", isoOf(seconds).substring(0, 10));
    case "localdatetime":
      return new Temporal("local-date-time", isoOf(seconds));
  }
}

/** The function that makes such a value, and its seconds; null for a value that FalkorDB would change. */
export function secondsOf({ kind, text }: Temporal): { call: TemporalFunction; argument: string } | null {
  switch (kind) {
    case "duration": {
      const match = /^P0M0DT(-?\d+)S$/.exec(text);
      const seconds = match === null ? null : BigInt(match[1]!);
      if (seconds === null || seconds > LONGEST_DURATION || seconds < -LONGEST_DURATION) return null;
      return { call: "duration", argument: `PT${seconds}S` };
    }
    case "local-time":
      return /^\d\d:\d\d:\d\d$/.test(text) ? { call: "localtime", argument: text } : null;
    case "date":
      return /^[1-9]\d{3}-\d\d-\d\d$/.test(text) ? { call: "date", argument: text } : null;
    case "local-date-time":
      return /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? { call: "localdatetime", argument: text } : null;
    case "time":
    case "date-time":
      return null;
  }
}

function isoOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "");
}
