import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DamagedStoreError } from "../../src/errors.ts";
import type { GraphRecord } from "../../src/graph/record.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { openDumpFile } from "../../src/rdb/source.ts";
import { linesOf, readTruth } from "../support/independent-reader.ts";
import { FIXTURES, readExpected, spellNode, spellRelationship, spellSchema } from "./expected.ts";
import { readFile, readGraph } from "./read.ts";

/** Each with what it must hold; several engines wrote the same graphs. */
const DUMPS = [
  ["writer-v14.rdb", "memory", 14],
  ["writer-v16.rdb", "memory", 16],
  ["v18-4.16.3-memory.rdb", "memory", 18],
  ["v18-4.16.3-vkeys.rdb", "memory", 18],
  ["v18-4.16.3-types.rdb", "types", 18],
  ["v19-4.18.3-memory.rdb", "memory", 19],
  ["v19-4.18.3-multiedge-zstd.rdb", "multiedge-zstd", 19],
  ["v20-4.22.1-memory.rdb", "memory", 20],
  ["v20-4.22.1-multiedge-zstd.rdb", "multiedge-zstd", 20],
  ["v20-4.22.1-types.rdb", "types", 20],
] as const;

describe("dumps that engines wrote", () => {
  test.each(DUMPS)("%s holds exactly the graphs of %s", async (file, name, encoding) => {
    using source = openDumpFile(join(FIXTURES, file));
    const scan = await scanDump(source);
    expect(scan.unreadable).toEqual([]);
    const expected = readExpected(name);
    expect(scan.graphs.map((graph) => graph.name).sort()).toEqual([...expected.keys()].sort());
    for (const [graph, { schema, nodes, relationships }] of expected) {
      const read = await readGraph(scan, graph);
      expect(read.graph.encoding).toBe(encoding);
      expect(spellSchema(read.graph.schema)).toBe(schema);
      expect(read.nodes.map(spellNode)).toEqual([...nodes]);
      const byId = read.relationships.toSorted((a, b) => a.id - b.id);
      expect(byId.map(spellRelationship)).toEqual([...relationships]);
    }
  });

  test("a FalkorDBLite store of MemoryGraph 0.12.4 holds what its truth says", async () => {
    const { nodes, relationships } = await readFile(join(FIXTURES, "falkordblite-0.12.4.db"));
    const keys = new Map(nodes.map(({ id, properties }) => [id, `=${properties.get("id")}`]));
    const records: GraphRecord[] = [
      ...nodes.map(({ id, labels, properties }) => ({ kind: "node", key: keys.get(id)!, labels, properties }) as const),
      ...relationships.map(
        ({ type, start, end, properties }) =>
          ({ kind: "relationship", from: keys.get(start)!, to: keys.get(end)!, type, properties }) as const,
      ),
    ];
    expect(linesOf(records)).toEqual(readTruth(join(FIXTURES, "falkordblite-0.12.4.truth.jsonl")));
  });
});

describe("a dump with every other type of Redis around its graphs", () => {
  const path = join(FIXTURES, "v20-4.22.1-other-keys.rdb");

  test("gives its graphs, in every database", async () => {
    using source = openDumpFile(path);
    const scan = await scanDump(source);
    const expected = readExpected("other-keys");
    expect([...scan.otherKeys]).toEqual([
      [0, 22],
      [3, 1],
    ]);
    for (const [name, db] of [
      ["g0", 0],
      ["new name", 0],
      ["db3", 3],
    ] as const) {
      const read = await readGraph(scan, name, db);
      expect(read.nodes.map(spellNode)).toEqual([...expected.get(name)!.nodes]);
      expect(read.relationships.map(spellRelationship)).toEqual([...expected.get(name)!.relationships]);
    }
    expect(scan.fields.get("redis-ver")).toBe("8.10.2");
  });

  test("names the graph whose name is no text, and reads the others", async () => {
    using source = openDumpFile(path);
    const scan = await scanDump(source);
    expect(scan.unreadable.map(({ db, key }) => [db, key])).toEqual([[0, "key\ufffd"]]);
    expect(scan.unreadable[0]!.error.message).toContain("not UTF-8");
  });

  test("refuses text that is not UTF-8, and says where, as for a server", async () => {
    using source = openDumpFile(path);
    const scan = await scanDump(source);
    const error = await readGraph(scan, "bin").then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DamagedStoreError);
    expect((error as Error).message).toMatch(/damaged at byte \d+: text that is not UTF-8, in node 0 /);
  });
});
