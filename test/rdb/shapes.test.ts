import { describe, expect, test } from "bun:test";
import { Properties } from "../../src/graph/properties.ts";
import type { Value } from "../../src/graph/value.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import type { DumpNode, DumpRelationship, GraphSchema } from "../../src/rdb/dump.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { spellGraph } from "./expected.ts";
import { NASTY_SCHEMA, nastyGraph } from "./nasty.ts";
import { readFile } from "./read.ts";

const kinds = await engines();
const NONE = Properties.from([]);

interface Shape {
  readonly schema?: GraphSchema;
  readonly nodes: readonly DumpNode[];
  readonly relationships: readonly DumpRelationship[];
}

const node = (id: number, labels: readonly string[] = [], entries: readonly (readonly [string, Value])[] = []) => ({
  id,
  labels,
  properties: Properties.from(entries),
});
const join = (id: number, start: number, end: number, type = "R") => ({ id, type, start, end, properties: NONE });
const entry = (name: string) => ({ name, index: null, constraints: [] });

const SHAPES: readonly (readonly [what: string, shape: Shape])[] = [
  ["nothing at all", { nodes: [], relationships: [] }],
  [
    "only names",
    { schema: { attributes: ["a"], labels: [entry("L")], types: [entry("T")] }, nodes: [], relationships: [] },
  ],
  ["one node without anything", { nodes: [node(0)], relationships: [] }],
  [
    "one node with more labels than there are nodes",
    { nodes: [node(0, ["A", "B", "C", "D", "E"])], relationships: [] },
  ],
  [
    "one node joined to itself, often",
    { nodes: [node(0, ["A"])], relationships: [join(0, 0, 0), join(1, 0, 0), join(2, 0, 0, "S")] },
  ],
  ["only a high id", { nodes: [node(20_000, ["A"])], relationships: [join(20_000, 20_000, 20_000)] }],
  [
    "relationships in another order than their ids",
    {
      nodes: [node(2), node(0), node(1, ["A"])],
      relationships: [join(2, 0, 1), join(0, 1, 0), join(1, 0, 1), join(3, 2, 2)],
    },
  ],
  [
    "a node with 3,000 properties",
    {
      nodes: [
        node(
          0,
          ["A"],
          Array.from({ length: 3_000 }, (_, at) => [`p${at}`, BigInt(at)] as const),
        ),
      ],
      relationships: [],
    },
  ],
];

async function write(path: string, { schema, nodes, relationships }: Shape): Promise<void> {
  using draft = new GraphDraft(`${path}.spool`, { name: "memorygraph", ...(schema !== undefined && { schema }) });
  for (const one of nodes) draft.addNode(one);
  for (const one of relationships) draft.addRelationship(one);
  await writeDump(path, draft);
}

describe.each(kinds.map((kind) => [kind.version, kind] as const))("FalkorDB %s", (_, { module }) => {
  test.each(SHAPES)("takes %s, and goes on", async (_what, shape) => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    await write(path, shape);
    expect(spellGraph(await readFile(path))).toEqual(spellGraph(shape));
    await using engine = await Engine.start(module, folder.path, "dump.rdb");
    expect(spellGraph(await engine.read("memorygraph"))).toEqual(spellGraph(shape));
    await engine.query("memorygraph", "CREATE (:New)-[:R]->(:New), (:L)-[:T]->(:A)");
    await engine.command("SAVE");
    const after = await engine.read("memorygraph");
    expect(after.nodes.length).toBe(shape.nodes.length + 4);
    expect(spellGraph(await readFile(path))).toEqual(spellGraph(after));
  });

  test("takes a dump of ours with small buffers of its own, and we take its many keys", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    const graph = nastyGraph({ spokes: 500, long: false });
    await write(path, { schema: NASTY_SCHEMA, ...graph });
    const options = ["NODE_CREATION_BUFFER", "128", "VKEY_MAX_ENTITY_COUNT", "10", "DELTA_MAX_PENDING_CHANGES", "7"];
    await using engine = await Engine.start(module, folder.path, "dump.rdb", options);
    expect(spellGraph(await engine.read("memorygraph"))).toEqual(spellGraph(graph));
    await engine.query("memorygraph", "MATCH (n:Value) WHERE n.at % 3 = 0 DETACH DELETE n");
    await engine.query(
      "memorygraph",
      "UNWIND range(1, 40) AS i MATCH (a:Memory {id: 'm-1'}) CREATE (a)-[:PARALLEL]->(a), (:New)",
    );
    await engine.command("SAVE");
    const saved = await readFile(path);
    expect(saved.graph.keys.length).toBeGreaterThan(20);
    expect(spellGraph(saved)).toEqual(spellGraph(await engine.read("memorygraph")));
  });
});
