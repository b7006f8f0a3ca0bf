// @level normal
/** Journals and lists of runs that somebody has damaged, replaced or lost: told, left alone, and in nobody else's way. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { JournalFile } from "../../src/journal/journal-file.ts";
import { edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { linesOf } from "../conformance/graph.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { serversOf } from "../support/servers.ts";
import { at, copyFixture } from "../support/stores.ts";
import { KILLED } from "../support/system.ts";
import { type Ending, program, runsOf } from "./program.ts";
import { expectClear } from "./promise.ts";
import { randomFrom } from "./random.ts";
import { stateAt } from "./targets.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_125);
const ROUNDS = Number(Bun.env.JOURNAL_ROUNDS ?? atLevel({ normal: 4, long: 15, full: 30 }));

/** A completed run that has overwritten a store: its target, its journal, and the same command for another target. */
async function completed(folder: TemporaryFolder) {
  for (const name of ["target", "other"]) mkdirSync(folder.file(name));
  const target = copyFixture("0.8.3", folder, "target/store.db");
  const before = await stateAt(at(target));
  const source = edited(folder, "source.db");
  const onto = (path: string) => ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", path, "--quiet"];
  expect((await program(folder, onto(target))).code).toBe(0);
  const [run] = await runsOf(folder);
  const journal = folder.file("target", `.store.db.memorygraph-migrate-${run!.id}.db`);
  return { target, before, after: await stateAt(at(target)), onto, id: run!.id, journal };
}

