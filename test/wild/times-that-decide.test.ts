/** Times that decide what is copied, as people and models write them: what cannot be read is not taken for what is not there. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { temporaryFolder } from "../support/folder.ts";
import { createLike, readAll, settle, succeed } from "../support/stores.ts";

const SPELLINGS = [
  ...["2030-01-01", "2030-01-01T00:00Z", "2030-01-01t00:00:00z", "2030-01-01T00:00:00,5Z", "20300101T000000Z"],
  ...["2030-W01-2", "2030-001", "2030-01-01T05:00:00+05", "2030-01-01T00:00:00.123456789123Z", "1893456000"],
  ...["1893456000000", "Tue, 01 Jan 2030 00:00:00 GMT"],
];

function make(path: string, updated: readonly unknown[], title = "t"): string {
  const store = createLike("0.12.4", path);
  const insert = store.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)");
  const created = "2020-01-01T00:00:00+00:00";
  for (const [at, time] of updated.entries()) {
    const own = { id: `n${at}`, type: "solution", title, content: "c", created_at: created, updated_at: time };
    insert.run(`n${at}`, JSON.stringify(own));
  }
  insert.finalize();
  store.close();
  return settle(path);
}

function idsIn(path: string): unknown[] {
  using database = new Database(path, { readonly: true });
  return database.query("SELECT id FROM nodes ORDER BY rowid").values().flat();
}

describe("--since", () => {
  test.each([
    ...SPELLINGS,
    1893456000,
    1893456000000,
  ])("takes what changed at %p, and says nothing of it", async (time) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), [time, "2021-01-01T00:00:00+00:00"]);
    const { result } = await succeed(source, folder.file("o.db"), { since: "2029-01-01T00:00:00Z" });
    expect(idsIn(folder.file("o.db"))).toEqual(["n0"]);
    expect(result.notes).toEqual([]);
  });

  test.each(SPELLINGS)("leaves out what changed at %p when it asks for later", async (time) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), [time]);
    const { result } = await succeed(source, folder.file("o.db"), { since: "2031-01-01" });
    expect([result.imported.nodes, result.notes]).toEqual([0, []]);
  });

  test("copies what has a time that cannot be read, and lists it", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), ["not a time", "2021-01-01T00:00:00+00:00", true, ["2030"], "2030-01-01"]);
    const { result } = await succeed(source, folder.file("o.db"), { since: "2029-01-01T00:00:00Z" });
    expect(idsIn(folder.file("o.db"))).toEqual(["n0", "n2", "n3", "n4"]);
    expect(result.notes).toEqual([
      {
        what: "a record with a time that cannot be read, so that --since does not leave it out",
        count: 3,
        examples: ["n0", "n2", "n3"],
      },
    ]);
  });

  test.each(SPELLINGS)("can itself be given as %s", async (since) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), ["2029-12-31T23:59:59+00:00", "2030-01-02T00:00:00+00:00"]);
    await succeed(source, folder.file("o.db"), { since });
    expect(idsIn(folder.file("o.db"))).toEqual(["n1"]);
  });
});

describe("--on-conflict newest", () => {
  test.each(SPELLINGS)("knows %s for newer than 2029 and older than 2031", async (time) => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), [time, time], "source");
    const target = make(folder.file("t.db"), ["2029-01-01T00:00:00+00:00", "2031-01-01T00:00:00+00:00"], "target");
    const { result } = await succeed(source, target, { onConflict: "newest" });
    expect([result.overwritten.nodes, result.skipped.nodes, result.conflicts.count]).toEqual([1, 1, 0]);
    const { records } = await readAll(target);
    expect(records.map(({ properties }) => properties.get("title"))).toEqual(
      expect.arrayContaining(["source", "target"]),
    );
  });

  test("keeps the target's where a time cannot be read, and lists it, even where created_at could be compared", async () => {
    using folder = temporaryFolder();
    const source = make(folder.file("s.db"), ["yesterday", "2030-01-01T00:00:00+00:00"], "source");
    const target = make(folder.file("t.db"), ["2029-01-01T00:00:00+00:00", "tomorrow"], "target");
    const { result } = await succeed(source, target, { onConflict: "newest" });
    expect([result.overwritten.nodes, result.conflicts]).toEqual([0, { count: 2, ids: ["node n0", "node n1"] }]);
    expect(result.notes).toEqual([
      {
        what: "a record with a time that cannot be read here or there, so it is unknown which is newer",
        count: 2,
        examples: ["n0", "n1"],
      },
    ]);
  });
});
