/**
 * Values at the edges of every kind in stores that are files: what fitting calls possible is written and read back exactly, by the
 * contract that every backend has; in a SQLite file that is every value.
 */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { BackendType } from "../../src/backends/config.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend, loadTarget } from "../../src/backends/registry.ts";
import { Properties } from "../../src/graph/properties.ts";
import { type GraphNode, keyOfId } from "../../src/graph/record.ts";
import type { Value } from "../../src/graph/value.ts";
import type { Release } from "../../src/memorygraph/releases.ts";
import { FINER_KINDS, KINDS, shown } from "../support/edge-values.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";

/** Values of each kind. */
const VALUES = atLevel({ normal: 300, long: 6_000, full: 60_000 });
const PART = 2_000;
const SEED = 29;

const lists = fc.array(fc.oneof(...Object.values(KINDS)), { maxLength: 4 });
const stores: { type: BackendType; release: Release; file: string; kinds: Record<string, fc.Arbitrary<Value>> }[] = [
  { type: "sqlite", release: "0.12", file: "nodes.db", kinds: { ...KINDS, ...FINER_KINDS, lists } },
  { type: "sqlite", release: "0.13", file: "memories.db", kinds: { ...KINDS, ...FINER_KINDS, lists } },
  // FalkorDB has none of the finer kinds.
  { type: "falkordblite", release: "0.13", file: "graph.rdb", kinds: { ...KINDS, lists } },
];

function nodeOf(value: Value, at: number): GraphNode {
  const id = `v${at}`;
  const properties = Properties.from([["id", id] as const, ["title", id] as const, ["value", value] as const]);
  return { kind: "node", key: keyOfId(id), labels: ["Memory"], properties };
}

describe.each(stores)("at its edges a $type file for $release holds exactly what it is said to", (store) => {
  test.each(Object.entries(store.kinds))(
    "%s",
    async (_, values) => {
      using folder = temporaryFolder();
      const config = new BackendConfig({ type: store.type, path: folder.file(store.file) });
      const sampled = fc.sample(values, { numRuns: VALUES, seed: SEED });
      const nodes = sampled.map((value, at) => nodeOf(value, at));
      const session = await (await loadTarget(config)).openForWriting(config, {
        release: store.release,
        fallbackRelease: store.release,
      });
      const { fitting } = session;
      const isPossible = (node: GraphNode) => fitting === null || fitting.fit(node).losses.length === 0;
      const possible = nodes.filter(isPossible);
      if (store.type === "sqlite") expect(possible).toHaveLength(VALUES);
      else expect(possible.length).toBeGreaterThan(VALUES / 20);
      for (let at = 0; at < possible.length; at += PART) await session.write(possible.slice(at, at + PART));
      await session.finish();
      await session.commit();

      const found = new Map<string, string>();
      const source = await (await loadBackend(config)).openForReading(config);
      try {
        for await (const batch of source.read()) {
          for (const record of batch) {
            if (record.kind === "node") found.set(record.key, shown(record.properties.get("value") ?? null));
          }
        }
        expect(source.findings().filter(({ kind }) => kind !== "note")).toEqual([]);
      } finally {
        await source.close();
      }
      const expected = possible.map(({ key, properties }) => [key, shown(properties.get("value")!)] as const);
      expect(found.size).toBe(expected.length);
      expect(expected.filter(([key, value]) => found.get(key) !== value)).toEqual([]);
    },
    1_800_000,
  );
});
