// @level normal
/** What is printed at the end of a migration: configurations of clients, variables, the way back. Pasted as it is. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CLIENTS } from "../../src/doctor/clients.ts";
import { Home } from "../doctor/home.ts";
import { inProcess as program, pasted as shell } from "./in-process.ts";
import { document } from "./program.ts";
import { edited } from "./stores.ts";

describe("--client prints a configuration that doctor reads back", () => {
  test.each(CLIENTS.map(({ id }) => id))("of %s", async (id) => {
    using home = new Home();
    home.sqlite("0.12.4", "old.db");
    const target = home.path("a folder", "it's new.db");
    home.file("", "a folder", "keep");
    const args = ["--from-path", home.path("old.db"), "--to", "sqlite", "--to-path", target, "--client", id];
    const { code, stdout, stderr } = await program(home.folder, args);
    expect([code, stderr]).toEqual([0, ""]);
    const [, file, , lines] = /^next: put this into (~\/.+), and restart (.+):\n((?: {2}.*\n)+)/m.exec(stdout)!;
    home.file(lines!.replace(/^ {2}/gm, ""), file!.slice(2));
    const { clients, current } = await home.diagnosis();
    expect(clients).toMatchObject([{ name: "memorygraph", location: target, backend: "sqlite" }]);
    expect(current).toMatchObject({ location: target, memories: 60 });
    // Once it is there, that is what is said.
    const again = await program(home.folder, args.slice(0, -2));
    expect(again.stdout).toContain("which opens this store.\n");
  });

  test("keeps the entry that is there, and shows no secret of it", async () => {
    using home = new Home();
    home.sqlite("0.12.4", "old.db");
    const docker = ["run", "-i", "-e", "MEMORY_NEO4J_PASSWORD=canary-55", "memorygraph:0.12.4", "--backend", "neo4j"];
    home.claudeCode({ command: "docker", args: docker, env: { MEMORY_NEO4J_PASSWORD: "canary-55" } });
    const args = ["--from-path", home.path("old.db"), "--to", "sqlite", "--to-path", home.path("new.db")];
    const { stdout } = await program(home.folder, [...args, "--client", "claude-code"]);
    expect(stdout).toContain('"memory": {');
    expect(stdout).toContain('"docker"');
    expect(stdout).not.toContain("--backend");
    expect(stdout).not.toContain("canary-55");
  });
});

test("a path with a line break in it is printed so that a shell takes it", async () => {
  using home = new Home();
  home.sqlite("hybrid-0.12-0.13", "two\nlines's.db");
  const { stdout } = await program(home.folder, ["inspect", "--from-path", home.path("two\nlines's.db")]);
  const [, command] = /sees whole: (memorygraph-migrate .*)$/m.exec(stdout)!;
  const outcome = await shell(home.folder, command!.replace("NEW.db", "whole.db"));
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  home.sqlite("0.12.4", "old.db");
  const refused = await program(home.folder, [home.path("old.db"), home.path("two\nlines's.db")]);
  const [, advised] = /new file first: (memorygraph-migrate .*)$/m.exec(refused.stderr)!;
  const merged = await shell(home.folder, advised!.replace("NEW.db", "merged.db"));
  expect([refused.code, merged]).toEqual([4, expect.objectContaining({ code: 0, stderr: "" })]);
});

test("a graph that is not there is to be named with the option of its side", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db").liteFile("lite.db");
  const [old, lite] = [home.path("old.db"), home.path("lite.db")];
  const source = await program(home.folder, ["verify", lite, old, "--from-graph", "other"]);
  expect([source.code, source.stderr]).toEqual([
    2,
    expect.stringContaining("next: Name one of them: --from-graph mem"),
  ]);
  const target = await program(home.folder, ["verify", old, lite, "--to-graph", "other"]);
  expect([target.code, target.stderr]).toEqual([2, expect.stringContaining("next: Name one of them: --to-graph mem")]);
});

test("of a damaged store the one step that is advised copies all that can be read", async () => {
  using home = new Home();
  home.sqlite("hybrid-0.12-0.13", "old.db");
  edited(home.folder, join("home", "it's damaged.db"), (store) => store.damage("m-000009"));
  const { code, stdout, stderr } = await program(home.folder, ["inspect", home.path("it's damaged.db")]);
  expect([code, stdout]).toEqual([8, expect.not.stringContaining("next:")]);
  const [, command] = /can be read: (memorygraph-migrate .*)$/m.exec(stderr)!;
  const copied = await shell(home.folder, command!.replace("NEW.db", "whole.db"));
  expect([copied.code, copied.stdout]).toEqual([0, expect.stringContaining("LOST")]);
});

test("two versions of one memory in a hybrid are no damage, and a row beside them that is counts once", async () => {
  using home = new Home();
  home.sqlite("hybrid-0.12-0.13", "hybrid.db");
  const path = home.path("hybrid.db");
  const sql = (text: string) => {
    using database = new Database(path);
    return database.run(text);
  };
  sql("PRAGMA journal_mode = DELETE");
  // Each table holds a memory of the other's id, with other content.
  const oldest = () => {
    using database = new Database(path, { readonly: true });
    return database.query("SELECT id FROM nodes ORDER BY id").values()[0]![0];
  };
  const older = oldest();
  sql(`UPDATE memories SET id = '${older}', title = 'another version' WHERE rowid = (SELECT min(rowid) FROM memories)`);
  const whole = await program(home.folder, ["inspect", path, "--json"]);
  expect([whole.code, document(whole.stdout)]).toEqual([
    0,
    expect.objectContaining({
      damage: [],
      notes: expect.arrayContaining([
        expect.objectContaining({ what: expect.stringContaining("one id in both tables"), count: 1 }),
      ]),
    }),
  ]);
  sql("UPDATE nodes SET properties = '{' WHERE rowid = (SELECT max(rowid) FROM nodes)");
  const damaged = await program(home.folder, ["inspect", path, "--json"]);
  expect([damaged.code, document(damaged.stdout)]).toEqual([
    8,
    expect.objectContaining({ damage: [expect.objectContaining({ count: 1 })] }),
  ]);
});

test("another graph than MemoryGraph's is named as what it is", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db");
  const to = ["--to", "falkordblite", "--to-path", home.path("lite"), "--for", "0.13", "--to-graph", "other"];
  const { code, stdout } = await program(home.folder, ["--from-path", home.path("old.db"), ...to]);
  expect(code).toBe(0);
  expect(stdout).toContain("next: MemoryGraph opens the graph memorygraph alone");
  expect(stdout).not.toContain("start MemoryGraph");
});

test("a merge names what was moved and the whole target, as inspect computes it", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db").sqlite("0.13.0", "target.db");
  const { stdout } = await program(home.folder, [
    "--from-path",
    home.path("old.db"),
    "--to",
    "sqlite",
    "--to-path",
    home.path("target.db"),
  ]);
  const digests = Object.fromEntries(
    [...stdout.matchAll(/digest of (.+?) {2,}(mg1-\S+)/g)].map(([, what, digest]) => [what, digest]),
  );
  const digestOf = async (path: string) =>
    /digest +(mg1-\S+)/.exec((await program(home.folder, ["inspect", "--from-path", path])).stdout)![1];
  expect(digests).toEqual({
    "what was selected": await digestOf(home.path("old.db")),
    "the whole target": await digestOf(home.path("target.db")),
  });
});

test("after newest, the advice is no longer newest", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "target.db");
  const changed = edited(home.folder, join("home", "changed.db"), (store) =>
    store.change("m-000001", { title: "other" }),
  );
  const args = [
    "--from-path",
    changed,
    "--to",
    "sqlite",
    "--to-path",
    home.path("target.db"),
    "--on-conflict",
    "newest",
    "--yes",
  ];
  const { stdout } = await program(home.folder, args);
  expect(stdout).toContain(
    "next: compare the records above; both have the same time, so that --on-conflict overwrite alone",
  );
});

test("what a run restored is no longer told as missing", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db");
  const target = edited(home.folder, join("home", "target.db"), (store) =>
    store.run("DELETE FROM nodes WHERE id = 'm-000001'"),
  );
  const to = ["--to", "sqlite", "--to-path", target];
  const dangling = await program(home.folder, ["inspect", "--from-path", target]);
  expect(dangling.stdout).toContain("relationship");
  expect(dangling.stdout).toMatch(/note: .*dangling/);
  const { code, stdout } = await program(home.folder, ["--from-path", home.path("old.db"), ...to]);
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/note: target: .*dangling/);
});

test("--confirm takes the name as it is from here", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db");
  const target = home.folder.file("k.db");
  const { stdout } = await program(home.folder, [
    "--from-path",
    home.path("old.db"),
    "--to",
    "sqlite",
    "--to-path",
    target,
  ]);
  const [, run] = /memorygraph-migrate rollback (\w{8,})/.exec(stdout)!;
  const other = await program(home.folder, ["rollback", run!, "--confirm", "other.db"]);
  expect(other.code).toBe(4);
  expect(other.stderr).toContain(`Add --confirm=${target}`);
  expect((await program(home.folder, ["rollback", run!, "--confirm", "k.db"])).code).toBe(0);
});

test("verify says what it does not compare", async () => {
  using home = new Home();
  home.sqlite("0.12.4", "old.db").sqlite("0.13.0", "new.db");
  const verify = (from: string, to: string) =>
    program(home.folder, ["verify", "--from-path", home.path(from), "--to", "sqlite", "--to-path", home.path(to)]);
  edited(home.folder, join("home", "rows.db"), (store) =>
    store.run("UPDATE nodes SET created_at = '2001-01-01 00:00:00', updated_at = '2001-01-01 00:00:00'"),
  );
  const { code, stdout } = await verify("old.db", "rows.db");
  expect(code).toBe(0);
  expect(stdout.replace(/\s+/g, " ")).toContain(
    "not compared: when each row was written (the columns created_at and updated_at of nodes",
  );
  expect((await verify("new.db", "new.db")).stdout).not.toContain("not compared");
});

describe("what verify advises where two stores differ", () => {
  const advised = (stderr: string) => /: (memorygraph-migrate .*)$/m.exec(stderr)?.[1];

  test("brings what is missing, pasted as it is", async () => {
    using home = new Home();
    home.sqlite("0.12.4", "old one.db").sqlite("0.8.3", "new.db");
    const compare = ["verify", home.path("old one.db"), home.path("new.db")];
    const { code, stderr } = await program(home.folder, compare);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^next: .*This copies what is missing/m)]);
    expect(stderr).toContain("What is in the target only may well belong there.");
    expect(await shell(home.folder, advised(stderr)!, home.env)).toMatchObject({ code: 0, stderr: "" });
    const after = await program(home.folder, compare);
    expect(after.stdout).not.toContain("missing");
  });

  test("copies nothing where only the target has more", async () => {
    using home = new Home();
    home.sqlite("0.12.4", "old.db");
    edited(home.folder, join("home", "more.db"), (store) => store.add("extra"));
    const { code, stderr } = await program(home.folder, ["verify", home.path("old.db"), home.path("more.db")]);
    expect([code, advised(stderr)]).toEqual([3, undefined]);
    expect(stderr).toContain("next: What is in the target only may well belong there.\n");
  });
});
