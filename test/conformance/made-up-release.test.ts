// @level normal
/**
 * A release that does not exist yet, in this one file: one more column, and a field under another name. Everything must
 * work with it at once, in every pair of stores.
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { hashOf } from "../../src/memorygraph/canonicalizer.ts";
import { column, type SqliteLayout } from "../../src/memorygraph/layouts/layout.ts";
import { release as newest } from "../../src/memorygraph/releases/0.100.ts";
import type { ReleaseLine } from "../../src/memorygraph/releases/release.ts";
import { addRelease } from "../../src/memorygraph/releases.ts";
import { respell } from "../../src/memorygraph/spelling.ts";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput } from "../../src/operations/models.ts";
import { node } from "../graph/records.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { ALL_OF_IT } from "../support/level.ts";
import { at, copyFixture, digestOf, settle } from "../support/stores.ts";
import { serverEnds } from "./ends.ts";

const before = newest.sqlite.layout;
const renamed = (text: string) =>
  text.replace("title TEXT", "headline TEXT").replace("context TEXT\n      )", "context TEXT,\n mood TEXT)");
const layout: SqliteLayout = {
  ...before,
  name: "moods",
  nodes: {
    ...before.nodes,
    columns: [
      ...before.nodes.columns.map((own) => (own.name === "title" ? { ...own, name: "headline" } : own)),
      column("mood", "text"),
    ],
    recognisedBy: ["id", "type", "headline", "content"],
  },
  tables: before.tables.map((sql) => (sql.includes("CREATE TABLE memories") ? renamed(sql) : sql)),
};
const MADE_UP: ReleaseLine = {
  ...newest,
  name: "0.200",
  renamed: { headline: "title" },
  sqlite: { layout, search: null },
};

let remove = () => {};
beforeAll(() => {
  remove = addRelease(MADE_UP);
});
afterAll(() => remove());

const WHEN = "2026-09-10T08:09:10.123Z";

/** As its application would write it, with a mood for every other memory. */
function make(path: string): string {
  const store = new Database(path, { create: true });
  for (const sql of [...layout.tables, ...layout.indexes]) store.run(sql);
  const memory = store.prepare(
    `INSERT INTO memories (id, type, headline, content, created_at, updated_at, mood) VALUES (?, 'solution', ?, 'c', '${WHEN}', '${WHEN}', ?)`,
  );
  for (let number = 0; number < 20; number++)
    memory.run(`m${number}`, `Headline ${number}`, number % 2 ? "calm" : null);
  const relationship = store.prepare(
    `INSERT INTO relationships (id, from_id, to_id, rel_type, created_at, last_validated, valid_from, recorded_at) VALUES (?, ?, ?, 'SOLVES', '${WHEN}', '${WHEN}', '${WHEN}', '${WHEN}')`,
  );
  for (let number = 0; number < 19; number++) relationship.run(`r${number}`, `m${number}`, `m${number + 1}`);
  store.close();
  return settle(path);
}

/** Between them the layouts; the oldest and the hybrid are files alike, and go the way of files. */
const FIXTURES = ["0.12.4", "0.13.0"] as const;
const OTHERS = ["0.10.0", "hybrid-0.12-0.13"] as const;

interface Way {
  readonly name: string;
  readonly release: string;
  readonly isFile: boolean;
  config(folder: TemporaryFolder): BackendConfig;
  empty(): Promise<void>;
}

const nothing = async () => {};
const file = (type: "sqlite" | "falkordblite", release: string): Way => ({
  name: `${type} of ${release}`,
  release,
  isFile: true,
  config: (folder) => new BackendConfig({ type, path: folder.file(`${type}-${release}`) }),
  empty: nothing,
});
const servers = (await serverEnds()).first.flatMap((end): Way[] =>
  ["0.12", "0.13", "0.200"].map((release) => ({
    name: `${end.name} for ${release}`,
    release,
    isFile: false,
    config: () => end.config,
    empty: () => end.clear(),
  })),
);
const WAYS: readonly Way[] = [
  ...["0.12", "0.13", "0.14", "0.100", "0.200"].map((release) => file("sqlite", release)),
  ...["0.12", "0.13", "0.14", "0.200"].map((release) => file("falkordblite", release)),
  ...servers,
];

async function move(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) {
  if (to.path !== undefined && existsSync(to.path)) settle(to.path);
  const { result } = await runMigration(from, to, options, {});
  expect(result.errors).toEqual([]);
  expect([result.complete, result.verified, result.notShown.count]).toEqual([true, true, 0]);
  return result;
}

