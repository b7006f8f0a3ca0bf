// @level normal
/**
 * Lives of a store: an application works on it, runs come, and runs are undone in any order. After each step a model says what
 * must be there. FAULT_SEED=N begins with that life, LIVES=N lives as many on each kind of store, KILLS=0.1 kills so often.
 */
import { afterAll, test } from "bun:test";
import { closeApplication } from "../support/application.ts";
import { atLevel } from "../support/level.ts";
import { livingStores } from "../support/life.ts";
import { Life } from "./living.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_128);
/** Starting a process takes longer than all other steps. */
const KILLS = Number(Bun.env.KILLS ?? 0.03);
type Counts = Parameters<typeof atLevel<number>>[0];
/** How many lives each kind of store has: 5,000 together where every round is wanted. */
const COUNTS: Readonly<Record<string, Counts>> = {
  sqlite: { quick: 3, normal: 5, long: 80, full: 3_500 },
  falkordblite: { quick: 3, normal: 3, long: 40, full: 1_000 },
  falkordb: { normal: 1, long: 12, full: 300 },
  neo4j: { normal: 1, long: 12, full: 200 },
};
const OTHERS: Counts = { normal: 1, long: 12, full: 100 };

afterAll(closeApplication);

for (const [name, open] of await livingStores({ inMemory: true })) {
  const count = Number(Bun.env.LIVES ?? atLevel(COUNTS[name] ?? OTHERS));
  test(
    `${count} lives of a store of ${name}, whose runs are undone in any order`,
    async () => {
      let [kills, steps] = [0, 0];
      for (let seed = SEED; seed < SEED + count; seed++) {
        const store = await open();
        const life = new Life(store, seed, { kills: KILLS });
        try {
          await life.live();
        } catch (error) {
          const told = error instanceof Error ? error.stack : error;
          throw new Error(`FAULT_SEED=${seed} LIVES=1, ${name}:\n${life.steps.join("\n")}\n${told}`);
        } finally {
          await store.close();
        }
        kills += life.kills;
        steps += life.steps.filter((step) => !step.startsWith(" ")).length;
      }
      console.log(`${name}: ${count} lives from ${SEED}, ${steps} steps, ${kills} kills`);
    },
    // A server that has just started, on a machine that does much else, takes long for its first statements.
    300_000 + count * 60_000,
  );
}
