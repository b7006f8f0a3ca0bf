/** Servers that are short of something, or take no writes: one clear error, and the target as it was. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { wantedVersion } from "../../scripts/engines/versions.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { loadBackend } from "../../src/backends/registry.ts";
import { exitCodeOf } from "../../src/cli/exit-codes.ts";
import { inspectStore } from "../../src/operations/inspect.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult, Progress } from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type OwnServer, ownFalkor, ownNeo4j } from "../support/own-servers.ts";
import { serversOf } from "../support/servers.ts";
import { at, createLike, settle } from "../support/stores.ts";
import { withDriver } from "./bolt.ts";
import type { PlainGraph } from "./corpus.ts";
import { endOf } from "./ends.ts";
import { withFalkor } from "./falkor.ts";
import { linesOf } from "./graph.ts";

const folder = temporaryFolder();
const MEMORIES = 3_000;
let source: BackendConfig;

beforeAll(() => {
  const path = folder.file("source.db");
  const database = createLike("0.12.4", path);
  const when = "2024-01-01T00:00:00+00:00";
  const memory = database.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)");
  const relationship = database.prepare(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (?, ?, ?, 'SOLVES', '{}')",
  );
  database.run("BEGIN");
  for (let at = 0; at < MEMORIES; at++) {
    const properties = {
      id: `m${at}`,
      type: "general",
      content: "x".repeat(500),
      importance: 1 / (at + 1),
      created_at: when,
    };
    memory.run(`m${at}`, JSON.stringify(properties));
  }
  for (let at = 0; at < MEMORIES; at++) relationship.run(`r${at}`, `m${at}`, `m${(at * 7) % MEMORIES}`);
  database.run("COMMIT");
  memory.finalize();
  relationship.finalize();
  database.close();
  source = at(settle(path));
});
afterAll(() => folder[Symbol.dispose]());

const STRANGE: PlainGraph = {
  nodes: [
    { name: "a", labels: ["Other"], properties: { text: "was here" } },
    { name: "b", labels: ["Memory"], properties: { id: "b", title: "so was this" } },
  ],
  relationships: [{ from: "a", to: "b", type: "KNOWS", properties: { since: 1n } }],
};

interface Told {
  readonly result: MigrationResult;
  /** As the command line would end. */
  readonly code: number;
  /** All that it would say of the failure. */
  readonly told: string;
}

async function run(
  from: BackendConfig,
  to: BackendConfig,
  options: MigrationOptionsInput = {},
  onProgress: (progress: Progress) => void = () => {},
): Promise<Told> {
  const { result, error } = await runMigration(from, to, options, { onProgress });
  const told = error === null ? "" : [error.message, ...error.details, error.next].join("\n");
  return { result, code: error === null ? 0 : exitCodeOf(error), told };
}

/** Once, when so much has been written. */
function halfway(act: () => void): (progress: Progress) => void {
  let done = false;
  return ({ phase, done: records }) => {
    if (done || phase !== "transfer" || records < MEMORIES * 0.7) return;
    done = true;
    act();
  };
}

const config = (own: OwnServer) => endOf(own.server, "memorygraph").config;
const contents = async (own: OwnServer) => linesOf(await endOf(own.server, "memorygraph").read());
const set = (own: OwnServer, ...words: string[]) =>
  withFalkor(own.server, (command) => command("CONFIG", "SET", ...words));

