// @level normal
/** What a SQLite file says of itself is a claim: keys, indexes, counts, statements of other engines. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { compareConfigured } from "../../src/operations/compare-stores.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { document, expectError, program } from "../cli/program.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, createLike, differences, rawRows, readAll, settle, succeed } from "../support/stores.ts";

const INSERT = "INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)";

function memory(id: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ id, type: "task", title: `title of ${id}`, content: "c", ...more });
}

/** A store of 0.12 with so many memories, `m0` and on, joined in a row. */
function store(folder: TemporaryFolder, count: number, as = "store.db"): { path: string; database: Database } {
  const path = folder.file(as);
  const database = createLike("0.12.4", path);
  for (let at = 0; at < count; at++) database.run(INSERT, [`m${at}`, memory(`m${at}`)]);
  database.run(
    "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) SELECT 'r' || a.rowid, a.id, b.id, 'SOLVES', '{}' FROM nodes a JOIN nodes b ON b.rowid = a.rowid + 1",
  );
  return { path, database };
}

/** Replaces the first place of some bytes in the file by as many others. */
function edit(path: string, from: string, to: string): string {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(from);
  expect([at > 0, to.length]).toEqual([true, from.length]);
  bytes.write(to, at, "latin1");
  writeFileSync(path, bytes);
  return settle(path);
}

/** Makes the tree of an index empty, as another engine leaves one that only it can keep. */
function emptyIndex(path: string, database: Database, name: string): string {
  const [root, size] = database
    .query("SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = ?")
    .values(name)[0]!
    .map(Number) as [number, number];
  database.close();
  const bytes = readFileSync(path);
  const start = (root - 1) * size;
  bytes.fill(0, start, start + size);
  bytes.writeUInt8(10, start);
  bytes.writeUInt16BE(size & 0xffff, start + 5);
  writeFileSync(path, bytes);
  return settle(path);
}

async function inspected(folder: TemporaryFolder, path: string) {
  const { code, stdout } = await program(folder, ["inspect", "--from-path", path, "--json"]);
  const result = document(stdout) as {
    count: { nodes: number; relationships: number };
    damage: unknown[];
    notes: { what: string; count: number; examples: string[] }[];
  };
  return { code, ...result, told: JSON.stringify(result.notes) };
}