async function digest(config: BackendConfig): Promise<string> {
  return (await inspectStore(config, () => {})).digest;
}

describe.each(WAYS)("between the release that does not exist and $name", (way) => {
  test("its own store arrives, and comes back as it was", async () => {
    using folder = temporaryFolder();
    await way.empty();
    const source = make(folder.file("own.db"));
    const there = way.config(folder);
    const { release } = await move(at(source), there, { for: way.release });
    expect([release, await digest(there)]).toEqual([way.release, await digestOf(source)]);
    const back = folder.file("back.db");
    await move(there, at(back), { for: "0.200" });
    using database = new Database(back, { readonly: true });
    database.run("ATTACH ? AS own", [source]);
    const differ = (table: string) =>
      database.query(`SELECT count(*) FROM (SELECT * FROM ${table} EXCEPT SELECT * FROM own.${table})`).values()[0]![0];
    expect([differ("memories"), differ("relationships")]).toEqual([0, 0]);
  });

  test.each(
    ALL_OF_IT || way.isFile ? [...FIXTURES, ...OTHERS] : FIXTURES,
  )("the store of %s goes there by way of it, and nothing differs", async (name) => {
    using folder = temporaryFolder();
    await way.empty();
    const source = copyFixture(name, folder);
    const made = folder.file("made-up.db");
    await runMigration(at(source), at(made), { for: "0.200" }, {});
    expect(await digestOf(made)).toBe(await digestOf(source));
    const there = way.config(folder);
    const { result } = await runMigration(at(made), there, { for: way.release }, {});
    expect(result.errors).toEqual([]);
    expect([result.verified, await digest(there)]).toEqual([true, await digestOf(source)]);
  });
});

test("a record gets the names of the release that it is for, and means the same", () => {
  const record = node("m", { title: "t", mood: "calm" });
  const { record: theirs } = respell(record, "0.200");
  expect([...theirs.properties.entries()]).toEqual([
    ["id", "m"],
    ["headline", "t"],
    ["mood", "calm"],
  ]);
  expect(hashOf(theirs)).toEqual(hashOf(record));
  expect(respell(theirs, "0.13").record.properties.get("title")).toBe("t");
});

test("it keeps its own names, which no other store gets", async () => {
  using folder = temporaryFolder();
  const source = copyFixture("0.12.4", folder);
  const path = folder.file("made-up.db");
  const { result } = await runMigration(at(source), at(path), { for: "0.200" }, {});
  expect([result.release, result.verified]).toEqual(["0.200", true]);
  using database = new Database(path, { readonly: true });
  const headlines = database.query("SELECT count(*) FROM memories WHERE headline <> '(untitled)'").values()[0]![0];
  expect(headlines).toBe(result.imported.memories);
  const { store, openedBy } = await inspectStore(at(path), () => {});
  expect([store.layout, store.release, openedBy]).toEqual(["moods", "0.200", ["0.200"]]);
});

test("a file of it is merged into, a conflict found, and the newer taken", async () => {
  using folder = temporaryFolder();
  const target = make(folder.file("target.db"));
  const source = make(folder.file("source.db"));
  const change = new Database(source);
  change.run(
    "UPDATE memories SET headline = 'changed', mood = 'cross', updated_at = '2027-01-01T00:00:00.000Z' WHERE id = 'm3'",
  );
  change.close();
  settle(source);
  const { result } = await runMigration(at(source), at(target), { onConflict: "newest" }, {});
  expect([result.errors, result.overwritten.nodes, result.present.nodes, result.verified]).toEqual([[], 1, 19, true]);
  using database = new Database(target, { readonly: true });
  expect(database.query("SELECT headline, mood FROM memories WHERE id = 'm3'").values()).toEqual([
    ["changed", "cross"],
  ]);
});

test("its store is refused for another release, and a new one can be asked for by its name", async () => {
  using folder = temporaryFolder();
  const target = make(folder.file("target.db"));
  const source = copyFixture("0.13.0", folder);
  const { error } = await runMigration(at(source), at(target), { for: "0.14" }, {});
  expect(error?.message).toContain("is a store of MemoryGraph 0.200, not of 0.14");
  const directory = new BackendConfig({ type: "falkordblite", path: join(folder.path, "lite") });
  expect((await move(at(source), directory, { for: "0.200" })).release).toBe("0.200");
});
