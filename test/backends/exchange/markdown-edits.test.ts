/** What people do to a folder of notes, in Obsidian or beside it, counts when it is read again; what is damaged is named. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../../src/backends/config.ts";
import { markdown } from "../../../src/backends/exchange/markdown/markdown.ts";
import { Properties } from "../../../src/graph/properties.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "../../../src/graph/record.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { listing, temporaryFolder } from "../../support/folder.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { has } from "../../support/system.ts";
import { memory } from "./graphs.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let folders = 0;

const link = (from: string, to: string, id: string, type = "SOLVES"): GraphRecord => ({
  ...{ kind: "relationship", from: `=${from}`, to: `=${to}`, type },
  properties: Properties.from([
    ["id", id],
    ["strength", 1],
  ]),
});
const RECORDS = [
  ...[memory("a", { title: "Alpha", big: 2n ** 60n, ends: "x  " }), memory("b", { title: "Beta" })],
  ...[memory("c", { title: "Gamma", content: "exact \r\n  " }), memory("e", { title: "Entity" }, ["Entity"])],
  ...[link("a", "b", "r1"), link("a", "c", "r2"), link("b", "a", "r3", "odd `type`"), link("c", "c", "r4")],
];

/** A folder with the notes of RECORDS. */
async function notes(): Promise<{ readonly config: BackendConfig; readonly file: (name: string) => string }> {
  const config = new BackendConfig({ type: "markdown", path: folder.file(`notes-${++folders}`) });
  const session = await markdown.openForWriting(config, { release: null, fallbackRelease: "0.12" });
  await session.write(RECORDS);
  await session.finish();
  await session.commit();
  return { config, file: (name) => join(config.path!, `${name}.md`) };
}

