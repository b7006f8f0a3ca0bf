/** A graph that somebody deletes and makes anew under our hands is never read with the names of the old one. */
import { describe, expect, test } from "bun:test";
import type { GraphServer } from "../../../src/backends/graph-store/server.ts";
import { SourceChangedError } from "../../../src/errors.ts";
import type { Command } from "../../conformance/falkor.ts";
import { server, withGraph } from "./support.ts";

const NODES = 3_000;

async function make(raw: Command, graph: string, which: string): Promise<void> {
  const node = `(:Label_${which} {id: toString(x), property_${which}: 'text', other_${which}: x})`;
  await raw(
    "GRAPH.QUERY",
    graph,
    `UNWIND range(1, ${NODES}) AS x CREATE ${node}-[:TYPE_${which} {p_${which}: x}]->${node}`,
  );
}

/** Everything that names a record's label, type or properties; reads on after the first batch has been seen. */
async function namesRead(
  batches: ReturnType<GraphServer["nodes"]> | ReturnType<GraphServer["relationships"]>,
  afterFirst: () => Promise<void>,
): Promise<{ names: Set<string>; error: unknown }> {
  const names = new Set<string>();
  let first = true;
  try {
    for await (const batch of batches) {
      if (!first) {
        for (const record of batch) {
          for (const [name] of record.properties.entries()) names.add(name);
          for (const name of "labels" in record ? record.labels : [record.type]) names.add(name);
        }
      } else await afterFirst();
      first = false;
    }
    return { names, error: null };
  } catch (error) {
    return { names, error };
  }
}

describe.skipIf(server === undefined)("a graph that is made anew in the middle of a reading", () => {
  test.each(["nodes", "relationships"] as const)("of its %s ends the reading", (what) =>
    withGraph(async (graph, raw, name) => {
      await make(raw, name, "old");
      const { names, error } = await namesRead(graph[what](), async () => {
        await raw("GRAPH.DELETE", name);
        await make(raw, name, "new");
      });
      expect(error).toBeInstanceOf(SourceChangedError);
      // Two pages may have been under way.
      expect([...names].filter((one) => one.includes("new"))).toEqual([]);
    }));

  test.each(["nodes", "relationships"] as const)("or between two readings of its %s", (what) =>
    withGraph(async (graph, raw, name) => {
      await make(raw, name, "old");
      expect((await namesRead(graph[what](), async () => {})).error).toBeNull();
      await raw("GRAPH.DELETE", name);
      await make(raw, name, "new");
      const { names, error } = await namesRead(graph[what](), async () => {});
      expect(error).toBeInstanceOf(SourceChangedError);
      expect(names.size).toBe(0);
    }));

  test("but names that are added are read", () =>
    withGraph(async (graph, raw, name) => {
      await make(raw, name, "old");
      const add = async () =>
        void (await raw("GRAPH.QUERY", name, "MATCH (n) WHERE id(n) > 2000 SET n.added = 1, n:Added"));
      const { names, error } = await namesRead(graph.nodes(), add);
      expect(error).toBeNull();
      expect([names.has("added"), names.has("Added")]).toEqual([true, true]);
    }));
});
