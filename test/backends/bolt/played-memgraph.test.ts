// @level normal
/**
 * What the program does with a Memgraph, of which there is none in any registry: one that is played (support/played-memgraph.ts)
 * says, refuses and does what real ones were seen to. Where a test run has a real one, test/wild and test/conformance ask that.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { BackendConfig } from "../../../src/backends/config.ts";
import { RefusedError } from "../../../src/errors.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { MigrationOptionsInput } from "../../../src/operations/models.ts";
import { begin, ended, program, runsOf } from "../../faults/program.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { type PlayedMemgraph, playedMemgraph } from "../../support/played-memgraph.ts";
import { addressOf, proxyTo } from "../../support/proxy.ts";
import { at, createLike, manyMemories, settle } from "../../support/stores.ts";

const MEMORIES = 700;
const WHEN = "2024-01-31T23:59:59.123456+00:00";
const WRITES = /^UNWIND \$rows|^CREATE|^DROP/;

const run = async (from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) =>
  (await runMigration(from, to, options, {})).result;

/** Each joined to the one before it. */
function many(folder: TemporaryFolder): BackendConfig {
  const config = manyMemories(folder.file("many.db"), MEMORIES, 100);
  using database = new Database(folder.file("many.db"));
  database.run(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) SELECT 'r' || rowid, id, 'm' || (rowid - 2), 'SOLVES', '{\"strength\": 0.5}' FROM nodes WHERE rowid > 1",
  );
  settle(folder.file("many.db"));
  return config;
}

function fileWith(folder: TemporaryFolder, ...memories: Record<string, unknown>[]): BackendConfig {
  const database = createLike("0.12.4", folder.file("a.db"));
  for (const memory of memories) {
    const json = JSON.stringify({ type: "general", created_at: WHEN, updated_at: WHEN, ...memory });
    database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)", [String(memory.id), json]);
  }
  database.close();
  return at(settle(folder.file("a.db")));
}

/** Refused alike by the dry run and the run, before a statement that writes; gives what was said. */
async function refused(source: BackendConfig, memgraph: PlayedMemgraph): Promise<string> {
  let said = "";
  for (const dryRun of [true, false]) {
    const { errors } = await run(source, memgraph.end.config, { dryRun });
    expect(errors.map(({ code }) => code)).toEqual(["refused"]);
    const [{ message, details, next }] = errors as [(typeof errors)[number]];
    said = [message, ...details, next].join("\n");
  }
  expect(memgraph.asked.filter((statement) => WRITES.test(statement))).toEqual([]);
  return said;
}

describe.each(["2.14.1", "2.22.1"])("a Memgraph %s", (version) => {
  test("takes a whole run, gives it back, and is as before once that is undone", async () => {
    using folder = temporaryFolder();
    await using memgraph = await playedMemgraph({ version });
    const { end } = memgraph;
    const label = "`Odd``name`";
    await end.fill({ nodes: [{ name: "own", labels: [label], properties: { id: "own" } }], relationships: [] });
    const before = await end.read();
    many(folder);
    const to = ["--to", "memgraph", "--to-uri", memgraph.uri];
    const there = await program(folder, ["migrate", "--from-path", "many.db", ...to, "--yes"]);
    expect([there.code, there.stderr]).toEqual([0, expect.not.stringContaining("error")]);
    const { nodes, relationships } = await end.read();
    expect([nodes.length, relationships.length]).toEqual([MEMORIES + 1, MEMORIES - 1]);
    expect(memgraph.asked.filter((statement) => statement.startsWith("CREATE"))).toHaveLength(7);
    const back = at(folder.file("back.db"));
    expect(await run(end.config, back)).toMatchObject({ errors: [], verified: true });
    const [made] = await runsOf(folder);
    const undone = await program(folder, ["rollback", made!.id, "--yes"]);
    expect({ code: undone.code, stderr: undone.stderr }).toMatchObject({ code: 0 });
    expect(await end.read()).toEqual(before);
    expect(memgraph.asked.filter((statement) => statement.startsWith("DROP"))).toHaveLength(7);
  }, 180_000);

  test.each(["resume", "rollback"])("on which a run was killed goes on to the end of `%s`", async (command) => {
    using folder = temporaryFolder();
    await using memgraph = await playedMemgraph({ version });
    many(folder);
    const to = ["--to", "memgraph", "--to-uri", memgraph.uri];
    const stop = "batch answered#1";
    expect((await program(folder, ["migrate", "--from-path", "many.db", ...to, "--yes"], { stop })).code).toBeNull();
    expect((await memgraph.end.read()).nodes.length).toBeGreaterThan(0);
    const [killed] = await runsOf(folder);
    const ended = await program(folder, [command, killed!.id, ...(command === "rollback" ? ["--yes"] : [])]);
    expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
    expect((await memgraph.end.read()).nodes.length).toBe(command === "resume" ? MEMORIES : 0);
  }, 180_000);
});

