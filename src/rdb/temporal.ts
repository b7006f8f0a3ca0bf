/**
 * FalkorDB's temporal values (seen on 4.22.1): whole seconds since 1970 in 64 bits, of a time of day those since 1900-01-01;
 * no fractions, no zones, no calendar durations. The calendar is computed here, since JavaScript's ends at the year 275,760.
 */
import { Temporal } from "../graph/value.ts";

export type TemporalFunction = "localdatetime" | "date" | "localtime" | "duration";

const DAY = 86_400n;
/** 1970-01-01 counted from 0000-03-01, with which a year begins for whoever counts days: the leap day is its last. */
const EPOCH = 719_468n;
const DAYS_OF_400_YEARS = 146_097n;
/** 1900-01-01, the day of every time of day, as engines write it. */
const DAY_OF_TIMES = -2_208_988_800n;

const DATE = String.raw`([+-]?\d{4,12})-(\d\d)-(\d\d)`;
const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)`;
const SPELLING = {
  date: new RegExp(`^${DATE}$`),
  localtime: new RegExp(`^${CLOCK}$`),
  localdatetime: new RegExp(`^${DATE}T${CLOCK}$`),
} as const;

/** Text as graph/value.ts has it, whatever year it is. */
export function temporalOf(kind: TemporalFunction, seconds: bigint): Temporal {
  const days = floorOf(seconds, DAY);
  switch (kind) {
    case "duration":
      return new Temporal("duration", `P0M0DT${seconds}S`);
    case "localtime":
      return new Temporal("local-time", clockText(seconds - days * DAY));
    case "date":
      return new Temporal("date", dateText(days));
    case "localdatetime":
      return new Temporal("local-date-time", `${dateText(days)}T${clockText(seconds - days * DAY)}`);
  }
}

/** The inverse: null for a value that would not come back as it is. */
export function secondsOf({ kind, text }: Temporal): { function: TemporalFunction; seconds: bigint } | null {
  switch (kind) {
    case "duration": {
      const match = /^P0M0DT(-?\d+)S$/.exec(text);
      return match === null ? null : checked("duration", BigInt(match[1]!), text);
    }
    case "local-time": {
      const match = SPELLING.localtime.exec(text);
      return match === null ? null : checked("localtime", DAY_OF_TIMES + secondsOfDay(match, 1), text);
    }
    case "date": {
      const match = SPELLING.date.exec(text);
      return match === null ? null : checked("date", daysOf(match) * DAY, text);
    }
    case "local-date-time": {
      const match = SPELLING.localdatetime.exec(text);
      return match === null ? null : checked("localdatetime", daysOf(match) * DAY + secondsOfDay(match, 4), text);
    }
    case "time":
    case "date-time":
      return null;
  }
}

/** What is no day of the calendar, or has another spelling, comes back as another text. */
function checked(name: TemporalFunction, seconds: bigint, text: string): ReturnType<typeof secondsOf> {
  if (BigInt.asIntN(64, seconds) !== seconds) return null;
  return temporalOf(name, seconds).text === text ? { function: name, seconds } : null;
}

/** Days since 1970 out of year, month and day, which need not be within their limits. */
function daysOf([, years, months, days]: RegExpExecArray): bigint {
  const month = BigInt(months!);
  const year = BigInt(years!) - (month <= 2n ? 1n : 0n);
  const era = floorOf(year, 400n);
  const yearOfEra = year - era * 400n;
  const dayOfYear = (153n * ((month + 9n) % 12n) + 2n) / 5n + BigInt(days!) - 1n;
  return era * DAYS_OF_400_YEARS + yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear - EPOCH;
}

function secondsOfDay(parts: RegExpExecArray, at: number): bigint {
  return BigInt(Number(parts[at]) * 3_600 + Number(parts[at + 1]) * 60 + Number(parts[at + 2]));
}

function dateText(days: bigint): string {
  const shifted = days + EPOCH;
  const era = floorOf(shifted, DAYS_OF_400_YEARS);
  const day = Number(shifted - era * DAYS_OF_400_YEARS);
  const yearOfEra = Math.floor(
    (day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  );
  const dayOfYear = day - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = BigInt(yearOfEra) + era * 400n + (month <= 2 ? 1n : 0n);
  return `${yearText(year)}-${two(month)}-${two(dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1)}`;
}

/** ISO 8601 wants a sign before years that need more than four digits. */
function yearText(year: bigint): string {
  const sign = year < 0n ? "-" : year > 9_999n ? "+" : "";
  return `${sign}${String(year < 0n ? -year : year).padStart(4, "0")}`;
}

function clockText(seconds: bigint): string {
  const second = Number(seconds);
  return `${two(Math.floor(second / 3_600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}

function floorOf(value: bigint, divisor: bigint): bigint {
  return (value - (((value % divisor) + divisor) % divisor)) / divisor;
}
