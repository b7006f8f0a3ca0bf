/**
 * How much of the suite runs: TEST_LEVEL is quick (no servers, within a minute), normal, or long (the long rounds, which
 * scripts/test.ts starts as `npm run test:long`). A test that hunts at random names its rounds for each level here.
 */
const LEVELS = ["quick", "normal", "long"] as const;
export type Level = (typeof LEVELS)[number];

export const LEVEL: Level = LEVELS.find((level) => level === Bun.env.TEST_LEVEL) ?? "normal";

/** The value for the level that runs; `quick` is that of normal where it is not named. */
export function atLevel<T>(values: { readonly quick?: T; readonly normal: T; readonly long: T }): T {
  return LEVEL === "quick" ? (values.quick ?? values.normal) : values[LEVEL];
}
