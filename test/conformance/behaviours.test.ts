/** What every store has to do as a target and as a source, beside holding values. */
import { describe, expect, test } from "bun:test";
import { basename, dirname } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { descriptorOf } from "../../src/backends/descriptors.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import type { HardValue } from "../../src/graph/hard-values.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult, Progress } from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, createLike, settle } from "../support/stores.ts";
import type { Plain, PlainGraph, PlainNode } from "./corpus.ts";
import { allEnds, type End, isWrittenOnce, liteEnd, liteName } from "./ends.ts";
import { linesOf } from "./graph.ts";

const { second } = await allEnds();
// Where an engine judges FalkorDBLite, both of its forms.
const ends = second.some(({ name }) => name === liteName("directory")) ? [...second, await liteEnd("file")] : second;

function canHold({ kind }: End, ...hard: HardValue[]): boolean {
  return !hard.some((one) => descriptorOf(kind).capabilities.cannotHold.includes(one));
}
const OLD = "2024-01-01T00:00:00.000000+00:00";
const NEW = "2024-06-01T00:00:00.000000+00:00";

async function run(
  from: BackendConfig,
  to: BackendConfig,
  options: MigrationOptionsInput = {},
  hooks: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {},
): Promise<MigrationResult> {
  return (await runMigration(from, to, options, hooks)).result;
}

/** A SQLite file of the `nodes` layout with these memories and relationships. */
function fileWith(
  path: string,
  nodes: readonly Record<string, unknown>[],
  relationships: readonly string[][] = [],
): BackendConfig {
  const database = createLike("0.12.4", path);
  database.run("BEGIN");
  for (const node of nodes) {
    const json = JSON.stringify({ type: "general", created_at: OLD, updated_at: OLD, ...node });
    database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)", [String(node.id), json]);
  }
  for (const [id, from, to, properties] of relationships) {
    database.run(
      "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES (?, ?, ?, 'SOLVES', ?, ?, ?)",
      [id!, from!, to!, properties ?? "{}", OLD, OLD],
    );
  }
  database.run("COMMIT");
  database.close();
  return at(settle(path));
}

function node(id: string, properties: Record<string, Plain> = {}, labels = ["Memory"]): PlainNode {
  return { name: id, labels, properties: { id, created_at: OLD, updated_at: OLD, ...properties } };
}

const THERE: PlainGraph = {
  nodes: [
    node("same"),
    node("changed", { title: "of the target", updated_at: NEW }),
    node("older", { title: "of the target" }),
    node("alone"),
    { name: "stranger", labels: ["Application"], properties: { secret: "of somebody else" } },
  ],
  relationships: [
    { from: "changed", to: "alone", type: "KNOWS", properties: { id: "r", strength: 0.5 } },
    { from: "stranger", to: "alone", type: "OWNS", properties: {} },
  ],
};

const COMING = [
  { id: "same", type: undefined },
  { id: "changed", title: "of the source", updated_at: "2024-03-01T00:00:00.000000+00:00" },
  { id: "older", title: "of the source", updated_at: NEW },
  { id: "new", title: "new" },
];