function edit(file: string, ...changes: readonly (readonly [from: string | RegExp, to: string])[]): void {
  let text = readFileSync(file, "utf8");
  for (const [from, to] of changes) {
    expect(text.replace(from, to)).not.toBe(text);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
}

async function read(config: BackendConfig) {
  const source = await markdown.openForReading(config);
  const nodes = new Map<string, GraphNode>();
  const relationships = new Map<string, GraphRelationship>();
  for await (const batch of source.read()) {
    for (const record of batch) {
      if (record.kind === "node") nodes.set(record.key, record);
      else relationships.set(String(record.properties.get("id")), record);
    }
  }
  const told = [...(await source.describe("counts")).findings, ...source.findings()];
  await source.assertUnchanged();
  await source.close();
  const said = (key: string) => Object.fromEntries(nodes.get(key)!.properties.entries());
  return { nodes, relationships, said, told: told.map(({ kind, what, count }) => `${kind} ${count} ${what}`) };
}

async function digest(config: BackendConfig): Promise<string> {
  const source = await markdown.openForReading(config);
  const found = String(await digestOf(source.read()));
  await source.close();
  return found;
}

test("properties, text, labels, types and links that somebody has changed count, and everything else stays exact", async () => {
  const { config, file } = await notes();
  edit(file("Alpha"), ['title: "Alpha"', "title: Alpha edited"], ["\n---\nC\n", "\nown: [x, 1]\n---\nNew text\n"]);
  edit(file("Alpha"), ["- SOLVES [[Beta]]", "- CAUSES [[Gamma|that]]"]);
  edit(file("Beta"), [/^type: .*\n/m, ""], ['id: "b"', "id: b"]);
  edit(file("Gamma"), ["\nexact", "\ninexact"]);
  edit(file("Entity"), [/labels: .*/, 'labels: ["Entity", "Person"]']);
  const { nodes, relationships, said, told } = await read(config);
  expect(said("=a")).toEqual({
    ...{
      id: "a",
      type: "task",
      title: "Alpha edited",
      content: "New text",
      big: 2n ** 60n,
      ends: "x  ",
      own: ["x", 1n],
    },
  });
  expect(said("=b")).toEqual({ id: "b", title: "Beta", content: "C" });
  expect(said("=c").content).toBe("inexact");
  expect(nodes.get("=e")!.labels).toEqual(["Entity", "Person"]);
  expect(relationships.get("r1")).toMatchObject({ type: "CAUSES", from: "=a", to: "=c" });
  expect(relationships.get("r1")!.properties.get("strength")).toBe(1);
  expect(relationships.get("r3")).toMatchObject({ type: "odd `type`", to: "=a" });
  expect(told).toEqual([
    "note 4 notes that were changed after this program wrote them: what stands in them now counts",
  ]);
});

test("a value that was too exact for front matter gives way to what somebody has put in its place", async () => {
  const { config, file } = await notes();
  edit(file("Alpha"), [/^big: .*/m, "big: 5"]);
  expect((await read(config)).said("=a").big).toBe(5n);
  edit(file("Alpha"), [/^big: .*\n/m, ""]);
  expect((await read(config)).said("=a")).not.toHaveProperty("big");
});

test("a note that was renamed or moved is found by its links, as far as Obsidian has rewritten them, else by its id", async () => {
  const { config, file } = await notes();
  const before = await digest(config);
  mkdirSync(join(config.path!, "Sub folder"));
  renameSync(file("Beta"), file("Sub folder/Renamed"));
  edit(file("Alpha"), ["[[Beta]]", "[[Sub folder/Renamed|Beta]]"]);
  expect(await digest(config)).toBe(before);
  edit(file("Alpha"), ["[[Sub folder/Renamed|Beta]]", "[Beta](Sub%20folder/Renamed.md)"]);
  expect(await digest(config)).toBe(before);
  renameSync(file("Gamma"), file("gamma two"));
  expect(await digest(config)).toBe(before);
  expect((await read(config)).told).toEqual([]);
});

test("editors that change line ends, blank lines and the mark at the beginning change nothing", async () => {
  const { config } = await notes();
  const before = await digest(config);
  for (const name of readdirSync(config.path!)) {
    const text = readFileSync(join(config.path!, name), "utf8");
    writeFileSync(join(config.path!, name), `\ufeff${text.trimEnd().replace(/\r?\n/g, "\r\n")}\r\n\r\n`);
  }
  expect(await digest(config)).toBe(before);
  expect((await read(config)).told).toEqual([]);
});

test("notes and relationships that people have written become memories, and text behind the list is kept", async () => {
  const { config, file } = await notes();
  mkdirSync(file("Ideas").slice(0, -3));
  writeFileSync(
    file("Ideas/Tea"),
    "Likes [[Alpha]] tea.\n\n## Relationships\n\n- solves [[Alpha]]\n- reminds of [[Beta#part]]\nno link\n",
  );
  writeFileSync(file("With front"), "---\nid: own\ntags: x, y\nimportance: 0.5\n---\ntext");
  appendFileSync(file("Alpha"), "- [[Tea]]\n\nA last thought.\n");
  writeFileSync(join(config.path!, "picture.png"), "x");
  mkdirSync(join(config.path!, ".obsidian"));
  writeFileSync(join(config.path!, ".obsidian/hidden.md"), "x");
  if (has.symlinks) symlinkSync(file("Alpha"), file("link"));
  const { nodes, relationships, said, told } = await read(config);
  expect(nodes.size).toBe(6);
  const tea = said("=Ideas/Tea");
  expect(tea).toMatchObject({ type: "general", title: "Tea", content: "Likes [[Alpha]] tea.\n\nno link", tags: [] });
  expect(tea.created_at).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect(said("=own")).toMatchObject({ title: "With front", tags: ["x", "y"], importance: 0.5, content: "text" });
  expect(said("=a").content).toBe("C\n\nA last thought.");
  const added = [...relationships.values()].filter(({ from, to }) => [from, to].includes("=Ideas/Tea"));
  expect(added.map(({ from, to, type, properties }) => [from, to, type, properties.get("context")])).toEqual([
    ["=a", "=Ideas/Tea", "RELATED_TO", ""],
    ["=Ideas/Tea", "=a", "SOLVES", "solves"],
    ["=Ideas/Tea", "=b", "RELATED_TO", "reminds of"],
  ]);
  expect(told.map((text) => text.slice(0, 39).trim()).sort()).toEqual([
    "note 1 a file that is no note, which is",
    ...(has.symlinks ? ["note 1 a symbolic link, which is not fo"] : []),
    "note 1 notes that were changed after th",
    "note 5 2 notes were written by somebody",
  ]);
});

test("a deleted note takes what begins at it along, and what ends at it stays and is named; a copy is a second memory", async () => {
  const { config, file } = await notes();
  rmSync(file("Beta"));
  const first = await read(config);
  expect([...first.relationships.keys()].sort()).toEqual(["r1", "r2", "r4"]);
  expect(first.relationships.get("r1")!.to).toBe("=b");
  expect(first.told.join()).toContain("an end that is not in the folder");
  writeFileSync(file("Gamma 1"), readFileSync(file("Gamma")));
  const { nodes, told } = await read(config);
  expect(nodes.size).toBe(4);
  expect(told.join()).toContain("share their id");
});

const DAMAGE: readonly (readonly [what: string, change: (file: string) => void])[] = [
  ["front matter that is no YAML", (file) => edit(file, ["title: ", "title: [ "])],
  ["front matter that is a list", (file) => edit(file, [/^---\n[\s\S]*?\n---\n/, "---\n- a\n---\n"])],
  [
    "aliases that grow without end",
    (file) =>
      edit(file, [
        "---\n",
        `---\na: &a [x, x]\n${[..."bcdefghijklmnopqrstuvwxyz"].map((n, at, all) => `${n}: &${n} [*${all[at - 1] ?? "a"}, *${all[at - 1] ?? "a"}]\n`).join("")}`,
      ]),
  ],
  ["nesting without end", (file) => edit(file, ["---\n", `---\na: ${"[".repeat(200_000)}\n`])],
  ["bytes that are not UTF-8", (file) => writeFileSync(file, Buffer.from([0x61, 0xff, 0x0a]))],
  ["the property memorygraph cut off", (file) => edit(file, [/^memorygraph: .*/m, "memorygraph: '{\"digest\":'"])],
  ["the JSON of a relationship cut off", (file) => edit(file, [/"properties":.*`$/m, "`"])],
];

test.each(DAMAGE)("%s is damage, named by its note", async (_, change) => {
  const { config, file } = await notes();
  change(file("Alpha"));
  const refused = await runMigration(config, at(folder.file(`damaged-${folders}.db`)), {}, {});
  expect(refused.result.errors).toMatchObject([{ code: "damaged" }]);
  expect(JSON.stringify(refused.result.errors)).toContain("Alpha.md");
  const allowed = await runMigration(config, at(folder.file(`allowed-${folders}.db`)), { allowLoss: true }, {});
  expect([allowed.result.errors, allowed.result.verified]).toEqual([[], true]);
  expect(allowed.result.imported.nodes).toBeGreaterThanOrEqual(3);
});

test("a newer format, a vault of somebody else's and a folder with something in it are refused by name, and left as they are", async () => {
  const { config, file } = await notes();
  edit(file("memorygraph-migrate"), ["notes 1", "notes 2"]);
  const newer = await runMigration(config, at(folder.file("newer.db")), {}, {});
  expect(newer.result.errors).toMatchObject([{ message: expect.stringContaining("newer than this release knows") }]);
  const vault = folder.file("vault");
  mkdirSync(join(vault, ".obsidian"), { recursive: true });
  writeFileSync(join(vault, "Own.md"), "own");
  const other = new BackendConfig({ type: "markdown", path: vault });
  const foreign = await runMigration(other, at(folder.file("foreign.db")), {}, {});
  expect(foreign.result.errors).toMatchObject([
    { message: expect.stringContaining("is a vault of Obsidian, not a folder of notes") },
  ]);
  const before = listing(vault);
  const source = at(copyFixture("0.13.0", folder));
  const target = await runMigration(source, other, {}, {});
  expect(target.result.errors).toMatchObject([
    { code: "refused", message: expect.stringContaining("with something in it") },
  ]);
  expect(listing(vault)).toEqual(before);
  writeFileSync(folder.file("file.md"), "text");
  const onFile = await runMigration(
    source,
    new BackendConfig({ type: "markdown", path: folder.file("file.md") }),
    {},
    {},
  );
  expect(onFile.result.errors).toMatchObject([{ message: expect.stringContaining("is a text file") }]);
  mkdirSync(folder.file("empty"), { mode: 0o755 });
  const empty = await runMigration(source, new BackendConfig({ type: "markdown", path: folder.file("empty") }), {}, {});
  expect([empty.result.errors, empty.result.verified]).toEqual([[], true]);
});

test("a note that changes while the folder is read is found out", async () => {
  const { config, file } = await notes();
  const source = await markdown.openForReading(config);
  for await (const _ of source.read()) appendFileSync(file("Beta"), "more\n");
  await expect(source.assertUnchanged()).rejects.toThrow("changed while it was read");
  await source.close();
});
