/**
 * What the release that opens a store will not show: times as people write them are respelled, and whatever its model
 * refuses after that is counted and listed, in the dry run, in the result and by inspect, and never called visible.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { BackendConfig } from "../../src/backends/config.ts";
import { Properties } from "../../src/graph/properties.ts";
import { Showing } from "../../src/memorygraph/showing.ts";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { program } from "../cli/program.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, createLike, differences, readAll, run, settle, succeed } from "../support/stores.ts";

const WHEN = "2026-01-02T03:04:05.678901+00:00";
const GOOD = { type: "solution", title: "t", content: "c", created_at: WHEN, updated_at: WHEN };

/** Times that 0.12.4 reads on Python 3.11, and 0.13 refuses. */
const TIMES = {
  date: "2026-03-29",
  hour: "2026-03-29T02:30:00+05",
  basic: "20260329T023000Z",
  comma: "2026-03-29T02:30:00,123+00:00",
  week: "2026-W13-7",
  picoseconds: "2026-03-29T02:30:00.123456789123+00:00",
};

/** A memory for each of these differences from a good one. */
function make(path: string, memories: Record<string, Record<string, unknown>>): string {
  const store = createLike("0.12.4", path);
  const insert = store.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)");
  for (const [id, own] of Object.entries(memories)) insert.run(id, JSON.stringify({ id, ...GOOD, ...own }));
  insert.finalize();
  store.close();
  return settle(path);
}

const withTimes = Object.fromEntries(
  Object.entries(TIMES).map(([id, time]) => [id, { created_at: time, context_timestamp: time }]),
);

describe("times that only 0.12 reads", () => {
  test.each(["0.13", "0.14", "0.100"])("are respelled for %s, so that every memory is shown", async (release) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { ok: {}, ...withTimes, accessed: { last_accessed: "2026-03-29" } });
    const { result } = await succeed(source, folder.file("o.db"), { for: release });
    expect([result.verified, result.complete, result.visible, result.notShown]).toEqual([
      true,
      true,
      true,
      { count: 0, reasons: [] },
    ]);
    using database = new Database(folder.file("o.db"), { readonly: true });
    const columns =
      "created_at, updated_at, coalesce(last_accessed, created_at), coalesce(json_extract(context, '$.timestamp'), created_at)";
    const times = database.query(`SELECT ${columns} FROM memories`).values().flat();
    expect(times.filter((time) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(String(time)))).toEqual([]);
    expect(times).toHaveLength(32);
    const inspected = await inspectStore(at(folder.file("o.db")), () => {});
    expect([inspected.readableBy, inspected.notShown]).toEqual([["0.13", "0.14", "0.100"], []]);
  });

  test("come back as they were written", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), withTimes);
    await succeed(source, folder.file("o.db"), { for: "0.13" });
    expect(await differences(source, folder.file("o.db"))).toEqual([]);
    await succeed(folder.file("o.db"), folder.file("back.db"), { for: "0.12" });
    expect(await differences(source, folder.file("back.db"))).toEqual([]);
    const { records } = await readAll(folder.file("back.db"));
    const times = records.map(({ properties }) => [properties.get("id"), properties.get("created_at")]);
    expect(Object.fromEntries(times)).toEqual(TIMES);
    expect(records.filter(({ properties }) => properties.get("memorygraph_migrate_spellings") !== null)).toEqual([]);
  });

  test("what the application changes afterwards counts, and not the original", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { a: { updated_at: "2026-03-29" }, b: { updated_at: "2026-03-29" } });
    await succeed(source, folder.file("o.db"), { for: "0.13" });
    const later = "2027-01-01T00:00:00.000Z";
    new Database(folder.file("o.db")).run("UPDATE memories SET updated_at = ? WHERE id = 'a'", [later]);
    settle(folder.file("o.db"));
    const changed = (await differences(source, folder.file("o.db"))) as { changed: number };
    expect(changed.changed).toBe(1);
  });
});

