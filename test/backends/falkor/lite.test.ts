/** FalkorDBLite stores: what stands where, what is kept beside the graph, who holds it, and what an engine makes of it. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { loadBackend } from "../../../src/backends/registry.ts";
import { inspectStore } from "../../../src/operations/inspect.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { MigrationOptionsInput, MigrationResult } from "../../../src/operations/models.ts";
import { scanDump } from "../../../src/rdb/scan.ts";
import { bytesSource } from "../../../src/rdb/source.ts";
import type { PlainGraph } from "../../conformance/corpus.ts";
import { withFalkor } from "../../conformance/falkor.ts";
import { fillLite, readLite } from "../../conformance/falkordblite.ts";
import { graphOfTruth, linesOf } from "../../conformance/graph.ts";
import { newestEngine, sharedEngine, startEngine } from "../../support/engine.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { readIndependently } from "../../support/independent-reader.ts";
import { serversOf } from "../../support/servers.ts";
import { at, copyFixture, createLike, settle, truthFile } from "../../support/stores.ts";
import { has } from "../../support/system.ts";

const [available] = await serversOf("falkordb");
const FIXTURES = resolve(import.meta.dir, "../../fixtures/rdb");
const TRUTH = join(FIXTURES, "falkordblite-0.12.4.truth.jsonl");

function lite(path: string, graph?: string): BackendConfig {
  return new BackendConfig({ type: "falkordblite", path, ...(graph !== undefined && { graph }) });
}

/** MemoryGraph 0.12.4's own file; old enough to count as being at rest. */
function fixture(folder: TemporaryFolder, name = "python.db"): string {
  const path = folder.file(name);
  copyFileSync(join(FIXTURES, "falkordblite-0.12.4.db"), path);
  return settle(path);
}

function run(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}): Promise<MigrationResult> {
  return runMigration(from, to, options, {}).then(({ result }) => result);
}

async function move(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) {
  const result = await run(from, to, options);
  expect(result.errors).toEqual([]);
  expect([result.success, result.verified]).toEqual([true, true]);
  return result;
}

async function refused(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) {
  const { errors } = await run(from, to, options);
  return errors.map(({ code, message, next, details }) => `${code}: ${message}; ${next}; ${details.join(", ")}`).join();
}

const some: PlainGraph = {
  nodes: [{ name: "a", labels: ["Memory"], properties: { id: "a", title: "of the target", importance: 1 / 3 } }],
  relationships: [{ from: "a", to: "a", type: "SOLVES", properties: { id: "loop", strength: 0.1 } }],
};