/** Moved in both directions, verified, with nothing missing and nothing at the source changed. */
async function movesWhole(folder: TemporaryFolder, path: string, nodes: number): Promise<void> {
  const before = listing(folder.path).filter((line) => line.includes(".db"));
  for (const release of ["0.12", "0.13"] as const) {
    const target = folder.file(`to-${release}`);
    const { result } = await succeed(path, target, { for: release });
    expect(result).toMatchObject({ verified: true, complete: true, losses: [], imported: { nodes } });
    expect(await differences(path, target)).toEqual([]);
    // Nothing of what was wrong with the source's indexes has come along.
    const check = new Database(target, { readonly: true });
    expect(check.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    check.close();
  }
  expect(listing(folder.path).filter((line) => line.includes(".db"))).toEqual(before);
}

describe("two rows with one key", () => {
  for (const withTimes of [true, false]) {
    test(`both come: the one ${withTimes ? "updated" : "inserted"} last is the memory, the other is beside it`, async () => {
      using folder = temporaryFolder();
      const { path, database } = store(folder, 3);
      const time = (day: number) => (withTimes ? { updated_at: `2026-01-0${day}T00:00:00+00:00` } : {});
      database.run(INSERT, ["twin-a", memory("twin-a", { title: "first", ...time(withTimes ? 9 : 1) })]);
      database.run(INSERT, ["twin-b", memory("twin-a", { title: "second", ...time(2) })]);
      database.run(
        "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES ('to twin', 'm0', 'twin-a', 'SOLVES', '{}')",
      );
      database.close();
      // The row's own id, in the table and not in the index over it.
      const bytes = readFileSync(path);
      const table = bytes.indexOf('twin-bMemory{"id"');
      bytes.write("twin-a", table, "latin1");
      writeFileSync(path, bytes);
      settle(path);
      const found = await inspected(folder, path);
      expect(found).toMatchObject({ code: 0, damage: [], count: { nodes: 5 } });
      expect(found.told).toContain("several rows of one id in nodes");
      expect(found.told).toContain("twin-a (row");
      await movesWhole(folder, path, 5);
      const { records } = await readAll(folder.file("to-0.12"));
      const titles = records.flatMap((one) =>
        one.kind === "node" && String(one.properties.get("id")) === "twin-a"
          ? [[one.key.charAt(0), one.properties.get("title")]]
          : [],
      );
      expect(titles.sort()).toEqual([
        ["#", withTimes ? "second" : "first"],
        ["=", withTimes ? "first" : "second"],
      ]);
      const joined = records.find(({ properties }) => properties.get("id") === "to twin");
      expect(joined).toMatchObject({ to: "=twin-a" });
      // Where any number of nodes may have one id, they are told apart by what they hold.
      const graph = new BackendConfig({ type: "falkordblite", path: folder.file("graph") });
      const moved = await runMigration(at(path), graph, {}, {});
      expect(moved.result).toMatchObject({ errors: [], verified: true, complete: true, imported: { nodes: 5 } });
      const compared = await compareConfigured(at(path), graph, () => {});
      expect(compared).toMatchObject({ identical: true });
    });
  }

  test("of relationships: both come", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 4);
    database.close();
    const bytes = readFileSync(path);
    bytes.write("r1", bytes.indexOf("r2m1m2SOLVES"), "latin1");
    writeFileSync(path, bytes);
    settle(path);
    expect((await inspected(folder, path)).count).toEqual({ nodes: 4, memories: 4, relationships: 3 } as never);
    await movesWhole(folder, path, 4);
    const graph = new BackendConfig({ type: "falkordblite", path: folder.file("graph") });
    const moved = await runMigration(at(path), graph, {}, {});
    expect(moved.result).toMatchObject({ errors: [], verified: true, imported: { relationships: 3 } });
  });

  test("as a target, is refused (4) with the way out, and left as it is", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 3);
    database.run(INSERT, ["twin-a", memory("twin-a")]);
    database.run(INSERT, ["twin-b", memory("twin-b")]);
    database.close();
    edit(path, 'twin-bMemory{"id"', 'twin-aMemory{"id"');
    const source = copyFixture("0.12.4", folder, "source.db");
    const before = readFileSync(path);
    for (const more of [[], ["--dry-run"]]) {
      const command = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", path, ...more];
      const outcome = await program(folder, command);
      expect(outcome.code).toBe(4);
      expect(outcome.stderr).toContain("NEW.db");
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe("an index that does not match its table", () => {
  for (const name of ["idx_nodes_label", "sqlite_autoindex_nodes_1", "idx_rel_from"]) {
    test(`(${name}, empty) is a note with its cure, and every row is read and proven`, async () => {
      using folder = temporaryFolder();
      const { path, database } = store(folder, 20);
      emptyIndex(path, database, name);
      const found = await inspected(folder, path);
      expect(found).toMatchObject({ code: 0, damage: [], count: { nodes: 20, relationships: 19 } });
      expect(found.told).toContain(`sqlite3 ${path} REINDEX`);
      expect(found.told).not.toContain("a dangling relationship");
      // One finding a place, each on a line of its own.
      const { count, examples } = found.notes.find(({ what }) => what.includes("REINDEX"))!;
      expect(count).toBeGreaterThan(10);
      expect(examples).toHaveLength(10);
      for (const example of examples) expect(example).toMatch(/^[^\n\\]{5,120}$/);
      const allowed = await succeed(path, folder.file("allowed.db"), { allowLoss: true });
      expect(allowed.result).toMatchObject({ complete: true, losses: [] });
      await movesWhole(folder, path, 20);
    });
  }

  test("keeps nobody from reading a file too large to be looked at row by row beforehand", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 0);
    database.run("BEGIN");
    for (let at = 0; at < 5_000; at++)
      database.run(INSERT, [`m${at}`, memory(`m${at}`, { summary: "x".repeat(4_000) })]);
    database.run("COMMIT");
    emptyIndex(path, database, "sqlite_autoindex_nodes_1");
    const { result } = await succeed(path, folder.file("new.db"), { for: "0.13" });
    expect(result).toMatchObject({ verified: true, complete: true, imported: { nodes: 5_000 } });
  });
});

