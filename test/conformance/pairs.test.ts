/** Every ordered pair of kinds: what goes in comes out, as plain driver calls see it. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readIndependently } from "../support/independent-reader.ts";
import { ALL_OF_IT, atLevel } from "../support/level.ts";
import { copyFixture, truthFile } from "../support/stores.ts";
import { graphs, sharedCorpus, withoutBackticks } from "./corpus.ts";
import { allEnds, type End, isWrittenOnce } from "./ends.ts";
import { graphOfTruth, isReadBy013, linesOf, timesOf } from "./graph.ts";

const { first, second } = await allEnds();
/** How far the target's row is from the source's. Between rows 0 and 1 apart, each end is a source twice, and twice a target. */
const distance = (from: End, to: End) => (second.indexOf(to) - first.indexOf(from) + first.length) % first.length;
/** Whether the two stand at the same place of their rows, as each end does once. */
const isRing = (from: End, to: End) => distance(from, to) === 0;
const pairs = first.flatMap((from) =>
  second
    .filter((to) => to.kind !== from.kind || JSON.stringify(to.config) !== JSON.stringify(from.config))
    .map((to) => [from, to] as const),
);
/** RUNS=500 in the environment hunts longer, each time from another seed, which a failure tells. */
const RUNS = Number(Bun.env.RUNS ?? atLevel({ quick: 2, normal: 3, long: 25, full: 100 }));

async function move(
  from: BackendConfig,
  to: BackendConfig,
  options: MigrationOptionsInput = {},
): Promise<MigrationResult> {
  const { result } = await runMigration(from, to, options, {});
  expect(result.errors).toEqual([]);
  expect([result.success, result.complete, result.verified]).toEqual([true, true, true]);
  return result;
}

describe.each(pairs.map(([from, to]) => ({ name: `${from.name} to ${to.name}`, from, to })))("from $name", ({
  from,
  to,
}) => {
  // A backtick in a name is what FalkorDB's Cypher cannot spell, and only a dump can bring in; the rest everybody can have.
  const withBackticks = !from.kind.startsWith("falkordb") && to.kind !== "falkordb";

  test("the adversarial corpus arrives as it is", async () => {
    await from.clear();
    // Making the indexes takes a server longer than all else: each end once, the others find them there.
    await (isRing(from, to) ? to.empty() : to.clear());
    const corpus = withBackticks ? sharedCorpus() : withoutBackticks(sharedCorpus());
    await from.fill(corpus);
    expect(linesOf(await from.read())).toEqual(linesOf(corpus));
    await move(from.config, to.config);
    expect(linesOf(await to.read())).toEqual(linesOf(corpus));
    // Neither an index nor anything else was left in the source.
    expect(linesOf(await from.read())).toEqual(linesOf(corpus));
  });

  // What an end reads and writes does not depend on the other one: that is what the corpus shows for every pair.
  if (!ALL_OF_IT && distance(from, to) > 1) return;

  test("a second run finds everything there", async () => {
    const before = linesOf(await to.read());
    if (isWrittenOnce(to)) {
      const { result } = await runMigration(from.config, to.config, {}, {});
      expect(result.errors.map(({ code }) => code)).toEqual(["refused"]);
      expect(linesOf(await to.read())).toEqual(before);
      return;
    }
    const { imported, present, overwritten } = await move(from.config, to.config);
    expect([imported.nodes, imported.relationships, overwritten.nodes, overwritten.relationships]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(present.nodes + present.relationships).toBe(before.length);
    expect(linesOf(await to.read())).toEqual(before);
  });

  const byWayOfSqlite = async () => {
    using folder = temporaryFolder();
    const corpus = withBackticks ? sharedCorpus() : withoutBackticks(sharedCorpus());
    for (const release of ["0.12", "0.13"] as const) {
      const file = new BackendConfig({ type: "sqlite", path: folder.file(`${release}.db`) });
      await move(from.config, file, { for: release });
      await to.clear();
      await move(file, to.config);
      expect(linesOf(await to.read())).toEqual(linesOf(corpus));
    }
  };
  if (ALL_OF_IT || isRing(from, to)) test("by way of SQLite of either layout it arrives as well", byWayOfSqlite);

  test(
    "any graph arrives as it is",
    async () => {
      await fc.assert(
        fc.asyncProperty(graphs, async (graph) => {
          const content = withBackticks ? graph : withoutBackticks(graph);
          for (const end of [from, to]) await end.clear();
          await from.fill(content);
          await move(from.config, to.config);
          expect(linesOf(await to.read())).toEqual(linesOf(content));
        }),
        { numRuns: RUNS },
      );
    },
    RUNS * 10_000,
  );
});

describe.each(second.map((end) => ({ name: end.name, end })))("between SQLite and $name", ({ end }) => {
  test.each([
    "0.8.3",
    "0.10.0",
    "0.12.4",
    "0.13.0",
  ] as const)("the fixture of %s arrives, and comes back as it was", async (name) => {
    using folder = temporaryFolder();
    await end.clear();
    const source = copyFixture(name, folder);
    await move(new BackendConfig({ type: "sqlite", path: source }), end.config);
    expect(linesOf(await end.read())).toEqual(linesOf(graphOfTruth(truthFile(name))));
    const back = folder.file("back.db");
    await move(end.config, new BackendConfig({ type: "sqlite", path: back }), {
      for: name === "0.13.0" ? "0.13" : "0.12",
    });
    if (name === "0.12.4" || name === "0.13.0") expect(readIndependently(back)).toEqual(readIndependently(source));
  });

  test("for 0.13 it has only timestamps that 0.13 accepts, and the same instants", async () => {
    using folder = temporaryFolder();
    await end.clear();
    const source = copyFixture("0.12.4", folder);
    await move(new BackendConfig({ type: "sqlite", path: source }), end.config, { for: "0.13" });
    const graph = await end.read();
    const times = timesOf(graph);
    expect(times.length).toBe(timesOf(graphOfTruth(truthFile("0.12.4"))).length);
    expect(times.filter((time) => !isReadBy013(time))).toEqual([]);
    expect(linesOf(graph)).toEqual(linesOf(graphOfTruth(truthFile("0.12.4"))));
  });
});
