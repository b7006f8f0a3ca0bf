/** Names of runs: short, in the order of time, and without letters that look alike. */
import { randomInt } from "node:crypto";

/** Crockford's: no I, L, O and U. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** Runs of releases up to 0.1 have two digits less. */
const LENGTHS = [8, 10];
const EPOCH = Date.UTC(2026, 0, 1);

/** Six digits for the second, four so that a million runs of one second differ. */
export function newRunId(now = Date.now()): string {
  return spell(Math.floor((now - EPOCH) / 1000), 6) + spell(randomInt(32 ** 4), 4);
}

/** What a person may have typed for it; null for what is none. */
export function parseRunId(typed: string): string | null {
  const id = typed.toLowerCase().replaceAll("o", "0").replaceAll(/[il]/g, "1");
  return LENGTHS.includes(id.length) && [...id].every((digit) => DIGITS.includes(digit)) ? id : null;
}

function spell(value: number, digits: number): string {
  return Array.from({ length: digits }, (_, at) => DIGITS[Math.floor(value / 32 ** (digits - 1 - at)) % 32]).join("");
}
