import { describe, expect, test } from "bun:test";
import { Properties } from "../../src/graph/properties.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import type { DumpRelationship } from "../../src/rdb/dump.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { readFile } from "./read.ts";

const kinds = await engines();
const NONE = Properties.from([]);

/**
 * So many relationships of one type, each between other nodes, make arrays of four and eight times as many bytes: around
 * 256,000 lie the lengths that engines up to 4.16 write, and do not understand.
 */
const COUNTS = [
  [32_000, 0],
  [32_000, 32_000],
  [63_999, 0],
  [64_000, 1],
] as const;
const NODES = 300;

function relationshipsOf(count: number, type: string, first: number): DumpRelationship[] {
  return Array.from({ length: count }, (_, at) => ({
    id: first + at,
    type,
    start: Math.floor(at / NODES),
    end: at % NODES,
    properties: NONE,
  }));
}

const spell = (relationships: readonly DumpRelationship[]) =>
  relationships.map(({ id, type, start, end }) => `${id} ${start} ${type} ${end}`).sort();

/** Sums are doubles, which come as text. */
const rowsOf = (answer: unknown) => JSON.stringify(answer).replaceAll('"', "");

describe.each(kinds.map((kind) => [kind.version, kind] as const))("FalkorDB %s", (version, { module }) => {
  test.each(COUNTS)("%d relationships, and %d deleted, come whole both ways", async (count, deleted) => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    using draft = new GraphDraft(folder.file("spool"), { name: "memorygraph" });
    for (let id = 0; id < NODES; id++) draft.addNode({ id, labels: [], properties: NONE });
    const relationships = relationshipsOf(count, "A", deleted);
    for (const relationship of relationships) draft.addRelationship(relationship);
    expect(draft.counts.deletedRelationships).toBe(deleted);
    await writeDump(path, draft);
    expect(spell((await readFile(path)).relationships)).toEqual(spell(relationships));
    await using engine = await Engine.start(module, folder.path, "dump.rdb");
    const counted = "MATCH (a)-[r:A]->(b) RETURN count(r), sum(id(r)), sum(id(a) * 300 + id(b))";
    const ids = relationships.reduce((sum, { id }) => sum + id, 0);
    const places = relationships.reduce((sum, { start, end }) => sum + start * NODES + end, 0);
    expect(rowsOf(await engine.query("memorygraph", counted))).toContain(`[[${count},${ids},${places}]]`);
    await engine.command("SAVE");
    const saved = await readFile(path);
    expect(spell(saved.relationships)).toEqual(spell(relationships));
  });

  test("a list of 31,974 parallel relationships is of such a length, too", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    using draft = new GraphDraft(folder.file("spool"), { name: "memorygraph" });
    for (const id of [0, 1]) draft.addNode({ id, labels: [], properties: NONE });
    const relationships = Array.from({ length: 31_974 }, (_, id) => ({
      id,
      type: "A",
      start: 0,
      end: 1,
      properties: NONE,
    }));
    for (const relationship of relationships) draft.addRelationship(relationship);
    await writeDump(path, draft);
    expect((await readFile(path)).relationships.length).toBe(31_974);
    await using engine = await Engine.start(module, folder.path, "dump.rdb");
    const counted = "MATCH (a)-[r:A]->(b) RETURN count(r), sum(id(r))";
    expect(rowsOf(await engine.query("memorygraph", counted))).toContain(`[[31974,${(31_974 * 31_973) / 2}]]`);
    await engine.command("SAVE");
    expect(spell((await readFile(path)).relationships), version).toEqual(spell(relationships));
  });
});
