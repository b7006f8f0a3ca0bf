/** What is said of each kind of server beforehand is what the servers here say of examples. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BACKEND_TYPES, descriptorOf, TARGET_TYPES } from "../../../src/backends/descriptors.ts";
import { holderOf } from "../../../src/backends/falkor/lite-holder.ts";
import type { Holder } from "../../../src/backends/graph-store/server.ts";
import { EXAMPLES, HARD_VALUES, type HardValue } from "../../../src/graph/hard-values.ts";
import { compatibility } from "../../../src/operations/compatibility.ts";
import { endOf } from "../../conformance/ends.ts";
import { availableServers, type TestServer } from "../../support/servers.ts";

const KINDS = Object.keys(HARD_VALUES) as HardValue[];
const NAMES: Partial<Record<HardValue, string>> = { "nameless property": "", backtick: "a`b" };
const OPENERS = {
  neo4j: async () => (await import("../../../src/backends/bolt/open.ts")).openerOf("neo4j"),
  memgraph: async () => (await import("../../../src/backends/bolt/open.ts")).openerOf("memgraph"),
  falkordb: async () => (await import("../../../src/backends/falkor/falkor-server.ts")).openFalkor,
};

async function holderAt(server: TestServer): Promise<{ holder: Holder; close(): Promise<void> }> {
  const open = await OPENERS[server.kind]();
  const graph = await open(endOf(server).config, { access: "read" });
  return { holder: graph, close: () => graph.close() };
}

const servers = [...(await availableServers()).values()].map(([first]) => first!);
const kinds = [
  ...servers.map((server) => ({ kind: server.kind, open: () => holderAt(server) })),
  { kind: "falkordblite" as const, open: async () => ({ holder: holderOf("a file"), close: async () => {} }) },
];

describe.each(kinds)("what $kind cannot hold", ({ kind, open }) => {
  test.each(KINDS.filter((hard) => hard !== "dangling relationship"))("%s", async (hard) => {
    const { holder, close } = await open();
    const name = NAMES[hard];
    const answers = [
      ...(EXAMPLES[hard] ?? []).map((value) => holder.unsupported(value)),
      ...(name === undefined ? [] : [holder.unsupportedName(name, "property")]),
    ];
    await close();
    expect(answers.length).toBeGreaterThan(0);
    const cannot = answers.some((why) => why !== null);
    // Old servers have no vectors, zones or points: the table is of the newest.
    const older = cannot && ["vector", "zoned date-time", "point"].includes(hard);
    const said = descriptorOf(kind).capabilities.cannotHold.includes(hard);
    expect({ hard, cannot }).toEqual({ hard, cannot: said || older });
  });
});

describe("the migration guide", () => {
  const guide = readFileSync(join(import.meta.dir, "../../../docs/MIGRATION_GUIDE.md"), "utf8");
  const pairs = BACKEND_TYPES.flatMap((from) => TARGET_TYPES.map((to) => [from, to] as const));

  test.each(pairs)("names each loss from %s to %s", async (from, to) => {
    const { losses } = await compatibility(from, to);
    const line = guide.split("\n").find((row) => row.startsWith(`| ${from} | ${to} |`));
    expect(line).toBe(`| ${from} | ${to} | ${losses.map((loss) => HARD_VALUES[loss]).join("; ") || "nothing"} |`);
  });
});
