/** A FalkorDB server read from its snapshot: chosen, refused, escalated to, and equal to what queries read. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { inspectStore } from "../../../src/operations/inspect.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { Progress } from "../../../src/operations/models.ts";
import { sharedCorpus } from "../../conformance/corpus.ts";
import { fillFalkor } from "../../conformance/falkor.ts";
import { selfSigned } from "../../support/certificate.ts";
import { type Engine, startEngine } from "../../support/engine.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { addressOf, proxyTo } from "../../support/proxy.ts";
import { serversOf } from "../../support/servers.ts";
import { at } from "../../support/stores.ts";

const [available] = await serversOf("falkordb");
const DISKLESS = ["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"];
const SENT = "read from a snapshot that the server sent";

function configOf({ server }: Engine, more: Partial<BackendConfig> = {}): BackendConfig {
  return new BackendConfig({ type: "falkordb", uri: server.uri, ...more });
}

async function notesOf(config: BackendConfig): Promise<string> {
  return JSON.stringify((await inspectStore(config, () => {})).notes);
}

async function move(from: BackendConfig, to: BackendConfig, onProgress: (progress: Progress) => void = () => {}) {
  const { result } = await runMigration(from, to, {}, { onProgress });
  expect(result.errors).toEqual([]);
  expect(result.verified).toBe(true);
  return result;
}

function temporaryFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`memorygraph-migrate-${process.pid}-`));
}

describe.skipIf(available === undefined)("a server's snapshot", () => {
  test("holds what queries read, to the last bit, and leaves nothing behind", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...DISKLESS);
    const corpus = sharedCorpus();
    const plain = (name: string) => name.replaceAll("`", "´");
    await fillFalkor(engine.server, "memorygraph", {
      nodes: corpus.nodes.map((node) => ({
        ...node,
        labels: node.labels.map(plain),
        properties: Object.fromEntries(Object.entries(node.properties).map(([name, value]) => [plain(name), value])),
      })),
      relationships: corpus.relationships.map((one) => ({
        ...one,
        type: plain(one.type),
        properties: Object.fromEntries(Object.entries(one.properties).map(([name, value]) => [plain(name), value])),
      })),
    });
    const before = temporaryFolders();
    const [bySnapshot, byQuery] = [configOf(engine, { readBy: "snapshot" }), configOf(engine, { readBy: "query" })];
    const digests = [await inspectStore(bySnapshot, () => {}), await inspectStore(byQuery, () => {})];
    expect(digests[0]!.digest).toBe(digests[1]!.digest);
    expect(digests[0]!.store.engine).toBe(digests[1]!.store.engine);
    expect([await notesOf(bySnapshot), await notesOf(byQuery)].map((notes) => notes.includes(SENT))).toEqual([
      true,
      false,
    ]);
    await move(bySnapshot, at(folder.file("x.db")));
    expect(temporaryFolders()).toEqual(before);
    expect(existsSync(join(engine.folder, "dump.rdb"))).toBe(false);
  });

  test("is one of a graph in many keys as well", async () => {
    await using engine = await startEngine(...DISKLESS);
    await engine.tell("GRAPH.CONFIG", "SET", "VKEY_MAX_ENTITY_COUNT", "100");
    await engine.tell(
      "GRAPH.QUERY",
      "memorygraph",
      "UNWIND range(1, 2500) AS i CREATE (:Memory {id: toString(i)})-[:R {i: i}]->(:Other)",
    );
    const { count } = await inspectStore(configOf(engine, { readBy: "snapshot" }), () => {});
    expect([count.nodes, count.relationships]).toEqual([5_000, 2_500]);
    // The keys that it makes for saving are not left in the server.
    expect(await engine.tell("DBSIZE")).toMatch(/^:[12]$/);
  });

  test("is taken of itself where the graph changes while it is read, and is one moment then", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...DISKLESS);
    await engine.tell(
      "GRAPH.QUERY",
      "memorygraph",
      "UNWIND range(1, 2000) AS i CREATE (:Memory {id: toString(i), title: 'a'})",
    );
    let changes = 0;
    const writer = setInterval(() => {
      engine.tell("GRAPH.QUERY", "memorygraph", `CREATE (:Memory {id: 'late ${changes++}'})`).catch(() => {});
    }, 5);
    try {
      const result = await move(configOf(engine), at(folder.file("x.db")));
      expect(result.rollback.join()).toContain("reading it again");
      expect(JSON.stringify(result.notes)).toContain(SENT);
      expect(result.imported.memories).toBeGreaterThanOrEqual(2_000);
    } finally {
      clearInterval(writer);
    }
  });

  test("is taken where source and target are two graphs of one server", async () => {
    await using engine = await startEngine(...DISKLESS);
    await engine.tell("GRAPH.QUERY", "memorygraph", "UNWIND range(1, 200) AS i CREATE (:Memory {id: toString(i)})");
    const { notes, imported } = await move(configOf(engine), configOf(engine, { graph: "copy" }));
    expect(JSON.stringify(notes)).toContain(SENT);
    expect(imported.memories).toBe(200);
  });

  test("that the server would write to its own disk is not asked for unbidden, and the reason is told", async () => {
    await using engine = await startEngine("--repl-diskless-sync", "no");
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a'})");
    const { notes } = await move(configOf(engine), configOf(engine, { graph: "copy" }));
    expect(JSON.stringify(notes)).toContain(
      "read by queries, since the server gives no snapshot: it would write its own dump",
    );
    expect(existsSync(join(engine.folder, "dump.rdb"))).toBe(false);
    expect(await notesOf(configOf(engine, { readBy: "snapshot" }))).toContain("may have written its own dump");
  });

  test.each([
    ["-psync -sync", "NOPERM"],
    ["-replconf", "NOPERM"],
    ["-config", "it may write its own dump to make the snapshot, and CONFIG is not allowed"],
  ])("with an ACL of %s is refused where it is wanted, and done without where it is not", async (rules, reason) => {
    await using engine = await startEngine(...DISKLESS);
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a'})");
    await engine.tell("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@all", ...rules.split(" "));
    const login = { username: "reader", password: "pw" };
    const { result } = await runMigration(
      configOf(engine, { ...login, readBy: "snapshot" }),
      at("/nowhere/x"),
      { dryRun: true },
      {},
    );
    if (rules === "-config") {
      // Whoever insists takes the risk that the server writes.
      expect(result.errors[0]?.message).toContain("/nowhere");
    } else {
      expect(result.errors[0]).toMatchObject({ code: "access" });
      expect(`${result.errors[0]?.message} ${result.errors[0]?.next}`).toMatch(
        /gives no snapshot: NOPERM.*--read-by query/,
      );
    }
    const { notes, imported } = await move(configOf(engine, login), configOf(engine, { graph: "copy" }));
    expect(JSON.stringify(notes)).toContain(`read by queries, since the server gives no snapshot: ${reason}`);
    expect(imported.memories).toBe(1);
  });

  test("comes over TLS with a password", async () => {
    using folder = temporaryFolder();
    await using engine = await startEngine(...DISKLESS);
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'a', importance: 0.1})");
    await engine.tell("CONFIG", "SET", "requirepass", "secret");
    const { key, cert, file } = selfSigned(folder);
    await using proxy = await proxyTo(addressOf(engine.server.uri), { key, cert });
    const uri = `rediss://localhost:${proxy.port}`;
    const config = new BackendConfig({ type: "falkordb", uri, password: "secret", caFile: file, readBy: "snapshot" });
    expect((await move(config, at(folder.file("x.db")))).imported.memories).toBe(1);
  });

  test("without the graph that was asked for names those that it has", async () => {
    await using engine = await startEngine(...DISKLESS);
    await engine.tell("GRAPH.QUERY", "elsewhere", "CREATE (:Memory {id: 'a'})");
    const config = configOf(engine, { readBy: "snapshot", graph: "nosuch" });
    expect(inspectStore(config, () => {})).rejects.toMatchObject({ details: ["it holds the graph elsewhere"] });
    await inspectStore(config, () => {}).catch(() => {});
  });
});
