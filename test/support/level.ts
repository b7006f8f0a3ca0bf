/**
 * How much of the suite runs: TEST_LEVEL is quick (no servers, within a minute), normal (five minutes), or long, which
 * scripts/test.ts starts as `npm run test:long`: about an hour, and with LONG_ROUNDS=full all the rounds there are, for hours.
 * A test that hunts at random names its rounds for each level here.
 */
const LEVELS = ["quick", "normal", "long", "full"] as const;
export type Level = (typeof LEVELS)[number];

const named = Bun.env.TEST_LEVEL === "long" && Bun.env.LONG_ROUNDS === "full" ? "full" : Bun.env.TEST_LEVEL;
const LEVEL: Level = LEVELS.find((level) => level === named) ?? "normal";

/** Whether every kind and every pair is tried, and not one of each sort. */
export const ALL_OF_IT = LEVEL === "long" || LEVEL === "full";

/** The value for the level that runs; `quick` is that of normal where it is not named, `full` that of long. */
export function atLevel<T>(values: { readonly quick?: T; readonly normal: T; readonly long: T; readonly full?: T }): T {
  if (LEVEL === "quick") return values.quick ?? values.normal;
  return LEVEL === "full" ? (values.full ?? values.long) : values[LEVEL];
}
