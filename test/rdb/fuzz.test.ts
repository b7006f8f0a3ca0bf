// @level normal
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrateError } from "../../src/errors.ts";
import { openGraph } from "../../src/rdb/graph.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { bytesSource } from "../../src/rdb/source.ts";
import { atLevel } from "../support/level.ts";
import { FIXTURES, spellNode, spellRelationship } from "./expected.ts";
import { inflated, mutated, Random, summed } from "./mutate.ts";

/** Dumps a test; more of them with RDB_FUZZ=100000. */
const ROUNDS = Number(Bun.env.RDB_FUZZ ?? atLevel({ normal: 400, long: 1_500, full: 4_000 }));
const SEED = Number(Bun.env.RDB_SEED ?? 1);
const MEBIBYTE = 2 ** 20;

const DUMPS = [
  "writer-v14.rdb",
  "writer-v16.rdb",
  "v18-4.16.3-memory.rdb",
  "v18-4.16.3-vkeys.rdb",
  "v19-4.18.3-memory.rdb",
  "v20-4.22.1-multiedge-zstd.rdb",
  "v20-4.22.1-types.rdb",
  "v20-4.22.1-other-keys.rdb",
];

/** What can be read and what not of every graph; whatever is not an error of ours is thrown. */
async function readAll(bytes: Uint8Array): Promise<{ records: number; errors: readonly MigrateError[] }> {
  const errors: MigrateError[] = [];
  let records = 0;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MigrateError)) throw error;
      errors.push(error);
    }
  };
  await attempt(async () => {
    const scan = await scanDump(bytesSource(bytes));
    for (const graph of scan.graphs) {
      await attempt(async () => {
        const reader = await openGraph(scan, graph);
        for await (const batch of reader.nodes()) records += batch.map(spellNode).length;
        for await (const batch of reader.relationships()) records += batch.map(spellRelationship).length;
      });
    }
  });
  return { records, errors };
}

describe.each(DUMPS)("%s, damaged", (name) => {
  test("is found out by its checksum", async () => {
    const dump = readFileSync(join(FIXTURES, name));
    const random = new Random(SEED);
    for (let round = 0; round < ROUNDS / 4; round++) {
      const damaged = mutated(dump, random);
      if (Buffer.compare(damaged, dump) === 0) continue;
      // Eight zeros stand for no checksum, and a version before 5 has none: then damage can give another right answer.
      const hasSum = damaged.subarray(-8).some((byte) => byte !== 0) && damaged[7]! >= dump[7]!;
      const { errors } = await readAll(damaged);
      if (hasSum) expect(errors.length, `seed ${SEED}, round ${round}`).toBeGreaterThan(0);
    }
  });

  test.each([
    ["as it is", (dump: Uint8Array) => dump],
    ["with its contents uncompressed", inflated],
  ] as const)("%s, with a checksum that fits, gives records or errors of ours, soon", async (_, prepare) => {
    const dump = await prepare(readFileSync(join(FIXTURES, name)));
    const random = new Random(SEED);
    const seen = { records: 0, errors: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = summed(mutated(dump, random));
      const start = performance.now();
      try {
        const { records, errors } = await readAll(damaged);
        if (records > 0) seen.records++;
        if (errors.length > 0) seen.errors++;
        for (const { message } of errors) expect(message).toMatch(/at byte \d+/);
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}`, { cause: error });
      }
      expect(performance.now() - start, `seed ${SEED}, round ${round}`).toBeLessThan(2_000);
    }
    // The damage reaches both: what is checked, and what can only be read.
    expect(Math.min(seen.records, seen.errors)).toBeGreaterThan(0);
    expect(process.memoryUsage().rss / MEBIBYTE).toBeLessThan(1_024);
  });
});
