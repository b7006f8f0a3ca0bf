import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { temporaryFolder } from "../../support/folder.ts";
import { linesOf, readIndependently, readTruth } from "../../support/independent-reader.ts";
import {
  compare,
  copyFixture,
  createLike,
  differences,
  digestOf,
  FIXTURES,
  type FixtureName,
  journalMode,
  rawRows,
  readAll,
  schemaEntries,
  settle,
  succeed,
  truthFile,
} from "../../support/stores.ts";
import { has } from "../../support/system.ts";

const RELEASES = ["0.12", "0.13"] as const;
const OWN: Record<FixtureName, "0.12" | "0.13"> = {
  "0.8.3": "0.12",
  "0.10.0": "0.12",
  "0.12.4": "0.12",
  "0.13.0": "0.13",
  "hybrid-0.12-0.13": "0.13",
};

describe("stores that MemoryGraph wrote", () => {
  for (const name of FIXTURES) {
    test(`${name} is read exactly as the independent readers read it`, async () => {
      using folder = temporaryFolder();
      const path = copyFixture(name, folder);
      const truth = readTruth(truthFile(name));
      expect(linesOf((await readAll(path)).records)).toEqual(truth);
      expect(readIndependently(path)).toEqual(truth);
    });

    test(`${name}, touched just now, is read the same way from a copy`, async () => {
      using folder = temporaryFolder();
      const path = copyFixture(name, folder);
      utimesSync(path, new Date(), new Date());
      expect(linesOf((await readAll(path)).records)).toEqual(readTruth(truthFile(name)));
    });

    for (const release of RELEASES) {
      test(`${name} to ${release} and back: verify finds no difference, at no step`, async () => {
        using folder = temporaryFolder();
        const source = copyFixture(name, folder);
        const [there, back, again] = ["there.db", "back.db", "again.db"].map((file) => folder.file(file)) as [
          string,
          string,
          string,
        ];
        const outcome = await succeed(source, there, { for: release });
        expect(outcome.result).toMatchObject({ success: true, complete: true, verified: true, release });
        expect(outcome.result.imported.nodes + outcome.result.imported.relationships).toBe(
          readTruth(truthFile(name)).length,
        );
        await succeed(settle(there), back, { for: OWN[name] });
        await succeed(settle(back), again, { for: release });
        for (const copy of [there, back, again]) expect(await differences(source, settle(copy))).toEqual([]);
        expect(await digestOf(again)).toBe(await digestOf(source));
      });
    }
  }

  for (const name of ["0.10.0", "0.12.4", "0.13.0"] as const) {
    for (const verify of [true, false]) {
      for (const allowLoss of [true, false]) {
        test(`${name} to its own layout keeps every row byte for byte (verify ${verify}, allowLoss ${allowLoss})`, async () => {
          using folder = temporaryFolder();
          const source = copyFixture(name, folder);
          const [there, back] = [folder.file("there.db"), folder.file("back.db")];
          await succeed(source, there, { verify, allowLoss });
          await succeed(there, back, { verify, allowLoss });
          const tables = [OWN[name] === "0.12" ? "nodes" : "memories", "relationships"];
          expect(rawRows(back, ...tables)).toEqual(rawRows(source, ...tables));
          expect(rawRows(source, ...tables).length).toBe(readTruth(truthFile(name)).length);
        });
      }
    }
  }

  test("what an independent reader finds in a 0.12 store made of a 0.13 one is what 0.13 wrote, but for the layout's own spelling", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.13.0", folder);
    await succeed(source, folder.file("flat.db"), { for: "0.12" });
    const plain = (line: string) => JSON.parse(line) as { node?: string; properties: Record<string, unknown> };
    const left = readIndependently(source)
      .map(plain)
      .filter(({ node }) => node !== undefined);
    const right = readIndependently(folder.file("flat.db"))
      .map(plain)
      .filter(({ node }) => node !== undefined);
    expect(right.map(({ node }) => node)).toEqual(left.map(({ node }) => node));
    for (const [at, { properties }] of left.entries()) {
      for (const key of [
        "title",
        "content",
        "tags",
        "importance",
        "confidence",
        "usage_count",
        "version",
        "updated_by",
        "summary",
      ]) {
        expect(right[at]!.properties[key]).toEqual(properties[key]);
      }
      expect(Object.keys(right[at]!.properties).sort()).toEqual(Object.keys(properties).sort());
    }
  });
});

describe("files that are created", () => {
  for (const [release, fixture] of [
    ["0.12", "0.12.4"],
    ["0.13", "0.13.0"],
  ] as const) {
    for (const source of FIXTURES) {
      test(`${source} for ${release} has exactly the tables, indexes and journal mode of ${fixture}`, async () => {
        using folder = temporaryFolder();
        const target = folder.file("new.db");
        await succeed(copyFixture(source, folder), target, { for: release });
        const entries = (path: string) =>
          schemaEntries(path)
            .filter(({ tbl_name }) => tbl_name !== "memorygraph_migrate_extra")
            .map((entry) => JSON.stringify(entry))
            .sort();
        const own = copyFixture(fixture, folder, "own.db");
        expect(entries(target)).toEqual(entries(own));
        expect(journalMode(target)).toBe(journalMode(own));
      });
    }
  }

  test("are private to their owner, and nothing else is left in the folder", async () => {
    using folder = temporaryFolder();
    using other = temporaryFolder();
    for (const release of RELEASES)
      await succeed(copyFixture("0.13.0", other), folder.file(`${release}.db`), { for: release });
    const { listing } = await import("../../support/folder.ts");
    const found = listing(folder.path).map((line) => line.split(" ").slice(0, 2));
    expect(found.map(([name]) => name)).toEqual(["0.12.db", "0.13.db"]);
    if (has.modes) expect(found.map(([, mode]) => mode)).toEqual(["600", "600"]);
  });

  test("0.8.3's relationships get their temporal columns from the row's created_at, and that is no difference", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    const outcome = await succeed(source, folder.file("new.db"));
    expect(outcome.result.defaulted).toEqual({ "relationship.valid_from": 15, "relationship.recorded_at": 15 });
    const { withCopy } = await import("../../support/independent-reader.ts");
    const rows = withCopy(folder.file("new.db"), (database) =>
      database
        .query("SELECT created_at, valid_from, recorded_at, valid_until, invalidated_by FROM relationships")
        .all(),
    ) as Record<string, unknown>[];
    const created = withCopy(source, (database) =>
      database.query("SELECT created_at FROM relationships").values().flat(),
    );
    expect(rows.map((row) => row.created_at)).toEqual(created);
    for (const row of rows) {
      expect(row).toMatchObject({
        valid_from: row.created_at,
        recorded_at: row.created_at,
        valid_until: null,
        invalidated_by: null,
      });
    }
    expect(await differences(source, folder.file("new.db"))).toEqual([]);
  });

  test("an empty store gives an empty store", async () => {
    using folder = temporaryFolder();
    for (const fixture of ["0.8.3", "0.12.4", "0.13.0", "hybrid-0.12-0.13"] as const) {
      const source = folder.file(`${fixture}-empty.db`);
      createLike(fixture, source).close();
      for (const release of RELEASES) {
        const target = folder.file(`${fixture}-${release}.db`);
        const { result } = await succeed(source, target, { for: release, allowEmpty: true });
        expect(result).toMatchObject({
          complete: true,
          verified: true,
          imported: { nodes: 0, memories: 0, relationships: 0 },
        });
        expect((await compare(source, target)).target.counts).toEqual({ nodes: 0, memories: 0, relationships: 0 });
      }
    }
  });
});
