/** Values of the neutral model as the Bolt driver takes and gives them. */
import neo4j, { type Integer } from "neo4j-driver";
import type { Properties } from "../../graph/properties.ts";
import { isMap, Point, Temporal, type TemporalKind, type Value, Vector } from "../../graph/value.ts";

/**
 * What the driver packs and unpacks: numbers are doubles, integers its own class. It would take and give bigint, too
 * (`useBigInt`), but by way of decimal text and of every date-time built twice: a third of a migration's time.
 */
export type Wire = unknown;

/** JavaScript gives this one key of an object a meaning of its own: assigned, it vanishes without a word. */
export const PROTO = "__proto__";

/** The driver's value for ours. Integers of more than 64 bits are refused before: isLarge. */
export function toWire(value: Value): Wire {
  if (typeof value === "bigint") return toWireInteger(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(toWire);
  if (isMap(value)) return toObject(value.entries());
  // The driver packs signed bytes only.
  if (value instanceof Uint8Array) return new Int8Array(value.buffer, value.byteOffset, value.length);
  if (value instanceof Temporal) return toWireTemporal(value);
  if (value instanceof Point) {
    return value.z === undefined
      ? new neo4j.types.Point(neo4j.int(value.srid), value.x, value.y)
      : new neo4j.types.Point(neo4j.int(value.srid), value.x, value.y, value.z);
  }
  if (value instanceof Vector) {
    return neo4j.vector(
      value.elementType === "float32" ? Float32Array.from(value.elements) : Float64Array.from(value.elements),
    );
  }
  return value satisfies never;
}

/** As Bolt has integers: 64 bits, with sign. */
export function toWireInteger(value: bigint): Wire {
  const number = Number(value);
  return Number.isSafeInteger(number) ? neo4j.int(number) : neo4j.int(value);
}

/** The driver cuts off what is above 64 bits, without a word. */
export function isLarge(value: bigint): boolean {
  return BigInt.asIntN(64, value) !== value;
}

/** The driver's two halves of 32 bits as one integer. */
export function fromWireInteger({ high, low }: Integer): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** As toWire for each; absent ones are left out. */
export function toWireProperties(properties: Properties): Record<string, Wire> {
  return toObject(properties.entries());
}

function toObject(entries: Iterable<[string, Value]>): Record<string, Wire> {
  const object: Record<string, Wire> = {};
  for (const [name, value] of entries) {
    if (name === PROTO) {
      Object.defineProperty(object, name, { value: toWire(value), enumerable: true });
    } else {
      object[name] = toWire(value);
    }
  }
  return object;
}

/** @throws TypeError for a type that this release does not know */
export function fromWire(wire: Wire): Value {
  switch (typeof wire) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return wire;
  }
  if (wire === null) return null;
  if (neo4j.isInt(wire)) return fromWireInteger(wire);
  if (Array.isArray(wire)) return wire.map(fromWire);
  if (wire instanceof Int8Array) return new Uint8Array(wire.buffer, wire.byteOffset, wire.length);
  if (neo4j.isPoint(wire)) {
    const { srid, x, y, z } = wire;
    return z === undefined || z === null ? new Point(number(srid), x, y) : new Point(number(srid), x, y, z);
  }
  if (neo4j.isVector(wire)) return fromWireVector(wire.asTypedArray());
  const temporal = fromWireTemporal(wire as object);
  if (temporal !== null) return temporal;
  if (Object.getPrototypeOf(wire) === Object.prototype) {
    return new Map(Object.entries(wire as Record<string, Wire>).map(([name, item]) => [name, fromWire(item)]));
  }
  throw new TypeError(`a value of a type that this release does not know: ${Object.prototype.toString.call(wire)}`);
}

/** Whether the driver could not decode it: it gives an object then that raises whenever anything else is asked of it. */
export function isBroken(wire: Wire): boolean {
  return typeof wire === "object" && wire !== null && (wire as Record<string, unknown>).__isBrokenObject__ === true;
}

