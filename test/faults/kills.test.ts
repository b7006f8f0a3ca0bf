// @level normal
/** A seeded part of the kills that test/faults/run-kills.ts repeats by the hundred. */
import { describe, expect, test } from "bun:test";
import { atLevel } from "../support/level.ts";
import { killRounds } from "./kills.ts";
import { allTargets } from "./targets.ts";

/** Kills at a few named and as many random moments; run-kills.ts kills by the hundred. */
const ROUNDS = atLevel({ normal: 2, long: 5, full: 8 });
const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_123);

const targets = await allTargets();

describe("killed at any moment, a run is complete, as before, or to be resumed or undone", () => {
  test.each(targets.map((open, at) => [at, open] as const))(
    "target %i",
    async (at, open) => {
      const target = await open();
      try {
        let kills = 0;
        // A moment that was picked can come after the end of a run: then there are further rounds.
        for (let more = 0; kills === 0 && more < 5; more++) {
          const figures = await killRounds(target, SEED + at + 1_000 * more, ROUNDS);
          expect([target.name, figures.problems]).toEqual([target.name, []]);
          kills += figures.kills;
        }
        expect(kills).toBeGreaterThan(0);
      } finally {
        await target.close();
      }
    },
    180_000,
  );
});
