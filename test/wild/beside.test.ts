/** What stands beside a store and may be newer than it: named in the plan, the result and by inspect, never passed over. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { document, expectError, program } from "../cli/program.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, createLike, settle } from "../support/stores.ts";

type Notes = readonly { what: string; examples: readonly string[] }[];

async function notesOf(folder: TemporaryFolder, path: string): Promise<Notes[]> {
  const to = ["--to", "sqlite", "--to-path", folder.file("..", `${crypto.randomUUID()}.db`), "--json"];
  const outcomes = [
    await program(folder, ["inspect", path, "--json"]),
    await program(folder, ["migrate", "--from-path", path, ...to, "--dry-run"]),
  ];
  return outcomes.map(({ stdout }) => (document(stdout) as { notes: Notes }).notes);
}

function changedAt(path: string, year: number): void {
  const then = new Date(`${year}-01-01`);
  utimesSync(path, then, then);
}

function copyChanged(path: string, copy: string): void {
  copyFileSync(path, copy);
  const database = new Database(copy);
  database.run("DELETE FROM nodes WHERE id = (SELECT max(id) FROM nodes)");
  database.close();
}

const CONFLICTED = [
  "memory (conflicted copy 2026-01-02).db",
  "memory (Anna's conflicted copy 2026-01-02 030405).db",
  "memory.sync-conflict-20260102-030405-ABCDEFG.db",
  "memory.Conflict.db",
  "memory (Konfliktkopie von Anna).db",
  "memory (1).db",
  "memory 2.db",
];
const OTHERS = ["memory.db.bak", "memory2.db", "memories (1).db", "memory-work.db", "other (conflicted copy).db"];

describe("beside a SQLite store", () => {
  test.each(CONFLICTED)("%s is named, with whether it is newer, and the command that compares them", async (name) => {
    using outside = temporaryFolder();
    mkdirSync(outside.file("stores"));
    const folder = {
      ...outside,
      path: outside.file("stores"),
      file: (...names: string[]) => outside.file("stores", ...names),
    };
    const path = copyFixture("0.12.4", folder, "memory.db");
    const copy = folder.file(name);
    copyFileSync(path, copy);
    for (const [year, isNewer] of [
      [2001, false],
      [2037, true],
    ] as const) {
      changedAt(copy, year);
      for (const notes of await notesOf(folder, path)) {
        const note = notes.find(({ what }) => what.includes("a copy beside it that a sync tool made"));
        expect(note?.what.includes("changed later than what is read")).toBe(isNewer);
        expect(note?.examples[0]).toBe(copy);
        expect(note?.examples[1]).toContain("memorygraph-migrate verify");
      }
    }
  });

  test("backups, and stores that only have a name like it, are nobody's conflict", async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "memory.db");
    for (const name of OTHERS) copyFileSync(path, folder.file(name));
    const [notes] = await notesOf(folder, path);
    expect(notes!.filter(({ what }) => what.includes("sync tool"))).toEqual([]);
  });

  test("what is newer is told with --quiet too, what is older is not", async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "memory.db");
    const copy = folder.file("memory (1).db");
    copyChanged(path, copy);
    for (const [year, target, answer] of [
      [2001, "old.db", []],
      [2037, "new.db", ["--yes"]],
    ] as const) {
      changedAt(copy, year);
      const { code, stderr } = await program(folder, ["--quiet", path, folder.file(target), ...answer]);
      expect([code, stderr.includes("changed later than what is read")]).toEqual([0, year === 2037]);
    }
  });

  test("a later copy that differs: nothing is read until somebody agrees, whatever kind the target is", async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "memory.db");
    const copy = folder.file("memory (conflicted copy).db");
    copyChanged(path, copy);
    changedAt(copy, 2037);
    const lite = ["--from-path", path, "--to", "falkordblite", "--to-path", folder.file("lite.db")];
    for (const [args, target] of [
      [[path, folder.file("new.db")], "new.db"],
      [lite, "lite.db"],
    ] as const) {
      const refused = await program(folder, args);
      expectError(refused, 4, "confirmation is needed, but there is no terminal");
      for (const words of ["may not be the latest state", copy, "--yes"]) expect(refused.stderr).toContain(words);
      expect(existsSync(folder.file(target))).toBe(false);
      const planned = await program(folder, [...args, "--dry-run"]);
      expect([planned.code, planned.stdout.includes("changed later than what is read")]).toEqual([0, true]);
      const agreed = await program(folder, [...args, "--yes"]);
      expect([agreed.code, agreed.stdout.includes("changed later than what is read")]).toEqual([0, true]);
    }
    // The later one itself is read without a question.
    expect((await program(folder, [copy, folder.file("later.db")])).code).toBe(0);
  });

  test("the command that is printed works", async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "memory.db");
    const copy = folder.file("memory (conflicted copy).db");
    copyFileSync(path, copy);
    settle(copy);
    expect((await program(folder, ["verify", path, copy])).code).toBe(0);
  });
});

describe("a store that was copied with the index of its log", () => {
  /** Two memories, the second one in the log alone, while an application has the store open. */
  function copied(folder: TemporaryFolder, suffixes: readonly string[]): string {
    const path = folder.file("live.db");
    const database = createLike("0.12.4", path);
    database.run("PRAGMA journal_mode = WAL");
    const insert = "INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)";
    for (const id of ["first", "second"]) {
      database.run(insert, [id, JSON.stringify({ id, type: "task", title: id, content: "c" })]);
      if (id === "first") database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const copy = folder.file("copy.db");
    for (const suffix of ["", ...suffixes]) copyFileSync(path + suffix, copy + suffix);
    database.close();
    return settle(copy);
  }

  test("and without the log is refused, as source and as target, with both ways out", async () => {
    using folder = temporaryFolder();
    const path = copied(folder, ["-shm"]);
    const before = readFileSync(path);
    const other = copyFixture("0.12.4", folder);
    for (const command of [
      ["inspect", path],
      ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", folder.file("new.db")],
      ["migrate", "--from-path", other, "--to", "sqlite", "--to-path", path],
      ["migrate", "--from-path", other, "--to", "sqlite", "--to-path", path, "--dry-run"],
    ]) {
      const outcome = await program(folder, command);
      expectError(outcome, 4, "is not the whole store");
      expect(outcome.stderr).toContain(`in ${path}-wal alone, which is not there`);
    }
    expect(readFileSync(path).equals(before)).toBe(true);
    copyFileSync(path, folder.file("alone.db"));
    const { stdout } = await program(folder, ["inspect", settle(folder.file("alone.db")), "--json"]);
    expect(document(stdout)).toMatchObject({ count: { nodes: 1 } });
  });

  test("and with a part of the log is refused; with the whole of it, it is read", async () => {
    using folder = temporaryFolder();
    const path = copied(folder, ["-shm", "-wal"]);
    const { stdout } = await program(folder, ["inspect", path, "--json"]);
    expect(document(stdout)).toMatchObject({ count: { nodes: 2 } });
    const log = readFileSync(`${path}-wal`);
    writeFileSync(`${path}-wal`, log.subarray(0, log.length - 100));
    settle(path);
    const cut = await program(folder, ["inspect", path]);
    expectError(cut, 4, `which has ${(log.length - 100).toLocaleString("en-US")} of`);
  });
});

describe("beside a FalkorDBLite directory", () => {
  test("what an engine was saving when it was ended is named where it is newer than the dump", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder, "source.db");
    const store = folder.file("store");
    const made = ["migrate", "--from-path", source, "--to", "falkordblite", "--to-path", store, "--for", "0.13"];
    expect((await program(folder, made)).code).toBe(0);
    writeFileSync(folder.file("store", "temp-4711.rdb"), "REDIS0012");
    for (const year of [2001, 2037]) {
      changedAt(folder.file("store", "temp-4711.rdb"), year);
      for (const notes of await notesOf(folder, store)) {
        const note = notes.find(({ what }) => what.includes("what an engine was saving"));
        expect(note?.examples).toEqual(year === 2037 ? [folder.file("store", "temp-4711.rdb")] : undefined);
      }
    }
    expect(besidesJournals(store).sort()).toEqual(["dump.rdb", "temp-4711.rdb"]);
  });
});
