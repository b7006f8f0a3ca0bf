/**
 * Any spelling of a point in time that means one thing only. parseInstant of instant.ts reads the spellings that the
 * digest counts as one; this reads the rest: ISO 8601 in all its forms, and for decisions epochs and the mail form too.
 */
import { type Instant, parseInstant } from "./instant.ts";

interface InstantReading {
  /** To the nanosecond; what is finer is cut off. */
  readonly instant: Instant;
  /** Whether the nanoseconds say all that the text says. */
  readonly exact: boolean;
}

/**
 * The instant that the text spells in ISO 8601: extended and basic format, calendar, ordinal and week dates, a date
 * alone (its first moment), reduced precision, a comma, lower case, offsets in hours, minutes or seconds, 24:00, and the
 * zone in brackets behind an offset (RFC 9557). Text without a zone counts as UTC, as MemoryGraph reads it.
 * @returns null for what is no time, or none within the years 0000 to 9999
 */
export function readIsoInstant(text: string): InstantReading | null {
  const known = parseInstant(text);
  if (known !== null) return { instant: known, exact: true };
  if (text.length > MOST_CHARACTERS) return null;
  const match = ISO.exec(text);
  if (match === null) return null;
  const parts = match.groups as Record<string, string | undefined>;
  const day = dayOf(parts);
  if (day === null) return null;
  const clock = clockOf(parts);
  const offset = offsetNanos(parts.zone);
  if (clock === null || offset === null) return null;
  return instantAt(BigInt(day) * DAY + clock.nanos - offset, clock.exact);
}

/**
 * As readIsoInstant, and what a person or a program may have written instead: a year or a month alone, seconds,
 * milliseconds, microseconds or nanoseconds since 1970, and the form of mail and HTTP (RFC 5322).
 */
export function readAnyInstant(text: string): InstantReading | null {
  return readIsoInstant(text) ?? monthOf(text) ?? readEpoch(text) ?? readMailDate(text);
}

const MOST_CHARACTERS = 80;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const MILLISECONDS_A_DAY = 86_400_000;

