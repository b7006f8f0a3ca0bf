import { describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { listing, temporaryFolder } from "../support/folder.ts";
import { readTruth } from "../support/independent-reader.ts";
import { atLevel } from "../support/level.ts";
import { fill, refused } from "../support/refused.ts";
import { copyFixture, digestOf, run, settle, succeed, truthFile } from "../support/stores.ts";

/** What a link leads to, in a list; the link of the listing itself is gone by then. */
function linkAt(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

/** Of the places where a bit is flipped, one of so many. */
const STEP = atLevel({ quick: 11, normal: 5, long: 1 });

describe("a damaged database", () => {
  test("cut short anywhere gives a clear error, never a part of the store", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const { size } = statSync(source);
    for (let length = size - 1; length > 0; length -= Math.floor(size / 23)) {
      const file = openSync(source, "r+");
      ftruncateSync(file, length);
      closeSync(file);
      const { code } = await refused(folder, settle(source), folder.file("new.db"));
      expect([length, code]).toEqual([length, length < 16 ? "not_a_store" : "damaged"]);
    }
  });

  for (const name of ["0.8.3", "0.12.4", "hybrid-0.12-0.13"] as const) {
    test(`${name} with one bit flipped gives an error, or what the file then says, whole and verified`, async () => {
      using folder = temporaryFolder();
      const source = copyFixture(name, folder);
      const bytes = readFileSync(source);
      const records = readTruth(truthFile(name)).length;
      const seen = { error: 0, whole: 0 };
      // Every structure of the first page, then a walk over the rest.
      const offsets = [
        ...Array(130).keys(),
        ...Array.from({ length: 80 }, (_, at) => 130 + Math.floor((at * (bytes.length - 130)) / 80)),
      ];
      for (const offset of offsets.filter((_, at) => at % STEP === 0)) {
        const bit = 1 << ((offset * 7) % 8);
        bytes[offset]! ^= bit;
        writeFileSync(source, bytes);
        settle(source);
        bytes[offset]! ^= bit;
        const target = folder.file(`${offset}.db`);
        const { error, result } = await run(source, target).catch((raw: Error) => {
          throw new Error(`offset ${offset}: not one of our errors: ${raw.message}`);
        });
        if (error !== null) {
          expect(["damaged", "not_a_store", "refused"], `offset ${offset}: ${error.message}`).toContain(error.code);
          seen.error++;
          continue;
        }
        expect([offset, result.verified, result.imported.nodes + result.imported.relationships]).toEqual([
          offset,
          true,
          records,
        ]);
        expect([offset, await digestOf(target)]).toEqual([offset, await digestOf(source)]);
        seen.whole++;
      }
      expect(seen.error).toBeGreaterThan(10 / STEP);
      expect(seen.whole).toBeGreaterThan(10 / STEP);
      expect(listing(folder.path).filter((line) => line.startsWith("."))).toEqual([]);
    }, 120_000);
  }

  test.skipIf(!existsSync("/proc/self/fd"))("leaves neither it nor a copy of it open", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    const bytes = readFileSync(source);
    // The page of the schema: its tables are then nowhere.
    bytes[100]! ^= 16;
    writeFileSync(source, bytes);
    const openNow = () => {
      const paths = readdirSync("/proc/self/fd").flatMap((fd) => linkAt(`/proc/self/fd/${fd}`));
      return paths.filter((path) => path === source || path.includes("memorygraph-migrate-"));
    };
    const before = openNow();
    const { error } = await run(settle(source), folder.file("new.db"));
    expect([error?.code, openNow()]).toEqual(["damaged", before]);
  });

  const LOST: [string, "0.12.4" | "0.13.0" | "hybrid-0.12-0.13", string][] = [
    ["no table for relationships", "0.12.4", "DROP TABLE relationships"],
    ["relationships under another name", "0.12.4", "ALTER TABLE relationships RENAME TO relatioships"],
    ["relationships without properties", "0.12.4", "ALTER TABLE relationships RENAME COLUMN properties TO propertiez"],
    ["relationships without strength", "0.13.0", "ALTER TABLE relationships RENAME COLUMN strength TO power"],
    ["relationships without ends", "0.13.0", "ALTER TABLE relationships RENAME COLUMN from_id TO source_id"],
    [
      "nodes of an unknown shape beside memories",
      "hybrid-0.12-0.13",
      "ALTER TABLE nodes RENAME COLUMN properties TO propertiez",
    ],
    [
      "memories of an unknown shape beside nodes",
      "hybrid-0.12-0.13",
      "ALTER TABLE memories RENAME COLUMN content TO text",
    ],
  ];
  for (const [what, name, sql] of LOST) {
    test(`${name} with ${what} is not taken for a store that has none`, async () => {
      using folder = temporaryFolder();
      const source = copyFixture(name, folder);
      fill(source, ["PRAGMA journal_mode = DELETE", "PRAGMA legacy_alter_table = ON", sql]);
      const { error, result } = await run(source, folder.file("new.db"));
      // Refused, or at the very least not called complete.
      expect(error !== null || (!result.complete && result.losses.length > 0)).toBe(true);
    });
  }

  test("one row whose JSON does not parse is named by its id, and the others are counted", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    fill(source, ["UPDATE nodes SET properties = substr(properties, 1, 40) WHERE id = 'm-000007'"]);
    const { code, told } = await refused(folder, source, folder.file("new.db"));
    expect(code).toBe("damaged");
    expect(told).toContain("m-000007");
    const { result } = await succeed(source, folder.file("new.db"), { allowLoss: true });
    expect(result).toMatchObject({ complete: false, imported: { nodes: 60, relationships: 120 } });
  });

  test("as a target: a row that nobody can read is named, since nothing can prove it unchanged", async () => {
    using folder = temporaryFolder();
    const target = copyFixture("0.12.4", folder);
    fill(target, ["UPDATE nodes SET properties = '{' WHERE id = 'm-000007'"]);
    const { error, result } = await run(copyFixture("0.8.3", folder), target);
    expect(JSON.stringify([error?.details, result])).toContain("m-000007");
  });
});