/**
 * A zoned date-time out of year, month, day, hour, minute, second, nanosecond, offset in seconds and zone, as Cypher gives
 * them; null where these are not the parts of one.
 */
export function dateTimeText(parts: readonly Wire[]): string | null {
  const numbers = parts.slice(0, 8);
  const zone = parts[8];
  if (typeof zone !== "string" || !numbers.every((part) => neo4j.isInt(part as object))) return null;
  const [year, month, day, hour, minute, second, nanosecond, offset] = numbers as Integer[];
  const clock = clockText({ hour, minute, second, nanosecond });
  // A date-time by offset has that as its zone.
  const name = /^(Z|[+-]\d\d:\d\d(:\d\d)?)$/.test(zone) ? "" : `[${zone}]`;
  return `${dateText({ year, month, day })}T${clock}${offsetText(number(offset))}${name}`;
}

function fromWireVector(elements: ReturnType<InstanceType<typeof neo4j.types.Vector>["asTypedArray"]>): Vector {
  if (elements instanceof Float32Array) return new Vector([...elements], "float32");
  if (elements instanceof Float64Array) return new Vector([...elements], "float64");
  throw new TypeError("a vector of integers, which no other store has");
}

type Part = Integer | bigint | number | string | null | undefined;
type Parts = Record<string, Part>;

function fromWireTemporal(wire: object): Temporal | null {
  const parts = wire as Parts;
  if (neo4j.isDateTime(wire)) {
    assertDecoded(parts);
    const zone = parts.timeZoneId == null ? "" : `[${parts.timeZoneId}]`;
    const offset = parts.timeZoneOffsetSeconds == null ? "" : offsetText(number(parts.timeZoneOffsetSeconds));
    return new Temporal("date-time", `${dateText(parts)}T${clockText(parts)}${offset}${zone}`);
  }
  if (neo4j.isLocalDateTime(wire)) return new Temporal("local-date-time", `${dateText(parts)}T${clockText(parts)}`);
  if (neo4j.isDate(wire)) return new Temporal("date", dateText(parts));
  if (neo4j.isTime(wire)) {
    return new Temporal("time", clockText(parts) + offsetText(number(parts.timeZoneOffsetSeconds)));
  }
  if (neo4j.isLocalTime(wire)) return new Temporal("local-time", clockText(parts));
  if (neo4j.isDuration(wire)) return new Temporal("duration", durationText(parts));
  return null;
}

/** Beyond these, JavaScript's calendars are not relied on for the local time of a zone. */
const SAFE_YEARS = 9_999;
/** No zone is further from UTC. */
const MOST_OFFSET_SECONDS = 18 * 3600;

/**
 * The driver computes the local time of a zone by JavaScript's calendar: with driver 6.3 under Bun 1.4.5 one value of the year
 * 275,760 was once read with an offset of forty years, without an error. @throws RangeError where the server has to be asked
 */
function assertDecoded({ year, timeZoneId, timeZoneOffsetSeconds }: Parts): void {
  if (timeZoneId == null) return;
  const isFar = Math.abs(number(year)) > SAFE_YEARS || Math.abs(number(timeZoneOffsetSeconds)) > MOST_OFFSET_SECONDS;
  if (isFar) throw new RangeError("a date-time with a zone name that JavaScript's calendar may convert incorrectly");
}

/** For what fits in 32 bits: all but the parts of a duration. */
function number(part: Part): number {
  return neo4j.isInt(part) ? part.toInt() : Number(part);
}

function dateText({ year, month, day }: Parts): string {
  const y = number(year);
  // ISO 8601 wants a sign before years that need more than four digits.
  const digits = String(Math.abs(y)).padStart(4, "0");
  const sign = y < 0 ? "-" : y > 9999 ? "+" : "";
  return `${sign}${digits}-${two(number(month))}-${two(number(day))}`;
}

function clockText({ hour, minute, second, nanosecond }: Parts): string {
  return `${two(number(hour))}:${two(number(minute))}:${two(number(second))}${fractionText(number(nanosecond ?? 0))}`;
}

