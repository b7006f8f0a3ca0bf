/**
 * Typed values, as exact as the most exact store: integers are bigint and floats are number, so that `1` and
 * `1.0` stay two things; text is any UTF-16 string, lone surrogates included.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Temporal
  | Point
  | Vector
  | Value[]
  | ValueMap;
export type ValueMap = Map<string, Value>;

export type TemporalKind = "date" | "time" | "local-time" | "date-time" | "local-date-time" | "duration";

/** A native temporal value of a graph store; `text` is ISO 8601 with up to nine fraction digits, offset and `[zone]`. */
export class Temporal {
  constructor(
    readonly kind: TemporalKind,
    readonly text: string,
  ) {}
}

/** A spatial point; `z` only where the reference system has three dimensions. */
export class Point {
  constructor(
    readonly srid: number,
    readonly x: number,
    readonly y: number,
    readonly z?: number,
  ) {}
}

/** A vector property of FalkorDB; each number is exactly what the engine's element type holds. */
export class Vector {
  constructor(
    readonly elements: readonly number[],
    readonly elementType: "float32" | "float64" = "float32",
  ) {}
}

/** Lists, points, vectors and times are none. */
export function isMap(value: Value): value is ValueMap {
  return value instanceof Map;
}
