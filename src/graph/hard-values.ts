/** What not every store can hold, each with the smallest values and names that tell whether one can. */
import { Point, Temporal, type Value, Vector } from "./value.ts";

export const HARD_VALUES = {
  map: "maps",
  "list of lists": "lists of lists",
  "list with null": "lists that hold null",
  "list of several types": "lists of several types",
  "large integer": "integers of more than 64 bits",
  bytes: "bytes",
  NUL: "text with a NUL character",
  "lone surrogate": "text with half of a character (a lone surrogate)",
  "nameless property": "properties with an empty name",
  backtick: "names with a backtick",
  "time with offset": "times of day with an offset",
  "zoned date-time": "native date-times with an offset or a zone",
  fraction: "native times finer than a second",
  nanoseconds: "native times finer than a microsecond",
  "calendar duration": "durations with months",
  point: "points other than WGS 84 in two dimensions and 32-bit numbers",
  vector: "vectors",
  "dangling relationship": "relationships with an end that is not there",
} as const;
export type HardValue = keyof typeof HARD_VALUES;

/** What is no value, but a name or a relationship, has no example. */
export const EXAMPLES: Partial<Record<HardValue, readonly Value[]>> = {
  map: [new Map([["a", 1n]])],
  "list of lists": [[[1n], [2n]]],
  "list with null": [[1n, null]],
  "list of several types": [
    [1n, "a"],
    [1n, 1.5],
  ],
  "large integer": [2n ** 64n],
  bytes: [Uint8Array.of(1, 255)],
  NUL: ["a\0b"],
  "lone surrogate": ["a\ud800"],
  "time with offset": [new Temporal("time", "10:00:00+01:00")],
  "zoned date-time": [new Temporal("date-time", "2024-01-31T10:00:00+01:00")],
  fraction: [new Temporal("local-date-time", "2024-01-31T10:00:00.5")],
  nanoseconds: [new Temporal("local-date-time", "2024-01-31T10:00:00.000000001")],
  "calendar duration": [new Temporal("duration", "P1M0DT0S")],
  point: [new Point(7203, 1, 2), new Point(4326, 0.1, 0.2)],
  vector: [new Vector([1, 2.5])],
};
