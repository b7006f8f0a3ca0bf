// @level normal
/** What has become of a target, or of a journal, by the time when somebody wants a run undone. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { RunRegistry } from "../../src/journal/registry.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { thisProcess } from "../../src/support/processes.ts";
import { typed } from "../cli/on-terminal.ts";
import { countOf, edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { program, runsOf } from "../faults/program.ts";
import { stateAt } from "../faults/targets.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { at, copyFixture, schemaEntries, settle } from "../support/stores.ts";
import { change, counts, dangling, merged } from "./merged.ts";

test("a relationship that the application made to a memory of the run never dangles (wild 25)", async () => {
  using folder = temporaryFolder();
  const { target, undo, run } = await merged(folder);
  change(
    target,
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES ('joined-later', 'm-000001', 'old-0', 'RELATED_TO', '{}', '2026-01-01', '2026-01-01')",
  );
  const undone = await undo("--yes");
  expect([undone.code, undone.stdout]).toEqual([3, expect.stringContaining("node old-0")]);
  expect(undone.stdout).toContain("held by relationship RELATED_TO joined-later");
  expect([dangling(target), counts(target)]).toEqual([0, [61, 121]]);
  expect(await runsOf(folder)).toMatchObject([{ id: run, status: "partly rolled back", left: 1, can: ["rollback"] }]);
  // It is in nobody's way.
  const again = await program(folder, ["migrate", "--from-path", target, "--to", "sqlite", "--to-path", "other.db"]);
  expect(again.code).toBe(0);
});

test("a run whose records a later one overwrote is undone with it or after it, and never by half (wild 26)", async () => {
  using folder = temporaryFolder();
  const { target, before, source, onto, run } = await merged(folder);
  copyFileSync(source, folder.file("c.db"));
  change(folder.file("c.db"), "UPDATE nodes SET properties = json_set(properties, '$.title', 'changed later')");
  expect((await onto(folder.file("c.db"), "--on-conflict", "overwrite")).code).toBe(0);
  const [later] = await runsOf(folder);
  const codes: (number | null)[] = [];
  for (const id of [run, later!.id, run])
    codes.push((await program(folder, ["rollback", id, "--yes", "--quiet"])).code);
  expect([codes, counts(target), await stateAt(at(target))]).toEqual([[4, 0, 0], [60, 120], before]);
});

test("later runs go with it, newest first, as one plan", async () => {
  using folder = temporaryFolder();
  const { target, before, source, onto, undo } = await merged(folder);
  for (const title of ["second", "third"]) {
    copyFileSync(source, folder.file("c.db"));
    change(folder.file("c.db"), `UPDATE nodes SET properties = json_set(properties, '$.title', '${title}')`);
    expect((await onto(folder.file("c.db"), "--on-conflict", "overwrite")).code).toBe(0);
  }
  const shown = JSON.parse((await undo("--with-later", "--dry-run", "--json")).stdout);
  expect(shown).toMatchObject({ dryRun: true, exact: true, counts: { removed: { nodes: 12, relationships: 15 } } });
  expect(shown.runs).toEqual((await runsOf(folder)).map(({ id }) => id));
  expect((await undo("--with-later", "--yes")).code).toBe(0);
  expect(await stateAt(at(target))).toBe(before);
  expect((await runsOf(folder)).map(({ status }) => status)).toEqual(["rolled back", "rolled back", "rolled back"]);
});

test("what a later run created anew holds that run, not the one whose record others had deleted", async () => {
  using folder = temporaryFolder();
  const { target, source, onto, run } = await merged(folder);
  change(target, "DELETE FROM relationships WHERE 'old-1' IN (from_id, to_id)", "DELETE FROM nodes WHERE id = 'old-1'");
  expect((await onto(source)).code).toBe(0);
  change(target, "UPDATE nodes SET properties = json_set(properties, '$.title', 'changed later') WHERE id = 'old-1'");
  const undone = await program(folder, ["rollback", run, "--with-later", "--yes", "--json"]);
  expect([undone.code, JSON.parse(undone.stdout).left]).toEqual([3, ["node old-1"]]);
  const statuses = (await runsOf(folder)).map(({ id, status }) => [id === run, status]);
  expect(statuses).toEqual([
    [false, "partly rolled back"],
    [true, "rolled back"],
  ]);
  expect(counts(target)).toEqual([61, 120]);
});

test("a target that 0.13 has opened since is undone where it is, and what 0.13 wrote stays", async () => {
  using folder = temporaryFolder();
  const { target, undo } = await merged(folder);
  const hybrid = copyFixture("hybrid-0.12-0.13", folder);
  const added = schemaEntries(hybrid).filter(
    ({ name, tbl_name }) => tbl_name === "memories" && !name.startsWith("sqlite_"),
  );
  change(
    target,
    ...added.map(({ sql }) => sql!),
    "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES ('new-app', 'general', 't', 'c', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')",
  );
  const undone = await undo("--yes");
  expect([undone.code, undone.stderr]).toEqual([0, ""]);
  expect([counts(target), countOf(target, "memories"), dangling(target)]).toEqual([[60, 120], 1, 0]);
});

test("what others attached goes only after a question that tells how much it is", async () => {
  using folder = temporaryFolder();
  const { target, undo } = await merged(folder);
  change(
    target,
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES ('joined-later', 'm-000001', 'old-0', 'RELATED_TO', '{}', '2026-01-01', '2026-01-01')",
  );
  const after = await stateAt(at(target));
  const asked = await undo("--cascade");
  expect([asked.code, asked.stderr]).toEqual([
    4,
    expect.stringContaining("deleting 1 relationship that others attached"),
  ]);
  expect(await stateAt(at(target))).toBe(after);
});

test("a rollback that was killed leaves a run that can still be undone, whatever came in between", async () => {
  using folder = temporaryFolder();
  const { target, before, source, onto, undo, run } = await merged(folder);
  expect((await program(folder, ["rollback", run, "--yes"], { stop: "half rolled back#1" })).code).toBeNull();
  expect((await onto(source)).code).toBe(0);
  expect((await runsOf(folder)).find(({ id }) => id === run)).toMatchObject({ status: "done", can: ["rollback"] });
  expect((await undo("--yes")).code).toBe(0);
  expect(await stateAt(at(target))).toBe(before);
});

test("a target with a run that was undone in part is a target as any other", async () => {
  using folder = temporaryFolder();
  const { target, before, source, onto, undo } = await merged(folder);
  change(
    target,
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties, valid_from, recorded_at) VALUES ('joined-later', 'm-000001', 'old-0', 'RELATED_TO', '{}', '2026-01-01', '2026-01-01')",
  );
  expect((await undo("--yes")).code).toBe(3);
  // The same records come again: they are the later run's, and stay when the rest of the first one goes.
  expect((await onto(source)).code).toBe(0);
  change(target, "DELETE FROM relationships WHERE id = 'joined-later'");
  const held = await undo("--yes");
  expect([held.code, held.stdout]).toEqual([3, expect.stringContaining("node old-0")]);
  const [later] = await runsOf(folder);
  expect(counts(target)).toEqual([72, 135]);
  expect((await program(folder, ["rollback", later!.id, "--yes"])).code).toBe(0);
  expect((await undo("--yes")).code).toBe(0);
  expect(await stateAt(at(target))).toBe(before);
});

describe("a target that is not where the run left it", () => {
  test("is asked for, and undone where it is named", async () => {
    using folder = temporaryFolder();
    const { target, before, undo } = await merged(folder);
    const moved = folder.file("elsewhere", "moved.db");
    renameSync(target, moved);
    const asked = await undo("--yes");
    expect([asked.code, asked.stderr]).toEqual([4, expect.stringContaining("--to-path")]);
    const undone = await undo("--to-path", moved, "--confirm", moved);
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining("exactly as it was before")]);
    expect(await stateAt(at(moved))).toBe(before);
    expect(await runsOf(folder)).toMatchObject([{ status: "rolled back" }]);
  });

  test("is listed and undone where it is now, also when another store has its former name", async () => {
    using folder = temporaryFolder();
    const { target, before, undo, source } = await merged(folder);
    const moved = folder.file("elsewhere", "renamed.db");
    renameSync(target, moved);
    expect(await runsOf(folder, "--to-path", moved)).toMatchObject([{ movedTo: moved, can: ["rollback"] }]);
    // What the run read from holds the same records, and is no target of it.
    expect(await runsOf(folder, "--to-path", source)).toEqual([]);
    const emptied = await undo("--to-path", source, `--confirm=${source}`);
    expect([emptied.code, emptied.stderr]).toEqual([4, expect.stringContaining("is the source of run")]);
    edited(folder, "target/t.db", (store) => store.add("theirs"));
    expect((await undo("--to-path", moved, "--yes")).code).toBe(0);
    expect(await stateAt(at(moved))).toBe(before);
    expect(await runsOf(folder)).toMatchObject([{ status: "rolled back" }]);
  });

  test("is found on another machine under another name, by any journal in its folder", async () => {
    using folder = temporaryFolder();
    const { target, before, run } = await merged(folder);
    const moved = folder.file("target", "renamed.db");
    renameSync(target, moved);
    const elsewhere = ["--to-path", moved, "--state-dir", folder.file("another machine")];
    expect(await runsOf(folder, ...elsewhere)).toMatchObject([{ id: run, movedTo: moved, can: ["rollback"] }]);
    expect((await program(folder, ["rollback", run, ...elsewhere, "--yes"])).code).toBe(0);
    expect(await stateAt(at(moved))).toBe(before);
  });

  test("is gone with all that the run wrote, once that is said", async () => {
    using folder = temporaryFolder();
    const { target, undo } = await merged(folder);
    rmSync(target);
    const asked = await undo("--yes");
    expect([asked.code, asked.stderr]).toEqual([4, expect.stringContaining("add --close")]);
    expect((await undo("--yes", "--close")).code).toBe(0);
    expect(await runsOf(folder)).toMatchObject([{ status: "rolled back", can: [] }]);
  });

  test("is another store where it holds nothing of the run: refused, and unchanged", async () => {
    using folder = temporaryFolder();
    const { target, undo } = await merged(folder);
    const other = edited(folder, "elsewhere/other.db", (store) => store.add("theirs"));
    const bytes = readFileSync(other);
    const refused = await undo("--to-path", other, "--yes");
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("holds nothing of run")]);
    expect(readFileSync(other).equals(bytes)).toBe(true);
    rmSync(target);
    renameSync(other, target);
    const replaced = await undo("--yes");
    expect([replaced.code, replaced.stderr]).toEqual([4, expect.stringContaining("holds nothing of run")]);
    expect(await runsOf(folder)).toMatchObject([{ status: "done", can: ["rollback"] }]);
  });

  test("and was put back as it was before the run: there is nothing left of it", async () => {
    using folder = temporaryFolder();
    const { target, undo } = await merged(folder);
    rmSync(target);
    copyFixture("0.12.4", folder, "target/t.db");
    const undone = await undo("--yes");
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining("exactly as it was before")]);
    expect(await runsOf(folder)).toMatchObject([{ status: "rolled back" }]);
  });
});

const [first, second] = await serversOf("falkordb");

test.skipIf(second === undefined)(
  "a graph that was loaded on another server is undone there, by ids and content",
  async () => {
    using folder = temporaryFolder();
    const [old, now] = [endOf(first!, "moved"), endOf(second!, "moved")];
    const env = { MEMORYGRAPH_TO_PASSWORD: old.config.password ?? "" };
    for (const end of [old, now]) await end.empty();
    try {
      expect((await runMigration(at(copyFixture("0.12.4", folder)), old.config, {}, {})).error).toBeNull();
      const before = await stateAt(old.config);
      const to = ["--to", "falkordb", "--to-uri", old.config.uri!, "--to-graph", "moved"];
      const source = copyFixture("0.10.0", folder);
      expect((await program(folder, ["migrate", "--from-path", source, ...to, "--quiet"], { env })).code).toBe(0);
      // Other numbers: the relationships come in another order.
      const between = at(folder.file("between.db"));
      expect((await runMigration(old.config, between, { for: "0.12" }, {})).error).toBeNull();
      change(between.path!, "UPDATE relationships SET rowid = -rowid", "UPDATE nodes SET rowid = -rowid");
      expect((await runMigration(between, now.config, { for: "0.12" }, {})).error).toBeNull();
      const [run] = await runsOf(folder);
      const named = ["rollback", run!.id, "--to-uri", now.config.uri!, "--yes"];
      const undone = await program(folder, named, { env: { MEMORYGRAPH_TO_PASSWORD: now.config.password ?? "" } });
      expect([undone.code, undone.stderr]).toEqual([0, ""]);
      expect((await stateAt(now.config)).split("\n")[0]).toBe(before.split("\n")[0]!);
    } finally {
      for (const end of [old, now]) await end.empty();
    }
  },
);

describe("a journal", () => {
  test.each([
    ["an entry that was turned over", "UPDATE entry SET bytes = zeroblob(length(bytes)) WHERE kind = 'overwritten'"],
    ["an entry that is missing", "DELETE FROM entry WHERE number = (SELECT min(number) FROM entry)"],
    [
      "an entry too many",
      "INSERT INTO entry SELECT number + 1000, kind, ref, text, bytes, checksum FROM entry LIMIT 1",
    ],
    [
      "a former version that is another",
      "UPDATE entry SET text = replace(text, 'as it was', 'as it wasnt') WHERE text <> ''",
    ],
  ])("with %s stops the undoing before it writes (7), and says what is certain", async (_, sql) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const target = edited(folder, "target/t.db", (store) => store.change("m-000001", { title: "as it was" }));
    const source = copyFixture("0.12.4", folder);
    const args = ["--to", "sqlite", "--to-path", target, "--on-conflict", "overwrite", "--yes", "--quiet"];
    expect((await program(folder, ["migrate", "--from-path", source, ...args])).code).toBe(0);
    const [run] = await runsOf(folder);
    const after = await stateAt(at(target));
    change(folder.file("target", `.t.db.memorygraph-migrate-${run!.id}.db`), sql);
    for (const words of [["--yes"], ["--dry-run"]]) {
      const { code, stderr } = await program(folder, ["rollback", run!.id, ...words]);
      expect([code, stderr]).toEqual([7, expect.stringContaining("damaged")]);
      expect(stderr).toContain("nothing was written");
    }
    expect(await stateAt(at(target))).toBe(after);
  });
});

describe("the list of runs", () => {
  const entry = (id: string, journal: string | null, started = "2026-01-01T00:00:00.000Z") => ({
    ...{ id, started, state: "done" as const, source: "a", target: "b", identity: null, journal, owner: thisProcess() },
  });

  test("never replaces a run by another one of the same id", () => {
    using folder = temporaryFolder();
    const registry = new RunRegistry(folder.file("state"), "test");
    expect([registry.add(entry("0abcdefghj", "first")), registry.add(entry("0abcdefghj", "second"))]).toEqual([
      ...[true, false],
    ]);
    expect(registry.list().map(({ journal }) => journal)).toEqual(["first"]);
  });

  test.skipIf(process.platform !== "linux")(
    "that cannot be cleaned up is a warning of a run that was completed, and no failure of it",
    async () => {
      using folder = temporaryFolder();
      const registry = new RunRegistry(folder.file("state", "memorygraph-migrate"), "test");
      // The system lets nobody remove it.
      registry.add(entry("0000000001", "/proc/version"));
      for (let run = 0; run < 10; run++) registry.add(entry(`000000000${run + 2}`, null, "2026-11-01T00:00:00.000Z"));
      const source = copyFixture("0.12.4", folder);
      const args = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", folder.file("new.db"), "--json"];
      const { code, stdout } = await program(folder, args);
      expect([code, stdout]).toEqual([0, expect.stringContaining("could not be removed")]);
      expect([existsSync(folder.file("new.db")), JSON.parse(stdout).verified]).toEqual([true, true]);
    },
  );
});

test("a FalkorDBLite store that was moved is undone byte for byte", async () => {
  using folder = temporaryFolder();
  for (const name of ["target", "elsewhere"]) mkdirSync(folder.file(name));
  const config = new BackendConfig({ type: "falkordblite", path: folder.file("target", "g.rdb") });
  expect((await runMigration(at(copyFixture("0.12.4", folder)), config, {}, {})).error).toBeNull();
  const bytes = readFileSync(config.path!);
  const to = ["--to", "falkordblite", "--to-path", config.path!, "--quiet"];
  expect((await program(folder, ["migrate", "--from-path", copyFixture("0.10.0", folder), ...to])).code).toBe(0);
  const [run] = await runsOf(folder);
  const moved = folder.file("elsewhere", "m.rdb");
  renameSync(config.path!, moved);
  expect((await program(folder, ["rollback", run!.id, "--to-path", moved, "--yes"])).code).toBe(0);
  expect(readFileSync(moved).equals(bytes)).toBe(true);
});

describe.each(["sqlite", "falkordblite"] as const)("a copy of a target of %s is another target", (type) => {
  const both = async (folder: TemporaryFolder) => {
    for (const name of ["target", "elsewhere"]) mkdirSync(folder.file(name));
    const configOf = (...place: string[]) => new BackendConfig({ type, path: folder.file(...place) });
    const [target, copy] = [configOf("target", "store"), configOf("elsewhere", "copy")];
    expect((await runMigration(at(copyFixture("0.12.4", folder)), target, {}, {})).error).toBeNull();
    const before = await stateAt(target);
    const to = ["--to", type, "--to-path", target.path!, "--quiet"];
    expect((await program(folder, ["migrate", "--from-path", copyFixture("0.10.0", folder), ...to])).code).toBe(0);
    if (type === "sqlite") settle(target.path!);
    copyFileSync(target.path!, copy.path!);
    const [run] = await runsOf(folder);
    return { target, copy, before, after: await stateAt(target), undo: ["rollback", run!.id, "--to-path", copy.path!] };
  };

  test("refused without a terminal (4), with both places and the way to name the copy", async () => {
    using folder = temporaryFolder();
    const { target, copy, before, after, undo } = await both(folder);
    const asked = await program(folder, [...undo, "--yes"]);
    expect([asked.code, asked.stderr]).toEqual([
      4,
      expect.stringContaining(`${target.path} and ${copy.path} both hold`),
    ]);
    expect(asked.stderr).toContain(`add --confirm=${copy.path}`);
    expect([await stateAt(copy), await stateAt(target)]).toEqual([after, after]);
    expect((await program(folder, [...undo, `--confirm=${copy.path}`])).code).toBe(0);
    expect([await stateAt(copy), await stateAt(target)]).toEqual([before, after]);
    expect(await runsOf(folder)).toMatchObject([{ status: "done", can: ["rollback"] }]);
    expect((await program(folder, [...undo.slice(0, 2), "--yes"])).code).toBe(0);
    expect([await stateAt(target), await stateAt(copy)]).toEqual([before, before]);
  }, 120_000);

  test.skipIf(process.platform === "win32")(
    "asked about on a terminal, and a no changes nothing",
    async () => {
      using folder = temporaryFolder();
      const { target, copy, before, after, undo } = await both(folder);
      const answers = (second: string) =>
        [
          ["to go on", `${copy.path}\r`],
          ["alone?", second],
        ] as const;
      const no = await typed(folder, undo, answers("n\r"), { columns: 400 });
      expect([no.code, no.left, await stateAt(copy), await stateAt(target)]).toEqual([4, [], after, after]);
      const yes = await typed(folder, undo, answers("y\r"), { columns: 400 });
      expect([yes.code, yes.left, await stateAt(copy), await stateAt(target)]).toEqual([0, [], before, after]);
      expect(await runsOf(folder)).toMatchObject([{ status: "done", can: ["rollback"] }]);
    },
    120_000,
  );
});
