/**
 * Which kind answers at a Bolt address. Memgraph is in no registry, so here both kinds are what they say of themselves: a
 * server that greets as one of them, and knows nothing else.
 */
import { describe, expect, test } from "bun:test";
import { BackendConfig } from "../../../src/backends/config.ts";
import { descriptorOf } from "../../../src/backends/descriptors.ts";
import { boltDouble } from "../../support/bolt-double.ts";

/** Greets as this one, and answers each statement with nothing. */
function greeter(agent: string) {
  return boltDouble({ agent, inactivity: 0, begin() {}, run: async () => [], end() {} });
}

const identify = (uri: string) => descriptorOf("neo4j").identify!(new BackendConfig({ type: "neo4j", uri }));

describe("a Bolt address", () => {
  test.each([
    ["Neo4j/5.26.30", "neo4j"],
    ["Neo4j/v5.11.0 compatible graph database server - Memgraph", "memgraph"],
    ["Something/1.0", null],
  ])("where %s answers is of the kind %s", async (agent, kind) => {
    await using server = await greeter(agent);
    expect(await identify(server.uri)).toBe(kind);
  });

  test("where nobody answers is of no kind", async () => {
    expect(await identify("bolt://127.0.0.1:1")).toBeNull();
  });
});
