import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Temporal, type Value } from "../../src/graph/value.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import type { DumpNode, DumpRelationship } from "../../src/rdb/dump.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { bytesSource } from "../../src/rdb/source.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { spellGraph } from "./expected.ts";
import { NASTY_SCHEMA, nastyGraph } from "./nasty.ts";
import { readFile } from "./read.ts";
import { asVersion17 } from "./v17.ts";

const kinds = await engines();

/** Version 17 had no temporal values yet. */
function isOlder(value: Value): boolean {
  return !(value instanceof Temporal) && !(Array.isArray(value) && !value.every(isOlder));
}

const keeps = ({ properties }: DumpNode | DumpRelationship) => properties.values.every(isOlder);

describe.each(kinds.map((kind) => [kind.version, kind] as const))("a dump of version 17 and FalkorDB %s", (_, kind) => {
  test("are of one mind about what it holds", async () => {
    using folder = temporaryFolder();
    const all = nastyGraph({ spokes: 3_000, long: false });
    const nodes = all.nodes.filter(keeps);
    const ids = new Set(nodes.map(({ id }) => id));
    const relationships = all.relationships.filter((one) => keeps(one) && ids.has(one.start) && ids.has(one.end));
    using draft = new GraphDraft(folder.file("spool"), { name: "memorygraph", schema: NASTY_SCHEMA });
    for (const node of nodes) draft.addNode(node);
    for (const relationship of relationships) draft.addRelationship(relationship);
    await writeDump(folder.file("v18.rdb"), draft);
    const dump = readFileSync(folder.file("v18.rdb"));
    const scan = await scanDump(bytesSource(dump));
    await asVersion17(folder.file("v17.rdb"), dump, scan, scan.graphs[0]!);

    const read = await readFile(folder.file("v17.rdb"));
    expect(read.graph.encoding).toBe(17);
    expect(spellGraph(read)).toEqual(spellGraph({ nodes, relationships }));
    await using engine = await Engine.start(kind.module, folder.path, "v17.rdb");
    expect(spellGraph(await engine.read("memorygraph"))).toEqual(spellGraph(read));
  });
});
