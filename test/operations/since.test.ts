import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { DAY, store, titles } from "../support/small-stores.ts";
import { compare, copyFixture, differences, settle, succeed } from "../support/stores.ts";

describe("only what changed since", () => {
  function since(folder: TemporaryFolder): { source: string; target: string } {
    const source = store(
      folder.file("source.db"),
      [
        { id: "old", updated: DAY(1) },
        { id: "at", updated: "2024-01-03T01:00:00+01:00" },
        { id: "just before", updated: "2024-01-02T23:59:59.999999+00:00" },
        { id: "after", updated: DAY(4) },
        { id: "timeless" },
        { id: "there", updated: DAY(1), title: "s" },
      ],
      [
        ["r both", "at", "after", 1],
        ["r one", "at", "old", 1],
        ["r into the target", "at", "there", 1],
        ["r old", "old", "old", 1],
      ],
    );
    return { source, target: store(folder.file("target.db"), [{ id: "there", title: "t", updated: DAY(2) }]) };
  }

  test("takes exactly those, with the relationships whose ends are then there, and proves that set", async () => {
    using folder = temporaryFolder();
    const { source, target } = since(folder);
    for (const dryRun of [true, false]) {
      const { result } = await succeed(source, target, { since: "2024-01-03", dryRun });
      expect(result).toMatchObject({
        onConflict: "newest",
        imported: { nodes: 3, relationships: 2 },
        skipped: { nodes: 0, relationships: 0 },
        complete: false,
      });
      if (!dryRun)
        expect(result.verification).toMatchObject({
          valid: true,
          recordsChecked: 5,
          sourceCount: { nodes: 3, relationships: 2 },
        });
    }
    expect(Object.keys(await titles(target)).sort()).toEqual([
      "after",
      "at",
      "r both",
      "r into the target",
      "there",
      "timeless",
    ]);
    expect((await titles(target)).there).toBe("t");
  });

  test("into a new file too", async () => {
    using folder = temporaryFolder();
    const { source } = since(folder);
    await succeed(source, folder.file("new.db"), { since: "2024-01-03T00:00:00Z" });
    expect(Object.keys(await titles(folder.file("new.db"))).sort()).toEqual(["after", "at", "r both", "timeless"]);
  });
});

test("1,500 memories with 3,000 relationships, into a new file and into a filled one, both layouts", async () => {
  using folder = temporaryFolder();
  const ids = Array.from({ length: 1500 }, (_, at) => `m${at}`);
  const source = store(folder.file("source.db"), [], []);
  const database = new Database(source);
  database.transaction(() => {
    for (const [at, id] of ids.entries()) {
      database.run("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)", [
        id,
        JSON.stringify({ id, title: `é${at}`, usage_count: at, tags: [`${at}`] }),
      ]);
      for (const step of [1, 7]) {
        database.run(
          "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (?, ?, ?, 'SOLVES', ?)",
          [`r${at}-${step}`, id, ids[(at + step) % 1500]!, JSON.stringify({ strength: at / 7 })],
        );
      }
    }
  })();
  database.close();
  settle(source);
  for (const [at, target] of [
    folder.file("a.db"),
    folder.file("b.db"),
    copyFixture("0.12.4", folder),
    copyFixture("0.13.0", folder),
  ].entries()) {
    const { result } = await succeed(source, target, at === 1 ? { for: "0.13" } : {});
    expect(result).toMatchObject({
      complete: true,
      verified: true,
      imported: { nodes: 1500, memories: 1500, relationships: 3000 },
    });
    if (at < 2) expect(await differences(source, target)).toEqual([]);
    else expect(await compare(source, target)).toMatchObject({ missing: 0, changed: 0 });
  }
});
