/** Whether a temporal value names a time that there is: what is only spelled like one, no server takes. */
import type { Temporal } from "../../graph/value.ts";
import { temporalParts } from "./values.ts";

/** Java's offsets, which Neo4j's are. */
const MOST_OFFSET_SECONDS = 18 * 3600;
const SECONDS_OF_MONTH = 2_629_746n;
const SECONDS_OF_DAY = 86_400n;
/** Where the parts of the clock begin, and the offset, as temporalParts gives them. */
const CLOCK: Partial<Record<Temporal["kind"], number>> = {
  time: 1,
  "local-time": 1,
  "date-time": 4,
  "local-date-time": 4,
};
const OFFSET: Partial<Record<Temporal["kind"], number>> = { time: 5, "date-time": 8 };

/** False for a date such as February 30, an hour 24, or an offset beyond 18 hours. */
export function isRealTime(value: Temporal): boolean {
  const parts = temporalParts(value);
  if (parts === null) return false;
  if (value.kind === "duration") return isRealDuration(parts);
  const clock = CLOCK[value.kind];
  const offset = OFFSET[value.kind];
  return (
    (!/date/.test(value.kind) || isRealDate(parts)) &&
    (clock === undefined || isRealClock(parts, clock)) &&
    (offset === undefined || isRealOffset(parts[offset]))
  );
}

function isRealDate([, year, month, day]: RegExpExecArray): boolean {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const isLeap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m - 1] ?? 0;
  return d >= 1 && d <= days;
}

function isRealClock(parts: RegExpExecArray, at: number): boolean {
  return Number(parts[at]) < 24 && Number(parts[at + 1]) < 60 && Number(parts[at + 2]) < 60;
}

function isRealOffset(text: string | undefined): boolean {
  if (text === undefined || text === "Z") return true;
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(":").map(Number);
  return minutes < 60 && seconds < 60 && hours * 3600 + minutes * 60 + seconds <= MOST_OFFSET_SECONDS;
}

/** Each of its parts is 64 bits wide, as is the whole in seconds, for which a month counts its average. */
function isRealDuration([, months, days, sign, seconds]: RegExpExecArray): boolean {
  const [m, d, s] = [BigInt(months!), BigInt(days!), BigInt(`${sign ?? ""}${seconds}`)];
  const inSeconds = [m * SECONDS_OF_MONTH, d * SECONDS_OF_DAY];
  const together = inSeconds[0]! + inSeconds[1]!;
  return [m, d, s, ...inSeconds, together, together + s].every((number) => BigInt.asIntN(64, number) === number);
}
