/**
 * Values as Cypher literals. The client's own spelling changes them (6.6.2: `1.0` becomes an integer, a bigint is
 * refused, a lone surrogate is replaced), so they are spelled here.
 *
 * There are two places for them. Parameters are read fast, exactly, and keep the text of the statement the same, which
 * FalkorDB caches; but they take no function calls. What needs one (points, vectors, times, NaN) goes into the statement
 * itself, whose own parser says "Float overflow" to the largest and smallest doubles: those are products there.
 */
import type { Properties } from "../../graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../../graph/value.ts";
import { temporalCall } from "./values.ts";

export type Place = "parameter" | "statement";

/** Within these a statement's parser takes a double unchanged. */
const SMALLEST = 1e-300;
const LARGEST = 1e300;

/** Whether the value can only be written as an expression. */
export function needsExpression(value: Value): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (value === null || typeof value !== "object") return false;
  return Array.isArray(value) ? value.some(needsExpression) : true;
}

/**
 * A value in the text of a statement.
 * @throws TypeError for one that FalkorDB cannot hold, which fitting finds before
 */
export function literal(value: Value, place: Place): string {
  switch (typeof value) {
    case "string":
      return text(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return double(value, place);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, place)).join(",")}]`;
  if (value instanceof Point) return `point({longitude:${double(value.x, place)},latitude:${double(value.y, place)}})`;
  if (value instanceof Vector) return `vecf32([${value.elements.map((element) => double(element, place)).join(",")}])`;
  if (value instanceof Temporal) return temporalCall(value)!;
  throw new TypeError("a value that FalkorDB cannot hold");
}

/** Properties as a map in the text of a statement. */
export function mapLiteral(properties: Properties, place: Place): string {
  const parts: string[] = [];
  for (const [name, value] of properties.entries()) parts.push(`${quote(name)}:${literal(value, place)}`);
  return `{${parts.join(",")}}`;
}

/** The parser knows no way to write a backtick within quotes; such names are refused beforehand. */
export function quote(name: string): string {
  return `\`${name}\``;
}

function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function double(value: number, place: Place): string {
  if (Number.isNaN(value)) return "(0.0/0.0)";
  if (!Number.isFinite(value)) return value > 0 ? "(1.0/0.0)" : "(-1.0/0.0)";
  const size = Math.abs(value);
  if (place === "statement" && size !== 0 && (size < SMALLEST || size > LARGEST)) return product(value);
  const spelled = Object.is(value, -0) ? "-0.0" : String(value);
  return /[.e]/.test(spelled) ? spelled : `${spelled}.0`;
}

/** An integer of at most 53 bits times a power of two: both are exact, and so is their product. */
function product(value: number): string {
  let [mantissa, exponent] = [value, 0];
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) > Number.MAX_SAFE_INTEGER) {
    mantissa /= 2;
    exponent++;
  }
  return `(${mantissa}*pow(2,${exponent}))`;
}
