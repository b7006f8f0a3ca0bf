// @level normal
import { describe, expect, test } from "bun:test";
import { GraphDraft } from "../../src/rdb/draft.ts";
import type { DumpNode, DumpRelationship } from "../../src/rdb/dump.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { spellGraph } from "./expected.ts";
import { NASTY_SCHEMA, nastyGraph } from "./nasty.ts";
import { readFile } from "./read.ts";

const kinds = await engines();

type Contents = { readonly nodes: readonly DumpNode[]; readonly relationships: readonly DumpRelationship[] };

async function writeNasty(path: string, spokes: number): Promise<Contents> {
  const graph = nastyGraph({ spokes, long: true });
  using draft = new GraphDraft(`${path}.spool`, { name: "memorygraph", schema: NASTY_SCHEMA });
  for (const node of graph.nodes) draft.addNode(node);
  for (const relationship of graph.relationships) draft.addRelationship(relationship);
  await writeDump(path, draft);
  return graph;
}

describe.each(kinds.map((kind) => [kind.version, kind] as const))("FalkorDB %s", (_, { module, encoding }) => {
  test("loads a dump of ours with equal contents, uses its indexes, goes on, and saves what we read", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    const written = await writeNasty(path, module === kinds.at(-1)!.module ? 10_000 : 1_000);
    expect(spellGraph(await readFile(path))).toEqual(spellGraph(written));
    await using engine = await Engine.start(module, folder.path, "dump.rdb");
    expect(spellGraph(await engine.read("memorygraph"))).toEqual(spellGraph(written));

    const explain = String(
      await engine.command("GRAPH.EXPLAIN", "memorygraph", "MATCH (m:Memory {id: 'm-7'}) RETURN m"),
    );
    expect(explain).toContain("Node By Index Scan");
    const edge = "MATCH ()-[r:JOINS {weight: 3}]->() RETURN r";
    expect(String(await engine.command("GRAPH.EXPLAIN", "memorygraph", edge))).toContain("Edge By Index Scan");
    const found = "CALL db.idx.fulltext.queryNodes('Memory', 'number') YIELD node RETURN count(node)";
    expect(JSON.stringify(await engine.query("memorygraph", found))).toContain("[[30]]");

    await engine.query("memorygraph", "CREATE (:Memory {id: 'later'})-[:LATER {x: 1}]->(:New)");
    await engine.query(
      "memorygraph",
      "MATCH (a:Memory {id: 'm-1'}), (b:Memory {id: 'm-2'}) CREATE (a)-[:PARALLEL]->(b)",
    );
    await engine.query("memorygraph", "MATCH (:Value {at: 3})<-[r:VALUE]-() DELETE r");
    await engine.query("memorygraph", "MATCH (m:Memory {id: 'm-3'}) DETACH DELETE m");
    const refused = await engine.query("memorygraph", "CREATE (:Memory {id: 'm-7'})").then(String, String);
    expect(refused).toContain("unique constraint violation");
    await engine.command("SAVE");
    const after = await engine.read("memorygraph");
    const saved = await readFile(path);
    expect(saved.graph.encoding).toBe(encoding);
    expect(spellGraph(saved)).toEqual(spellGraph(after));
    expect(after.nodes.length).toBe(written.nodes.length + 1);
  });
});
