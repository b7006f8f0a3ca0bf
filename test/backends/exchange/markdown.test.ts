/** Folders of notes as a target: read back whole by us, whatever the values, the names and the order of records. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { BackendConfig } from "../../../src/backends/config.ts";
import { markdown } from "../../../src/backends/exchange/markdown/markdown.ts";
import { folded, nameFor } from "../../../src/backends/exchange/markdown/names.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphNode, type GraphRecord, keyOfContent } from "../../../src/graph/record.ts";
import { Point, Temporal } from "../../../src/graph/value.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { contentOf } from "../../../src/memorygraph/content-keys.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { listing, temporaryFolder } from "../../support/folder.ts";
import { atLevel } from "../../support/level.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { has } from "../../support/system.ts";
import { graph, memory } from "./graphs.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const named = (name: string) => new BackendConfig({ type: "markdown", path: folder.file(name) });
let folders = 0;

async function* batchesOf(records: readonly GraphRecord[]) {
  yield records;
}

/** Writes the records to a folder of their own, and gives what is read of it once it has its name. */
async function written(records: readonly GraphRecord[]) {
  const config = named(`notes-${++folders}`);
  const session = await markdown.openForWriting(config, { release: null, fallbackRelease: "0.12" });
  await session.write(records);
  await session.finish();
  const staged = await digestOf(session.read());
  await session.commit();
  const source = await markdown.openForReading(config);
  const found = await digestOf(source.read());
  const bad = source.findings().filter(({ kind }) => kind !== "note");
  const { findings } = await source.describe("counts");
  const touched: string[] = [];
  for await (const batch of source.present!())
    for (const { record, isTouched } of batch) if (isTouched) touched.push(JSON.stringify(record.kind));
  await source.close();
  const notes = readdirSync(config.path!).filter((name) => name !== "memorygraph-migrate.md");
  return {
    path: config.path!,
    notes,
    expected: await digestOf(batchesOf(records)),
    staged,
    found,
    bad,
    findings,
    touched,
  };
}

/** What comes back is what was written, and nothing is taken for a change of somebody else's. */
async function expectSame(records: readonly GraphRecord[]) {
  const result = await written(records);
  const { expected, staged, found, bad, findings, touched } = result;
  expect([String(staged), String(found), bad, findings, touched]).toEqual([
    String(expected),
    String(expected),
    [],
    [],
    [],
  ]);
  return result;
}

test("random graphs come back exactly", async () => {
  await fc.assert(
    fc.asyncProperty(graph, async (records) => void (await expectSame(records))),
    { numRuns: atLevel({ quick: 60, normal: 200, long: 2_000, full: 5_000 }) },
  );
}, 120_000);

const hard = memory("a\u0000b", {
  ...{ big: 2n ** 53n + 1n, huge: 2n ** 64n, one: 1, zero: -0, nan: Number.NaN, endless: Number.NEGATIVE_INFINITY },
  ...{ none: "", list: "[]", empty: [], space: " a\r\n\tb ", nul: "a\0b", half: "x\ud800", tags: ["<&>", '"', "Yes"] },
  ...{ yes: "Yes", no: "no", nothing: "null", tilde: "~", date: "2024-01-31", time: "12:30:45", octal: "007", y: "y" },
  ...{
    'na"me: #\u0001': "v",
    labels: "own",
    memorygraph: "own",
    __proto__x: 1n,
    "5": "five",
    "<<": "merge",
    "": "empty",
  },
  ...{
    tiny: 5e-324,
    large: 1e21,
    most: Number.MAX_VALUE,
    place: new Point(4326, 1, 2),
    day: new Temporal("date", "2024-01-31"),
  },
  ...{
    map: new Map([["$date", "x"]]),
    lists: [["a", ["b"]], [null]],
    mixed: [1n, 1.5, "1", true],
    long: "k".repeat(200),
  },
  ...{ ["k".repeat(300)]: "long name", "\ud800": "half a name", next: "a\u0085b\u2028c\u2029d\ufeffe\uffff" },
});
const without = Properties.from([["text", "no id"]]);
const entity: GraphNode = {
  ...{ kind: "node", key: keyOfContent(contentOf({ labels: ["Entity", "b:c"], properties: without }), 1) },
  ...{ labels: ["Entity", "b:c"], properties: without },
};
const joined: GraphRecord = {
  ...{ kind: "relationship", from: hard.key, to: entity.key, type: "SOLVES" },
  properties: Properties.from([
    ["id", "r"],
    ["context", "`code` [[note]] %%x%% $$y$$ \u2028 \ud800 \0"],
    ["strength", 1],
    ["lists", [[1n], [[2]]]],
  ]),
};