describe("a statement that this SQLite cannot parse", () => {
  const CASES: readonly (readonly [string, string, string, string])[] = [
    [
      "an index of another engine",
      "CREATE INDEX other ON nodes(label, created_at)",
      "nodes(label, created_at)",
      "nodes USING fts  (label)",
    ],
    ["a view", "CREATE VIEW other AS SELECT id FROM nodes", "VIEW other AS SELECT", "MATERIALIZED VIEW AS"],
    ["a trigger", "CREATE TRIGGER other AFTER INSERT ON nodes BEGIN SELECT 1; END", "AFTER INSERT", "UPON! INSERT"],
    ["a table of something else", "CREATE TABLE other (a TEXT, b TEXT)", "(a TEXT, b TEXT)", "(a TEXT[], bTEXT"],
  ];
  for (const [what, sql, from, to] of CASES) {
    test(`(${what}) is set aside in a private copy, named, and everything else is read`, async () => {
      using folder = temporaryFolder();
      const { path, database } = store(folder, 8);
      database.run(sql);
      database.close();
      edit(path, from, to);
      expect(() => new Database(path, { readonly: true }).query("SELECT 1 FROM nodes").values()).toThrow("malformed");
      const found = await inspected(folder, path);
      expect(found).toMatchObject({ code: 0, damage: [], count: { nodes: 8, relationships: 7 } });
      expect(found.told).toContain("a statement that this SQLite cannot parse");
      expect(found.told).toContain("other");
      await movesWhole(folder, path, 8);
    });
  }

  test("of MemoryGraph's own table: the rows are read off the pages", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 300);
    database.run(
      "UPDATE nodes SET properties = json_set(properties, '$.content', hex(zeroblob(3000))) WHERE rowid % 7 = 0",
    );
    database.close();
    const copy = folder.file("whole.db");
    writeFileSync(copy, readFileSync(path));
    settle(copy);
    edit(path, "label TEXT NOT NULL", "label TEXT[] RANDOM");
    expect((await inspected(folder, path)).count).toMatchObject({ nodes: 300, relationships: 299 });
    expect(await differences(path, copy)).toEqual([]);
    await movesWhole(folder, path, 300);
  });

  test("in a store in WAL mode that is open: what only the log holds is read too", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 8);
    database.run("CREATE INDEX other ON nodes(label, created_at)");
    database.close();
    edit(path, "nodes(label, created_at)", "nodes USING fts  (label)");
    // The log of a copy that can be parsed, played over pages that are the same but for that statement.
    const model = folder.file("model.db");
    writeFileSync(model, readFileSync(path));
    edit(model, "nodes USING fts  (label)", "nodes(label, created_at)");
    const application = new Database(model);
    application.run("PRAGMA journal_mode = WAL");
    application.run("PRAGMA wal_autocheckpoint = 0");
    application.run(INSERT, ["late", memory("late")]);
    writeFileSync(path, readFileSync(model));
    edit(path, "nodes(label, created_at)", "nodes USING fts  (label)");
    writeFileSync(`${path}-wal`, readFileSync(`${model}-wal`));
    application.close();
    expect((await inspected(folder, path)).count).toMatchObject({ nodes: 9 });
  });
});

describe("tables that others declared", () => {
  const TABLES: readonly (readonly [string, string])[] = [
    [
      "STRICT",
      "CREATE TABLE nodes (id TEXT PRIMARY KEY, label TEXT NOT NULL, properties TEXT NOT NULL, created_at TEXT, updated_at TEXT) STRICT",
    ],
    [
      "WITHOUT ROWID",
      "CREATE TABLE nodes (id TEXT PRIMARY KEY, label TEXT NOT NULL, properties TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP) WITHOUT ROWID",
    ],
    [
      "with a column called rowid",
      "CREATE TABLE nodes (id TEXT PRIMARY KEY, label TEXT, properties TEXT, created_at TEXT, updated_at TEXT, rowid TEXT)",
    ],
    ["without any key", "CREATE TABLE nodes (id, label, properties, created_at, updated_at)"],
    [
      "with computed columns",
      "CREATE TABLE nodes (id TEXT PRIMARY KEY, label TEXT, properties TEXT, created_at TEXT, updated_at TEXT, title TEXT AS (json_extract(properties, '$.title')), size INT AS (length(properties)) STORED)",
    ],
  ];
  for (const [what, sql] of TABLES) {
    test(`(${what}) are read whole`, async () => {
      using folder = temporaryFolder();
      const { path, database } = store(folder, 0);
      database.run("DROP TABLE nodes");
      database.run(sql);
      database.run("BEGIN");
      for (let at = 0; at < 1_200; at++) database.run(INSERT, [`m${at}`, memory(`m${at}`)]);
      database.run("COMMIT");
      database.close();
      settle(path);
      const found = await inspected(folder, path);
      expect(found).toMatchObject({ code: 0, damage: [], count: { nodes: 1_200 } });
      if (what.includes("computed")) expect(found.told).toContain("nodes.size");
      await movesWhole(folder, path, 1_200);
    });
  }

  test("under an order of texts that only another program knows are read whole", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 0);
    database.run("DROP TABLE nodes");
    database.run(
      "CREATE TABLE nodes (id TEXT PRIMARY KEY COLLATE NOCASE, label TEXT, properties TEXT, created_at TEXT, updated_at TEXT)",
    );
    for (let at = 0; at < 40; at++) database.run(INSERT, [`m${at}`, memory(`m${at}`)]);
    database.close();
    edit(path, "COLLATE NOCASE", "COLLATE SWEDEN");
    expect(await inspected(folder, path)).toMatchObject({ code: 0, damage: [], count: { nodes: 40 } });
    await movesWhole(folder, path, 40);
  });

  test("views and triggers of a person are listed, since they do not travel", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 2);
    database.run("CREATE VIEW recent AS SELECT id FROM nodes");
    database.run("CREATE TRIGGER watch AFTER DELETE ON nodes BEGIN SELECT 1; END");
    database.run("CREATE TABLE notes (a)");
    database.close();
    const { told } = await inspected(folder, settle(path));
    for (const name of ["view recent", "trigger watch", "notes"]) expect(told).toContain(name);
  });
});