describe.each(ends.map((end) => ({ name: end.name, end })))("$name as a target", ({ end }) => {
  async function filled(graph: PlainGraph = THERE): Promise<string[]> {
    await end.clear();
    await end.fill(graph);
    return linesOf(await end.read());
  }

  const canHoldMore = !isWrittenOnce(end);

  test.if(!canHoldMore)(
    "that holds something is refused whatever the policy, dry or not, and left as it was",
    async () => {
      using folder = temporaryFolder();
      const before = await filled();
      const source = fileWith(folder.file("a.db"), COMING);
      for (const onConflict of ["skip", "overwrite", "newest", "fail"] as const) {
        for (const dryRun of [false, true]) {
          const result = await run(source, end.config, { onConflict, dryRun });
          expect(result.errors[0]).toMatchObject({
            code: "refused",
            message: expect.stringContaining(end.config.path!),
          });
        }
      }
      expect(linesOf(await end.read())).toEqual(before);
    },
  );

  test.if(canHoldMore).each([
    ["skip", ["of the target", "of the target"]],
    ["overwrite", ["of the source", "of the source"]],
    ["newest", ["of the target", "of the source"]],
  ] as const)("that holds something keeps it under %s, and is told from what comes", async (onConflict, titles) => {
    using folder = temporaryFolder();
    await filled();
    const source = fileWith(
      folder.file("a.db"),
      COMING,
      [["r2", "new", "alone"]].concat([["r", "new", "older"]]) as string[][],
    );
    // `alone` is in the target only, and a relationship leads to it.
    const result = await run(source, end.config, { onConflict, allowLoss: true });
    expect(result.errors).toEqual([]);
    expect(result.verified).toBe(true);
    const { nodes, relationships } = await end.read();
    const title = (id: string) => nodes.find(({ properties }) => properties.id === id)?.properties.title;
    expect([title("changed"), title("older")]).toEqual([...titles]);
    expect(title("new")).toBe("new");
    expect(nodes.find(({ labels }) => labels.includes("Application"))?.properties).toEqual({
      secret: "of somebody else",
    });
    expect(relationships.filter(({ type }) => type === "OWNS").length).toBe(1);
    expect(result.verification?.untouched?.before).toBe(result.verification?.untouched?.after as string);
  });

  test.if(canHoldMore)("under fail it is left as it was", async () => {
    using folder = temporaryFolder();
    const before = await filled();
    const result = await run(fileWith(folder.file("a.db"), COMING), end.config, { onConflict: "fail" });
    expect(result.errors[0]?.code).toBe("refused");
    expect(linesOf(await end.read())).toEqual(before);
  });

  test("a dry run says what a run then does, and writes nothing", async () => {
    using folder = temporaryFolder();
    const before = await filled(canHoldMore ? THERE : { nodes: [], relationships: [] });
    if (!canHoldMore) await end.empty();
    const source = fileWith(folder.file("a.db"), COMING);
    const plan = await run(source, end.config, { onConflict: "newest", dryRun: true });
    expect(plan.errors).toEqual([]);
    expect(linesOf(await end.read())).toEqual(before);
    const result = await run(source, end.config, { onConflict: "newest" });
    expect([result.imported, result.overwritten, result.present, result.skipped]).toEqual([
      plan.imported,
      plan.overwritten,
      plan.present,
      plan.skipped,
    ]);
  });

  test.each([
    "transfer",
    "verify",
  ] as const)("a run that is broken off in the phase %s leaves what was there", async (phase) => {
    using folder = temporaryFolder();
    await end.empty();
    const nothing = { nodes: [], relationships: [] };
    for (const graph of canHoldMore ? [THERE, nothing] : [nothing]) {
      const before = await filled(graph);
      if (!canHoldMore) await end.empty();
      const indexes = await indexesOf(end);
      const stop = new AbortController();
      const onProgress = (progress: Progress) => {
        if (progress.phase === phase && (phase === "verify" || progress.done > 0)) stop.abort(new Error("enough"));
      };
      const source = fileWith(folder.file(`${phase}-${graph.nodes.length}.db`), COMING, [["r2", "new", "older"]]);
      const result = await run(source, end.config, { onConflict: "overwrite" }, { signal: stop.signal, onProgress });
      expect(result.errors[0]?.code).toBe("interrupted");
      expect(linesOf(await end.read())).toEqual(before);
      expect(await indexesOf(end)).toEqual(indexes);
      // What is staged never stood in an empty file.
      const wasEmpty = end.config.path !== undefined && graph.nodes.length === 0;
      expect(result.rollback.join(" ")).toContain(wasEmpty ? "undid what had been written" : "proved by digest");
    }
  });

  test("nodes that fill a batch exactly are there before what joins them", async () => {
    using folder = temporaryFolder();
    await end.clear();
    const ids = Array.from({ length: 2_000 }, (_, at) => `m${at}`);
    const source = fileWith(
      folder.file("a.db"),
      ids.map((id) => ({ id })),
      ids.slice(0, 100).map((id) => [`r-${id}`, id, "m1999"]),
    );
    const result = await run(source, end.config);
    expect(result.errors).toEqual([]);
    expect(result.target?.after?.relationships).toBe(100);
  });

  test("it gets MemoryGraph's indexes and constraint, once", async () => {
    using folder = temporaryFolder();
    await end.empty();
    const source = fileWith(folder.file("a.db"), COMING);
    expect((await run(source, end.config)).errors).toEqual([]);
    const indexes = await indexesOf(end);
    // A file has the indexes of its layout, or none; a graph those of the application.
    if (await isGraph(end)) {
      expect(indexes).toContain("unique constraint on :Memory(id)");
      expect(indexes).toContain("index on :Memory(type)");
    }
    if (!canHoldMore) return;
    expect((await run(source, end.config)).errors).toEqual([]);
    expect(await indexesOf(end)).toEqual(indexes);
  });

  test("what it cannot hold is named before anything is written, and left behind when that is allowed", async () => {
    using folder = temporaryFolder();
    await end.clear();
    const source = fileWith(
      folder.file("a.db"),
      [{ id: "fine" }, { id: "surrogate", content: "\ud800" }, { id: "hung", title: "a" }],
      [
        ["ok", "fine", "hung"],
        ["dangling", "fine", "nowhere"],
      ],
    );
    if (canHold(end, "lone surrogate", "dangling relationship")) {
      expect(await run(source, end.config)).toMatchObject({ errors: [], verified: true, complete: true });
      const { nodes, relationships } = await end.read();
      expect([nodes.length, relationships.length]).toEqual([3, 2]);
      return;
    }
    const refused = await run(source, end.config);
    expect(refused.errors[0]?.code).toBe("refused");
    const told = JSON.stringify(refused.errors);
    expect(told).toContain("surrogate");
    expect(told).toContain("dangling");
    expect(linesOf(await end.read())).toEqual([]);
    const dry = await run(source, end.config, { dryRun: true });
    expect(dry.errors[0]?.code).toBe("refused");
    const allowed = await run(source, end.config, { allowLoss: true });
    expect(allowed.errors).toEqual([]);
    expect([allowed.complete, allowed.verified]).toEqual([false, true]);
    expect(allowed.losses.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    const { nodes, relationships } = await end.read();
    expect([nodes.length, relationships.length]).toEqual([3, 1]);
  });

  test("ids that several memories share are refused where the target demands unique ones", async () => {
    using folder = temporaryFolder();
    const other = ends.find(({ kind }) => kind !== end.kind);
    if (other === undefined) return;
    await end.empty();
    await other.empty();
    if (canHoldMore) expect((await run(fileWith(folder.file("a.db"), COMING), end.config)).errors).toEqual([]);
    const before = linesOf(await end.read());
    await other.fill({
      nodes: [
        { ...node("twice"), name: "a" },
        { ...node("twice", { title: "b" }), name: "b" },
      ],
      relationships: [],
    });
    const refused = await run(other.config, end.config);
    if (!(await isGraph(end))) {
      expect([refused.errors, refused.verified]).toEqual([[], true]);
      expect((await end.read()).nodes.length).toBe(before.filter((line) => line.includes('"node"')).length + 2);
      return;
    }
    expect(refused.errors[0]?.code).toBe("refused");
    expect(JSON.stringify(refused.errors)).toContain("twice");
    expect(linesOf(await end.read())).toEqual(before);
    await end.empty();
    const empty = await run(other.config, end.config);
    expect(empty.errors).toEqual([]);
    expect(JSON.stringify(empty.notes)).toContain("constraint not created");
    expect((await end.read()).nodes.length).toBe(2);
  });
});

describe.each(ends.map((end) => ({ name: end.name, end })))("$name as a source", ({ end }) => {
  test("that changes while it is read is noticed", async () => {
    await end.clear();
    await end.fill(THERE);
    const backend = await loadBackend(end.config);
    const store = await backend.openForReading(end.config);
    for await (const batch of store.read()) expect(batch.length).toBeGreaterThan(0);
    await end.fill({ nodes: [node("late")], relationships: [] });
    const noticed = await store.assertUnchanged().then(
      () => null,
      (error: Error) => error.name,
    );
    await store.close();
    // What is read in one moment needs no second look.
    expect(noticed).toBe(end.kind === "memgraph" ? null : "SourceChangedError");
  });

  test("is one and the same store under another name", async () => {
    const { config } = end;
    const other =
      config.uri === undefined
        ? new BackendConfig({ ...config, path: `${dirname(config.path!)}/./${basename(config.path!)}` })
        : new BackendConfig({ ...config, uri: config.uri.replace("127.0.0.1", "localhost") });
    const result = await run(config, other);
    expect(result.errors[0]?.message).toMatch(/same (store|file)/);
  });
});

async function isGraph(end: End): Promise<boolean> {
  // An archive tells the schema of the graph that it was taken from, and has none itself.
  if (isWrittenOnce(end)) return false;
  const { config } = end;
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  try {
    return (await store.describe("counts")).schema !== undefined;
  } finally {
    await store.close();
  }
}

async function indexesOf({ config }: End): Promise<string[]> {
  const store = await (await loadBackend(config)).openForReading(config, { maybeMissing: true });
  try {
    return [...(await store.describe("counts")).indexes].sort();
  } finally {
    await store.close();
  }
}
