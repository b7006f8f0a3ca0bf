// @level normal
/** A merge into a filled target that is broken at the end of its verification, or fails it: as before, to the last record. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { edited } from "../cli/stores.ts";
import { withDriver } from "../conformance/bolt.ts";
import { endOf } from "../conformance/ends.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { linesOf } from "../conformance/graph.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { faultServers, type TestServer } from "../support/servers.ts";
import { at, copyFixture } from "../support/stores.ts";
import { KILLED } from "../support/system.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";
import { expectClear } from "./promise.ts";
import { stateAt } from "./targets.ts";

const servers = await faultServers();

/** What is there before: half of it in other words, a third of the relationships missing, and something of its own. */
function filling(folder: TemporaryFolder): string {
  return edited(folder, "filling.db", (store) => {
    for (let number = 0; number < 60; number += 2) {
      store.change(`m-0000${String(number).padStart(2, "0")}`, { title: "as it was" });
    }
    store.run("DELETE FROM relationships WHERE rowid % 3 = 0").add("own", { title: "own" });
  });
}

function migration(folder: TemporaryFolder, to: readonly string[]): string[] {
  const source = copyFixture("0.12.4", folder, "source.db");
  return ["migrate", "--from-path", source, ...to, "--on-conflict", "overwrite", "--yes"];
}

describe.each(["sqlite", "falkordblite"] as const)("a merge into a file of %s", (type) => {
  test.each([
    "verified#1",
    "before commit#1",
  ] as const)("killed at %s leaves it as before; the next command says that it has been taken back", async (stop) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const path = folder.file("target", "store.db");
    const config = new BackendConfig({ type, path });
    if (type === "sqlite") copyFileSync(filling(folder), path);
    else expect((await runMigration(at(filling(folder)), config, {}, {})).error).toBeNull();
    const before = await stateAt(config);
    const args = migration(folder, ["--to", type, "--to-path", path]);
    expect((await program(folder, args, { stop })).code).toBe(KILLED);
    if (type === "sqlite") expect(readdirSync(folder.file("target"))).toContain("store.db-journal");
    const [run] = await runsOf(folder);
    expect(run).toMatchObject({ status: "stopped", can: ["resume", "rollback"] });
    const again = await program(folder, args);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringMatching(/run \w{10} had been stopped; the target is as it was before it/),
    ]);
    expect(besidesJournals(folder.file("target"))).toEqual(["store.db"]);
    const done = (await runsOf(folder)).find(({ status }) => status === "done");
    expect((await program(folder, ["rollback", done!.id, "--yes"])).code).toBe(0);
    expect(await stateAt(config)).toBe(before);
  });

  test("killed and rolled back is exactly as before, and told so", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const path = folder.file("target", "store.db");
    const config = new BackendConfig({ type, path });
    if (type === "sqlite") copyFileSync(filling(folder), path);
    else expect((await runMigration(at(filling(folder)), config, {}, {})).error).toBeNull();
    const before = await stateAt(config);
    expect(
      (await program(folder, migration(folder, ["--to", type, "--to-path", path]), { stop: "verified#1" })).code,
    ).toBe(KILLED);
    const [run] = await runsOf(folder);
    const undone = await program(folder, ["rollback", run!.id, "--yes"]);
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining("exactly as it was before")]);
    expect([await stateAt(config), readdirSync(folder.file("target"))]).toEqual([before, ["store.db"]]);
  });
});

test("a hot journal that somebody else's program left beside a SQLite target is taken back and told", async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file("target"));
  const path = folder.file("target", "store.db");
  copyFileSync(filling(folder), path);
  const before = await stateAt(at(path));
  const script = `const { Database } = require("bun:sqlite"); const d = new Database(${JSON.stringify(path)});
    d.run("PRAGMA cache_size = 1"); d.run("BEGIN IMMEDIATE"); d.run("UPDATE nodes SET properties = properties || ' ' || hex(zeroblob(4000))");
    process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script], { cwd: folder.path, stderr: "ignore" }).exited;
  expect(readdirSync(folder.file("target"))).toContain("store.db-journal");
  const ran = await program(folder, migration(folder, ["--to", "sqlite", "--to-path", path]));
  expect([ran.code, ran.stdout + ran.stderr]).toEqual([0, expect.stringContaining("SQLite has rolled it back")]);
  const [run] = await runsOf(folder);
  expect((await program(folder, ["rollback", run!.id, "--yes"])).code).toBe(0);
  expect(await stateAt(at(path))).toBe(before);
});

describe.each(servers.map((server) => [server.kind, server] as const))("a merge into a graph of %s", (kind, server) => {
  const end = endOf(server, "merges");
  const graph = end.config.graph === undefined ? [] : ["--to-graph", end.config.graph];
  const to = ["--to", kind, "--to-uri", end.config.uri!, ...graph];

  async function filled(folder: TemporaryFolder): Promise<string> {
    await end.empty();
    expect((await runMigration(at(filling(folder)), end.config, {}, {})).error).toBeNull();
    return stateAt(end.config);
  }

  test("killed when all is verified is exactly as before, after the command that `runs` names", async () => {
    using folder = temporaryFolder();
    const before = await filled(folder);
    expect((await program(folder, migration(folder, to), { stop: "verified#1" })).code).toBe(KILLED);
    const { stdout } = await program(folder, ["runs"]);
    const [, id] = /memorygraph-migrate rollback (\w{10})/.exec(stdout)!;
    const undone = await program(folder, ["rollback", id!, "--yes"]);
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining("exactly as it was before")]);
    expect(await stateAt(end.config)).toBe(before);
    await end.empty();
  });

  test.each([
    ["a record that the run has written", "MATCH (n {id: 'm-000001'}) SET n.title = 'changed by another'"],
    ["a record that it was to leave alone", "MATCH (n {id: 'own'}) SET n.title = 'changed by another'"],
  ])("fails its verification when somebody changes %s: the run is undone, their change stays", async (_, statement) => {
    using folder = temporaryFolder();
    await filled(folder);
    const before = linesOf(await end.read());
    const child = begin(folder, migration(folder, to), { pause: "written#1" });
    await standsStill(child);
    await execute(server, "merges", statement);
    child.kill("SIGCONT");
    const failed = await ended(child);
    expectClear(failed);
    expect([3, 7]).toContain(failed.code!);
    const after = linesOf(await end.read());
    const changed = after.filter((line) => !before.includes(line));
    // Either only what they changed differs, or it is back as well, where the run had it in its journal.
    expect(changed.every((line) => line.includes("changed by another"))).toBe(true);
    expect(after).toHaveLength(before.length);
    await end.empty();
  });
});

async function execute(server: TestServer, graph: string, statement: string): Promise<void> {
  if (server.kind === "falkordb") await withFalkor(server, (command) => command("GRAPH.QUERY", graph, statement));
  else await withDriver(server, async (run) => void (await run(statement)));
}