describe.skipIf(available === undefined)("a FalkorDBLite store", () => {
  test("that MemoryGraph 0.12.4 wrote goes to SQLite and comes back, to the last bit", async () => {
    using folder = temporaryFolder();
    const source = fixture(folder);
    const before = listing(folder.path);
    const modified = statSync(source).mtimeMs;
    const file = folder.file("s.db");
    await move(lite(source), at(file));
    expect(listing(folder.path).filter((line) => !line.startsWith("s.db"))).toEqual(before);
    expect(statSync(source).mtimeMs).toBe(modified);
    const back = folder.file("back.db");
    const { release } = await move(at(file), lite(back));
    expect(release).toBe("0.12");
    expect(linesOf(await readLite(back, "file"))).toEqual(linesOf(graphOfTruth(TRUTH)));
    const again = folder.file("again.db");
    await move(lite(settle(back)), at(again));
    expect(readIndependently(again)).toEqual(readIndependently(file));
  });

  test("has the form that its release opens, and that of what is there", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    const truth = linesOf(graphOfTruth(truthFile("0.12.4")));
    await move(source, lite(folder.file("python")), { for: "0.12" });
    expect(readFileSync(folder.file("python")).toString("latin1", 0, 5)).toBe("REDIS");
    expect(statSync(folder.file("python")).mode & 0o777).toBe(0o600);
    await move(source, lite(folder.file("typescript")), { for: "0.13" });
    expect(readdirSync(folder.file("typescript"))).toEqual(["dump.rdb"]);
    mkdirSync(folder.file("empty"));
    expect((await move(source, lite(folder.file("empty")))).release).toBe("0.13");
    writeFileSync(folder.file("blank"), "");
    expect((await move(source, lite(folder.file("blank")))).release).toBe("0.12");
    for (const [name, form] of [
      ["python", "file"],
      ["typescript", "directory"],
      ["empty", "directory"],
      ["blank", "file"],
    ] as const) {
      expect(linesOf(await readLite(folder.file(name), form))).toEqual(truth);
      expect((await move(lite(folder.file(name)), at(folder.file(`${name}.db`)))).source?.before.layout).toBe(form);
    }
    // The dump in a directory is that directory's store.
    await move(lite(folder.file("typescript", "dump.rdb")), at(folder.file("inner.db")));
    expect(await refused(source, lite(folder.file("python")), { for: "0.13" })).toContain("is a file, which");
    expect(await refused(source, lite(folder.file("typescript")), { for: "0.12" })).toContain("is a directory, which");
    expect(listing(folder.path).filter((line) => line.includes(".tmp"))).toEqual([]);
  });

  test("keeps its mode, its link and everything else that is in it", async () => {
    using folder = temporaryFolder();
    const path = folder.file("real.db");
    copyFileSync(join(FIXTURES, "v20-4.22.1-other-keys.rdb"), path);
    settle(path);
    chmodSync(path, 0o640);
    symlinkSync(path, folder.file("link.db"));
    const bytes = readFileSync(path);
    const { keysBegin, keysEnd } = (await scanDump(bytesSource(bytes))).layout;
    const before = await contentOf(path);
    expect(before.keys.length).toBeGreaterThan(10);
    await move(at(copyFixture("0.12.4", folder)), lite(folder.file("link.db"), "another"));
    expect(realpathSync(folder.file("link.db"))).toBe(realpathSync(path));
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(path).includes(bytes.subarray(keysBegin, keysEnd))).toBe(true);
    const after = await contentOf(path);
    // Fields of these expire, whenever the engine finds the time.
    const lasting = (keys: readonly string[]) => keys.filter((key) => !/^h[1h] /.test(key));
    expect(lasting(after.keys)).toEqual(lasting(before.keys));
    const { another, ...others } = after.graphs;
    expect(others).toEqual(before.graphs);
    expect(another).toHaveLength(180);
    expect(readdirSync(folder.path).sort()).toEqual(["0.12.4.db", "link.db", "real.db"]);
  });

  test("has MemoryGraph's indexes and constraint when an engine opens it, and they work", async () => {
    using folder = temporaryFolder();
    const path = folder.file("x.db");
    await move(at(copyFixture("0.12.4", folder)), lite(path));
    const engine = await sharedEngine();
    await engine.load(path);
    await withFalkor(engine.server, async (command) => {
      const ask = (statement: string) => command("GRAPH.QUERY", "memorygraph", statement).then(JSON.stringify);
      const indexes = await ask("CALL db.indexes() YIELD label, properties, types RETURN label, properties, types");
      for (const name of ["id", "type", "created_at", "importance", "confidence"]) expect(indexes).toContain(name);
      expect(await ask("CALL db.constraints()")).toContain("OPERATIONAL");
      expect(
        await command("GRAPH.EXPLAIN", "memorygraph", "MATCH (m:Memory {id: 'x'}) RETURN m").then(String),
      ).toContain("Node By Index Scan");
      await expect(ask("MATCH (m:Memory) WITH m LIMIT 1 CREATE (:Memory {id: m.id})")).rejects.toThrow("unique");
      expect(await ask("MATCH (m:Memory) WITH m LIMIT 1 SET m.title = 'changed' RETURN m.title")).toContain("changed");
    });
    // What the engine saves after that is a store as any other.
    await engine.save(path);
    await move(lite(settle(path)), at(folder.file("back.db")));
  });

  test("takes in what comes beside what is there, and is changed only by what was asked for", async () => {
    using folder = temporaryFolder();
    const path = folder.file("x.db");
    await fillLite(path, "file", some);
    await move(lite(fixture(folder)), lite(path));
    const truth = graphOfTruth(TRUTH);
    const expected = {
      nodes: [...truth.nodes, ...some.nodes],
      relationships: [...truth.relationships, ...some.relationships],
    };
    expect(linesOf(await readLite(path, "file"))).toEqual(linesOf(expected));
    const { present, imported } = await move(lite(fixture(folder, "again.db")), lite(settle(path)));
    expect([present.nodes, imported.nodes]).toEqual([60, 0]);
    expect(linesOf(await readLite(path, "file"))).toEqual(linesOf(expected));
  });

  test("which a running engine holds is refused as a target, and read with a warning", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    using sockets = temporaryFolder();
    await using engine = await startEngine("--unixsocket", sockets.file("s"));
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'saved'})");
    const path = folder.file("x.db");
    await engine.save(path);
    settle(path);
    const settings = { unixsocket: sockets.file("s"), pidfile: join(engine.folder, "pid"), dbdir: folder.path };
    writeFileSync(`${path}.settings`, JSON.stringify(settings));
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'later'})");
    const before = listing(folder.path);
    for (const dryRun of [true, false]) {
      expect(await refused(source, lite(path), { dryRun })).toMatch(/^busy: an engine holds .*socket .* answers/);
    }
    // Cleaners of temporary folders take the socket.
    writeFileSync(`${path}.settings`, JSON.stringify({ ...settings, unixsocket: folder.file("gone") }));
    expect(await refused(source, lite(path))).toMatch(/its process \d+ runs/);
    writeFileSync(`${path}.settings`, JSON.stringify(settings));
    const { imported, validation } = await move(lite(path), at(folder.file("read.db")));
    expect(imported.memories).toBe(1);
    expect(validation.warnings.join()).toContain("an engine has this store open");
    expect(listing(folder.path).filter((line) => !line.startsWith("read.db"))).toEqual(before);
  });

  test("whose engine was killed is a store as any other, whatever that left behind", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    mkdirSync(folder.file("ts"));
    const socket = folder.file("ts", "fdb-0123456789abcdef.sock");
    const engine = await startEngine("--unixsocket", socket);
    await engine.tell("GRAPH.QUERY", "memorygraph", "CREATE (:Memory {id: 'saved'})");
    await engine.save(folder.file("ts", "dump.rdb"));
    copyFileSync(folder.file("ts", "dump.rdb"), folder.file("py.db"));
    // The number of a process that is another one by now.
    writeFileSync(folder.file("pid"), String(process.pid));
    const settings = { unixsocket: socket, pidfile: folder.file("pid") };
    writeFileSync(folder.file("py.db.settings"), JSON.stringify(settings));
    expect(await refused(source, lite(folder.file("ts")))).toContain("answers");
    await engine[Symbol.asyncDispose]();
    expect(existsSync(socket)).toBe(true);
    await move(source, lite(folder.file("ts")));
    await move(source, lite(folder.file("py.db")));
    writeFileSync(folder.file("py.db.settings"), "{");
    await move(source, lite(folder.file("py.db")));
  });

  test("that changes while it is written is left as it is then", async () => {
    using folder = temporaryFolder();
    const path = folder.file("x.db");
    await fillLite(path, "file", some);
    let late = Buffer.alloc(0);
    const { result } = await runMigration(
      at(copyFixture("0.12.4", folder)),
      lite(path),
      {},
      {
        onProgress: ({ phase }) => {
          if (phase !== "verify" || late.length > 0) return;
          copyFileSync(join(FIXTURES, "falkordblite-0.12.4.db"), path);
          late = readFileSync(path);
        },
      },
    );
    expect(result.errors[0]?.code).toBe("busy");
    expect(readFileSync(path).equals(late)).toBe(true);
    expect(readdirSync(folder.path).sort()).toEqual(["0.12.4.db", "x.db"]);
  });

  test("that changes all the time is read at one moment, from a private copy", async () => {
    using folder = temporaryFolder();
    const path = fixture(folder);
    let changes = 0;
    const { result } = await runMigration(
      lite(path),
      at(folder.file("s.db")),
      {},
      {
        onProgress: ({ phase }) => {
          if (phase === "transfer" && changes++ === 0) utimesSync(path, new Date(), new Date());
        },
      },
    );
    expect(result.errors).toEqual([]);
    expect(result.rollback.join()).toContain("the source changed while it was read; reading it again");
    expect(result.imported.memories).toBe(60);
  });

  test("kept after a failure stands beside its place", async () => {
    using folder = temporaryFolder();
    for (const release of ["0.12", "0.13"] as const) {
      const path = folder.file(`x-${release}`);
      const stop = new AbortController();
      const { result } = await runMigration(
        at(copyFixture("0.12.4", folder)),
        lite(path),
        { for: release, rollbackOnFailure: false },
        {
          signal: stop.signal,
          onProgress: ({ phase }) => {
            if (phase === "verify") stop.abort(new Error("enough"));
          },
        },
      );
      expect(result.rollback.join()).toContain(`${path}.failed`);
      expect(existsSync(path)).toBe(false);
      expect(linesOf(await readLite(`${path}.failed`, release === "0.12" ? "file" : "directory"))).toEqual(
        linesOf(graphOfTruth(truthFile("0.12.4"))),
      );
    }
  });

  test("holds names that no query can spell, and refuses those that an engine falls over", async () => {
    using folder = temporaryFolder();
    const from = folder.file("s.db");
    const put = (labels: string, type: string) => {
      rmSync(from, { force: true });
      const database = createLike("0.12.4", from);
      const node = "INSERT INTO nodes (id, label, properties) VALUES (?, ?, ?)";
      database.run(node, ["a", labels, JSON.stringify({ id: "a", "back`tick": 1.5, "": true })]);
      database.run(
        "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('r', 'a', 'a', ?, '{}')",
        [type],
      );
      database.close();
      return at(settle(from));
    };
    const path = folder.file("x.db");
    await move(put("la`bel", "ty`pe"), lite(path));
    const { nodes, relationships } = await readLite(path, "file");
    expect(nodes).toMatchObject([{ labels: ["la`bel"], properties: { id: "a", "back`tick": 1.5, "": true } }]);
    expect(relationships).toMatchObject([{ type: "ty`pe" }]);
    await move(put("é".repeat(256), "x".repeat(512)), lite(folder.file("long.db")));
    expect((await readLite(folder.file("long.db"), "file")).nodes).toHaveLength(1);
    for (const source of [() => put("é".repeat(257), "R"), () => put("Memory", "x".repeat(513))]) {
      expect(await refused(source(), lite(folder.file("y.db")))).toContain("it has more than 512 bytes");
      expect(existsSync(folder.file("y.db"))).toBe(false);
    }
  });

  test("without the constraint where what it is to hold does not allow it, or an engine would fall over it", async () => {
    using folder = temporaryFolder();
    for (const ids of [["x"], [" x "], ["a".repeat(5_000)]]) {
      const path = folder.file("x.db");
      const from = folder.file("from.db");
      const nodes = [...ids, ...(ids[0] === "x" ? ["x"] : [])].map((id, n) => ({
        name: String(n),
        labels: ["Memory"],
        properties: { id, title: String(n) },
      }));
      await fillLite(from, "file", { nodes, relationships: [] });
      const { notes } = await move(lite(from), lite(path));
      expect(JSON.stringify(notes)).toContain("not created");
      expect((await readLite(path, "file")).nodes.length).toBe(nodes.length);
      const engine = await sharedEngine();
      const change = "MATCH (m:Memory) SET m.title = 'y' SET m.id = m.id RETURN count(m)";
      expect(await engine.tell("GRAPH.QUERY", "memorygraph", change)).toStartWith("*");
      for (const one of [path, from]) rmSync(one);
    }
  });
});