/** What a line leaves open on the server that fell silent holds up its schema statements, until it closes that line by itself. */
test("a run that is stopped while the server waits for the run's own dead transaction says so, and is undone later", async () => {
  using folder = temporaryFolder();
  const fallen = Promise.withResolvers<void>();
  let isSilent = false;
  // While it verifies what it has written; undoing reads the same, over another connection.
  const work = (statement: string) => {
    if (isSilent || !statement.startsWith("MATCH (a)-[r]->(b) RETURN id(r)")) return 0;
    isSilent = true;
    line.silence("open");
    fallen.resolve();
    return 0;
  };
  await using memgraph = await playedMemgraph({ work });
  await using line = await proxyTo(addressOf(memgraph.uri));
  many(folder);
  const to = ["--to", "memgraph", "--to-uri", `bolt://127.0.0.1:${line.port}`];
  const args = ["migrate", "--from-path", "many.db", ...to, "--yes"];
  const env = { PATIENCE: JSON.stringify({ voice: 1_000, cleanup: 8_000, lastAnswers: 1_000 }) };
  const child = begin(folder, args, { env });
  const ending = ended(child);
  await fallen.promise;
  child.kill("SIGTERM");
  const { code, stderr } = await ending;
  expect(code).toBe(6);
  expect(stderr).toContain("Memgraph first waits until all other transactions have ended");
  const [stopped] = await runsOf(folder);
  expect(stderr).toContain(`memorygraph-migrate rollback ${stopped!.id}`);
  await line.mend();
  const undone = await program(folder, ["rollback", stopped!.id, "--yes"]);
  expect({ code: undone.code, stderr: undone.stderr }).toMatchObject({ code: 0 });
  expect((await memgraph.end.read()).nodes).toEqual([]);
}, 180_000);

describe("a target that cannot be one is refused by the dry run and the run, with the way out", () => {
  test("since it keeps everything on disk; as a source it is read whole", async () => {
    using folder = temporaryFolder();
    await using memgraph = await playedMemgraph({ storageMode: "ON_DISK_TRANSACTIONAL" });
    const said = await refused(many(folder), memgraph);
    expect(said).toContain("in the storage mode ON_DISK_TRANSACTIONAL, in which a run cannot be undone");
    expect(said).toContain("--storage-mode=IN_MEMORY_TRANSACTIONAL");
    await using other = await playedMemgraph();
    expect((await run(at(folder.file("many.db")), other.end.config)).errors).toEqual([]);
    await memgraph.end.fill(await other.end.read());
    const out = await run(memgraph.end.config, at(folder.file("out.db")));
    expect(out).toMatchObject({ errors: [], verified: true, source: { before: { nodes: MEMORIES } } });
  }, 180_000);

  test("since it is a replica, or keeps no properties of relationships", async () => {
    using folder = temporaryFolder();
    const source = many(folder);
    await using replica = await playedMemgraph({ role: "replica" });
    expect(await refused(source, replica)).toContain("Name the main instance instead");
    await using bare = await playedMemgraph({ propertiesOnEdges: false });
    expect(await refused(source, bare)).toContain("--storage-properties-on-edges=true");
  }, 180_000);

  test("since its constraints would refuse records, by the names of those", async () => {
    using folder = temporaryFolder();
    const constraints = [
      ["unique", "Memory", ["title"]],
      ["exists", "Memory", "summary"],
      ["data_type", "Memory", "title", "INTEGER"],
    ];
    await using memgraph = await playedMemgraph({ constraints });
    const twins = [
      { id: "a", title: "t", summary: "s" },
      { id: "b", title: "t" },
    ];
    const said = await refused(fileWith(folder, ...twins), memgraph);
    expect(said).toContain("unique constraint on :Memory(title): 1\n  b: another record has the same title");
    expect(said).toContain("existence constraint on :Memory(summary): 1\n  b: it has no summary");
    expect(said).toContain("type constraint (INTEGER) on :Memory(title): 2");
    expect(said).toContain("DROP CONSTRAINT ON (n:`Memory`) ASSERT EXISTS (n.`summary`)");
  });
});

