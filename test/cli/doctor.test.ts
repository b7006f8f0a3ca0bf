/** `doctor` in a HOME as people have it: what it finds, what it advises, and whether the advice works. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { DiagnosisSchema } from "../../src/operations/models.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, type FixtureName } from "../support/stores.ts";
import { document, type Environment, program, shell } from "./program.ts";

/** Python's FalkorDBLite, as MemoryGraph 0.12.4 wrote it. */
const DUMP = join(import.meta.dir, "../fixtures/rdb/falkordblite-0.12.4.db");

function place(folder: TemporaryFolder, ...names: string[]): string {
  const path = folder.file("home", ...names);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

function put(folder: TemporaryFolder, fixture: FixtureName, ...names: string[]): string {
  place(folder, ...names);
  return copyFixture(fixture, folder, join("home", ...names));
}

async function diagnose(folder: TemporaryFolder, env: Environment = {}) {
  const { code, stdout, stderr } = await program(folder, ["doctor", "--json"], env);
  expect([code, stderr]).toEqual([0, ""]);
  return v.parse(DiagnosisSchema, document(stdout));
}

/** Runs the printed lines, not those of the document: what a person copies has to work. */
async function follow(folder: TemporaryFolder, env: Environment = {}): Promise<number> {
  const { code, stdout, stderr } = await program(folder, ["doctor"], env);
  expect([code, stderr]).toEqual([0, ""]);
  const commands = [...stdout.matchAll(/^ {2}((?:mkdir -p .* && )?memorygraph-migrate .*)$/gm)].map(
    ([, command]) => command!,
  );
  for (const command of commands) {
    const outcome = await shell(folder, command, env);
    expect(outcome.stderr).toBe("");
    expect(outcome.stdout).toMatch(/^Done: .*, verified, in [\d.]+ s\.\n/);
    expect(outcome.code).toBe(0);
  }
  return commands.length;
}

/** What opens the tables of 0.13. */
const NEW_LINES = ["0.13", "0.14", "0.100"];

async function memoriesOf(folder: TemporaryFolder, path: string): Promise<{ memories: number; readableBy: string[] }> {
  const { stdout } = await program(folder, ["inspect", "--from-path", path, "--json"]);
  const { count, readableBy } = document(stdout) as { count: { memories: number }; readableBy: string[] };
  return { memories: count.memories, readableBy };
}

describe("doctor", () => {
  test("finds nothing in an empty home, says where it would be, and makes nothing", async () => {
    using folder = temporaryFolder();
    const { code, stdout, stderr } = await program(folder, ["doctor"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`MemoryGraph 0.12 would open sqlite ${folder.file("home", ".memorygraph", "memory.db")}`);
    expect(stdout).toContain("memorygraph-migrate inspect --from-path FILE");
    expect(listing(folder.path)).toEqual(["home/ 755", "tmp/ 755"]);
  });

  test("only looks: nothing changes in a full home", async () => {
    using folder = temporaryFolder();
    put(folder, "0.12.4", ".memorygraph", "memory.db");
    put(folder, "0.13.0", ".claude-memory", "memory.db");
    writeFileSync(place(folder, ".memorygraph", "falkordblite.db"), "REDIS0011\xfa");
    const before = listing(folder.file("home"));
    for (const args of [["doctor"], ["doctor", "--json"]]) expect((await program(folder, args)).code).toBe(0);
    expect(listing(folder.file("home"))).toEqual(before);
  });

  test("names every place with what stands there, how much, and who sees it", async () => {
    using folder = temporaryFolder();
    const current = put(folder, "0.12.4", ".memorygraph", "memory.db");
    const former = put(folder, "0.8.3", ".claude-memory", "memory.db");
    const dump = place(folder, ".memorygraph", "falkordblite.db");
    copyFileSync(DUMP, dump);
    const ladybug = place(folder, ".memorygraph", "ladybugdb.db", "catalog.kz");
    writeFileSync(ladybug, "");
    const { stores, current: opened } = await diagnose(folder);
    expect(opened).toMatchObject({ backend: "sqlite", location: current });
    const at = (location: string) => stores.find((store) => store.location === location);
    expect(at(current)).toMatchObject({ backend: "sqlite", memories: 60, relationships: 120, readableBy: ["0.12"] });
    expect(at(former)).toMatchObject({ backend: "sqlite", memories: 12, readableBy: [] });
    expect(at(dump)).toMatchObject({ backend: "falkordblite", memories: 60, relationships: 120, readableBy: ["0.12"] });
    expect(at(dump)!.what).toBe("FalkorDBLite, file layout");
    expect(at(dump)!.notes.join()).toContain("0.13 cannot open it");
    expect(at(dirname(ladybug))).toMatchObject({ backend: null, what: "Kuzu directory" });
    expect(stores).toHaveLength(4);
    const { stdout } = await program(folder, ["doctor"]);
    for (const location of [current, former, dump, dirname(ladybug)]) expect(stdout).toContain(`  ${location}\n`);
    expect(stdout).toContain("60 nodes, 120 relationships; visible to MemoryGraph 0.12");
  });

  test("knows falkordblite.db as a folder with a dump, and as a SQLite file", async () => {
    using folder = temporaryFolder();
    const path = place(folder, ".memorygraph", "falkordblite.db");
    const dump = place(folder, ".memorygraph", "falkordblite.db", "dump.rdb");
    copyFileSync(DUMP, dump);
    // 0.12 wants a file, and 0.13 drops every memory with such timestamps.
    expect((await diagnose(folder)).stores).toMatchObject([
      { location: path, backend: "falkordblite", what: "FalkorDBLite, directory layout", memories: 60, readableBy: [] },
    ]);
    writeFileSync(dump, "REDIS0011\xfa");
    expect((await diagnose(folder)).stores).toMatchObject([
      { location: path, backend: "falkordblite", memories: null },
    ]);
    using other = temporaryFolder();
    const file = put(other, "0.13.0", ".memorygraph", "falkordblite.db");
    expect((await diagnose(other)).stores).toMatchObject([
      { location: file, backend: "sqlite", memories: 30, readableBy: NEW_LINES },
    ]);
  });

  test("finds memories in FalkorDBLite, and its advice brings them to where MemoryGraph looks", async () => {
    using folder = temporaryFolder();
    copyFileSync(DUMP, place(folder, ".memorygraph", "falkordblite.db"));
    expect(await follow(folder)).toBe(1);
    expect(await memoriesOf(folder, place(folder, ".memorygraph", "memory.db"))).toEqual({
      memories: 60,
      readableBy: ["0.12"],
    });
  });

  test("tells of a store that the variables name and that is not there", async () => {
    using folder = temporaryFolder();
    const env = { MEMORY_SQLITE_PATH: folder.file("elsewhere.db") };
    const { current, stores } = await diagnose(folder, env);
    expect(current.location).toBe(env.MEMORY_SQLITE_PATH);
    expect(stores).toMatchObject([{ location: env.MEMORY_SQLITE_PATH, memories: null }]);
    expect(stores[0]!.what).toContain("nothing there");
  });

  test("goes on past a file that is none", async () => {
    using folder = temporaryFolder();
    const former = put(folder, "0.12.4", ".claude-memory", "memory.db");
    const text = place(folder, ".memorygraph", "memory.db");
    writeFileSync(text, "not a database");
    const { stores } = await diagnose(folder);
    expect(stores.map(({ location, memories }) => [location, memories])).toEqual([
      [text, null],
      [former, 60],
    ]);
  });
});

describe("a password in an address", () => {
  test.each([
    [{ NEO4J_URI: "bolt://admin:canary-55@host:7687" }],
    [{ MEMORY_NEO4J_URI: "neo4j+s://admin:canary-55@host:7687" }],
    [{ MEMORY_MEMGRAPH_URI: "bolt://canary-55@host:7687" }],
    [{ MEMORY_BACKEND: "neo4j", NEO4J_URI: "bolt://admin:canary-55@host:7687" }],
    [{ MEMORY_BACKEND: "memgraph", MEMORY_MEMGRAPH_URI: "bolt://admin:canary-55@host:7687" }],
    [{ NEO4J_URI: "bolt://admin:canary-55/with@signs@host:7687" }],
    [{ MEMORY_NEO4J_URI: "bolt://host:7687", MEMORY_NEO4J_PASSWORD: "canary-55" }],
  ])("is never shown: %j", async (env) => {
    using folder = temporaryFolder();
    for (const args of [["doctor"], ["doctor", "--json"], ["inspect"], ["inspect", "--json", "--debug"]]) {
      const { stdout, stderr } = await program(folder, args, env as unknown as Environment);
      expect(stdout + stderr).not.toContain("canary-55");
      if (args[0] === "doctor") expect(stdout).toContain("host:7687");
    }
  });
});

describe("what doctor advises works", () => {
  test("a store from before November 2025 is added to the one in use", async () => {
    using folder = temporaryFolder();
    const current = put(folder, "0.13.0", ".memorygraph", "memory.db");
    put(folder, "0.12.4", ".claude-memory", "memory.db");
    expect(await follow(folder)).toBe(1);
    expect(await memoriesOf(folder, current)).toEqual({ memories: 90, readableBy: NEW_LINES });
  });

  test("also when the place that MemoryGraph uses does not exist yet, not even its folder", async () => {
    using folder = temporaryFolder();
    put(folder, "0.12.4", ".claude-memory", "memory.db");
    expect(await follow(folder)).toBe(1);
    expect(await memoriesOf(folder, folder.file("home", ".memorygraph", "memory.db"))).toEqual({
      memories: 60,
      readableBy: ["0.12"],
    });
    expect((await diagnose(folder)).stores.find(({ location }) => location.includes(".memorygraph"))).toMatchObject({
      memories: 60,
      readableBy: ["0.12"],
    });
  });

  test("a store of 0.12 is made into one for 0.13 beside it", async () => {
    using folder = temporaryFolder();
    const current = put(folder, "0.12.4", ".memorygraph", "memory.db");
    expect(await follow(folder)).toBe(1);
    expect(await memoriesOf(folder, current.replace(".db", "-0.13.db"))).toEqual({
      memories: 60,
      readableBy: NEW_LINES,
    });
    const { stores, current: opened } = await diagnose(folder, {
      MEMORY_SQLITE_PATH: current.replace(".db", "-0.13.db"),
    });
    expect(stores.find(({ location }) => location === opened.location)).toMatchObject({
      memories: 60,
      readableBy: NEW_LINES,
    });
  });

  test.each([
    ["0.8.3", 12, "0.12"],
    ["hybrid-0.12-0.13", 15, "0.13"],
  ] as const)("a %s file that no release sees whole is made whole", async (fixture, memories, release) => {
    using folder = temporaryFolder();
    const current = put(folder, fixture, ".memorygraph", "memory.db");
    expect(await follow(folder)).toBe(1);
    expect(await memoriesOf(folder, current.replace(".db", "-whole.db"))).toEqual({
      memories,
      readableBy: release === "0.12" ? ["0.12"] : NEW_LINES,
    });
  });

  test("several stores, MEMORY_SQLITE_PATH elsewhere, in a home with a space and a quote", async () => {
    using folder = temporaryFolder();
    const home = folder.file("home", "it's my home");
    mkdirSync(home, { recursive: true });
    put(folder, "0.12.4", "it's my home", ".memorygraph", "memory.db");
    put(folder, "0.13.0", "it's my home", ".claude-memory", "memory.db");
    const env = { HOME: home, MEMORY_SQLITE_PATH: join(home, "my store.db") };
    expect(await follow(folder, env)).toBe(2);
    const { memories } = await memoriesOf(folder, env.MEMORY_SQLITE_PATH);
    expect(memories).toBe(90);
    const { current, stores } = await diagnose(folder, env);
    expect(stores.find(({ location }) => location === current.location)).toMatchObject({
      memories: 90,
      readableBy: ["0.12"],
    });
  });

  test("following it twice does no harm", async () => {
    using folder = temporaryFolder();
    put(folder, "0.12.4", ".memorygraph", "memory.db");
    put(folder, "0.8.3", ".claude-memory", "memory.db");
    await follow(folder);
    const before = listing(folder.file("home"));
    await follow(folder);
    expect(listing(folder.file("home"))).toEqual(before);
  });
});