describe.skipIf((await serversOf("falkordb")).length === 0)("a FalkorDB server", () => {
  test.each([
    ["cuts answers off", ["RESULTSET_SIZE", "7"]],
    ["gives reading hardly any time", ["TIMEOUT", "1"]],
    ["gives hardly any time unless asked for more", ["TIMEOUT_DEFAULT", "1", "TIMEOUT_MAX", "60000"]],
  ])("that %s is written and read whole", async (_, settings) => {
    await using own = await ownFalkor("MODULE", ...settings);
    const up = await run(source, config(own));
    expect([up.told, up.result.verified]).toEqual(["", true]);
    using back = temporaryFolder();
    const down = await run(config(own), at(back.file("back.db")));
    expect([down.told, down.result.verified, down.result.imported.nodes]).toEqual(["", true, MEMORIES]);
  });

  test("that ends every statement after a moment is told so, and left as it was, or it is said that it is not", async () => {
    await using own = await ownFalkor("MODULE", "TIMEOUT_DEFAULT", "1", "TIMEOUT_MAX", "1");
    const { code, told } = await run(source, config(own));
    expect(told).toContain("took too long");
    expect(told).toContain("TIMEOUT_MAX");
    // On a busy machine, undoing what was written takes the server longer than the moment, too.
    if (code === 7) expect(told).toContain("created and to be deleted");
    else expect([[1, 5].includes(code), await contents(own)]).toEqual([true, []]);
  });

  test("that is full is told so, and an empty graph is empty again", async () => {
    await using own = await ownFalkor();
    const full = halfway(() => void set(own, "maxmemory", "1mb"));
    const { code, told, result } = await run(source, config(own), {}, full);
    expect([code, result.rollback.join()]).toEqual([1, expect.stringContaining("proved by digest")]);
    expect(told).toContain("ran out of memory");
    expect(told).toContain("maxmemory");
    await set(own, "maxmemory", "0");
    expect(await contents(own)).toEqual([]);
  });

  test("that is full and had something in the graph says what to do, and that then works", async () => {
    await using own = await ownFalkor();
    await endOf(own.server, "memorygraph").fill(STRANGE);
    const full = halfway(() => void set(own, "maxmemory", "1mb"));
    const { code, told } = await run(source, config(own), {}, full);
    expect(code).toBe(7);
    expect(told).toMatch(/created and to be deleted: \d+ nodes and \d+ relationships/);
    expect(told).toContain("Raise the server's maxmemory");
    expect(told).toContain("The same command then completes what is there");
    await set(own, "maxmemory", "0");
    const again = await run(source, config(own));
    expect([again.told, again.result.complete, again.result.verified]).toEqual(["", true, true]);
    expect(await contents(own)).toEqual(expect.arrayContaining(linesOf(STRANGE)));
  });

  test("that is killed half-way and comes back is as before", async () => {
    const durable = ["--appendonly", "yes", "--appendfsync", "always"];
    await using own = await ownFalkor(...durable);
    await endOf(own.server, "memorygraph").fill(STRANGE);
    let back = Promise.resolve();
    const cut = halfway(() => {
      back = own.kill().then(() => own.start(durable));
    });
    const { code, told, result } = await run(source, config(own), {}, cut);
    await back;
    expect([code, told]).toEqual([5, expect.stringContaining("connection")]);
    expect(result.rollback.join()).toContain("proved by digest");
    expect(await contents(own)).toEqual(linesOf(STRANGE));
  });

  test("that is a replica is refused as a target, dry or not, and read as a source", async () => {
    await using main = await ownFalkor("--repl-diskless-sync-delay", "0");
    await endOf(main.server, "memorygraph").fill(STRANGE);
    const [, port] = /:(\d+)$/.exec(main.server.uri)!;
    await using replica = await ownFalkor("--replicaof", `127.0.0.1 ${port}`);
    while (
      !String(await withFalkor(replica.server, (command) => command("INFO", "replication"))).includes("link_status:up")
    ) {
      await Bun.sleep(50);
    }
    for (const dryRun of [true, false]) {
      const { code, told } = await run(source, config(replica), { dryRun });
      expect([code, told]).toEqual([4, expect.stringContaining("read-only replica")]);
    }
    using back = temporaryFolder();
    const { result } = await run(config(replica), at(back.file("back.db")));
    expect([result.success, result.imported.nodes]).toEqual([true, 2]);
    expect(JSON.stringify(result.notes)).toContain("replica");
  });

  test("that drops graphs when it is full says so beforehand", async () => {
    await using own = await ownFalkor("--maxmemory", "500mb", "--maxmemory-policy", "allkeys-lru");
    await endOf(own.server, "memorygraph").fill(STRANGE);
    expect(JSON.stringify((await inspectStore(config(own), () => {})).notes)).toContain("maxmemory-policy allkeys-lru");
    await set(own, "maxmemory-policy", "noeviction");
    expect((await inspectStore(config(own), () => {})).notes).toEqual([]);
  });

  test("whose user may only read is left as it was (2)", async () => {
    await using own = await ownFalkor();
    await endOf(own.server, "memorygraph").fill(STRANGE);
    await withFalkor(own.server, (command) =>
      command("ACL", "SETUSER", "reader", "on", ">canary-8h3k", "~*", "+@read", "+ping", "+info", "+graph.RO_QUERY"),
    );
    const reader = new BackendConfig({ ...config(own), username: "reader", password: "canary-8h3k" });
    const { code, told } = await run(source, reader);
    expect([code, told]).toEqual([2, expect.stringContaining("the user has no permission for this")]);
    expect(told).not.toContain("canary-8h3k");
    expect(await contents(own)).toEqual(linesOf(STRANGE));
    using back = temporaryFolder();
    expect((await run(reader, at(back.file("back.db")))).told).toBe("");
  });
});