test("hard values, names, nodes without ids, equal nodes and parallel relationships are held exactly", async () => {
  const equal = { ...entity, key: entity.key.replace(/1$/, "2") };
  const own = Object.defineProperty({}, "__proto__", { value: "own", enumerable: true }) as Record<string, string>;
  const odd = { ...joined, type: "a `b` ]] \n|c", from: entity.key, to: hard.key };
  const bare = { ...joined, properties: Properties.from([]) };
  const shared = { ...joined, hasDuplicateId: true } as const;
  await expectSame([
    ...[hard, memory("proto", own), entity, equal, shared, shared, bare, bare],
    ...[{ ...odd, hasDuplicateId: true } as const],
  ]);
});

test("relationships with ends that do not exist are held, also where a note has the name of the missing one", async () => {
  const far = { ...joined, properties: Properties.from([["id", "far"]]) };
  await expectSame([
    memory("a", { title: "gone" }),
    { ...far, from: "=a", to: "=gone" },
    { ...far, from: "=gone", to: "=a", properties: Properties.from([["id", "back"]]) },
    { ...far, from: "=gone", to: "=\ud800", properties: Properties.from([]) },
  ]);
});

const CONTENTS = [
  ...[
    "",
    " ",
    "\n",
    "a\n",
    "\n\na",
    "a  \nb",
    "a\r\nb",
    "a\rb",
    "\ufeffa",
    "a\0b",
    "\ud800",
    "---\na: b\n---\n",
    "---",
  ],
  ...[
    "## Relationships",
    "x\n## Relationships\n\n- SOLVES [[note]] `{}`",
    "## Relationships  \r\n- x",
    "- SOLVES [[note]]",
  ],
  ...[
    "```js\nopen",
    "~~~~\n```\n",
    "%% open",
    "$$ open",
    "<!-- open",
    "```\nclosed\n```",
    "`tick",
    "[[link|x]] #tag ^block",
    "# title",
  ],
];

test("contents that a note takes for something else are held exactly, and end before the relationships", async () => {
  const nodes = CONTENTS.map((content, n) => memory(`m${n}`, { content, title: `note ${n}` }));
  const odd = [memory("n", { content: 5n }), { ...memory("x"), properties: Properties.from([["id", "x"]]) }];
  const links = nodes.map(
    (node, n): GraphRecord => ({ ...joined, from: node.key, to: "=n", properties: Properties.from([["id", `r${n}`]]) }),
  );
  await expectSame([...nodes, ...odd, ...links]);
});

test("a text of a megabyte, and one of a million brackets, are held exactly and do not stop the reader", async () => {
  const texts = ["x: 'y' # ".repeat(120_000), "[".repeat(1_000_000), " ".repeat(500_000), "- [[".repeat(250_000)];
  const begun = performance.now();
  await expectSame(
    texts.flatMap((text, n) => [
      memory(`c${n}`, { content: `${text}.` }),
      memory(`s${n}`, { summary: text, title: text }),
    ]),
  );
  expect(performance.now() - begun).toBeLessThan(30_000);
});

