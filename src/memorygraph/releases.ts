/** What the two living lines of MemoryGraph accept, and how each spells a point in time. */
import { type Instant, parseInstant } from "../graph/instant.ts";
import { Properties } from "../graph/properties.ts";
import type { GraphRecord } from "../graph/record.ts";
import { isTimestampField } from "./fields.ts";

/** `0.12` stands for the Python line up to it, `0.13` for the TypeScript line. */
export const RELEASES = ["0.12", "0.13"] as const;
export type Release = (typeof RELEASES)[number];

/** What Python 3.10's `fromisoformat` takes, except that a fraction may have other lengths, as 3.11 allows. */
const ACCEPTED: Record<Release, RegExp> = {
  "0.12": /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[+-]\d\d:\d\d)?$/,
  "0.13": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/,
};

/** The spelling that the release itself would write; the instant is the same to the nanosecond. */
export function spellInstant(instant: Instant, release: Release): string {
  const dot = instant.indexOf(".");
  const seconds = instant.substring(0, 19);
  const fraction = dot === -1 ? "" : instant.substring(dot + 1, instant.length - 1);
  if (release === "0.13") return `${seconds}.${fraction.padEnd(3, "0")}Z`;
  return fraction === "" ? `${seconds}+00:00` : `${seconds}.${fraction.padEnd(6, "0")}+00:00`;
}

/** The text as the release accepts it: itself where it does, else the same instant respelled; text that is no time stays. */
export function respellTimestamp(text: string, release: Release): string {
  if (ACCEPTED[release].test(text)) return text;
  const instant = parseInstant(text);
  return instant === null ? text : spellInstant(instant, release);
}

/** The record with the timestamps that the release accepts, and how many had to be respelled. */
export function respell<R extends GraphRecord>(record: R, release: Release): { record: R; respelled: number } {
  const { shape, values } = record.properties;
  let changed: unknown[] | null = null;
  let respelled = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== "string" || !isTimestampField(shape.keys[at]!)) continue;
    const text = respellTimestamp(value, release);
    if (text === value) continue;
    changed ??= [...values];
    changed[at] = text;
    respelled++;
  }
  if (changed === null) return { record, respelled };
  const { native: _, ...rest } = record;
  return { record: { ...rest, properties: new Properties(shape, changed as typeof values) } as R, respelled };
}
