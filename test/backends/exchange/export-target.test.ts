/** MemoryGraph's JSON export as a target: what is written is read back unchanged, but for what was named before. */
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { BackendConfig } from "../../../src/backends/config.ts";
import { json } from "../../../src/backends/exchange/json.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphRecord, keyOfContent } from "../../../src/graph/record.ts";
import { Point } from "../../../src/graph/value.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { comeBack, memory, writtenTo } from "./graphs.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const named = (name: string) => new BackendConfig({ type: "json", path: folder.file(name) });

const written = (records: readonly GraphRecord[]) => writtenTo(json, named("written.json"), records);

test(
  "random graphs come back as they were fitted, and nothing changes that no loss names",
  () => comeBack(written),
  120_000,
);

describe("each loss is named before anything is written", () => {
  const relationship = (from: string, to: string): GraphRecord => ({
    ...{ kind: "relationship", from, to, type: "SOLVES" },
    properties: Properties.from([["id", "r"]]),
  });
  const copy = { ...memory("twice"), key: keyOfContent("ab".repeat(16), 1) };
  test.each([
    ["a node of another label", [memory("e", {}, ["Entity"])], "a node that is no memory"],
    [
      "a relationship of one",
      [memory("e", {}, ["Entity"]), memory("m"), relationship("=m", "=e")],
      "a relationship of a node that is left out",
    ],
    ["a second label", [memory("m", {}, ["Memory", "Own"])], "a label beside Memory"],
    ["an id that several share", [copy], "a node that shares its id with another"],
    ["a point", [memory("m", { place: new Point(4326, 1, 2) })], "JSON has no such value"],
    ["an infinite number", [memory("m", { big: Number.POSITIVE_INFINITY })], "JSON has no infinity and no NaN"],
    ["a memory without a title", [memory("m", { title: null })], "without a text as its title"],
  ] as const)("%s", async (_, records, what) => {
    const { losses, expected, found } = await written(records);
    expect(losses.map((loss) => loss.what).join("\n")).toContain(what);
    expect(String(found)).toBe(String(expected));
  });

  test("and refused without --allow-loss, with nothing left behind", async () => {
    const source = named("with-loss-source.json");
    writeFileSync(
      source.path!,
      '{"format_version":"2.0","memories":[{"id":"a","type":"task","title":"T","content":"C","x":NaN}],"relationships":[]}',
    );
    const refused = await runMigration(source, named("with-loss.json"), {}, {});
    expect(refused.result.errors).toMatchObject([{ code: "refused" }]);
    expect(readdirSync(folder.file(".")).filter((entry) => entry.includes("with-loss.json"))).toEqual([]);
    const allowed = await runMigration(source, named("with-loss.json"), { allowLoss: true }, {});
    expect([allowed.result.errors, allowed.result.verified]).toEqual([[], true]);
  });
});

test.each([
  "0.12.4",
  "0.13.0",
] as const)("a store of %s goes there and back, with the same bytes each time, and is never overwritten", async (release) => {
  const source = at(copyFixture(release, folder, `from-${release}.db`));
  const [one, two] = [named(`one-${release}.json`), named(`two-${release}.json`)];
  for (const target of [one, two]) {
    const { result } = await runMigration(source, target, {}, {});
    expect([result.errors, result.verified]).toEqual([[], true]);
  }
  const bytes = readFileSync(one.path!);
  expect(bytes.equals(readFileSync(two.path!))).toBe(true);
  expect(JSON.parse(bytes.toString())).toMatchObject({ format_version: "2.0", export_version: "1.0" });
  const back = at(folder.file(`back-${release}.db`));
  expect((await runMigration(one, back, {}, {})).result.verified).toBe(true);
  expect((await compareConfigured(source, back, () => {})).identical).toBe(true);
  const again = await runMigration(source, one, {}, {});
  expect(again.result.errors).toMatchObject([{ code: "refused" }]);
  expect(readFileSync(one.path!).equals(bytes)).toBe(true);
});
