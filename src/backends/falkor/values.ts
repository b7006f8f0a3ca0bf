/** What FalkorDB can hold, and how it is told a temporal value. */
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";
import { secondsOf } from "../../rdb/temporal.ts";
import { DEEPEST } from "../../rdb/value-types.ts";
import type { NameKind } from "../graph-store/server.ts";

const WGS84 = 4326;
const DAY = 86_400n;
/** Days: far longer ones than anybody writes, and still exact. */
const LONGEST_DURATION = 1_000_000n;

/** Why a property cannot hold the value exactly; null where it can. */
export function unsupported(value: Value): string | null {
  if (typeof value === "string") return unsupportedText(value);
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? null : "an integer of more than 64 bits";
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
  if (value instanceof Point) return unsupportedPoint(value);
  if (value instanceof Vector) {
    const exact =
      value.elementType === "float32" &&
      value.elements.every((n) => Object.is(Math.fround(n), n) && Number.isFinite(n));
    return exact ? null : "a vector whose numbers are not finite 32-bit floats";
  }
  if (value instanceof Temporal) return temporalCall(value) === null ? `a ${value.kind} like ${value.text}` : null;
  return value satisfies never;
}

function unsupportedPoint({ srid, x, y, z }: Point): string | null {
  if (srid !== WGS84 || z !== undefined) return "a point that is not WGS 84 with two dimensions";
  if (!(Math.abs(x) <= 180 && Math.abs(y) <= 90)) return "a point with coordinates outside the valid range";
  return [x, y].every((n) => Object.is(Math.fround(n), n)) ? null : "a point that is not exact in 32 bits";
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

/** Engines refuse a longer one, and fall when they load a dump that has it. */
const LONGEST_NAME_BYTES = 512;

/** Why FalkorDB cannot have such a name; null where it can. */
export function unsupportedName(name: string, kind: NameKind): string | null {
  // Cypher doubles it within a quoted name; FalkorDB's parser does not know that (4.22.1).
  return name.includes("`") ? "it has a backtick" : unstorableName(name, kind);
}

/** Why no graph can have the name, however it comes into it. */
export function unstorableName(name: string, kind: NameKind): string | null {
  if (name.includes("\0")) return "it has a NUL character";
  if (!name.isWellFormed()) return "it has a lone surrogate";
  const long = kind !== "property" && Buffer.byteLength(name) > LONGEST_NAME_BYTES;
  return long ? `it has more than ${LONGEST_NAME_BYTES} bytes` : null;
}

/** As unsupported, for a dump, where nothing has to be spelled in Cypher: more comes through. */
export function unstorable(value: Value, depth = 0): string | null {
  if (value instanceof Temporal) return secondsOf(value) === null ? `a ${value.kind} like ${value.text}` : null;
  if (value instanceof Vector) {
    const exact = value.elementType === "float32" && value.elements.every((n) => Object.is(Math.fround(n), n));
    return exact ? null : "a vector whose numbers are not 32-bit floats";
  }
  if (value instanceof Point) {
    const { srid, x, y, z } = value;
    if (srid !== WGS84 || z !== undefined) return "a point that is not WGS 84 with two dimensions";
    return [x, y].every((n) => Object.is(Math.fround(n), n)) ? null : "a point that is not exact in 32 bits";
  }
  if (!Array.isArray(value)) return unsupported(value);
  if (depth === DEEPEST) return `lists within lists, more than ${DEEPEST} deep`;
  for (const item of value) {
    if (item === null) return "a list that holds null";
    const why = unstorable(item, depth + 1);
    if (why !== null) return depth === 0 ? `a list that holds ${why}` : why;
  }
  return null;
}

/** Years as the engine's functions take them. */
const FARTHEST_YEAR = 999_999_999;
/** What its reader of texts gives for a text that it cannot read, too. */
const REFUSED_SECOND = -1n;

/**
 * The call that makes such a value; null for a value that FalkorDB would change. Texts have years of four digits there,
 * all other moments are spelled by their parts.
 */
export function temporalCall(value: Temporal): string | null {
  const known = secondsOf(value);
  if (known === null) return null;
  const { function: name, seconds } = known;
  if (name === "duration") {
    const days = seconds / DAY;
    if (days > LONGEST_DURATION || days < -LONGEST_DURATION) return null;
    // Each number on its own is read as a float of 32 bits.
    return `duration('P${days}DT${seconds % DAY}S')`;
  }
  const isText = /^\d{4}-|^\d\d:/.test(value.text) && (name !== "localdatetime" || seconds !== REFUSED_SECOND);
  if (isText) return `${name}('${value.text}')`;
  const [year, month, day, ...clock] = value.text.match(/^[+-]?\d+|\d+/g)!.map(Number);
  if (Math.abs(year!) > FARTHEST_YEAR) return null;
  const time = name === "date" ? "" : `,hour:${clock[0]},minute:${clock[1]},second:${clock[2]}`;
  return `${name}({year:${year},month:${month},day:${day}${time}})`;
}
