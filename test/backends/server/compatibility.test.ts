/** What is said of each kind of server beforehand is what the servers here say of examples. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BackendType } from "../../../src/backends/config.ts";
import { capabilitiesOf, supportedBackends } from "../../../src/backends/registry.ts";
import type { GraphServer } from "../../../src/backends/server/server.ts";
import { EXAMPLES, HARD_VALUES, type HardValue } from "../../../src/graph/hard-values.ts";
import { compatibility } from "../../../src/migration/compatibility.ts";
import { endOf } from "../../conformance/ends.ts";
import { availableServers } from "../../support/servers.ts";

const KINDS = Object.keys(HARD_VALUES) as HardValue[];
const NAMES: Partial<Record<HardValue, string>> = { "nameless property": "", backtick: "a`b" };
const OPENERS = {
  neo4j: async () => (await import("../../../src/backends/bolt/open.ts")).openerOf("neo4j"),
  memgraph: async () => (await import("../../../src/backends/bolt/open.ts")).openerOf("memgraph"),
  falkordb: async () => (await import("../../../src/backends/falkor/falkor-server.ts")).openFalkor,
};

for (const [kind, [server]] of await availableServers()) {
  describe(`what ${kind} cannot hold`, () => {
    async function ask<T>(question: (graph: GraphServer) => T): Promise<T> {
      const open = await OPENERS[kind]();
      const graph = await open(endOf(server!).config, { access: "read" });
      try {
        return question(graph);
      } finally {
        await graph.close();
      }
    }

    test.each(KINDS.filter((hard) => hard !== "dangling relationship"))("%s", async (hard) => {
      const name = NAMES[hard];
      const answers = await ask((graph) => [
        ...(EXAMPLES[hard] ?? []).map((value) => graph.unsupported(value)),
        ...(name === undefined ? [] : [graph.unsupportedName(name)]),
      ]);
      expect(answers.length).toBeGreaterThan(0);
      // Old servers have no vectors, zones or points: the table is of the newest.
      const older = answers.some((why) => why !== null) && ["vector", "zoned date-time", "point"].includes(hard);
      const said = (await capabilitiesOf(kind)).cannotHold.includes(hard);
      expect({ hard, cannot: answers.some((why) => why !== null) }).toEqual({ hard, cannot: said || older });
    });
  });
}

describe("the migration guide", () => {
  const guide = readFileSync(join(import.meta.dir, "../../../docs/MIGRATION_GUIDE.md"), "utf8");
  const kinds = supportedBackends();
  const pairs = kinds.flatMap((from) => kinds.map((to) => [from, to] as [BackendType, BackendType]));

  test.each(pairs)("names each loss from %s to %s", async (from, to) => {
    const { losses } = await compatibility(from, to);
    const line = guide.split("\n").find((row) => row.startsWith(`| ${from} | ${to} |`));
    expect(line).toBe(`| ${from} | ${to} | ${losses.map((loss) => HARD_VALUES[loss]).join("; ") || "nothing"} |`);
  });
});