function two(part: number): string {
  return part < 10 ? `0${part}` : String(part);
}

function fractionText(nanoseconds: number): string {
  return nanoseconds === 0 ? "" : `.${String(nanoseconds).padStart(9, "0").replace(/0+$/, "")}`;
}

function offsetText(seconds: number): string {
  if (seconds === 0) return "Z";
  const size = Math.abs(seconds);
  const tail = size % 60 === 0 ? "" : `:${two(size % 60)}`;
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${tail}`;
}

/** Months, days and seconds are three things that cannot be turned into one another. */
function durationText({ months, days, seconds, nanoseconds }: Parts): string {
  const total = large(seconds) * 1_000_000_000n + large(nanoseconds);
  const size = total < 0n ? -total : total;
  const text = `${size / 1_000_000_000n}${fractionText(Number(size % 1_000_000_000n))}`;
  return `P${large(months)}M${large(days)}DT${total < 0n ? "-" : ""}${text}S`;
}

function large(part: Part): bigint {
  return neo4j.isInt(part) ? fromWireInteger(part) : BigInt((part ?? 0) as bigint | number);
}

const DATE = String.raw`([+-]?\d{4,9})-(\d\d)-(\d\d)`;
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?`;
const OFFSET = String.raw`(Z|[+-]\d\d:\d\d(?::\d\d)?)`;
const SPELLING: Record<TemporalKind, RegExp> = {
  date: new RegExp(`^${DATE}$`),
  time: new RegExp(`^${CLOCK}${OFFSET}$`),
  "local-time": new RegExp(`^${CLOCK}$`),
  "date-time": new RegExp(`^${DATE}T${CLOCK}${OFFSET}?(?:\\[([^\\]]+)\\])?$`),
  "local-date-time": new RegExp(`^${DATE}T${CLOCK}$`),
  duration: /^P(-?\d+)M(-?\d+)DT(-?)(\d+)(?:\.(\d{1,9}))?S$/,
};

/** Null for a text that is not in the spelling of graph/value.ts. */
export function temporalParts({ kind, text }: Temporal): RegExpExecArray | null {
  return SPELLING[kind].exec(text);
}

function toWireTemporal(value: Temporal): Wire {
  const match = temporalParts(value);
  if (match === null) throw new TypeError(`"${value.text}" is no ${value.kind}`);
  const [, ...part] = match;
  const int = (at: number) => Number(part[at]);
  const nano = (at: number) => Number((part[at] ?? "").padEnd(9, "0"));
  const clock = (at: number) => [int(at), int(at + 1), int(at + 2), nano(at + 3)] as const;
  switch (value.kind) {
    case "date":
      return new neo4j.types.Date(int(0), int(1), int(2));
    case "time":
      return new neo4j.types.Time(...clock(0), offsetSeconds(part[4]!));
    case "local-time":
      return new neo4j.types.LocalTime(...clock(0));
    case "local-date-time":
      return new neo4j.types.LocalDateTime(int(0), int(1), int(2), ...clock(3));
    case "date-time":
      return new neo4j.types.DateTime(
        ...([int(0), int(1), int(2), ...clock(3)] as const),
        part[7] === undefined ? undefined : offsetSeconds(part[7]),
        part[8],
      );
    case "duration": {
      const sign = part[2] === "-" ? -1n : 1n;
      const total = sign * (BigInt(part[3]!) * 1_000_000_000n + BigInt(nano(4)));
      // The driver wants nanoseconds that are never negative.
      const nanoseconds = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
      const seconds = (total - nanoseconds) / 1_000_000_000n;
      return new neo4j.types.Duration(BigInt(part[0]!), BigInt(part[1]!), seconds, nanoseconds);
    }
  }
}

function offsetSeconds(text: string): number {
  if (text === "Z") return 0;
  const [hours, minutes, seconds = "0"] = text.slice(1).split(":");
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return text.startsWith("-") ? -size : size;
}