describe("a file of which a sync tool has only the beginning", () => {
  test("and zeros for the rest: what is there can be had, and inspect tells how much that is", async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "half.db");
    const bytes = readFileSync(path);
    for (const part of [0.3, 0.5, 0.9]) {
      writeFileSync(path, Buffer.from(bytes).fill(0, Math.floor(bytes.length * part)));
      settle(path);
      const refused = await program(folder, [
        "migrate",
        "--from-path",
        path,
        "--to",
        "sqlite",
        "--to-path",
        folder.file("no.db"),
      ]);
      expectError(refused, 8, "half.db is damaged");
      expect(refused.stderr).toContain("--allow-loss");
      const { code, damage } = await inspected(folder, path);
      expect([code, damage.length > 0]).toEqual([8, true]);
      const target = ["--to", "sqlite", "--to-path", folder.file(`${part}.db`), "--allow-loss"];
      const taken = await program(folder, ["migrate", "--from-path", path, ...target, "--json"]);
      const { losses } = document(taken.stdout) as { losses: unknown[] };
      expect([taken.code, losses.length > 0]).toEqual([0, true]);
    }
  });
});

describe("a damaged page", () => {
  function damaged(folder: TemporaryFolder): string {
    const { path, database } = store(folder, 400);
    database.close();
    const bytes = readFileSync(path);
    const [size] = new Database(path, { readonly: true }).query("PRAGMA page_size").values()[0] as [number];
    const page = Math.floor(bytes.indexOf('m200Memory{"id"') / size);
    bytes.fill(0xa5, page * size, (page + 1) * size);
    writeFileSync(path, bytes);
    return settle(path);
  }

  test("costs the rows on it, which are named by their ids, and no other", async () => {
    using folder = temporaryFolder();
    const path = damaged(folder);
    const target = folder.file("new.db");
    const refused = await program(folder, ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", target]);
    expectError(refused, 8, "rows of nodes that cannot be read");
    expect(refused.stderr).not.toContain(".recover");
    const { result } = await succeed(path, target, { allowLoss: true });
    const kept = new Set(new Database(target, { readonly: true }).query("SELECT id FROM nodes").values().flat());
    const lost = Array.from({ length: 400 }, (_, at) => `m${at}`).filter((id) => !kept.has(id));
    expect([lost.length > 3, lost.length < 60, lost.includes("m200")]).toEqual([true, true, true]);
    for (const id of lost.slice(0, 10)) expect(refused.stderr).toContain(id);
    expect(result).toMatchObject({
      verified: true,
      complete: false,
      imported: { nodes: 400 - lost.length, relationships: 399 },
    });
    expect(result.losses).toMatchObject([{ count: lost.length, examples: lost.toSorted().slice(0, 10) }]);
    expect(rawRows(target, "nodes")).toHaveLength(400 - lost.length);
  });

  test("that leads to others costs none of theirs: they are found by what they hold", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 0);
    database.run("BEGIN");
    const text = "x".repeat(1_500);
    for (let at = 0; at < 1_500; at++) database.run(INSERT, [`m${at}`, memory(`m${at}`, { summary: text })]);
    database.run("COMMIT");
    const [root, size] = database
      .query("SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'nodes'")
      .values()[0]!
      .map(Number) as [number, number];
    database.close();
    const bytes = readFileSync(path);
    const top = bytes.subarray((root - 1) * size, root * size);
    // An interior page below the first one: it leads to some hundred pages of rows.
    const child = top.readUInt32BE(top.readUInt16BE(12));
    expect([top[0], bytes[(child - 1) * size]]).toEqual([5, 5]);
    bytes.fill(0xa5, (child - 1) * size, child * size);
    writeFileSync(path, bytes);
    settle(path);
    const found = await inspected(folder, path);
    expect(found).toMatchObject({ code: 0, damage: [], count: { nodes: 1_500 } });
    expect(found.told).toContain("all rows that its index names were found");
    await movesWhole(folder, path, 1_500);
  });

  test("of a search index or of one over a column costs nothing", async () => {
    for (const name of ["nodes_fts_data", "idx_nodes_created"]) {
      using folder = temporaryFolder();
      const { path, database } = store(folder, 30);
      const [root, size] = database
        .query("SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = ?")
        .values(name)[0]!
        .map(Number) as [number, number];
      database.close();
      const bytes = readFileSync(path);
      bytes.fill(0xa5, (root - 1) * size, root * size);
      writeFileSync(path, bytes);
      settle(path);
      expect(await inspected(folder, path)).toMatchObject({ code: 0, damage: [], count: { nodes: 30 } });
      await movesWhole(folder, path, 30);
    }
  });
});