describe("what is called a FalkorDBLite store", () => {
  test("and is a SQLite file is taken for what it is, as source and as target", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const result = await move(lite(source), at(folder.file("new.db")));
    expect(result.source?.before.backend).toBe("sqlite");
    expect(JSON.stringify(result.notes)).toContain("called FalkorDBLite");
    createLike("0.12.4", folder.file("old.db")).close();
    settle(folder.file("old.db"));
    const into = await move(lite(source), lite(folder.file("old.db")));
    expect(into.target?.before.backend).toBe("sqlite");
    expect(JSON.stringify(into.notes)).toContain("called FalkorDBLite");
    expect(readIndependently(folder.file("old.db"))).toEqual(readIndependently(source));
    expect(await refused(lite(source), at(source))).toContain("same file");
  });

  test.each([
    ["nothing", () => {}, "does not exist"],
    ["an empty file", (path: string) => writeFileSync(path, ""), "is an empty file"],
    ["a directory without a dump", (path: string) => mkdirSync(path), "is a directory without dump.rdb"],
    ["an export", (path: string) => writeFileSync(path, '{"memories": []}'), "is a JSON export of MemoryGraph"],
    ["a JSON text", (path: string) => writeFileSync(path, '{"a": 1}'), "is a JSON text"],
    ["a text", (path: string) => writeFileSync(path, "hello"), "is a text file"],
    ["something else", (path: string) => writeFileSync(path, "\0\0\0"), "is no store that this program knows"],
  ])("and is %s is named", async (_, make, message) => {
    using folder = temporaryFolder();
    make(folder.file("x"));
    expect(await refused(lite(folder.file("x")), at(folder.file("new.db")))).toContain(message);
    expect(existsSync(folder.file("new.db"))).toBe(false);
  });

  test("and cannot be made is refused beforehand", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    mkdirSync(folder.file("full"));
    writeFileSync(folder.file("full", "notes.txt"), "mine");
    expect(await refused(source, lite(folder.file("full")))).toContain("holds other files");
    expect(await refused(source, lite(folder.file("no/such")))).toContain("does not exist");
    expect(await refused(source, lite(folder.file("new/")))).toContain("names a directory");
    expect(readdirSync(folder.path).sort()).toEqual(["0.12.4.db", "full"]);
  });

  test.skipIf(!has.symlinks)("and leads to nothing is refused beforehand", async () => {
    using folder = temporaryFolder();
    const source = at(copyFixture("0.12.4", folder));
    symlinkSync(folder.file("gone"), folder.file("link"));
    expect(await refused(source, lite(folder.file("link")))).toContain("a symbolic link to nothing");
    expect(readdirSync(folder.path).sort()).toEqual(["0.12.4.db", "link"]);
  });

  test("and is damaged is named, and left as it is", async () => {
    using folder = temporaryFolder();
    const path = fixture(folder);
    const size = statSync(path).size;
    const whole = readFileSync(path);
    for (const damage of [
      () => truncateSync(path, size - 1),
      () => truncateSync(path, size >> 1),
      () => truncateSync(path, 20),
      () => writeFileSync(path, whole.with(size >> 1, whole[size >> 1]! ^ 0x10)),
      () => writeFileSync(path, whole.with(size - 3, whole[size - 3]! ^ 0x10)),
    ]) {
      damage();
      settle(path);
      const before = listing(folder.path);
      expect(await refused(lite(path), at(folder.file("new.db")))).toMatch(/^damaged: /);
      expect(await refused(at(copyFixture("0.12.4", folder, "../s.db")), lite(path))).toMatch(/^damaged: /);
      expect(listing(folder.path)).toEqual(before);
      writeFileSync(path, whole);
    }
    rmSync(folder.file("../s.db"));
  });

  test("and holds other graphs names them; --from-graph takes one", async () => {
    using folder = temporaryFolder();
    const path = fixture(folder);
    const message = await refused(lite(path, "nosuch"), at(folder.file("new.db")));
    expect(message).toContain("holds no graph nosuch");
    expect(message).toContain("memorygraph");
    const other = folder.file("other.db");
    await move(lite(path), lite(other, "elsewhere"));
    expect(await refused(lite(settle(other)), at(folder.file("new.db")))).toContain("--from-graph elsewhere");
    expect((await move(lite(other, "elsewhere"), at(folder.file("new.db")))).imported.memories).toBe(60);
  });

  test("and holds one other graph is inspected in that, where nobody named one", async () => {
    using folder = temporaryFolder();
    const other = folder.file("other.db");
    await move(lite(fixture(folder)), lite(other, "elsewhere"));
    const { count, notes } = await inspectStore(lite(settle(other)), () => {});
    expect(count.memories).toBe(60);
    expect(notes.map(({ what }) => what)).toContain(
      "there is no graph memorygraph: this is elsewhere, the only one that is there",
    );
    await expect(inspectStore(lite(other, "memorygraph"), () => {})).rejects.toThrow("holds no graph memorygraph");
    await move(lite(fixture(folder)), lite(other, "second"));
    await expect(inspectStore(lite(settle(other)), () => {})).rejects.toThrow("holds no graph memorygraph");
  });

  test("tells when inspected what dump it is in", async () => {
    using folder = temporaryFolder();
    const { store, dump, count } = await inspectStore(lite(fixture(folder)), () => {});
    expect(store.engine).toMatch(/^FalkorDBLite \(FalkorDB 4\.\d+.*, encoding \d+, Redis [\d.]+\)$/);
    expect(store).toMatchObject({ layout: "file", release: "0.12", nodes: 60, relationships: 120 });
    expect(dump).toMatchObject({ graphs: ["memorygraph"] });
    expect(count.memories).toBe(60);
  });

  test("and is the target's own file is refused under any name", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("d"));
    const path = fixture(folder, "d/dump.rdb");
    if (has.symlinks) symlinkSync(path, folder.file("link"));
    const linked = has.symlinks ? [folder.file("link")] : [];
    for (const other of [folder.file("d"), ...linked, folder.file("d/../d/dump.rdb")]) {
      expect(await refused(lite(path), lite(other))).toContain("same store");
    }
    const backend = await loadBackend(lite(path));
    expect(backend.locate(lite(path))).toBe(path);
  });
});

