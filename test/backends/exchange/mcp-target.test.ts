/** The MCP memory server's file as a target: what is written is read back unchanged, by us and by the server itself. */
// @level normal
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "../../../scripts/engines/cache.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { mcp } from "../../../src/backends/exchange/mcp.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphRecord, keyOfContent } from "../../../src/graph/record.ts";
import { Point } from "../../../src/graph/value.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { at, copyFixture, settle } from "../../support/stores.ts";
import { has } from "../../support/system.ts";
import { comeBack, memory, writtenTo } from "./graphs.ts";

const VERSION = "2026.8.31";
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const named = (name: string) => new BackendConfig({ type: "mcp", path: folder.file(name) });
const written = (records: readonly GraphRecord[]) => writtenTo(mcp, named("written.jsonl"), records);

interface ServerGraph {
  readonly entities: readonly { name: string; entityType: string; observations: string[] }[];
  readonly relations: readonly { from: string; to: string; relationType: string }[];
}

/** Null, with a line that says so, where npm does not give the server. */
function serverFolder(): string | null {
  try {
    return cached(`server-memory-${VERSION}`, (into) => {
      writeFileSync(join(into, "package.json"), "{}");
      const install = ["npm", "install", "--prefix", into, "--silent", "--no-audit", "--no-fund"];
      const { ok, error } = run([...install, `@modelcontextprotocol/server-memory@${VERSION}`]);
      if (!ok) throw new Error(error.slice(-300));
    });
  } catch (error) {
    if (Bun.env.REQUIRE_ORACLE) throw error;
    console.warn(`SKIPPED: no tests against the MCP memory server: ${error}`);
    return null;
  }
}

const installed = serverFolder();

