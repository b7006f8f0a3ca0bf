/** FalkorDB's temporal values: whole seconds since 1970, of a time of day since 1900-01-01; no fractions, no zones. */
import { Temporal } from "../graph/value.ts";

export type TemporalFunction = "localdatetime" | "date" | "localtime" | "duration";

/** 1900-01-01, the day of every time of day, as engines write it. */
const DAY_OF_TIMES = "1900-01-01";

/** Null for seconds that no calendar has. */
export function temporalOf(kind: TemporalFunction, seconds: bigint): Temporal | null {
  if (kind === "duration") return new Temporal("duration", `P0M0DT${seconds}S`);
  const moment = new Date(Number(seconds) * 1000);
  if (Number.isNaN(moment.getTime())) return null;
  const [date, time] = moment.toISOString().replace(".000Z", "").split("T");
  if (kind === "localtime") return new Temporal("local-time", time!);
  return kind === "date" ? new Temporal("date", date!) : new Temporal("local-date-time", `${date}T${time}`);
}

/** The inverse: null for a value that would not come back as it is. */
export function secondsOf({ kind, text }: Temporal): { function: TemporalFunction; seconds: bigint } | null {
  switch (kind) {
    case "duration": {
      const match = /^P0M0DT(-?\d+)S$/.exec(text);
      if (match === null) return null;
      return checked("duration", BigInt.asIntN(64, BigInt(match[1]!)), text);
    }
    case "local-time":
      return fromCalendar("localtime", `${DAY_OF_TIMES}T${text}Z`, text);
    case "date":
      return fromCalendar("date", `${text}T00:00:00Z`, text);
    case "local-date-time":
      return fromCalendar("localdatetime", `${text}Z`, text);
    case "time":
    case "date-time":
      return null;
  }
}

function fromCalendar(name: TemporalFunction, iso: string, text: string): ReturnType<typeof secondsOf> {
  const milliseconds = Date.parse(iso);
  if (Number.isNaN(milliseconds) || milliseconds % 1000 !== 0) return null;
  return checked(name, BigInt(milliseconds / 1000), text);
}

function checked(name: TemporalFunction, seconds: bigint, text: string): ReturnType<typeof secondsOf> {
  return temporalOf(name, seconds)?.text === text ? { function: name, seconds } : null;
}
