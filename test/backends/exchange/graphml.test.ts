/** GraphML as a target: read back whole by us, and by networkx as far as it goes. */
// @level normal
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { cached, run } from "../../../scripts/engines/cache.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { graphml } from "../../../src/backends/exchange/graphml.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphNode, type GraphRecord, keyOfContent } from "../../../src/graph/record.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { listing, temporaryFolder } from "../../support/folder.ts";
import { atLevel } from "../../support/level.ts";
import { at, copyFixture, settle } from "../../support/stores.ts";
import { graph, memory, thereAndBack } from "./graphs.ts";

const VERSION = "3.4.2";
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const named = (name: string) => new BackendConfig({ type: "graphml", path: folder.file(name) });
let files = 0;

interface Seen {
  readonly nodes: Record<string, Record<string, unknown>>;
  readonly edges: readonly [from: string, to: string, data: Record<string, unknown>][];
}

function networkxFolder(): string | null {
  try {
    return cached(`networkx-${VERSION}`, (into) => {
      const install = ["python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", into];
      const { ok, error } = run([...install, `networkx==${VERSION}`]);
      if (!ok) throw new Error(error.slice(-300));
    });
  } catch (error) {
    if (Bun.env.REQUIRE_ORACLE) throw error;
    console.warn(`SKIPPED: no tests against networkx: ${error}`);
    return null;
  }
}

const installed = networkxFolder();
/** Integers as text, since JSON of JavaScript would round them. */
const READ = `
import json, sys
import networkx
plain = lambda data: {k: f"int {v}" if type(v) is int else repr(v) if type(v) is float else v for k, v in data.items()}
g = networkx.read_graphml(sys.argv[1], force_multigraph=True)
print(json.dumps({"nodes": {n: plain(d) for n, d in g.nodes(data=True)}, "edges": [[a, b, plain(d)] for a, b, d in g.edges(data=True)]}))
`;

function networkx(path: string): Seen {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", "-c", READ, path], {
    env: { ...Bun.env, PYTHONPATH: installed! },
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return JSON.parse(stdout.toString()) as Seen;
}

async function* batchesOf(records: readonly GraphRecord[]) {
  yield records;
}

/** Writes the records to a file of its own, and gives what is read of it once it has its name. */
async function written(records: readonly GraphRecord[]) {
  const config = named(`${++files}.graphml`);
  const session = await graphml.openForWriting(config, { release: null, fallbackRelease: "0.12" });
  await session.write(records);
  await session.finish();
  const staged = await digestOf(session.read());
  await session.commit();
  const source = await graphml.openForReading(config);
  const found = await digestOf(source.read());
  const bad = source.findings();
  await source.close();
  return { path: config.path!, expected: await digestOf(batchesOf(records)), staged, found, bad };
}

test("random graphs come back exactly, and networkx reads each of them", async () => {
  const paths: string[] = [];
  await fc.assert(
    fc.asyncProperty(graph, async (records) => {
      const { path, expected, staged, found, bad } = await written(records);
      expect([String(staged), String(found), bad]).toEqual([String(expected), String(expected), []]);
      paths.push(path);
    }),
    { numRuns: atLevel({ quick: 60, normal: 200, long: 2_000, full: 5_000 }) },
  );
  if (installed === null) return;
  const all =
    "import sys, networkx\nfor p in sys.stdin.read().split(): networkx.read_graphml(p, force_multigraph=True)";
  const { exitCode, stderr } = Bun.spawnSync(["python3", "-c", all], {
    env: { ...Bun.env, PYTHONPATH: installed },
    stdin: Buffer.from(paths.join("\n")),
  });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
}, 120_000);

const hard = memory("a\u0000b", {
  ...{ big: 2n ** 53n + 1n, huge: 2n ** 64n, one: 1, zero: -0, nan: Number.NaN, endless: Number.NEGATIVE_INFINITY },
  ...{ none: "", list: "[]", empty: [], space: " a\r\n\tb ", nul: "a\0b", half: "x\ud800", tags: ["<&>", '"'] },
  ...{ type: "task", label: "L", yes: true, 'na"me <&> \u0001': "v", mixed: 5n },
});
const entity: GraphNode = {
  ...{ kind: "node", key: keyOfContent("ab".repeat(16), 1), labels: ["Entity", "b:c"] },
  properties: Properties.from([["mixed", "five"]]),
};
const joined: GraphRecord = {
  ...{ kind: "relationship", from: hard.key, to: entity.key, type: "SOLVES" },
  properties: Properties.from([
    ["id", "r"],
    ["strength", 0.5],
  ]),
};

test("hard values, names, nodes without ids and parallel relationships are held exactly", async () => {
  const { expected, found } = await written([hard, entity, joined, { ...joined, hasDuplicateId: true }]);
  expect(String(found)).toBe(String(expected));
});

test.skipIf(installed === null)("networkx gets the values of each type as they are", async () => {
  const { path } = await written([hard, entity, joined, joined]);
  const { nodes, edges } = networkx(path);
  const [own] = Object.values(nodes);
  expect(own).toMatchObject({
    ...{ big: "int 9007199254740993", one: "1.0", zero: "-0.0", nan: "nan", endless: "-inf", yes: true },
    ...{ space: " a\r\n\tb ", list: "[]", tags: '["<&>","\\""]', none: "", empty: "[]", nul: '"a\\u0000b"' },
    ...{ memory_type: "task", memory_label: "L", labels: ":Memory", mixed: "int 5", 'na"me <&> _': "v" },
  });
  expect(edges.map(([, , data]) => data)).toEqual(
    [1, 2].map(() => ({
      relationship: "SOLVES",
      relationship_id: "r",
      strength: "0.5",
    })),
  );
});

test.each([
  "0.12.4",
  "0.13.0",
] as const)("a store of %s goes there and back, and the file is never overwritten", async (release) => {
  const source = at(copyFixture(release, folder, `from-${release}.db`));
  const target = named(`of-${release}.graphml`);
  const { imported } = await thereAndBack(source, target, at(folder.file(`back-${release}.db`)));
  expect(listing(folder.path).filter((name) => String(name).includes(".tmp"))).toEqual([]);
  if (installed !== null) {
    const { nodes, edges } = networkx(target.path!);
    expect([Object.keys(nodes).length, edges.length]).toEqual([imported.nodes, imported.relationships]);
  }
});

test("a line that somebody has changed is named, and what another program has written is not taken for ours", async () => {
  const { path } = await written([memory("a"), memory("b")]);
  writeFileSync(path, readFileSync(path, "utf8").replace('<node id="b">', '<node id="b" more="1">'));
  const changed = new BackendConfig({ type: "graphml", path: settle(path) });
  const { result } = await runMigration(changed, at(folder.file("changed.db")), {}, {});
  expect(result.errors).toMatchObject([{ code: "damaged" }]);
  writeFileSync(path, '<?xml version="1.0"?>\n<graphml><graph edgedefault="directed"><node id="a"/></graph></graphml>');
  const foreign = await runMigration(changed, at(folder.file("foreign.db")), {}, {});
  expect(foreign.result.errors).toMatchObject([
    { message: expect.stringContaining("not a GraphML file of memorygraph-migrate") },
  ]);
});
