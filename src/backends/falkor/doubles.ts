/**
 * FalkorDB prints doubles with 15 digits (seen on 4.22.1: 0.30000000000000004 comes as `0.3`), but integers whole. So
 * each double is asked for as integers, scaled by powers of two, which is exact. Most can be told by their fraction, which
 * is asked for along with every record; records with others are asked for once more, with an expression that tells all.
 */
import { DamagedStoreError } from "../../errors.ts";
import { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";

const TWO_62 = 2 ** 62;

/** An expression over the record `x`: a list of one integer for each double among its properties, in their order. */
export const FRACTIONS =
  "[k IN keys(x) WHERE typeOf(x[k]) = 'Float' | toInteger((x[k] - toInteger(x[k])) * 4611686018427387904.0)]";

/** The properties with every double, by what FRACTIONS gave; null where that does not tell all of them. */
export function byFractions(properties: Properties, fractions: readonly Value[]): Properties | null {
  const { shape, values } = properties;
  let changed: Value[] | null = null;
  let next = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (Array.isArray(value) && depthOfValue(value) > 0) return null;
    if (typeof value !== "number") continue;
    const exact = fromFraction(value, fractions[next++] ?? null);
    if (exact === null) return null;
    if (Object.is(exact, value)) continue;
    changed ??= [...values];
    changed[at] = exact;
  }
  return changed === null ? properties : new Properties(shape, changed);
}

/**
 * Null where the fraction does not tell the double: below 2^-9 its last bits are lost, far above 1 the whole part is,
 * and negative ones are rounded, since what is taken from them is the next integer below.
 */
function fromFraction(printed: number, fraction: Value): number | null {
  if (isPrintedWhole(printed)) return printed;
  if (!(printed >= 0.002 && printed < 1e14) || typeof fraction !== "bigint") return null;
  const part = Number(fraction) / TWO_62;
  const value = Math.round(printed - part) + part;
  return agrees(value, printed) ? value : null;
}

/**
 * An expression over the record `x`: for each double and each list among its properties, in their order, what tells the
 * doubles; likewise within lists, down to so many levels of them.
 */
export function doublesOf(depth: number): string {
  return `[k IN keys(x) WHERE typeOf(x[k]) IN ${kinds(depth)} | ${told("x[k]", depth)}]`;
}

function kinds(depth: number): string {
  return depth > 0 ? "['Float', 'List']" : "['Float']";
}

/**
 * FalkorDB evaluates every branch of a CASE, so that each must suit whatever comes: hence a double is taken as a list of
 * one wherever a list may stand.
 */
function told(value: string, depth: number): string {
  if (depth === 0) return mantissaOf(value);
  const element = `e${depth}`;
  const list = `CASE WHEN typeOf(${value}) = 'List' THEN ${value} ELSE [${value}] END`;
  return `[${element} IN ${list} WHERE typeOf(${element}) IN ${kinds(depth - 1)} | ${told(element, depth - 1)}]`;
}

/**
 * The mantissa as an integer of some 61 bits, and the exponent, which may be wrong by one. The factor is applied in two
 * steps, since it can lie outside of what a double holds. Zeros, infinities and NaN are printed as they are.
 */
function mantissaOf(value: string): string {
  const exponent = `toInteger(floor(log(abs(${value})) * 1.4426950408889634))`;
  const mantissa = `toInteger(${value} * pow(2, 30 - toInteger(floor(e * 0.5))) * pow(2, 30 - e + toInteger(floor(e * 0.5))))`;
  return `[e IN [${exponent}] | [${mantissa}, e]][0]`;
}

/** How deep in lists there are doubles; 0 where they are in no list. */
function depthOfValue(value: Value): number {
  if (!Array.isArray(value)) return 0;
  let deepest = 0;
  for (const item of value) {
    if (typeof item === "number") deepest = Math.max(deepest, 1);
    else if (Array.isArray(item)) {
      const inner = depthOfValue(item);
      if (inner > 0) deepest = Math.max(deepest, inner + 1);
    }
  }
  return deepest;
}

/**
 * The properties with every double, by what doublesOf gave for that depth; null where there are deeper ones.
 * @throws DamagedStoreError when what the server says of one double does not fit together
 */
export function byMantissas(properties: Properties, doubles: readonly Value[], depth: number): Properties | null {
  if (properties.values.some((value) => depthOfValue(value) > depth)) return null;
  const values = exactList(properties.values, doubles, depth);
  return values === properties.values ? properties : new Properties(properties.shape, values);
}

/** The list itself where nothing in it is a double that was printed wrong. */
function exactList(values: readonly Value[], doubles: readonly Value[], depth: number): readonly Value[] {
  let changed: Value[] | null = null;
  let next = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    const isList = Array.isArray(value);
    if (typeof value !== "number" && !(isList && depth > 0)) continue;
    const told = doubles[next++] ?? null;
    const exact = isList ? exactList(value, (told ?? []) as Value[], depth - 1) : exactDouble(value, leaf(told, depth));
    if (Object.is(exact, value)) continue;
    changed ??= [...values];
    changed[at] = exact as Value;
  }
  return changed ?? values;
}

/** Out of the lists of one. */
function leaf(told: Value, depth: number): Value {
  let inner = told;
  for (let level = 0; level < depth && Array.isArray(inner); level++) inner = inner[0] ?? null;
  return inner;
}

function exactDouble(printed: number, told: Value): number {
  if (isPrintedWhole(printed)) return printed;
  const value = Array.isArray(told) ? scaled(told) : Number.NaN;
  if (agrees(value, printed)) return value;
  throw new DamagedStoreError(`FalkorDB gave ${printed} and ${value} for the same number`, {
    next: "Report this to the project, with the version of the server.",
  });
}

function scaled(told: readonly Value[]): number {
  const [mantissa, exponent] = told as readonly [bigint, bigint];
  const e = Number(exponent);
  const half = Math.floor(e / 2);
  return Number(mantissa) * 2 ** (half - 30) * 2 ** (e - half - 30);
}

function isPrintedWhole(printed: number): boolean {
  return printed === 0 || !Number.isFinite(printed);
}

/**
 * Whether the double is one that is printed so: half a unit of the last of the 15 digits, and what the doubles here are
 * off themselves.
 */
function agrees(value: number, printed: number): boolean {
  if (!Number.isFinite(value)) return false;
  const exponent = Number(value.toExponential(14).split("e")[1]);
  return Math.abs(value - printed) <= Math.max(0.75 * 10 ** (exponent - 14), Number.MIN_VALUE);
}