describe("a file too large to be looked at row by row beforehand", () => {
  function large(folder: TemporaryFolder): string {
    const { path, database } = store(folder, 0);
    database.run("BEGIN");
    for (let at = 0; at < 5_000; at++)
      database.run(INSERT, [`m${at}`, memory(`m${at}`, { summary: "x".repeat(4_000) })]);
    database.run("COMMIT");
    database.close();
    return path;
  }

  test("with a damaged page is read again by its pages, by every command", async () => {
    using folder = temporaryFolder();
    const path = large(folder);
    const bytes = readFileSync(path);
    const page = Math.floor(bytes.indexOf('m2500Memory{"id"') / 4_096) * 4_096;
    bytes.fill(0xa5, page, page + 4_096);
    writeFileSync(path, bytes);
    settle(path);
    const target = folder.file("new.db");
    for (const release of ["0.12", "0.13"]) {
      const command = ["migrate", "--from-path", path, "--to", "sqlite", "--to-path", target, "--for", release];
      const refused = await program(folder, command);
      expectError(refused, 8, `${path} is damaged`);
      expect(refused.stderr).toContain("m2500");
    }
    await succeed(path, target, { allowLoss: true });
    const compared = await program(folder, ["verify", "--from-path", path, "--to", "sqlite", "--to-path", target]);
    expectError(compared, 8, "proves nothing");
  });

  test("with two rows of one key that no index shows is read again row by row", async () => {
    using folder = temporaryFolder();
    const path = edit(large(folder), 'm2500Memory{"id"', 'm2501Memory{"id"');
    const { result } = await succeed(path, folder.file("new.db"), { for: "0.13" });
    expect(result).toMatchObject({ verified: true, imported: { nodes: 5_000 } });
    expect(JSON.stringify(result.notes)).toContain("several rows of one id");
  });
});

describe("a log of another generation", () => {
  test("beside a whole file is named, and the file alone is offered (4)", async () => {
    using folder = temporaryFolder();
    const { path, database } = store(folder, 50);
    database.run("PRAGMA journal_mode = WAL");
    database.close();
    const other = store(folder, 5, "other.db");
    other.database.run("PRAGMA journal_mode = WAL");
    other.database.run("PRAGMA wal_autocheckpoint = 0");
    other.database.run(INSERT, ["stray", memory("stray")]);
    writeFileSync(`${path}-wal`, readFileSync(`${other.path}-wal`));
    other.database.close();
    settle(path);
    for (const command of [["inspect"], ["migrate", "--to", "sqlite", "--to-path", folder.file("new.db")]]) {
      const outcome = await program(folder, [...command, "--from-path", path]);
      expectError(outcome, 4, `${path}-wal does not belong to ${path}`);
      expect(outcome.stderr).toContain(`cp ${path} alone.db`);
    }
    writeFileSync(folder.file("alone.db"), readFileSync(path));
    expect((await inspected(folder, settle(folder.file("alone.db")))).count).toMatchObject({ nodes: 50 });
  });
});