/** Everything of a dump but the graphs' keys, as an engine serialises it; and the graphs by plain queries. */
async function contentOf(path: string): Promise<{ keys: string[]; graphs: Record<string, string[]> }> {
  const engine = await newestEngine();
  await engine.load(path);
  const content = { keys: [] as string[], graphs: {} as Record<string, string[]> };
  await withFalkor(engine.server, async (command) => {
    const graphs = (await command("GRAPH.LIST")) as string[];
    const keys = (await command("KEYS", "*")) as string[];
    for (const key of keys.sort()) {
      // The fields of some hashes have their time, which may be over between two looks: their bytes have to do.
      if (graphs.includes(key) || key.startsWith("telemetry{") || (await command("TYPE", key)) === "hash") continue;
      const lasts = (await command("PTTL", key)) === "-1";
      const digest = (await command("DEBUG", "DIGEST-VALUE", key)) as unknown as string[];
      content.keys.push(`${key} ${await command("OBJECT", "ENCODING", key)} ${lasts} ${digest}`);
    }
    // It lists those of every database, and the plain queries ask the first one.
    for (const graph of graphs.sort()) {
      if ((await command("EXISTS", graph)) === "0") continue;
      const ask = (statement: string) => command("GRAPH.RO_QUERY", graph, statement);
      const [, nodes] = (await ask("MATCH (n) RETURN id(n), labels(n), n")) as unknown[][];
      const [, joins] = (await ask("MATCH (a)-[r]->(b) RETURN id(a), id(b), r")) as unknown[][];
      content.graphs[graph] = [...nodes!, ...joins!].map((row) => JSON.stringify(row)).sort();
    }
  });
  return content;
}

afterAll(async () => {
  // The shared engine ends with the process; here only what it holds is of no use any more.
  if (available !== undefined) await (await sharedEngine()).tell("FLUSHALL");
});
