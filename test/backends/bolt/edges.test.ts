/**
 * What the check before a run says of a value, and what Neo4j and Memgraph do with it, at the edges of every kind: what is
 * possible is written and read back, by our writer and reader; test/conformance/neo4j-values.test.ts has the server judge both.
 */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { openerOf } from "../../../src/backends/bolt/open.ts";
import { Properties } from "../../../src/graph/properties.ts";
import type { Value } from "../../../src/graph/value.ts";
import { emptyBolt } from "../../conformance/bolt.ts";
import { endOf } from "../../conformance/ends.ts";
import { FINER_KINDS, KINDS, shown } from "../../support/edge-values.ts";
import { atLevel } from "../../support/level.ts";
import { serversOf } from "../../support/servers.ts";

/** Values of each kind. */
const VALUES = atLevel({ normal: 300, long: 6_000, full: 60_000 });
/** In one transaction. */
const PART = 2_000;
const SEED = 28;

const kinds: [string, fc.Arbitrary<Value>][] = Object.entries({ ...KINDS, ...FINER_KINDS });
const servers = [(await serversOf("neo4j")).at(-1), (await serversOf("memgraph")).at(-1)].flatMap((one) => one ?? []);

describe.each(
  servers.map((server) => ({ name: server.kind, server })),
)("at its edges $name holds exactly what the check calls possible", ({ server }) => {
  test.each(kinds)(
    "%s",
    async (_, values) => {
      await emptyBolt(server);
      const graph = await openerOf(server.kind as "neo4j" | "memgraph")(endOf(server).config, { access: "write" });
      try {
        const all = fc.sample(values, { numRuns: VALUES, seed: SEED });
        const possible = all.filter((value) => graph.unsupported(value) === null);
        // What no property can hold is refused as a whole, not in part.
        expect(possible.length === 0 || possible.length > VALUES / 20).toBe(true);
        for (let at = 0; at < possible.length; at += PART) {
          const part = possible.slice(at, at + PART);
          const rows = part.map((value) => Properties.from([["value", value] as const]));
          const ids = await graph.writer.createNodes({ labels: ["Value"], rows });
          const nodes = await graph.nodesById(ids);
          expect(nodes.flatMap(({ undecoded = [] }) => undecoded)).toEqual([]);
          const byId = new Map(nodes.map(({ id, properties }) => [id, properties.get("value")]));
          expect(ids.map((id) => shown(byId.get(id) ?? null))).toEqual(part.map(shown));
        }
      } finally {
        await graph.close();
        await emptyBolt(server);
      }
    },
    1_800_000,
  );
});
