/** Whole graphs out of dumps, for tests. */

import type { DumpGraph, DumpNode, DumpRelationship, DumpScan } from "../../src/rdb/dump.ts";
import { openGraph } from "../../src/rdb/graph.ts";
import { findGraph, scanDump } from "../../src/rdb/scan.ts";
import { openDumpFile } from "../../src/rdb/source.ts";

export interface WholeGraph {
  readonly graph: DumpGraph;
  readonly nodes: readonly DumpNode[];
  readonly relationships: readonly DumpRelationship[];
}

export async function readGraph(scan: DumpScan, name = "memorygraph", db = 0): Promise<WholeGraph> {
  const graph = findGraph(scan, name, db);
  if (graph === null) throw new Error(`no graph ${name} in ${scan.source.name}`);
  const reader = await openGraph(scan, graph);
  return {
    graph,
    nodes: (await Array.fromAsync(reader.nodes())).flat(),
    relationships: (await Array.fromAsync(reader.relationships())).flat(),
  };
}

export async function readFile(path: string, name = "memorygraph", db = 0): Promise<WholeGraph> {
  using source = openDumpFile(path);
  return await readGraph(await scanDump(source), name, db);
}
