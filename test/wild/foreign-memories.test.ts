/** Nodes labelled Memory that another program made, mcp-neo4j-memory for one: copied, counted apart, never called memories. */
import { describe, expect, test } from "bun:test";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { program } from "../cli/program.ts";
import { contractEnd } from "../conformance/contract-end.ts";
import type { PlainGraph, PlainNode } from "../conformance/corpus.ts";
import { allEnds } from "../conformance/ends.ts";
import { linesOf } from "../conformance/graph.ts";
import { Home } from "../doctor/home.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, settle } from "../support/stores.ts";

const WHEN = "2026-01-02T03:04:05.678901+00:00";
/** As mcp-neo4j-memory writes them. */
const FOREIGN: PlainNode[] = ["Anna", "Berlin", "Chess"].map((name) => ({
  name,
  labels: ["Memory"],
  properties: { name, type: "person", observations: ["likes tea", "is here"] },
}));
const OURS: PlainNode = {
  name: "ours",
  labels: ["Memory"],
  properties: { id: "ours", type: "solution", title: "t", content: "c", created_at: WHEN, updated_at: WHEN },
};
const joined = (nodes: PlainNode[]): PlainGraph => ({
  nodes,
  relationships: [{ from: "Anna", to: "Berlin", type: "LIVES_IN", properties: {} }],
});

const { second } = await allEnds();
describe.each(second.map((end) => ({ name: end.name, end })))("in $name", ({ end }) => {
  test.each([
    ["beside a memory", [OURS], 1],
    ["alone", [], 0],
  ] as const)("%s, they are other nodes", async (_, ours, memories) => {
    using folder = temporaryFolder();
    await end.empty();
    await end.fill(joined([...FOREIGN, ...ours]));
    const { count, notes, notShown, readableBy } = await inspectStore(end.config, () => {});
    expect(count).toEqual({ nodes: 3 + memories, memories, relationships: 1 });
    expect(notes.filter(({ what }) => what.includes("another program"))).toMatchObject([
      { count: 3, examples: expect.arrayContaining(['a node :Memory without id (name "Anna")']) },
    ]);
    // Of the memory it depends on the store.
    if (memories === 0) expect([readableBy, notShown]).toEqual([[], []]);
    const before = linesOf(await end.read());
    const { result } = await runMigration(end.config, at(folder.file("copy.db")), {}, {});
    expect([result.errors, result.complete, result.verified]).toEqual([[], true, true]);
    expect([result.imported, result.visible]).toEqual([
      { nodes: 3 + memories, memories, relationships: 1 },
      memories > 0,
    ]);
    await end.empty();
    expect((await runMigration(at(settle(folder.file("copy.db"))), end.config, {}, {})).result.errors).toEqual([]);
    expect(linesOf(await end.read())).toEqual(before);
  });
});

/** A file of the layout of 0.12 into which they were copied, with this beside them. */
async function fileWith(path: string, ...ours: PlainNode[]): Promise<string> {
  await contractEnd("a file", at(path), "0.12").fill(joined([...FOREIGN, ...ours]));
  return path;
}

test("a store of them alone is called visible to nobody, with --quiet too, and nothing says to start MemoryGraph", async () => {
  using folder = temporaryFolder();
  const source = await fileWith(folder.file("s.db"));
  const why = "no MemoryGraph release: it holds no memories";
  expect((await program(folder, ["inspect", source])).stdout).toMatch(new RegExp(`visible to +${why}`));
  expect((await program(folder, ["inspect", "--quiet", source])).stderr).toContain(`visible to ${why}`);
  const args = ["--from-path", source, "--to", "sqlite", "--to-path"];
  const moved = await program(folder, [...args, folder.file("a.db")]);
  expect(moved.stdout).toContain("MemoryGraph will show nothing of this");
  expect(moved.stdout).not.toContain("start MemoryGraph");
  const quiet = await program(folder, [...args, folder.file("b.db"), "--quiet"]);
  expect(quiet.stderr).toContain("MemoryGraph will show nothing of this");
  expect([moved.code, quiet.code]).toEqual([0, 0]);
});

test("doctor counts them apart, and says whose they are", async () => {
  using home = new Home();
  home.file("", ".memorygraph", "keep");
  await fileWith(home.path(".memorygraph", "memory.db"), OURS);
  const { current, stores } = await home.diagnosis();
  expect(current.memories).toBe(1);
  expect(stores[0]).toMatchObject({ memories: 1, standing: "current" });
  expect(stores[0]!.notes.join()).toContain("another program made them (mcp-neo4j-memory does)");
});