/** What 0.13's model refuses, by the words in which it is told. */
const REFUSED: Record<string, Record<string, unknown>> = {
  "no created_at": { created_at: undefined },
  "created_at is not a time that it reads": { created_at: "yesterday" },
  "last_accessed is not a time that it reads": { last_accessed: "1893456000" },
  "title longer than 200 characters": { title: "x".repeat(201) },
  "an empty title": { title: "" },
  "an empty content": { content: "" },
  "summary longer than 500 characters": { summary: "x".repeat(501) },
  "importance outside 0 to 1": { importance: 1.5 },
  "confidence outside 0 to 1": { confidence: -0.1 },
  "effectiveness outside 0 to 1": { effectiveness: 2 },
  "version below 1": { version: 0 },
  "an unknown type": { type: "workflow_action" },
  "an unknown context_visibility": { context_visibility: "everybody" },
  "tags is not a list of texts": { tags: ["a", 1] },
};

describe("what the model of the release refuses", () => {
  const refused = Object.entries(REFUSED).map(([what, own]) => ({ what, own }));

  test.each(
    refused.filter(({ own }) => !("created_at" in own && own.created_at === undefined)),
  )("$what: in the dry run, the result and inspect, with its id", async ({ what, own }) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { good: {}, bad: own });
    const told = { count: 1, reasons: [{ what, count: 1, examples: ["bad"] }] };
    const plan = await run(source, folder.file("o.db"), { for: "0.13", dryRun: true });
    expect(plan.result.notShown).toEqual(told);
    const { result } = await succeed(source, folder.file("o.db"), { for: "0.13" });
    expect([result.verified, result.notShown, result.visible]).toEqual([true, told, true]);
    const inspected = await inspectStore(at(folder.file("o.db")), () => {});
    expect([inspected.openedBy, inspected.readableBy]).toEqual([["0.13", "0.14", "0.100"], []]);
    expect(inspected.notShown).toEqual(["0.13", "0.14", "0.100"].map((release) => ({ release, ...told })));
    // The next copy moves whole tables and no records: it is told all the same.
    const again = await succeed(folder.file("o.db"), folder.file("again.db"));
    expect(again.result.notShown).toEqual(told);
  });

  test("what the layout demands and gets is no reason: 0.13 shows the default", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { bad: { title: null, updated_at: null, importance: null, tags: "x" } });
    const { result } = await succeed(source, folder.file("o.db"), { for: "0.13" });
    expect(result.notShown.count).toBe(0);
  });

  test("a store of which nothing is shown is not one to start MemoryGraph with", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { a: { title: "" }, b: { content: "" } });
    const { result } = await succeed(source, folder.file("o.db"), { for: "0.13" });
    expect([result.success, result.visible, result.notShown.count]).toEqual([true, false, 2]);
  });

  test("a value of a million characters is judged at once", () => {
    const long = "1".repeat(1_000_000);
    const fields = ["importance", "usage_count", "created_at", "title", "context_languages", "context_timestamp"];
    const start = performance.now();
    for (const field of fields) {
      for (const value of [long, `${long}x`, `[${long}`, `2024-01-01T${long}`, " ".repeat(1_000_000)]) {
        expect(
          new Showing("0.12").reasonFor(Properties.from(Object.entries({ ...GOOD, [field]: value }))),
        ).not.toBeNull();
      }
    }
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test("0.12 reads back no version, and refuses nulls where it has defaults", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), { version: { version: 0 }, null: { importance: null } });
    const { notShown, readableBy } = await inspectStore(at(source), () => {});
    const reasons = [{ what: "importance is null", count: 1, examples: ["null"] }];
    expect([readableBy, notShown]).toEqual([[], [{ release: "0.12", count: 1, reasons }]]);
  });
});