/** What the server gives for the whole graph, asked for after a call that makes it write the file anew, if there is one. */
async function asked(path: string, ...calls: readonly [tool: string, given: object][]): Promise<ServerGraph> {
  const child = Bun.spawn(
    ["node", join(installed!, "node_modules/@modelcontextprotocol/server-memory/dist/index.js")],
    {
      env: { ...Bun.env, MEMORY_FILE_PATH: path },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    },
  );
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const client = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "test", version: "1" } };
  try {
    const answers = linesOf(child.stdout);
    const ask = async (method: string, params: object) => {
      send({ id: 1, method, params });
      return JSON.parse((await answers.next()).value!) as { result: { content: { text: string }[] } };
    };
    await ask("initialize", client);
    send({ method: "notifications/initialized" });
    for (const [name, given] of calls) await ask("tools/call", { name, arguments: given });
    const { result } = await ask("tools/call", { name: "read_graph", arguments: {} });
    return JSON.parse(result.content[0]!.text) as ServerGraph;
  } finally {
    child.kill();
    await child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

test("random graphs come back as they were, but for what a loss names", () => comeBack(written), 120_000);

test("values that JSON has not are held exactly", async () => {
  const { losses, expected, found } = await written([
    memory("m", { place: new Point(4326, 1, 2), big: 2n ** 53n + 1n, one: 1, zero: -0, nan: Number.NaN, none: "" }),
  ]);
  expect([losses, String(found)]).toEqual([[], String(expected)]);
});

test("what has no place in the file is named as a loss", async () => {
  const joined: GraphRecord = {
    ...{ kind: "relationship", from: "=m", to: "=e", type: "SOLVES" },
    properties: Properties.from([["id", "r"]]),
  };
  const copy = { ...memory("twice"), key: keyOfContent("ab".repeat(16), 1) };
  const { losses } = await written([memory("m"), memory("e", {}, ["Entity"]), copy, joined]);
  const told = losses.map(({ what }) => what);
  for (const what of ["a node that is no memory", "a node that shares its id", "a relationship of a node"])
    expect(told.find((loss) => loss.startsWith(what))).toBeDefined();
});

describe.each(["0.12.4", "0.13.0"] as const)("a store of %s", (release) => {
  const source = at(copyFixture(release, folder, `from-${release}.db`));
  const target = named(`of-${release}.jsonl`);

  test("goes there and back with nothing changed, and the file is never overwritten", async () => {
    const { result } = await runMigration(source, target, {}, {});
    expect([result.errors, result.verified, result.losses]).toEqual([[], true, []]);
    expect(result.notes.map(({ what }) => what).join()).toContain("leaves out when it first writes");
    if (has.modes) expect(statSync(target.path!).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(target.path!);
    if (release === "0.12.4") {
      const line = bytes
        .toString()
        .split("\n")
        .find((text) => text.includes('"m-000000"'))!;
      expect(JSON.parse(line).observations).toEqual(["T0 backoff", expect.stringContaining("line2\r\nline3\ttab")]);
    }
    const back = at(folder.file(`back-${release}.db`));
    const returned = (await runMigration(target, back, {}, {})).result;
    expect([returned.verified, returned.notes]).toEqual([true, []]);
    expect((await compareConfigured(source, back, () => {})).identical).toBe(true);
    expect((await runMigration(source, target, {}, {})).result.errors).toMatchObject([{ code: "refused" }]);
    expect(readFileSync(target.path!).equals(bytes)).toBe(true);
  });

  test.skipIf(installed === null)(
    "is what the server itself reads, and keeps in the part that is its own",
    async () => {
      const path = folder.file(`served-${release}.jsonl`);
      const { imported, verified } = (await runMigration(source, named(`served-${release}.jsonl`), {}, {})).result;
      const { entities, relations } = await asked(path);
      expect([verified, entities.length, relations.length]).toEqual([true, imported.nodes, imported.relationships]);
      expect(relations.length).toBeGreaterThan(10);
      const first = entities[0]!;
      expect(first.observations.length).toBe(2);
      const all = new Set(entities.map(({ name }) => name));
      expect(relations.filter(({ from, to }) => !all.has(from) || !all.has(to))).toEqual([]);
      const added = { observations: [{ entityName: first.name, contents: ["seen again"] }] };
      const after = await asked(path, ["add_observations", added]);
      expect(after.entities.find(({ name }) => name === first.name)?.observations).toContain("seen again");
      expect(after.relations).toEqual(relations as never);
      const back = at(folder.file(`served-${release}.db`));
      const config = new BackendConfig({ type: "mcp", path: settle(path) });
      expect((await runMigration(config, back, {}, {})).result.imported).toMatchObject(imported);
    },
  );
});

test("what somebody changed in a line counts, not what stands beside it", async () => {
  const target = named("edited.jsonl");
  await runMigration(at(copyFixture("0.12.4", folder, "to-edit.db")), target, {}, {});
  const lines = readFileSync(target.path!, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [first, second] = lines.filter(({ type }) => type === "entity");
  const link = lines.find(({ type }) => type === "relation");
  first.observations[1] = "corrected by hand";
  second.entityType = "person";
  link.relationType = "reminds of";
  const path = folder.file("edited-by-hand.jsonl");
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const back = folder.file("edited-by-hand.db");
  const { result } = await runMigration(new BackendConfig({ type: "mcp", path: settle(path) }), at(back), {}, {});
  expect(result.notes).toMatchObject([{ what: expect.stringContaining("were changed after this program"), count: 3 }]);
  using database = new Database(back, { readonly: true });
  const properties = (id: string) =>
    JSON.parse(
      database.query<{ properties: string }, [string]>("SELECT properties FROM nodes WHERE id = ?").get(id)!.properties,
    );
  expect(properties(first.name)).toMatchObject({ title: first.observations[0], content: "corrected by hand" });
  expect(properties(second.name)).toMatchObject({ type: "general", tags: expect.arrayContaining(["person"]) });
  const types = database.query<{ n: number }, []>(
    "SELECT count(*) AS n FROM relationships WHERE rel_type = 'RELATED_TO' AND properties LIKE '%reminds of%'",
  );
  expect(types.get()).toEqual({ n: 1 });
});

test("a file of the server's goes through a store and comes back with the same entities and relations", async () => {
  const lines = [
    { type: "entity", name: "Ada", entityType: "person", observations: ["likes tea", 'says "\\u0000"', ""] },
    { type: "entity", name: "x".repeat(300), entityType: "", observations: [] },
    { type: "entity", name: "line\nbreak \ud83d\ude00", entityType: "thing", observations: ["[]", "1.0"] },
    { type: "relation", from: "Ada", to: "line\nbreak \ud83d\ude00", relationType: "made by" },
    { type: "relation", from: "Ada", to: "Ada", relationType: "solves" },
  ];
  const path = folder.file("original.jsonl");
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join("\n"));
  const original = new BackendConfig({ type: "mcp", path: settle(path) });
  const store = at(folder.file("through.db"));
  const again = named("again.jsonl");
  for (const [from, to] of [
    [original, store],
    [store, again],
  ] as const) {
    const { result } = await runMigration(from, to, {}, {});
    expect([result.errors, result.verified, result.losses]).toEqual([[], true, []]);
  }
  const own = readFileSync(again.path!, "utf8").trim().split("\n");
  const without = own.map((line) => ({ ...JSON.parse(line), memorygraph: undefined }));
  const byText = (list: readonly object[]) => list.map((line) => JSON.stringify(line)).sort();
  expect(byText(without)).toEqual(byText(lines));
  expect((await compareConfigured(original, again, () => {})).identical).toBe(true);
});
