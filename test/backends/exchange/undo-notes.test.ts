/** A run that made a folder of notes is undone: notes go that nobody has touched, and everything else stays. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { document, program } from "../../cli/program.ts";
import { listing, temporaryFolder } from "../../support/folder.ts";
import { copyFixture } from "../../support/stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const source = copyFixture("0.12.4", folder, "from.db");
let folders = 0;
const DAMAGED = 8;

interface Undone {
  readonly counts: Readonly<Record<string, unknown>>;
  readonly kept: readonly { readonly record: string; readonly heldBy: string | null }[];
  readonly exact: boolean;
}

async function made(before?: (path: string) => void) {
  const path = folder.file(`notes-${++folders}`);
  before?.(path);
  const { code, stderr, stdout } = await program(folder, ["migrate", source, path, "--to", "markdown", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const { run } = document(stdout) as { run: string };
  const note = (name: string) => join(path, `${name}.md`);
  const undo = async (expected: number, ...more: string[]) => {
    const undone = await program(folder, ["rollback", run, "--yes", "--json", ...more]);
    expect([undone.code, expected === 0 ? undone.stderr : ""]).toEqual([expected, ""]);
    return document(expected === DAMAGED ? undone.stderr : undone.stdout) as Undone;
  };
  return { path, note, undo };
}

const left = () => listing(folder.path).filter((line) => /\.tmp|notes-\d+\.failed/.test(String(line)));

test("that nobody has touched: the folder is gone, and nothing is left beside it", async () => {
  const { path, undo } = await made();
  expect(await undo(0)).toMatchObject({ exact: true, kept: [] });
  expect(existsSync(path)).toBe(false);
  expect(left()).toEqual([]);
});

test("that took the place of an empty folder: that is there again", async () => {
  const { path, undo } = await made((name) => mkdirSync(name, { mode: 0o755 }));
  await undo(0);
  expect(readdirSync(path)).toEqual([]);
});

test("with files of Obsidian and others in it: these stay, alone", async () => {
  const { path, undo } = await made();
  mkdirSync(join(path, ".obsidian"));
  writeFileSync(join(path, ".obsidian", "app.json"), "{}");
  writeFileSync(join(path, "picture.png"), "x");
  await undo(0);
  expect(readdirSync(path).sort()).toEqual([".obsidian", "picture.png"]);
  expect(readdirSync(join(path, ".obsidian"))).toEqual(["app.json"]);
});

test("with notes that somebody has changed or added: these stay, with what they are joined to, byte for byte", async () => {
  const { path, note, undo } = await made();
  const texts = (names: readonly string[]) => names.map((name) => readFileSync(note(name), "utf8"));
  appendFileSync(note("T3 cache"), "A thought.\n");
  writeFileSync(
    note("T11 café"),
    readFileSync(note("T11 café"), "utf8").replace("---\n", "---\n# a comment that YAML readers pass over\n"),
  );
  writeFileSync(note("Own"), "Mine.\n\n## Relationships\n\n- SOLVES [[T12 redis]]\n");
  const before = texts(["Own", "T12 redis", "T3 cache", "T11 café"]).map((text) => text.split("\n## Relationships")[0]);
  const rehearsed = await undo(0, "--dry-run");
  const { kept, counts, exact } = await undo(3);
  expect(rehearsed.kept).toEqual(kept);
  expect(exact).toBe(false);
  expect(kept.map(({ record, heldBy }) => [record, heldBy !== null]).sort()).toEqual([
    ["node m-000003", false],
    ["node m-000011", false],
    ["node m-000012", true],
  ]);
  expect(counts).toMatchObject({ removed: { nodes: 57, relationships: 120 }, others: 2 });
  expect(readdirSync(path).sort()).toEqual([
    "Own.md",
    "T11 café.md",
    "T12 redis.md",
    "T3 cache.md",
    "memorygraph-migrate.md",
  ]);
  expect(
    texts(["Own", "T12 redis", "T3 cache", "T11 café"]).map((text) => text.split("\n## Relationships")[0]),
  ).toEqual(before);
  expect(readFileSync(note("T3 cache"), "utf8")).toEndWith("A thought.\n");
  // The run stays open for what is left; asked for, that goes as well, and what others have written does not.
  const rest = await undo(3, "--changed");
  expect(rest.kept.map(({ record }) => record)).toEqual(["node m-000012"]);
  expect(readdirSync(path).sort()).toEqual(["Own.md", "T12 redis.md", "memorygraph-migrate.md"]);
});

test("that was renamed, with notes that Obsidian has renamed in it", async () => {
  const { path, note, undo } = await made();
  renameSync(note("T12 redis"), note("Redis"));
  for (const name of readdirSync(path)) {
    const file = join(path, name);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("[[T12 redis]]", "[[Redis]]"));
  }
  expect((await undo(0)).kept).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

test("with a note that cannot be read: nothing is removed", async () => {
  const { path, note, undo } = await made();
  writeFileSync(note("T3 cache"), "---\na: [\n---\n");
  const before = listing(path);
  expect(await undo(DAMAGED)).toMatchObject({ error: "damaged" });
  expect(listing(path)).toEqual(before);
});
