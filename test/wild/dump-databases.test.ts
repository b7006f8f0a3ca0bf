// @level normal
/** Dumps with graphs in several Redis databases, keys that expire, names that are taken: whatever we write, an engine loads. */
import { describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { RefusedError } from "../../src/errors.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { expectError, program } from "../cli/program.ts";
import { Engine, type EngineKind, engines } from "../rdb/engine.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { at, copyFixture } from "../support/stores.ts";

const kinds = await engines();

/** Which graphs in which databases, before the memories come. */
const ARRANGEMENTS: Record<string, readonly (readonly [db: number, graph: string])[]> = {
  "the same name in database 1": [[1, "memorygraph"]],
  "the same name in databases 0 and 3": [
    [0, "memorygraph"],
    [3, "memorygraph"],
  ],
  "other names in 0 and 1, the same in 2": [
    [0, "other"],
    [1, "other"],
    [2, "memorygraph"],
  ],
  "another name in database 1": [[1, "other"]],
  "other names in 0 and 1": [
    [0, "first"],
    [1, "second"],
  ],
  "the same name in 1 and 2": [
    [1, "memorygraph"],
    [2, "memorygraph"],
    [2, "other"],
  ],
};

async function made({ module }: EngineKind, folder: TemporaryFolder, graphs: readonly (readonly [number, string])[]) {
  await using engine = await Engine.start(module, folder.path, "dump.rdb");
  for (const [db, graph] of graphs) {
    await engine.command("SELECT", String(db));
    await engine.query(graph, `CREATE (:Memory {id: '${db} ${graph}', title: 't'})-[:OLD]->(:Other {n: ${db}})`);
    await engine.query(graph, "CREATE INDEX FOR (m:Memory) ON (m.id)");
    await engine.command("SET", `key of ${graph}`, "value");
  }
  await engine.command("SAVE");
}

const into = (path: string) => new BackendConfig({ type: "falkordblite", path });

describe.each(kinds.map((kind) => [kind.version, kind] as const))("FalkorDB %s loads a dump", (_, kind) => {
  const isNewest = kind === kinds.at(-1);

  test.each(Object.entries(ARRANGEMENTS))("with %s", async (_, graphs) => {
    // The older ones have one graph of a name for all databases.
    if (!isNewest && graphs.some(([, graph]) => graph === "memorygraph")) return;
    using folder = temporaryFolder();
    await made(kind, folder, graphs);
    const { error } = await runMigration(at(copyFixture("0.12.4", folder)), into(folder.file("dump.rdb")), {}, {});
    expect(error).toBeNull();
    await using engine = await Engine.start(kind.module, folder.path, "dump.rdb");
    const kept = graphs.filter(([db, graph]) => db === 0 && graph === "memorygraph").length;
    const count = (graph: string) => engine.query(graph, "MATCH (m:Memory) RETURN count(m)").then(JSON.stringify);
    expect(await count("memorygraph")).toContain(`[[${60 + kept}]]`);
    for (const [db, graph] of graphs) {
      await engine.command("SELECT", String(db));
      const found = `MATCH (m:Memory {id: '${db} ${graph}'})-[:OLD]->(o:Other) RETURN o.n`;
      expect(JSON.stringify(await engine.query(graph, found))).toContain(`[[${db}]]`);
      expect(await engine.command("GET", `key of ${graph}`)).toBe("value");
    }
  });

  test.if(!isNewest)("or is refused as a target: the same name in database 1", async () => {
    using folder = temporaryFolder();
    await made(kind, folder, [[1, "memorygraph"]]);
    const before = listing(folder.path);
    const { error } = await runMigration(at(copyFixture("0.12.4", folder)), into(folder.file("dump.rdb")), {}, {});
    expect(error).toBeInstanceOf(RefusedError);
    expect(error?.message).toContain("merges graphs with the same name");
    expect(listing(folder.path).filter((line) => line.includes("dump.rdb"))).toEqual(
      before.filter((line) => line.includes("dump.rdb")),
    );
  });
});

describe.if(kinds.length > 0)("a dump of the newest engine", () => {
  const newest = kinds.at(-1)!;

  test("with its graph in database 1 alone is not called empty, and that graph can be read", async () => {
    using folder = temporaryFolder();
    await made(newest, folder, [[1, "memorygraph"]]);
    const from = ["--from", "falkordblite", "--from-path", folder.file("dump.rdb")];
    const unnamed = await program(folder, ["inspect", ...from]);
    expectError(unnamed, 2, "holds no graph memorygraph");
    expect(unnamed.stderr).toContain("it holds the graph memorygraph in database 1");
    expect(unnamed.stderr).toContain("next: Name one of them: --from-database 1");
    const named = await program(folder, ["inspect", ...from, "--from-database", "1"]);
    expect([named.code, named.stdout]).toEqual([0, expect.stringContaining("1 memory")]);
    expect(named.stdout).not.toMatch(/visible to +MemoryGraph 0/);
    const to = ["--to", "sqlite", "--to-path", folder.file("new.db")];
    expect((await program(folder, [...from, "--from-database", "1", ...to])).stdout).toContain("2 nodes");
    const wrong = await program(folder, ["inspect", ...from, "--from-database", "first"]);
    expectError(wrong, 2, 'a number, and not "first"');
    const back = ["--from-path", folder.file("new.db"), "--to", "falkordblite", "--to-path", folder.file("dump.rdb")];
    expectError(await program(folder, [...back, "--to-database", "1"]), 2, "always in database 0");
  });

  test("whose graph expires is told as a source, and refused as a target, until PERSIST", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    await made(newest, folder, [[0, "memorygraph"]]);
    const expiring = async (...command: string[]) => {
      await using engine = await Engine.start(newest.module, folder.path, "dump.rdb");
      await engine.command(...command);
      await engine.command("SAVE");
    };
    await expiring("PEXPIREAT", "memorygraph", "4000000000000");
    const from = ["--from", "falkordblite", "--from-path", path];
    const { code, stdout } = await program(folder, ["inspect", ...from]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("deletes this graph when its key expires")]);
    const args = ["--from-path", copyFixture("0.12.4", folder), "--to", "falkordblite", "--to-path", path];
    for (const more of [["--dry-run"], []]) {
      const refused = await program(folder, [...args, ...more]);
      expectError(refused, 4, "the key of the graph memorygraph expires at 2096-10-02T07:06:40Z");
      expect(refused.stderr).toContain("PERSIST memorygraph");
    }
    await expiring("PERSIST", "memorygraph");
    expect((await program(folder, args)).code).toBe(0);
  });

  test("whose key of that name is no graph is refused in the dry run", async () => {
    using folder = temporaryFolder();
    {
      await using engine = await Engine.start(newest.module, folder.path, "dump.rdb");
      await engine.command("SET", "memorygraph", "text");
      await engine.command("SAVE");
    }
    const to = ["--to", "falkordblite", "--to-path", folder.file("dump.rdb")];
    const outcome = await program(folder, ["--from-path", copyFixture("0.12.4", folder), ...to, "--dry-run"]);
    expectError(outcome, 4, 'has a key "memorygraph" that is no graph');
  });

  test("whose graph was renamed, copied or restored is read by the name of its key", async () => {
    using folder = temporaryFolder();
    await made(newest, folder, [[0, "memorygraph"]]);
    {
      await using engine = await Engine.start(newest.module, folder.path, "dump.rdb");
      await engine.command("GRAPH.COPY", "memorygraph", "copy");
      await engine.command("RENAME", "memorygraph", "renamed");
      await engine.query("memorygraph", "CREATE (:Memory {id: 'new'})");
      await engine.command("SAVE");
    }
    copyFileSync(folder.file("dump.rdb"), folder.file("store.db"));
    for (const [graph, memory] of Object.entries({
      copy: "0 memorygraph",
      renamed: "0 memorygraph",
      memorygraph: "new",
    })) {
      const source = new BackendConfig({ type: "falkordblite", path: folder.file("store.db"), graph });
      const target = new BackendConfig({ type: "falkordblite", path: folder.file(`${graph}.db`) });
      expect((await runMigration(source, target, {}, {})).error).toBeNull();
      copyFileSync(target.path!, folder.file("one.rdb"));
      await using engine = await Engine.start(newest.module, folder.path, "one.rdb");
      expect(JSON.stringify(await engine.query("memorygraph", "MATCH (m:Memory) RETURN m.id"))).toContain(memory);
    }
  });
});