describe.each(["BEFORE COMMIT", "AFTER COMMIT"] as const)("a target with a trigger %s", (phase) => {
  const trigger = {
    ...{ name: "logging", phase },
    act: (graph: { addNode(labels: string[], properties: Map<string, unknown>): void }) =>
      graph.addNode(["Log"], new Map([["at", "now"]])),
  };

  test("is named by the dry run, and has to be agreed to", async () => {
    using folder = temporaryFolder();
    await using memgraph = await playedMemgraph({ triggers: [trigger] });
    const source = many(folder);
    const { validation } = await run(source, memgraph.end.config, { dryRun: true });
    expect(validation.warnings.join("\n")).toContain(`logging (${phase.toLowerCase()})`);
    const confirm = (question: string) => Promise.reject(new RefusedError(question, { next: "Add --yes." }));
    const { error } = await runMigration(source, memgraph.end.config, {}, { confirm });
    expect(error).toBeInstanceOf(RefusedError);
    expect(error!.message).toContain("logging");
    expect(memgraph.asked.filter((statement) => WRITES.test(statement))).toEqual([]);
  });

  test("that was agreed to: what it makes fails the run, which is undone, and is left alone", async () => {
    using folder = temporaryFolder();
    await using memgraph = await playedMemgraph({ triggers: [trigger] });
    many(folder);
    const args = ["migrate", "--from-path", "many.db", "--to", "memgraph", "--to-uri", memgraph.uri, "--yes"];
    const { code, stderr } = await program(folder, args);
    expect(code).toBe(7);
    expect(stderr).toContain("is not as it was before");
    expect(stderr).toMatch(/why the run was undone: .*(differ|more)/);
    expect(stderr).toContain("drop the triggers");
    expect(stderr).not.toContain("keep the file");
    const { nodes, relationships } = await memgraph.end.read();
    expect([new Set(nodes.flatMap(({ labels }) => labels)), relationships]).toEqual([new Set(["Log"]), []]);
  }, 180_000);
});

test("an empty one is no source unless that was meant, and one of before 2.16 is none that MemoryGraph can use", async () => {
  using folder = temporaryFolder();
  await using memgraph = await playedMemgraph({ version: "2.14.1" });
  const out = folder.file("out.db");
  const { errors } = await run(memgraph.end.config, at(out));
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    ["refused", expect.stringContaining("is empty")],
  ]);
  expect(existsSync(out)).toBe(false);
  expect((await run(memgraph.end.config, at(out), { allowEmpty: true })).errors).toEqual([]);
  const { code, stdout } = await program(folder, ["inspect", "--from", "memgraph", "--from-uri", memgraph.uri]);
  expect(code).toBe(0);
  expect(stdout.replace(/\s+/g, " ")).toContain("MemoryGraph cannot use this Memgraph, whose word Memory is reserved");
}, 60_000);

const LOG = { name: "logging", phase: "AFTER COMMIT", act: () => {} } as const;

test.each([
  ["SHOW STORAGE INFO", 2, { storageMode: "ON_DISK_TRANSACTIONAL" }],
  ["SHOW REPLICATION ROLE", 1, { role: "replica" }],
  ["SHOW CONFIG", 1, { propertiesOnEdges: false }],
  ["SHOW TRIGGERS", 1, { triggers: [LOG] }],
] as const)("a target whose line breaks at `%s` has not been looked at: nothing is written to it", async (question, time, settings) => {
  using folder = temporaryFolder();
  let asked = 0;
  const work = (statement: string) => {
    if (statement === question && ++asked === time) line.cut();
    return 0;
  };
  await using memgraph = await playedMemgraph({ work, ...settings });
  await using line = await proxyTo(addressOf(memgraph.uri));
  const to = new BackendConfig({ type: "memgraph", uri: `bolt://127.0.0.1:${line.port}` });
  const { errors } = await run(many(folder), to);
  expect(errors.map(({ code }) => code)).toEqual(["connection"]);
  expect(memgraph.asked.filter((statement) => WRITES.test(statement))).toEqual([]);
});
