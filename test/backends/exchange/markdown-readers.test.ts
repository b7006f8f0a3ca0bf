/** Folders of notes as other programs read them, and as they come back after such a program has written their front matter anew. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { BackendConfig } from "../../../src/backends/config.ts";
import { markdown } from "../../../src/backends/exchange/markdown/markdown.ts";
import { Properties } from "../../../src/graph/properties.ts";
import type { GraphRecord } from "../../../src/graph/record.ts";
import { Point } from "../../../src/graph/value.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { memory } from "./graphs.ts";
import { byNpm, byPython, npm, python } from "./note-readers.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const AMBIGUOUS = {
  ...{ yes: "Yes", no: "no", y: "y", nothing: "null", tilde: "~", date: "2024-01-31", time: "12:30:45", octal: "007" },
  ...{ under: "1_000", exponent: "1e3", empty: "", quote: `it's "so": # no`, lines: "a\nb\u2028c\u0085d", nul: "a\0b" },
};
const hard = memory("hard", {
  ...AMBIGUOUS,
  ...{ big: 2n ** 53n + 1n, one: 1, tiny: 5e-324, large: 1e21, nan: Number.NaN, endless: Number.NEGATIVE_INFINITY },
  ...{ title: "hard: values", tags: ["a b", "no", "2024-01-31"], place: new Point(4326, 1, 2), flag: true, on: "on" },
  ...{ content: "see [[other note]] and `code`\n```\nnever closed [[nowhere]]" },
});
const link = (from: string, to: string, id: string): GraphRecord => ({
  ...{ kind: "relationship", from: `=${from}`, to: `=${to}`, type: "SOLVES" },
  properties: Properties.from([
    ["id", id],
    ["context", "not a link: [[hard- values]] `x`"],
  ]),
});
const records = [
  ...[hard, memory("other", { title: "other note" }), link("hard", "other", "r1"), link("hard", "other", "r2")],
  ...[link("other", "hard", "r3"), link("other", "gone", "r4")],
];

async function* batches() {
  yield records;
}

async function write(name: string) {
  const config = new BackendConfig({ type: "markdown", path: folder.file(name) });
  const session = await markdown.openForWriting(config, { release: null, fallbackRelease: "0.12" });
  await session.write(records);
  await session.finish();
  await session.commit();
  return config;
}

test.skipIf(python === null)(
  "obsidiantools finds every note and relationship, and PyYAML gets every text as text",
  async () => {
    const { path } = await write("python");
    const { edges, missing, fronts, texts } = byPython(path!);
    // Two relationships and the link in the text; a link in a block of code is none, and the block has ended before the list.
    expect(edges.filter(([from]) => from === "hard- values")).toEqual(Array(3).fill(["hard- values", "other note"]));
    expect(edges.filter(([from]) => from === "other note")).toEqual([["other note", "hard- values"]]);
    expect(missing).toEqual([]);
    const front = fronts["hard- values"]!;
    expect(front).toMatchObject(AMBIGUOUS);
    expect(front).toMatchObject({
      ...{
        big: "int 9007199254740993",
        one: "float 1.0",
        tiny: "float 5e-324",
        large: "float 1e+21",
        flag: true,
        on: "on",
      },
      ...{
        nan: "float nan",
        endless: "float -inf",
        tags: ["a b", "no", "2024-01-31"],
        place: '{"$point":[4326,1.0,2.0,null]}',
      },
    });
    expect(texts["other note"]).toStartWith("C\n\n## Relationships\n\n- SOLVES [[hard- values]] `");
  },
  60_000,
);

test.skipIf(npm === null)(
  "gray-matter gets every text as text",
  async () => {
    const { path } = await write("npm");
    const front = byNpm(path!)["hard- values"]!;
    expect(front).toMatchObject(AMBIGUOUS);
    expect(front).toMatchObject({
      tags: ["a b", "no", "2024-01-31"],
      one: "number 1",
      large: "number 1e+21",
      flag: true,
    });
  },
  60_000,
);

test.skipIf(npm === null)(
  "what npm's yaml has written anew is read as it was, and nobody has changed anything",
  async () => {
    const config = await write("rewritten");
    byNpm(config.path!, "rewrite");
    const source = await markdown.openForReading(config);
    expect(String(await digestOf(source.read()))).toBe(String(await digestOf(batches())));
    expect((await source.describe("counts")).findings).toEqual([]);
    await source.close();
  },
  60_000,
);

test.skipIf(python === null)(
  "a store of 0.12.4 has a note a memory and an edge a relationship for obsidiantools",
  async () => {
    const source = at(copyFixture("0.12.4", folder));
    const target = new BackendConfig({ type: "markdown", path: folder.file("fixture") });
    const { imported } = (await runMigration(source, target, {}, {})).result;
    const { nodes, edges, missing, fronts } = byPython(target.path!);
    expect(missing).toEqual([]);
    expect([nodes.length - 1, edges.length]).toEqual([imported.nodes, imported.relationships]);
    expect(Object.values(fronts).filter(({ memorygraph }) => typeof memorygraph === "string").length).toBe(
      imported.nodes,
    );
  },
  60_000,
);
