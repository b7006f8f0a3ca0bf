/**
 * Points in time as MemoryGraph's stores spell them. An instant is its canonical UTC text,
 * `YYYY-MM-DDTHH:MM:SS[.fraction]Z` with no trailing zeros in the fraction: exact to the nanosecond, and within the
 * years 0000 to 9999 its order as text is the order in time once the fractions are padded (compareInstants).
 */
export type Instant = string;

/** The commonest spellings, read without looking at their parts: in UTC and on a day that every month has. */
const COMMON =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,8}[1-9])?(?:Z|\+00:00)?$/;
const SPELLING = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** A record repeats its own times, and its sameServer': the last few readings save most of the work. */
const RECENT = 4;
const recentTexts: string[] = Array.from({ length: RECENT }, () => "");
const recentInstants: (Instant | null)[] = Array.from({ length: RECENT }, () => null);
let oldest = 0;

/** Reads any spelling found in the stores; text without a zone counts as UTC, as MemoryGraph reads it. Null when it is no time. */
export function parseInstant(text: string): Instant | null {
  for (let at = 0; at < RECENT; at++) if (recentTexts[at] === text) return recentInstants[at]!;
  const instant = readInstant(text);
  recentTexts[oldest] = text;
  recentInstants[oldest] = instant;
  oldest = (oldest + 1) % RECENT;
  return instant;
}

function readInstant(text: string): Instant | null {
  const length = text.length;
  if (length < 19 || length > 35 || text.charCodeAt(4) !== 45) return null;
  if (COMMON.test(text)) {
    if (text.charCodeAt(length - 1) === 90) return text;
    return `${text.charCodeAt(length - 6) === 43 ? text.substring(0, length - 6) : text}Z`;
  }
  const match = SPELLING.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match as unknown as string[];
  if (!isCalendarTime(+year!, +month!, +day!, +hour!, +minute!, +second!)) return null;
  const nanos = fraction === undefined ? "" : fraction.replace(/0+$/, "");
  const tail = nanos === "" ? "Z" : `.${nanos}Z`;
  const offset = zone === undefined || zone === "Z" ? 0 : offsetMinutes(zone);
  if (offset === null) return null;
  if (offset === 0) return `${text.substring(0, 10)}T${text.substring(11, 19)}${tail}`;
  const shifted = new Date(Date.parse(`${text.substring(0, 10)}T${text.substring(11, 19)}Z`) - offset * 60_000);
  const utc = shifted.toISOString();
  return utc.length === 24 ? utc.substring(0, 19) + tail : null;
}

function isCalendarTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): boolean {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  return day <= 28 || day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function offsetMinutes(zone: string): number | null {
  const hours = Number(zone.substring(1, 3));
  const minutes = Number(zone.substring(zone.length - 2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.charCodeAt(0) === 45 ? -1 : 1) * (hours * 60 + minutes);
}

/** Negative, zero or positive, as for Array.sort. */
export function compareInstants(a: Instant, b: Instant): number {
  const left = sortable(a);
  const right = sortable(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortable(instant: Instant): string {
  return instant.length === 20 ? `${instant.substring(0, 19)}.` : instant.substring(0, instant.length - 1);
}
