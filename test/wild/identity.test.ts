/** Nodes that have no id, or share one: each is the same node before and after what a target does to it. */
import { describe, expect, test } from "bun:test";
import type { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../src/operations/models.ts";
import { allEnds, type End, type ServerEnd } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";

const { first, second } = await allEnds();
const falkor = first.find(({ kind }) => kind === "falkordb") as ServerEnd | undefined;
const neo4j = second.find(({ kind }) => kind === "neo4j");
// Of these ids need not be unique in a store that MemoryGraph has not set up.
const shares = falkor === undefined ? [] : second.filter(({ kind }) => kind.startsWith("falkordb"));

async function run(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput): Promise<MigrationResult> {
  return (await runMigration(from, to, options, {})).result;
}

describe.if(falkor !== undefined && neo4j !== undefined)("a graph as Graphiti writes it", () => {
  test("comes to a Neo4j that has no vectors without them, one property at a time", async () => {
    const [from, to] = [falkor!, neo4j!];
    await from.empty();
    await to.empty();
    await withFalkor(from.server, async (command) => {
      const vector = "CREATE (:Entity {uuid:'a', e:vecf32([0.5,0.25])})-[:RELATES_TO {uuid:'r'}]->(:Entity {uuid:'b'})";
      await command("GRAPH.QUERY", from.config.graph!, vector);
    });
    const refused = await run(from.config, to.config, {});
    expect(refused.errors.map(({ code, message }) => [code, message])).toEqual([
      ["refused", "1 property of the source cannot be kept unchanged"],
    ]);
    const done = await run(from.config, to.config, { allowLoss: true });
    expect(done.errors).toEqual([]);
    expect(done.verified).toBe(true);
    expect(done.losses.map(({ count, unit, examples }) => [count, unit, examples])).toEqual([
      [1, "property", ['a node :Entity without id (uuid "a").e']],
    ]);
    const { nodes, relationships } = await to.read();
    expect(nodes.map(({ properties }) => properties.uuid).sort()).toEqual(["a", "b"]);
    expect(relationships.map(({ type, properties }) => [type, properties])).toEqual([["RELATES_TO", { uuid: "r" }]]);
  });
});

describe.each(shares.map((to) => ({ name: to.name, to })))("ids that several nodes share, into $name", ({ to }) => {
  const node = (name: string, id: string, text: string) => ({ name, labels: ["Entity"], properties: { id, text } });
  const joined = { from: "a", to: "a", type: "KNOWS", properties: {} };
  async function given(source: Parameters<End["fill"]>[0], target: Parameters<End["fill"]>[0]): Promise<void> {
    await falkor!.empty();
    await to.empty();
    await falkor!.fill(source);
    await to.fill(target);
  }

  test("in the target alone: what comes is told from them by its content", async () => {
    await given(
      { nodes: [node("a", "x", "one"), node("b", "y", "mine")], relationships: [joined] },
      { nodes: [node("p", "x", "one"), node("q", "x", "two")], relationships: [] },
    );
    const done = await run(falkor!.config, to.config, {});
    expect(done.errors).toEqual([]);
    expect([done.verified, done.imported.nodes, done.present.nodes]).toEqual([true, 1, 1]);
    const { nodes, relationships } = await to.read();
    expect(nodes.map(({ properties }) => properties.text).sort()).toEqual(["mine", "one", "two"]);
    expect(relationships.length).toBe(1);
  });

  test("in the source, and one of the target has the id too: refused before anything is written", async () => {
    await given(
      { nodes: [node("a", "x", "one"), node("b", "x", "two")], relationships: [joined] },
      { nodes: [node("p", "x", "three")], relationships: [] },
    );
    for (const dryRun of [true, false]) {
      const { errors } = await run(falkor!.config, to.config, { dryRun, allowLoss: true });
      expect(errors.map(({ code }) => code)).toEqual(["refused"]);
      expect(errors[0]!.details).toEqual(["x", "x"]);
    }
    expect((await to.read()).nodes.length).toBe(1);
  });
});

describe.each(shares.map((to) => ({ name: to.name, to })))("relationships that share their id, into $name", ({
  to,
}) => {
  const nodes = ["a", "b"].map((name) => ({ name, labels: ["Memory"], properties: { id: name } }));
  const join = (id: string, strength: number) => ({ from: "a", to: "b", type: "SOLVES", properties: { id, strength } });

  test("in the target alone: what comes is told from them by its content", async () => {
    await falkor!.empty();
    await to.empty();
    await falkor!.fill({ nodes, relationships: [join("r", 0.5), join("s", 1.5)] });
    await to.fill({ nodes, relationships: [join("r", 0.5), join("r", 2.5)] });
    const done = await run(falkor!.config, to.config, {});
    expect(done.errors).toEqual([]);
    expect([done.verified, done.imported.relationships, done.present.relationships]).toEqual([true, 1, 1]);
    expect((await to.read()).relationships.length).toBe(3);
  });

  test("in the source, and one of the target has the id too: refused before anything is written", async () => {
    await falkor!.empty();
    await to.empty();
    await falkor!.fill({ nodes, relationships: [join("r", 0.5), join("r", 1.5)] });
    await to.fill({ nodes, relationships: [join("r", 2.5)] });
    for (const dryRun of [true, false]) {
      const { errors } = await run(falkor!.config, to.config, { dryRun });
      expect(errors.map(({ code, details }) => [code, details])).toEqual([["refused", ["r", "r"]]]);
    }
    expect((await to.read()).relationships.length).toBe(1);
  });
});