const DATE = [
  String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`,
  String.raw`(?<ordinalYear>\d{4})-(?<ordinal>\d{3})`,
  String.raw`(?<weekYear>\d{4})-W(?<week>\d\d)(?:-(?<weekDay>[1-7]))?`,
  String.raw`(?<basicYear>\d{4})(?<basicMonth>\d\d)(?<basicDay>\d\d)`,
  // Seven digits alone could be a number of anything; before a time of day they are a date.
  String.raw`(?<basicOrdinalYear>\d{4})(?<basicOrdinal>\d{3})(?=T)`,
  String.raw`(?<basicWeekYear>\d{4})W(?<basicWeek>\d\d)(?<basicWeekDay>[1-7])?`,
].join("|");
const FRACTION = String.raw`(?:[.,](?<fraction>\d+))?`;
const TIME = String.raw`(?<hour>\d\d)(?::?(?<minute>\d\d)(?::?(?<second>\d\d))?)?${FRACTION}`;
const ZONE = String.raw`(?<zone>Z|UTC|GMT|[+\-\u2212]\d\d(?::?\d\d(?::?\d\d)?)?)`;
const ISO = new RegExp(`^\\s*(?:${DATE})(?:[T ]${TIME}(?: ?${ZONE}(?:\\[[\\w/+\\-]+\\])?)?)?\\s*$`, "i");

function dayOf(parts: Record<string, string | undefined>): number | null {
  const calendar = parts.year ?? parts.basicYear;
  if (calendar !== undefined) {
    return calendarDay(+calendar, Number(parts.month ?? parts.basicMonth), Number(parts.day ?? parts.basicDay));
  }
  const ordinalYear = parts.ordinalYear ?? parts.basicOrdinalYear;
  if (ordinalYear !== undefined) return ordinalDay(+ordinalYear, Number(parts.ordinal ?? parts.basicOrdinal));
  const weekYear = Number(parts.weekYear ?? parts.basicWeekYear);
  return weekDay(weekYear, Number(parts.week ?? parts.basicWeek), Number(parts.weekDay ?? parts.basicWeekDay ?? 1));
}

/** Days since 1970-01-01, of the proleptic Gregorian calendar; null for a day that is none. */
function calendarDay(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same ? date.getTime() / MILLISECONDS_A_DAY : null;
}

function ordinalDay(year: number, ordinal: number): number | null {
  const first = calendarDay(year, 1, 1)!;
  const next = year === 9999 ? first + 365 : calendarDay(year + 1, 1, 1)!;
  return ordinal >= 1 && first + ordinal - 1 < next ? first + ordinal - 1 : null;
}

/** The week with the fourth of January is the first of its year; a year has a 53rd when that begins within it. */
function weekDay(year: number, week: number, day: number): number | null {
  const monday = firstMonday(year);
  const next = firstMonday(year + 1);
  const found = monday + (week - 1) * 7;
  return week >= 1 && found < next ? found + day - 1 : null;
}

function firstMonday(year: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, 0, 4);
  const fourth = date.getTime() / MILLISECONDS_A_DAY;
  return fourth - ((date.getUTCDay() + 6) % 7);
}

/** A fraction is of the smallest part that is there: hours, minutes or seconds. */
function clockOf({ hour, minute, second, fraction = "" }: Record<string, string | undefined>): {
  nanos: bigint;
  exact: boolean;
} | null {
  if (hour === undefined) return { nanos: 0n, exact: true };
  const [hours, minutes, seconds] = [BigInt(hour), BigInt(minute ?? 0), BigInt(second ?? 0)];
  if (minutes > 59n || seconds > 59n) return null;
  const unit = minute === undefined ? HOUR : second === undefined ? MINUTE : SECOND;
  const scale = 10n ** BigInt(fraction.length);
  const part = fraction === "" ? 0n : BigInt(fraction) * unit;
  const nanos = hours * HOUR + minutes * MINUTE + seconds * SECOND + part / scale;
  // The end of a day may be called 24:00, and nothing beyond.
  if (hours > 23n && nanos !== DAY) return null;
  return { nanos, exact: part % scale === 0n };
}

function offsetNanos(zone: string | undefined): bigint | null {
  if (zone === undefined || /^[A-Z]+$/i.test(zone)) return 0n;
  const digits = zone.replace(/\D/g, "");
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => BigInt(digits.substring(at, at + 2) || "0"));
  if (hours! > 23n || minutes! > 59n || seconds! > 59n) return null;
  const nanos = hours! * HOUR + minutes! * MINUTE + seconds! * SECOND;
  return zone.startsWith("+") ? nanos : -nanos;
}

function instantAt(nanos: bigint, exact: boolean): InstantReading | null {
  const day = floorDivide(nanos, DAY);
  const date = new Date(Number(day) * MILLISECONDS_A_DAY);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 0 || year > 9999) return null;
  const rest = nanos - day * DAY;
  const time = new Date(Number(rest / 1_000_000n)).toISOString().substring(11, 19);
  const fraction = String(rest % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return { instant: `${date.toISOString().substring(0, 10)}T${time}${fraction && `.${fraction}`}Z`, exact };
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function monthOf(text: string): InstantReading | null {
  const match = /^\s*(\d{4})(?:-(0[1-9]|1[0-2]))?\s*$/.exec(text);
  return match === null ? null : { instant: `${match[1]}-${match[2] ?? "01"}-01T00:00:00Z`, exact: true };
}

/** Which unit it is shows in the number of digits, from 1973 to the year 5138. */
const EPOCH_UNITS: readonly (readonly [digits: RegExp, nanos: bigint])[] = [
  [/^-?\d{9,11}$/, SECOND],
  [/^-?\d{12,14}$/, 1_000_000n],
  [/^-?\d{15,17}$/, 1_000n],
  [/^-?\d{18,20}$/, 1n],
];

function readEpoch(text: string): InstantReading | null {
  const [, whole, fraction = ""] = /^\s*(-?\d+)(?:\.(\d{1,18}))?\s*$/.exec(text) ?? [];
  const unit = EPOCH_UNITS.find(([digits]) => digits.test(whole ?? ""))?.[1];
  if (whole === undefined || unit === undefined) return null;
  const scale = 10n ** BigInt(fraction.length);
  const part = fraction === "" ? 0n : BigInt(fraction) * unit;
  const sign = whole.startsWith("-") ? -1n : 1n;
  return instantAt(BigInt(whole) * unit + (sign * part) / scale, part % scale === 0n);
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
/** RFC 5322, obsolete zones: all others count as -0000, which is UTC, so that only these can shift an instant. */
const ZONES: Readonly<Record<string, string>> = {
  edt: "-04",
  est: "-05",
  cdt: "-05",
  cst: "-06",
  mdt: "-06",
  mst: "-07",
  pdt: "-07",
  pst: "-08",
};
const MAIL =
  /^\s*(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(\d{1,2})[ -]([a-z]{3})[ -](\d{4}),?\s+(\d\d:\d\d(?::\d\d)?)\s*([+-]\d{4}|[a-z]{1,3})?\s*(?:\([^()]*\))?\s*$/i;

function readMailDate(text: string): InstantReading | null {
  if (text.length > MOST_CHARACTERS) return null;
  const match = MAIL.exec(text);
  if (match === null) return null;
  const [, day, name, year, time, zone = "GMT"] = match as unknown as string[];
  const month = MONTHS.indexOf(name!.toLowerCase()) + 1;
  const offset = /^[+-]/.test(zone)
    ? zone
    : (ZONES[zone.toLowerCase()] ?? (/^(ut|utc|gmt|z)$/i.test(zone) ? "Z" : null));
  if (month === 0 || offset === null) return null;
  return readIsoInstant(`${year}-${String(month).padStart(2, "0")}-${day!.padStart(2, "0")}T${time}${offset}`);
}
