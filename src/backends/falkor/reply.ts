/** FalkorDB's compact replies: every value comes with its type, so that `1` and `1.0` stay apart. */
import { ConnectionError } from "../../errors.ts";
import { Point, type Value, Vector } from "../../graph/value.ts";
import { type TemporalFunction, temporalOf } from "../../rdb/temporal.ts";

/** Numbers and all else as text, since the client would make inexact JavaScript numbers of 64-bit integers. */
export type Reply = string | null | readonly Reply[];

const TEMPORAL: Readonly<Record<string, TemporalFunction>> = {
  "13": "localdatetime",
  "14": "date",
  "15": "localtime",
  "16": "duration",
};
const WGS84 = 4326;

/** The rows of a reply; statements that give none have only statistics. */
export function rowsOf(reply: Reply): readonly (readonly Reply[])[] {
  if (!Array.isArray(reply) || reply.length < 2) return [];
  return (reply as Reply[])[1] as readonly (readonly Reply[])[];
}

/** A double is what its printed form says, which need not be the double that stands there: see doubles.ts. */
export function decode(cell: Reply): Value {
  const [type, value] = cell as [string, Reply];
  switch (type) {
    case "1":
      return null;
    case "2":
      return value as string;
    case "3":
      return BigInt(value as string);
    case "4":
      return value === "true";
    case "5":
      return printedDouble(value as string);
    case "6":
      return (value as readonly Reply[]).map(decode);
    case "10": {
      const map = new Map<string, Value>();
      const flat = value as readonly Reply[];
      for (let at = 0; at + 1 < flat.length; at += 2) map.set(flat[at] as string, decode(flat[at + 1]!));
      return map;
    }
    case "11": {
      const [latitude, longitude] = (value as readonly string[]).map(printedFloat);
      return new Point(WGS84, longitude!, latitude!);
    }
    case "12":
      return new Vector((value as readonly string[]).map(printedFloat));
  }
  const temporal = TEMPORAL[type];
  if (temporal !== undefined) return temporalOf(temporal, BigInt(value as string));
  throw new ConnectionError(`FalkorDB sent a value of a type that this release does not know (${type})`, {
    next: "Get the newest memorygraph-migrate.",
  });
}

/** Infinities and what is no number have names of their own here, too. */
function printedFloat(text: string): number {
  return Math.fround(printedDouble(text));
}

function printedDouble(text: string): number {
  if (/nan$/.test(text)) return Number.NaN;
  if (text.endsWith("inf")) return text.startsWith("-") ? -Infinity : Infinity;
  const number = Number(text);
  // The largest doubles are rounded up to what no double holds.
  return Number.isFinite(number) ? number : Math.sign(number) * Number.MAX_VALUE;
}
