/** Nodes that have no id, or share one: each is the same node before and after what a target does to it. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { compareConfigured } from "../../src/operations/compare-stores.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../src/operations/models.ts";
import type { PlainGraph } from "../conformance/corpus.ts";
import { allEnds, type End, type ServerEnd } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { linesOf } from "../conformance/graph.ts";
import { temporaryFolder } from "../support/folder.ts";
import { settle } from "../support/stores.ts";

const { first, second } = await allEnds();
// An archive holds what was put into it, and stands for a graph nowhere.
const graphs = first.filter(({ kind }) => kind !== "sqlite" && kind !== "archive");
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

describe.each(
  shares.map((to) => ({ name: to.name, to })),
)("records that no row of 0.13 can hold and that share their id, into $name", ({ to }) => {
  test("arrive by way of such a file", async () => {
    using folder = temporaryFolder();
    await falkor!.empty();
    await to.empty();
    const entity = (name: string) => ({ name, labels: ["Entity"], properties: { id: "shared", text: name } });
    const joined = (from: string, strength: number) => ({
      ...{ from, to: "memory", type: "KNOWS" },
      properties: { id: "r", strength },
    });
    const memory = { name: "memory", labels: ["Memory"], properties: copy("memory", "m", 1).properties };
    const relationships = [joined("one", 0.5), joined("two", 1.5)];
    await falkor!.fill({ nodes: [entity("one"), entity("two"), memory], relationships });
    const before = linesOf(await falkor!.read());
    const file = new BackendConfig({ type: "sqlite", path: folder.file("a.db") });
    expect((await run(falkor!.config, file, { for: "0.13" })).errors).toEqual([]);
    const done = await run(file, to.config, {});
    expect([done.errors, done.verified, done.complete]).toEqual([[], true, true]);
    expect(linesOf(await to.read())).toEqual(before);
  });
});

/** A day of January as every release writes it. */
const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;

function copy(name: string, id: string, updated: number, more: Record<string, string> = {}) {
  const { label = "Memory", ...properties } = more;
  const times = { created_at: day(1), updated_at: day(updated) };
  return {
    name,
    labels: [label],
    properties: { id, type: "task", title: name, content: "c", importance: 0.5, ...times, ...properties },
  };
}

/** What stores without a unique constraint hold: two versions of a memory, one twice, one with the id of another thing. */
const DOUBLED = {
  nodes: [
    copy("old", "dup", 1),
    copy("new", "dup", 2),
    copy("twin", "same", 1),
    { ...copy("twin", "same", 1), name: "twin 2" },
    copy("memory", "tag", 1),
    copy("entity", "tag", 9, { label: "Entity" }),
    copy("one", "one", 1),
  ],
  relationships: [
    { from: "old", to: "one", type: "SOLVES", properties: { id: "of old" } },
    { from: "new", to: "one", type: "SOLVES", properties: { id: "of new" } },
    { from: "one", to: "new", type: "SOLVES", properties: { id: "to new" } },
    { from: "memory", to: "entity", type: "SOLVES", properties: { id: "among namesakes" } },
    { from: "twin", to: "one", type: "SOLVES", properties: { id: "of twin" } },
    { from: "twin 2", to: "one", type: "SOLVES", properties: { id: "of twin 2" } },
    { from: "one", to: "new", type: "FIXES", properties: { id: "twice", last_validated: day(2), strength: 0.25 } },
    { from: "one", to: "new", type: "FIXES", properties: { id: "twice", last_validated: day(3), strength: 0.75 } },
  ],
};

/** What the application shows: the rows of its own tables. */
function shown(path: string): { titles: unknown[][]; relationships: unknown[] } {
  const database = new Database(settle(path), { readonly: true });
  try {
    const [table] = database.query("SELECT name FROM sqlite_master WHERE name IN ('nodes', 'memories')").values()[0]!;
    const title = table === "nodes" ? "json_extract(properties, '$.title')" : "title";
    const strength = table === "nodes" ? "json_extract(properties, '$.strength')" : "strength";
    return {
      titles: database.query(`SELECT id, ${title} FROM ${table} ORDER BY 1`).values(),
      relationships: database
        .query(
          `SELECT id || CASE WHEN id = 'twice' THEN ' ' || ${strength} ELSE '' END FROM relationships
           WHERE from_id IN (SELECT id FROM ${table}) AND to_id IN (SELECT id FROM ${table}) ORDER BY 1`,
        )
        .values()
        .flat(),
    };
  } finally {
    database.close();
  }
}