const TITLES: readonly (readonly [title: string, name: string])[] = [
  ...([
    ["plain", "plain"],
    ['a "b": c/d\\e', "a -b- c-d-e"],
    ["x|y#z^[[w]]", "x-y-z-w"],
    ["<?*>", "untitled"],
  ] as const),
  ...([
    ["CON", "CON_"],
    ["con.txt", "con-txt"],
    ["LPT¹", "LPT¹_"],
    ["nul.a.b", "nul_.a-b"],
    ["console", "console"],
    ["con .b c", "con_.b c"],
  ] as const),
  ...([
    [".hidden", "hidden"],
    ["end. .", "end"],
    ["", "untitled"],
    [" \n\t", "untitled"],
    ["..", "untitled"],
  ] as const),
  ...([
    ["README.md", "README-md"],
    ["v1.2 of it", "v1.2 of it"],
    ["a\nb", "a"],
    ["a\u202egpj.md", "agpj-md"],
    ["%%c%%", "%c%"],
  ] as const),
  ...([
    ["x\0y\ud800", "xy"],
    ["é".repeat(200), "é".repeat(80)],
    ["\u{1f680}".repeat(100), "\u{1f680}".repeat(40)],
  ] as const),
];

test.each(TITLES)("a note about %j is called %j", (title, name) => {
  expect(nameFor(title)).toBe(name);
});

test("whatever the title, the name is one that every file system and every link takes", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ maxLength: 300 })), (title) => {
      const name = nameFor(title);
      expect(name).not.toMatch(/[<>:"/\\|?*#^[\]\p{Cc}\p{Cs}]|^[.\s]|[.\s]$|^(con|aux|nul|prn|com\d|lpt\d)(\.|$)/iu);
      expect(Buffer.byteLength(name)).toBeWithin(1, 190);
      expect(name.isWellFormed()).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("titles that some file system takes for one get numbers, and links lead to the right note", async () => {
  const titles = [
    "Task",
    "task",
    "TASK 2",
    "Task",
    "caf\u00e9",
    "cafe\u0301",
    "stra\u00dfe",
    "STRASSE",
    "memorygraph-migrate",
    "a/b",
    "a:b",
    "a\u200b-b",
  ];
  const nodes = titles.map((title, n) => memory(`t${n}`, { title }));
  const links = nodes.map(
    (node, n): GraphRecord => ({
      ...joined,
      from: "=t0",
      to: node.key,
      properties: Properties.from([["id", `r${n}`]]),
    }),
  );
  const { notes, path } = await expectSame([...nodes, ...links]);
  expect(notes.length).toBe(titles.length);
  expect(new Set(notes.map(folded)).size).toBe(titles.length);
  for (const name of notes) expect(readFileSync(join(path, "Task.md"), "utf8")).toContain(`[[${name.slice(0, -3)}]]`);
});

test.each([
  "0.12.4",
  "0.13.0",
] as const)("a store of %s goes there and back, and the folder is private and never written to again", async (release) => {
  const source = at(copyFixture(release, folder, `from-${release}.db`));
  const target = named(`of-${release}`);
  const { result } = await runMigration(source, target, {}, {});
  expect([result.errors, result.verified, result.losses, result.notes]).toEqual([[], true, [], []]);
  const back = at(folder.file(`back-${release}.db`));
  const returned = (await runMigration(target, back, {}, {})).result;
  expect([returned.errors, returned.verified, returned.notes]).toEqual([[], true, []]);
  expect(returned.source?.before.release).toBe(result.source!.before.release);
  expect((await compareConfigured(source, back, () => {})).identical).toBe(true);
  if (has.modes) {
    expect(statSync(target.path!).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(target.path!)) expect(statSync(join(target.path!, name)).mode & 0o777).toBe(0o600);
  }
  const before = listing(target.path!);
  expect((await runMigration(source, target, {}, {})).result.errors).toMatchObject([{ code: "refused" }]);
  expect(listing(target.path!)).toEqual(before);
  expect(listing(folder.path).filter((name) => String(name).includes(".tmp"))).toEqual([]);
});