describe("FalkorDBLite stores, whose form and graph say who opens them", () => {
  const lite = (path: string, graph?: string) =>
    new BackendConfig({ type: "falkordblite", path, ...(graph !== undefined && { graph }) });

  test.each([
    "0.12",
    "0.13",
    "0.14",
  ])("times are respelled for %s in a graph too, and come back as they were written", async (release) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), withTimes);
    const { result } = await runMigration(at(source), lite(folder.file("lite")), { for: release }, {});
    expect([result.errors, result.verified, result.visible, result.notShown.count]).toEqual([[], true, true, 0]);
    const inspected = await inspectStore(lite(folder.file("lite")), () => {});
    expect(inspected.readableBy).toContain(release);
    await runMigration(lite(folder.file("lite")), at(folder.file("back.db")), { for: "0.12" }, {});
    expect(await differences(source, folder.file("back.db"))).toEqual([]);
    const { records } = await readAll(folder.file("back.db"));
    const times = records.map(({ properties }) => [properties.get("id"), properties.get("created_at")]);
    expect(Object.fromEntries(times)).toEqual(TIMES);
  });

  test("a graph of another name is nothing to start MemoryGraph with, and --quiet says why", async () => {
    using folder = temporaryFolder();
    make(folder.file("s.db"), { a: {} });
    const args = [
      "--from",
      "sqlite",
      "--from-path",
      "s.db",
      "--to",
      "falkordblite",
      "--to-path",
      "lite.db",
      "--to-graph",
      "other",
    ];
    const { code, stdout, stderr } = await program(folder, args);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("MemoryGraph opens only the graph memorygraph, not other"),
    ]);
    expect(stdout).not.toContain("start MemoryGraph");
    expect(stderr).not.toContain("start MemoryGraph");
    const inspected = await program(folder, [
      "inspect",
      "--from",
      "falkordblite",
      "--from-path",
      "lite.db",
      "--from-graph",
      "other",
    ]);
    expect(inspected.stdout).toMatch(/visible to +no MemoryGraph release/);
    make(folder.file("more.db"), { b: {} });
    const quiet = await program(
      folder,
      [...args, "--quiet", "--yes"].map((arg) => (arg === "s.db" ? "more.db" : arg)),
    );
    expect([quiet.code, quiet.stderr]).toEqual([
      0,
      expect.stringContaining("MemoryGraph opens only the graph memorygraph, not other"),
    ]);
    expect(quiet.stdout).not.toContain("next:");
  });

  test("a graph without a memory is visible to nobody", async () => {
    using folder = temporaryFolder();
    const store = createLike("0.12.4", folder.file("s.db"));
    store.run('INSERT INTO nodes (id, label, properties) VALUES (\'e\', \'Entity\', \'{"id": "e", "text": "x"}\')');
    store.close();
    settle(folder.file("s.db"));
    const { result } = await runMigration(at(folder.file("s.db")), lite(folder.file("lite")), {}, {});
    expect([result.errors, result.visible]).toEqual([[], false]);
    const { readableBy } = await inspectStore(lite(folder.file("lite")), () => {});
    expect(readableBy).toEqual([]);
    expect((await inspectStore(at(folder.file("s.db")), () => {})).readableBy).toEqual([]);
  });

  test("0.14 opens no graph in which memories share an id, and that is said", async () => {
    using folder = temporaryFolder();
    const store = createLike("0.12.4", folder.file("s.db"));
    const insert = store.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)");
    for (const id of ["a", "b"]) insert.run(id, JSON.stringify({ ...GOOD, id: "same", title: id }));
    insert.finalize();
    store.close();
    settle(folder.file("s.db"));
    const { records } = await readAll(folder.file("s.db"));
    const showing = new Showing("0.14", "falkordblite");
    for (const { properties } of records) showing.add(properties.with("id", "same"), true);
    expect([showing.isClosed, showing.count, showing.reasons()[0]?.examples]).toEqual([true, 2, ["same", "same"]]);
    const before = new Showing("0.13", "falkordblite");
    for (const { properties } of records) before.add(properties.with("id", "same"), true);
    expect(before.isClosed).toBe(false);
  });
});