/** Without the names, which are each store's own numbers, and with times in one spelling. */
function sorted({ nodes, relationships }: PlainGraph): unknown {
  const titles = new Map(nodes.map(({ name, properties }) => [name, properties.title]));
  const texts = (list: readonly unknown[]) =>
    list
      .map((one) =>
        Bun.inspect(one, { sorted: true })
          .replace(/\{\s+dateTime: ("[^"]*"),\s+\}/g, "$1")
          .replace(/(\.000Z|\+00:00)"/g, 'Z"'),
      )
      .sort();
  return [
    texts(nodes.map(({ name: _, ...node }) => node)),
    texts(relationships.map((one) => ({ ...one, from: titles.get(one.from), to: titles.get(one.to) }))),
  ];
}

describe.each(graphs.map((from) => ({ name: from.name, from })))("memories that share their id, out of $name", ({
  from,
}) => {
  const back = second.filter(({ kind }) => kind !== "sqlite");

  for (const release of ["0.12", "0.13"] as const) {
    test(`into a file of ${release}: what was updated last is shown, the others are kept, and all come back`, async () => {
      using folder = temporaryFolder();
      await from.empty();
      await from.fill(DOUBLED);
      const file = new BackendConfig({ type: "sqlite", path: folder.file("store.db") });
      const planned = await run(from.config, file, { dryRun: true, for: release });
      const done = await run(from.config, file, { for: release });
      for (const { errors, notes, setAside } of [planned, done]) {
        expect(errors).toEqual([]);
        const note = notes.find(({ what }) => what.startsWith("records that share their id"));
        expect([note?.count, note?.examples.map((one) => one.split(" ")[0])]).toEqual([
          4,
          ["dup", "same", "tag", "twice"],
        ]);
        expect(setAside["nodes labelled Memory"]).toBe(2);
        expect(setAside["nodes labelled Entity"]).toBe(1);
      }
      expect([done.verified, done.imported]).toEqual([true, { nodes: 7, memories: 6, relationships: 8 }]);
      const { titles, relationships } = shown(file.path!);
      expect(titles).toEqual([
        ["dup", "new"],
        ["one", "one"],
        ["same", "twin"],
        ["tag", "memory"],
      ]);
      expect(relationships).toContain("of new");
      expect(relationships).toContain("to new");
      expect(relationships).toContain("twice 0.75");
      expect(relationships).not.toContain("of old");
      expect(await compareConfigured(from.config, file, () => {})).toMatchObject({ identical: true });
      expect(await compareConfigured(file, from.config, () => {})).toMatchObject({ identical: true });
      // Once more changes nothing.
      const again = await run(from.config, file, {});
      expect([again.errors, again.present]).toEqual([[], { nodes: 7, memories: 6, relationships: 8 }]);
      for (const to of back) {
        await to.empty();
        const returned = await run(file, to.config, {});
        expect([to.name, returned.errors, returned.verified]).toEqual([to.name, [], true]);
        expect(sorted(await to.read())).toEqual(sorted(await from.read()));
      }
    });
  }

  test("the application goes on with the one that it sees, and the others stay beside it", async () => {
    using folder = temporaryFolder();
    await from.empty();
    await from.fill(DOUBLED);
    const file = new BackendConfig({ type: "sqlite", path: folder.file("store.db") });
    expect((await run(from.config, file, { for: "0.13" })).errors).toEqual([]);
    const database = new Database(file.path!);
    database.run("UPDATE memories SET title = 'edited' WHERE id = 'dup'");
    database.close();
    settle(file.path!);
    const [to] = back;
    await to!.empty();
    const returned = await run(file, to!.config, {});
    expect([returned.errors, returned.verified]).toEqual([[], true]);
    const { nodes } = await to!.read();
    const titles = nodes.filter(({ properties }) => properties.id === "dup").map(({ properties }) => properties.title);
    expect(titles.sort()).toEqual(["edited", "old"]);
  });
});

describe.if(falkor !== undefined)("the statement in docs/STORES.md that makes ids unique", () => {
  test("leaves the newest of each its id, and loses nothing", async () => {
    const text = readFileSync(join(import.meta.dir, "../../docs/STORES.md"), "utf8");
    const statement = /```cypher\n([\s\S]*?)```/.exec(text)![1]!;
    await falkor!.empty();
    await falkor!.fill(DOUBLED);
    const before = await falkor!.read();
    await withFalkor(falkor!.server, async (command) => {
      await command("GRAPH.QUERY", falkor!.config.graph!, statement);
    });
    const { nodes, relationships } = await falkor!.read();
    const memories = nodes.filter(({ labels }) => labels.includes("Memory"));
    expect(memories.map(({ properties: { id, title } }) => `${id}: ${title}`).sort()).toEqual([
      "dup#2: old",
      "dup: new",
      "one: one",
      "same#2: twin",
      "same: twin",
      "tag: memory",
    ]);
    expect([nodes.length, relationships.length]).toEqual([before.nodes.length, before.relationships.length]);
  });
});