describe.skipIf((await serversOf("neo4j")).length === 0)("a Neo4j server", () => {
  test("that grants little memory and time, is killed, and comes back to read only", async () => {
    const isOld = wantedVersion("neo4j").version.startsWith("4.");
    const short = isOld
      ? ["dbms.transaction.timeout=6s"]
      : ["db.memory.transaction.max=10m", "db.transaction.timeout=6s"];
    await using own = await ownNeo4j(...short);
    await endOf(own.server).fill(STRANGE);
    const before = await contents(own);

    // With little memory, the Java machine of 4.4.48 ended by itself: it is not asked for that.
    if (!isOld) {
      const large = folder.file("large.db");
      const database = createLike("0.12.4", large);
      const properties = JSON.stringify({ id: "large", content: "x".repeat(12 << 20) });
      database.run("INSERT INTO nodes (id, label, properties) VALUES ('large', 'Memory', ?)", [properties]);
      database.close();
      const poor = await run(at(settle(large)), config(own));
      expect([poor.code, poor.told]).toEqual([1, expect.stringContaining("ran out of memory")]);
      expect(poor.told).toContain("db.memory.transaction.max");
      expect(await contents(own)).toEqual(before);
    }

    // A reading that is kept waiting takes longer than any other transaction may.
    await withDriver(own.server, async (run) => {
      for (let at = 0; at < 10; at++) await run("UNWIND range(1, 200) AS i CREATE (:Other {i: i})-[:NEXT]->(:Other)");
    });
    const store = await (await loadBackend(config(own))).openForReading(config(own));
    const records = { node: 0, relationship: 0 };
    for await (const batch of store.read()) {
      const { kind } = batch[0]!;
      if (records[kind] === 0) await Bun.sleep(8_000);
      records[kind] += batch.length;
    }
    await store.assertUnchanged();
    await store.close();
    expect(records).toEqual({ node: 4_002, relationship: 2_001 });

    let back = Promise.resolve();
    const cut = halfway(() => {
      // A database that was not closed is not opened by 4.4 where it may not be written.
      const end = isOld ? own.stop() : own.kill();
      back = end.then(() => own.start([`${isOld ? "dbms" : "server"}.databases.default_to_read_only=true`]));
    });
    const killed = await run(source, config(own), {}, cut);
    await back;
    expect(killed.code).toBe(7);
    expect(killed.told).toMatch(/created and to be deleted: \d+ nodes/);
    expect(killed.told).toContain("is read-only");
    expect(killed.told).toContain("default_to_read_only");

    for (const dryRun of [true, false]) {
      const { code, told } = await run(source, config(own), { dryRun });
      expect([code, told]).toEqual([4, expect.stringContaining("is read-only")]);
    }
    const { store: seen, notes } = await inspectStore(config(own), () => {});
    expect(seen.engine).toMatch(/^Neo4j \d+\.\d+\.\d+ community$/);
    expect(notes.map(({ what }) => what)).toContain("the server is read-only: it can be a source, but not a target");
  }, 120_000);
});
