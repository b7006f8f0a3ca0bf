/**
 * FalkorDB prints doubles with 15 digits (seen on 4.22.1: 0.30000000000000004 comes as `0.3`), but integers whole. So
 * each double is asked for as integers: its fraction times 2^62, along with the record, tells the bits of most; of the
 * others the mantissa is asked for by itself.
 */
import { ConnectionError } from "../../errors.ts";
import { Properties } from "../../graph/properties.ts";
import type { Value } from "../../graph/value.ts";

const TWO_62 = 2 ** 62;

/** An expression over the record `x`: a list of one integer for each double among its properties, in their order. */
export const FRACTIONS =
  "[k IN keys(x) WHERE typeOf(x[k]) = 'Float' | toInteger((x[k] - toInteger(x[k])) * 4611686018427387904.0)]";

/** A double that its fraction does not tell: where it stands, and about what it is. */
export interface Open {
  /** Of the property, and of the elements of lists in it. */
  readonly path: readonly [string, ...number[]];
  readonly printed: number;
}

/** The properties with every double that the fractions tell, and what is left open. */
export function withFractions(
  properties: Properties,
  fractions: readonly bigint[],
): { exact: Properties; open: Open[] } {
  const { shape, values } = properties;
  const open: Open[] = [];
  let changed: Value[] | null = null;
  let next = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    const name = shape.keys[at]!;
    if (Array.isArray(value)) findInList(value, [name], open);
    if (typeof value !== "number") continue;
    const fraction = fractions[next++];
    const told = fraction === undefined ? null : fromFraction(value, fraction);
    if (told === null) open.push({ path: [name], printed: value });
    else if (!Object.is(told, value)) {
      changed ??= [...values];
      changed[at] = told;
    }
  }
  return { exact: changed === null ? properties : new Properties(shape, changed), open };
}

function findInList(list: readonly Value[], path: Open["path"], open: Open[]): void {
  for (const [at, item] of list.entries()) {
    if (Array.isArray(item)) findInList(item, [...path, at], open);
    else if (typeof item === "number" && !isPrintedExactly(item)) open.push({ path: [...path, at], printed: item });
  }
}

function isPrintedExactly(printed: number): boolean {
  return printed === 0 || !Number.isFinite(printed);
}

/** Null where the fraction cannot tell: below 2^-10 its last bits are cut off, and far above 1 the whole part is rounded. */
function fromFraction(printed: number, fraction: bigint): number | null {
  if (isPrintedExactly(printed)) return printed;
  const size = Math.abs(printed);
  if (size < 2 ** -10 || size > 1e14) return null;
  const part = Number(fraction) / TWO_62;
  const value = Math.round(printed - part) + part;
  return agrees(value, printed) ? value : null;
}

/** Half a unit in the fifteenth digit, and a little for how ties and the difference are rounded. */
const HALF_UNIT = 5.01e-15;

/** Whether the double is one that FalkorDB would print so. */
function agrees(value: number, printed: number): boolean {
  return Math.abs(value - printed) <= Math.abs(printed) * HALF_UNIT;
}

/**
 * The factors, powers of two, that make an integer of at most 61 bits of any double that is printed so. Two, since one
 * alone can lie outside of what a double holds.
 */
export function scaleOf(printed: number): readonly [number, number] {
  const exponent = 60 - Math.floor(Math.log2(Math.abs(printed)));
  const half = Math.trunc(exponent / 2);
  return [half, exponent - half];
}

/** @throws ConnectionError when what the server says of one double does not fit together */
export function fromMantissa(printed: number, mantissa: bigint): number {
  const [a, b] = scaleOf(printed);
  const value = Number(mantissa) * 2 ** -a * 2 ** -b;
  if (agrees(value, printed) || isNearTheEdge(printed)) return value;
  throw new ConnectionError(`FalkorDB says ${printed} and ${value} of the same number`, {
    next: "Something changes the graph while it is read; stop it, and run the same command again.",
  });
}

/** Subnormal doubles have fewer than 15 digits to agree in, and the largest round to infinity. */
function isNearTheEdge(printed: number): boolean {
  return Math.abs(printed) < 2.3e-308 || Math.abs(printed) > 1.797e308;
}

/** The properties with doubles put where they belong. */
export function withDoubles(
  properties: Properties,
  found: readonly { path: Open["path"]; value: number }[],
): Properties {
  let result = properties;
  for (const { path, value } of found) {
    const [name, ...inner] = path;
    result = result.with(name, replaced(result.get(name), inner, value));
  }
  return result;
}

function replaced(value: Value, path: readonly number[], double: number): Value {
  const [at, ...inner] = path;
  if (at === undefined) return double;
  const list = value as Value[];
  return list.with(at, replaced(list[at]!, inner, double));
}