/** What may have happened to a journal, and how the error names it. */
const HARMS: Readonly<Record<string, (journal: string, folder: TemporaryFolder) => void>> = {
  "cut off in the middle": (journal) => truncateSync(journal, 5_000),
  emptied: (journal) => truncateSync(journal, 0),
  "overwritten with other bytes": (journal) => writeFileSync(journal, "not a database at all\n".repeat(300)),
  "replaced by another program's database": (journal) => {
    writeFileSync(journal, "");
    const other = new Database(journal);
    other.run("CREATE TABLE theirs (x)");
    other.close();
  },
  "replaced by a link to another database": (journal, folder) => {
    renameSync(journal, `${journal}.moved`);
    symlinkSync(copyFixture("0.12.4", folder, "precious.db"), journal);
  },
  "replaced by a folder": (journal) => {
    renameSync(journal, `${journal}.moved`);
    mkdirSync(journal);
  },
  "made by a later release": (journal) => {
    const file = JournalFile.open(journal, (work) => work());
    file.setMeta("run", JSON.stringify({ ...JSON.parse(file.getMeta("run")!), format: 3 }));
    file.setMeta("state", "archived");
    file.close();
  },
  "made by a release before the present form": (journal) => {
    rmSync(journal);
    const database = new Database(journal);
    database.run("CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    database.run('INSERT INTO fact VALUES (\'run\', \'{"format":1,"program":"0.1.0"}\')');
    database.close();
  },
};

describe("the journal of a completed run", () => {
  test.each(
    Object.keys(HARMS),
  )("that was %s is named, and stays as it is; other runs are not held up", async (harm) => {
    using folder = temporaryFolder();
    const { target, after, onto, id, journal } = await completed(folder);
    HARMS[harm]!(journal, folder);
    const content = () => (harm.endsWith("a folder") || harm === "emptied" ? "" : readFileSync(journal).toHex());
    const harmed = content();
    const undone = await program(folder, ["rollback", id, "--yes"]);
    expectClear(undone);
    expect([undone.code, undone.stderr]).toEqual([2, expect.stringContaining(journal)]);
    expect(await runsOf(folder)).toMatchObject([{ id, status: "done" }]);
    expect((await program(folder, onto(folder.file("other", "store.db")))).code).toBe(0);
    const again = await program(
      folder,
      onto(target).filter((word) => word !== "--quiet"),
    );
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining(journal)]);
    expect([await stateAt(at(target)), content()]).toEqual([after, harmed]);
    expect(readdirSync(folder.path).filter((name) => name.startsWith("precious"))).toHaveLength(
      harm.endsWith("another database") && harm.includes("link") ? 1 : 0,
    );
  });

  test("with any bytes turned over undoes the run, or says what is wrong, and never harms what is not the run's", async () => {
    using folder = temporaryFolder();
    const { target, before, after, id, journal } = await completed(folder);
    for (const [path, as] of [
      [target, "whole.db"],
      [journal, "whole.journal"],
      [folder.file("state", "memorygraph-migrate", "runs.db"), "whole.runs"],
    ] as const)
      copyFileSync(path, folder.file(as));
    for (let round = 0; round < ROUNDS; round++) {
      copyFileSync(folder.file("whole.db"), target);
      copyFileSync(folder.file("whole.runs"), folder.file("state", "memorygraph-migrate", "runs.db"));
      const bytes = readFileSync(folder.file("whole.journal"));
      const random = randomFrom(SEED * 1_009 + round);
      for (let flips = 0; flips < 1 + 20 * random(); flips++) {
        bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      }
      writeFileSync(journal, bytes);
      const ending = await timely(program(folder, ["rollback", id, "--yes"]), `seed ${SEED}, round ${round}`);
      const state = await stateAt(at(target));
      try {
        if (ending.code !== 0) expectClear(ending);
        if (ending.code !== 0 && ending.code !== 3) expect(state).toBe(after);
        if (ending.stdout.includes("exactly as it was before")) expect(state).toBe(before);
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }, 120_000);
});

/** No command may run on for ever. */
async function timely(work: Promise<Ending>, what: string): Promise<Ending> {
  const ending = await Promise.race([work, Bun.sleep(60_000)]);
  if (ending === undefined) throw new Error(`${what}: it does not come to an end`);
  return ending;
}

describe("the list of runs", () => {
  test.each([
    ["is not a database", (path: string) => writeFileSync(path, "no database\n".repeat(500))],
    ["is cut off", (path: string) => truncateSync(path, 4_100)],
    [
      "is another program's",
      (path: string) => {
        writeFileSync(path, "");
        const other = new Database(path);
        other.run("CREATE TABLE run (theirs)");
        other.close();
      },
    ],
    [
      "holds nonsense",
      (path: string) => {
        const database = new Database(path);
        database.run("UPDATE run SET owner = '{\"pid\":'");
        database.close();
      },
    ],
    [
      "is a link to something else",
      (path: string) => {
        renameSync(path, `${path}.moved`);
        symlinkSync(join(path, "..", "..", "..", "source.db"), path);
      },
    ],
  ] as const)("that %s is told with the way out, before anything is done; moved away, all goes on", async (_, harm) => {
    using folder = temporaryFolder();
    const { target, before, onto, id } = await completed(folder);
    const list = folder.file("state", "memorygraph-migrate", "runs.db");
    harm(list);
    const source = readFileSync(folder.file("source.db")).toHex();
    for (const command of [["runs"], ["rollback", id, "--yes"], onto(folder.file("other", "store.db"))]) {
      const ending = await program(folder, command);
      expectClear(ending);
      expect([ending.code, ending.stderr]).toEqual([2, expect.stringContaining(list)]);
      expect(ending.stderr).toContain("Move that file to another folder");
    }
    expect(readdirSync(folder.file("other"))).toEqual([]);
    expect(readFileSync(folder.file("source.db")).toHex()).toBe(source);
    renameSync(list, `${list}.away`);
    expect((await program(folder, onto(folder.file("other", "store.db")))).code).toBe(0);
    expect((await program(folder, ["rollback", id, "--yes", "--to-path", target])).code).toBe(0);
    expect(await stateAt(at(target))).toBe(before);
  });
});

const [falkor] = (await serversOf("falkordb")).slice(1);

describe.skipIf(falkor === undefined)("runs on a server", () => {
  const end = endOf(falkor ?? { kind: "falkordb", number: 2, uri: "redis://127.0.0.1:1" }, "journals");
  const migration = (folder: TemporaryFolder) => {
    const source = copyFixture("0.12.4", folder, "source.db");
    return [
      "migrate",
      "--from-path",
      source,
      "--to",
      "falkordb",
      "--to-uri",
      end.config.uri!,
      "--to-graph",
      "journals",
    ];
  };
  afterAll(() => end.empty());

  test.each(["resume", "rollback"])("are found again where the list was lost, and %s works", async (command) => {
    using folder = temporaryFolder();
    await end.empty();
    const before = await stateAt(end.config);
    const args = migration(folder);
    expect((await program(folder, args, { stop: "batch answered#3" })).code).toBe(KILLED);
    const [run] = await runsOf(folder);
    renameSync(
      folder.file("state", "memorygraph-migrate", "runs.db"),
      folder.file("state", "memorygraph-migrate", "runs.db.away"),
    );
    // Nobody writes over what is half there.
    const again = await program(folder, args);
    expect([again.code, again.stderr]).toEqual([4, expect.stringContaining(`rollback ${run!.id} undoes it`)]);
    expect(await runsOf(folder)).toMatchObject([{ ...run }]);
    const ending = await program(folder, [command, run!.id, ...(command === "rollback" ? ["--yes"] : [])]);
    expect([ending.code, ending.stderr]).toEqual([0, expect.anything()]);
    if (command === "rollback") expect(await stateAt(end.config)).toBe(before);
    else expect(ending.stdout).toContain("180 of 180 records");
  });

  test("with any byte of the journal turned over are undone, or told with what is wrong", async () => {
    using folder = temporaryFolder();
    const args = migration(folder);
    for (let round = 0; round < ROUNDS; round++) {
      await end.empty();
      await end.fill({ nodes: [{ name: "x", labels: ["Other"], properties: { text: "theirs" } }], relationships: [] });
      expect((await program(folder, args, { stop: "written#1" })).code).toBe(KILLED);
      const [run] = await runsOf(folder);
      const journal = folder.file("state", "memorygraph-migrate", `run-${run!.id}.db`);
      // What still stands in the log goes into the file.
      const database = new Database(journal);
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
      const bytes = readFileSync(journal);
      const random = randomFrom(SEED * 2_003 + round);
      for (let flips = 0; flips < 1 + 30 * random(); flips++) {
        bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      }
      writeFileSync(journal, bytes);
      const command = random() < 0.5 ? ["rollback", run!.id, "--yes"] : ["resume", run!.id];
      const what = `seed ${SEED}, round ${round}: ${command[0]}`;
      const ending = await timely(program(folder, command), what);
      try {
        if (ending.code !== 0) expectClear(ending);
        expect(linesOf(await end.read()).join()).toContain("theirs");
      } catch (error) {
        throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
      }
      for (const suffix of ["", "-wal", "-shm"])
        await Bun.file(journal + suffix)
          .delete()
          .catch(() => {});
    }
  }, 180_000);
});
