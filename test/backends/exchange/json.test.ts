/** JSON files as sources: every record of theirs arrives with its exact values, and what they cannot have held is said. */
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { BackendConfig } from "../../../src/backends/config.ts";
import { piecesOfDocument, piecesOfLines } from "../../../src/backends/exchange/pieces.ts";
import { loadBackend } from "../../../src/backends/registry.ts";
import { MigrateError } from "../../../src/errors.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { inspectStore } from "../../../src/operations/inspect.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import type { MigrationOptionsInput } from "../../../src/operations/models.ts";
import type { Plain, PlainGraph } from "../../conformance/corpus.ts";
import { linesOf, plainJson } from "../../conformance/graph.ts";
import { listing, temporaryFolder } from "../../support/folder.ts";
import { atLevel } from "../../support/level.ts";
import { at, readAll, settle } from "../../support/stores.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const EXPORTS = ["1.0-from-0.8.3", "2.0-from-0.12.4", "2.0-from-0.13.0"];
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let files = 0;

function json(text: string, name = `${++files}.json`): BackendConfig {
  writeFileSync(folder.file(name), text);
  return new BackendConfig({ type: "json", path: settle(folder.file(name)) });
}

function fresh(): BackendConfig {
  return at(folder.file(`${++files}.db`));
}

async function migrate(from: BackendConfig, to: BackendConfig, options: MigrationOptionsInput = {}) {
  return (await runMigration(from, to, options, {})).result;
}

async function records(from: BackendConfig) {
  const store = await (await loadBackend(from)).openForReading(from);
  try {
    const found = [];
    for await (const batch of store.read()) found.push(...batch);
    return { found, findings: store.findings() };
  } finally {
    await store.close();
  }
}

interface Parsed {
  readonly memories: readonly Record<string, Plain>[];
  readonly relationships: readonly Record<string, Plain>[];
}

/** What an export holds, by a parser of the tests; ids of relationships that have none are left out. */
function graphOfExport(path: string): { graph: PlainGraph; named: boolean } {
  const { memories, relationships } = plainJson(readFileSync(path, "utf8")) as unknown as Parsed;
  const nodes = memories.map(({ context, ...fields }) => {
    const inner = Object.entries((context ?? {}) as Record<string, Plain>);
    const flat = Object.fromEntries(inner.map(([name, value]) => [`context_${name}`, value]));
    return { name: String(fields.id), labels: ["Memory"], properties: reals({ ...fields, ...flat }) };
  });
  const joined = relationships.map(({ from_memory_id, to_memory_id, type, properties, ...more }) => ({
    ...{ from: String(from_memory_id), to: String(to_memory_id), type: String(type) },
    properties: reals({ ...(properties as unknown as Record<string, Plain>), ...more }),
  }));
  return { graph: { nodes, relationships: joined }, named: relationships.every(({ id }) => id !== undefined) };
}

/** JavaScript writes 1 where Python writes 1.0. */
function reals(fields: Record<string, Plain>): Record<string, Plain> {
  const real = ["importance", "confidence", "effectiveness", "strength", "success_rate"];
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      real.includes(name) && typeof value === "bigint" ? Number(value) : value,
    ]),
  );
}

/** The records of a SQLite file in the terms of the tests. */
async function graphOf(path: string, keepIds: boolean): Promise<PlainGraph> {
  const { records: all } = await readAll(path);
  const plain = (entries: Iterable<readonly [string, unknown]>): Record<string, Plain> =>
    Object.fromEntries([...entries].map(([name, value]) => [name, plainOf(value)]));
  const plainOf = (value: unknown): Plain =>
    value instanceof Map
      ? (plain(value) as unknown as Plain)
      : Array.isArray(value)
        ? value.map(plainOf)
        : (value as Plain);
  const keep = ([name]: readonly [string, unknown]) => keepIds || name !== "id";
  return {
    nodes: all
      .filter((record) => record.kind === "node")
      .map(({ key, labels, properties }) => ({ name: key, labels, properties: plain(properties.entries()) })),
    relationships: all
      .filter((record) => record.kind === "relationship")
      .map(({ from, to, type, properties }) => ({
        ...{ from, to, type },
        properties: plain([...properties.entries()].filter(keep).filter(([name]) => !DEFAULTED.has(name))),
      })),
  };
}

/** What a layout fills in. */
const DEFAULTED = new Set(["valid_from", "recorded_at"]);

describe.each(EXPORTS)("MemoryGraph's export %s", (name) => {
  const path = folder.file(`${name}.json`);
  copyFileSync(join(FIXTURES, `export-${name}.json`), path);
  const config = new BackendConfig({ type: "json", path: settle(path) });

  test("arrives with every record and field, in each layout, and compares as equal", async () => {
    const { graph, named } = graphOfExport(path);
    expect(graph.nodes.length).toBeGreaterThan(10);
    for (const release of ["0.12", "0.13"] as const) {
      const target = fresh();
      const result = await migrate(config, target, { for: release });
      expect([result.errors, result.verified, result.complete]).toEqual([[], true, true]);
      const told = JSON.stringify(result.notes);
      expect(told).toContain("never the whole store");
      expect(told).toContain("usage_count");
      expect((await compareConfigured(config, target, () => {})).identical).toBe(true);
      if (release === "0.12") expect(linesOf(await graphOf(target.path!, named))).toEqual(linesOf(graph));
    }
  });

  test("is the same in every reading, and is left as it was", async () => {
    const before = listing(folder.path);
    const [first, second] = [await inspectStore(config, () => {}), await inspectStore(config, () => {})];
    expect(first.digest).toBe(second.digest);
    expect(first).toMatchObject({ readableBy: [], damage: [], store: { backend: "json", layout: "export" } });
    expect(listing(folder.path)).toEqual(before);
  });
});

const memory = (id: string, more = "") => `{"id":"${id}","type":"task","title":"t","content":"c"${more}}`;
const relationship = (from: string, to: string, more = "") =>
  `{"from_memory_id":"${from}","to_memory_id":"${to}","type":"SOLVES","properties":{"strength":0.5}${more}}`;
const document = (memories: string[], relationships: string[] = [], head = '"format_version":"2.0",') =>
  `{${head}"memories":[${memories.join(",")}],"relationships":[${relationships.join(",")}]}`;

describe("an export", () => {
  test("keeps 1 apart from 1.0, integers beyond 2^53, and text of every kind", async () => {
    const metadata = '{"a":1,"b":1.0,"c":9007199254740993,"d":-0.0,"e":1e300,"f":[],"g":"\\ud800","h":"\\u0000"}';
    const source = json(
      document([
        memory("a", `,"importance":1,"usage_count":9007199254740993,"context":{"additional_metadata":${metadata}}`),
      ]),
    );
    const { found } = await records(source);
    const { properties } = found[0]!;
    expect(properties.get("importance")).toBe(1);
    expect(properties.get("usage_count")).toBe(9007199254740993n);
    expect(properties.get("context_additional_metadata")).toEqual(
      new Map<string, unknown>([
        ...Object.entries({ a: 1n, b: 1, c: 9007199254740993n, d: -0, e: 1e300, f: [], g: "\ud800", h: "\0" }),
      ]) as never,
    );
    for (const release of ["0.12", "0.13"] as const) {
      expect(await migrate(source, fresh(), { for: release })).toMatchObject({ errors: [], verified: true });
    }
  });

  test("with more fields than the oldest, as 0.100 writes it, gives all of them", async () => {
    const more = `,"usage_count":3,"version":2,"last_accessed":"2024-01-01T00:00:00Z","effectiveness":0.5`;
    const joined = relationship("a", "a", `,"id":"r","created_at":"2024-01-01T00:00:00Z"`);
    const { found } = await records(json(document([memory("a", more)], [joined])));
    expect(found[0]!.properties.get("effectiveness")).toBe(0.5);
    expect(found[0]!.properties.get("version")).toBe(2n);
    expect(found[1]!.properties.get("id")).toBe("r");
    expect(found[1]!.properties.get("created_at")).toBe("2024-01-01T00:00:00Z");
  });

  test("may have its relationships first, its members in any order, a mark of its encoding and any space", async () => {
    const text = `\ufeff \n{ "relationships" :\t[ ${relationship("a", "b")} , ${relationship("b", "a")} ],
      "memories": [ ${memory("a")} ,\r\n${memory("b")} ] , "export_version" : "1.0" }\n\n`;
    const result = await migrate(json(text), fresh());
    expect([result.errors, result.imported.nodes, result.imported.relationships]).toEqual([[], 2, 2]);
  });

  test("gives parallel relationships without ids an id each, the same every time", async () => {
    const text = document([memory("a"), memory("b")], [relationship("a", "b"), relationship("a", "b")]);
    const ids = async () => (await records(json(text))).found.slice(2).map(({ properties }) => properties.get("id"));
    const [first, second] = [await ids(), await ids()];
    expect(new Set(first).size).toBe(2);
    expect(first).toEqual(second);
  });

  test("with an id twice, an end that is not there, or a count that is wrong says so", async () => {
    const head = '"format_version":"2.0","memory_count":5,';
    const text = document([memory("a"), memory("a", ',"summary":"s"')], [relationship("a", "nowhere")], head);
    const { notes, count } = await inspectStore(json(text), () => {});
    const told = notes.map(({ what }) => what).join("\n");
    expect(count).toMatchObject({ nodes: 2, relationships: 1 });
    expect(told).toContain("nodes that share their id");
    expect(told).toContain("an end that is not in the file");
    expect(told).toContain("declares 5 memories, and holds 2");
    expect(await migrate(json(text), fresh())).toMatchObject({ errors: [], verified: true });
  });

  test("of a newer format, or with a list that is not known, is not read as if it were whole", async () => {
    const newer = await migrate(json(document([memory("a")], [], '"format_version":"3.0",')), fresh());
    expect(newer.errors[0]).toMatchObject({ message: expect.stringContaining("newer than this release knows") });
    const unknown = json(`{"format_version":"2.0","memories":[${memory("a")}],"relationships":[],"entities":[1,2]}`);
    const refused = await migrate(unknown, fresh());
    expect(refused.errors[0]).toMatchObject({ code: "refused", message: expect.stringContaining("2 records") });
    expect(await migrate(unknown, fresh(), { allowLoss: true })).toMatchObject({ errors: [], complete: false });
  });

  test("that is broken loses only what is broken, and only where that is allowed", async () => {
    const entries = [memory("a"), '{"id":"b","title":tru}', "[1]", memory("c")];
    const broken = json(document(entries, ['{"from_memory_id":"a","type":"X"}', relationship("a", "c")]));
    const refused = await migrate(broken, fresh());
    expect(refused.errors[0]?.code).toBe("damaged");
    expect(refused.errors[0]?.details.join()).toContain("memories[1]");
    const allowed = await migrate(broken, fresh(), { allowLoss: true });
    expect([allowed.errors, allowed.imported.nodes, allowed.imported.relationships]).toEqual([[], 2, 1]);
    expect(allowed.losses.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  test("that is cut anywhere is damaged, and never something unexpected", async () => {
    const text = document([memory("a"), memory("b", ',"tags":["x","\\""]')], [relationship("a", "b")]);
    const bytes = Buffer.from(text);
    for (let length = 30; length < bytes.length; length++) {
      const { errors } = await migrate(json(bytes.subarray(0, length).toString(), "cut.json"), fresh());
      expect([length, errors[0]?.code]).toEqual([length, "damaged"]);
    }
  }, 120_000);

  test("with bytes that are no text says where", async () => {
    const [before, after] = document([memory("a"), memory("XX")]).split("XX");
    const path = folder.file("bytes.json");
    writeFileSync(path, Buffer.concat([Buffer.from(before!), Buffer.from([0xff, 0xfe]), Buffer.from(after!)]));
    const { damage } = await inspectStore(new BackendConfig({ type: "json", path: settle(path) }), () => {});
    expect(damage).toEqual([{ what: "text that is not valid UTF-8", count: 1, examples: ["memories[1]"] }]);
  });

  test("that changes while it is read is noticed", async () => {
    const config = json(document([memory("a")]));
    const store = await (await loadBackend(config)).openForReading(config);
    for await (const batch of store.read()) expect(batch.length).toBe(1);
    writeFileSync(config.path!, document([memory("b")]));
    await expect(store.assertUnchanged()).rejects.toThrow("changed while it was read");
    await store.close();
  });
});

const entity = (name: string, observations: unknown[], more: object = {}) =>
  JSON.stringify({ type: "entity", name, entityType: "person", observations, ...more });
const relation = (from: string, to: string, relationType: string) =>
  JSON.stringify({ type: "relation", from, to, relationType });

describe("the MCP memory server's file", () => {
  const lines = [
    entity("Ada", ["likes tea", "born 1815"]),
    entity("Ada", [], { n: 1 }),
    `${entity("", ["nameless"]).slice(0, -1)},"big":9007199254740993,"real":1.0}`,
    "",
    relation("Ada", "", "depends on"),
    relation("Ada", "", "likes"),
    relation("Ada", "", "likes"),
    relation("Ada", "nobody", "likes"),
  ];

  test("becomes memories that MemoryGraph shows, with the exact entity in their context", async () => {
    const source = json(`${lines.join("\n")}\n`, "memory.jsonl");
    const { found } = await records(source);
    expect(found.map(({ properties }) => properties.get("id")).slice(0, 3)).toEqual(["Ada", "Ada#2", ""]);
    const [ada, , nameless, depends, likes] = found;
    expect(ada!.properties.get("content")).toBe("likes tea\nborn 1815");
    expect(ada!.properties.get("tags")).toEqual(["person"]);
    const metadata = nameless!.properties.get("context_additional_metadata") as Map<string, unknown>;
    expect([metadata.get("big"), metadata.get("real"), metadata.get("entityType")]).toEqual([
      9007199254740993n,
      1,
      "person",
    ]);
    expect(depends).toMatchObject({ type: "DEPENDS_ON", from: "=Ada", to: "=" });
    expect([likes!.kind === "relationship" && likes!.type, likes!.properties.get("context")]).toEqual([
      "RELATED_TO",
      "likes",
    ]);
    for (const release of ["0.12", "0.13"] as const) {
      const result = await migrate(source, fresh(), { for: release });
      expect([result.errors, result.verified, result.imported.nodes, result.imported.relationships]).toEqual([
        [],
        true,
        3,
        4,
      ]);
      expect(JSON.stringify(result.notes)).toContain("times: created_at and updated_at are those of the file");
    }
  });

  test("names lines that are something else, and those that cannot be read", async () => {
    const text = [entity("a", []), '{"type":"note","text":"x"}', "{", relation("a", "a", "KNOWS")].join("\n");
    const source = json(text, "odd.jsonl");
    const { damage, losses, count } = await inspectStore(source, () => {});
    expect(count).toMatchObject({ nodes: 1, relationships: 1 });
    expect([losses, damage].map(([found]) => found?.examples)).toEqual([["line 2"], ["line 3"]]);
    expect((await migrate(source, fresh())).errors[0]?.code).toBe("damaged");
    expect(await migrate(source, fresh(), { allowLoss: true })).toMatchObject({ errors: [], complete: false });
  });
});

test("no bytes at all end in something unexpected", async () => {
  const texts = [
    document([memory("a", ',"tags":["x"],"context":{"languages":["go"]}')], [relationship("a", "a")]),
    [entity("a", ["b"]), relation("a", "a", "KNOWS")].join("\n"),
  ].map((text) => Buffer.from(text));
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (text, changes) => {
        let bytes = Buffer.from(text);
        for (const { at, to, cut } of changes) {
          const place = at % Math.max(1, bytes.length);
          if (cut) bytes = bytes.subarray(0, place);
          else if (bytes.length > 0) bytes[place] = to;
        }
        writeFileSync(folder.file("mutated.json"), bytes);
        const config = new BackendConfig({ type: "json", path: settle(folder.file("mutated.json")) });
        const ended = await inspectStore(config, () => {}).then(
          () => "read",
          (error: unknown) => (error instanceof MigrateError ? "named" : String(error)),
        );
        expect(["read", "named"]).toContain(ended);
      },
    ),
    { numRuns: atLevel({ quick: 100, normal: 300, long: 3_000, full: 10_000 }) },
  );
}, 120_000);

test("the MCP memory server's file is never written to", async () => {
  const path = folder.file("mcp-target.jsonl");
  copyFileSync(join(FIXTURES, "mcp-memory.jsonl"), path);
  const before = readFileSync(path);
  const config = new BackendConfig({ type: "json", path: settle(path) });
  const { errors } = await migrate(json(document([memory("a")])), config);
  expect(errors[0]).toMatchObject({ code: "refused", message: expect.stringContaining("never written to again") });
  expect(readFileSync(path)).toEqual(before);
});

describe("large texts in pieces", () => {
  const anything = fc.jsonValue({ maxDepth: 3 });

  test("give what JSON.parse gives, wherever the windows of the reader end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 8 }), fc.integer({ min: 0, max: 40 }), async (values, shift) => {
        // Values on both sides of the border at 1 MiB, and one that is larger than a window.
        const filler = '\\\\\\"x'.repeat(((1 << 20) - 200) / 6);
        const list = [`${"a".repeat(shift)}`, filler, ...values, "b".repeat((1 << 21) + shift), ...values];
        const text = `{"x": ${JSON.stringify(list)}, "y": ${JSON.stringify(values)}, "z": 1}`;
        writeFileSync(folder.file("pieces.json"), text);
        const file = openSync(folder.file("pieces.json"), "r");
        const got: unknown[] = [];
        for await (const batch of piecesOfDocument(file)) got.push(...batch.map((piece) => JSON.parse(piece.text!)));
        expect(got).toEqual([...(JSON.parse(JSON.stringify([...list, ...values])) as unknown[]), 1]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("and lines, whatever ends the last one", async () => {
    const long = JSON.stringify("é".repeat(1 << 20));
    for (const end of ["", "\n", "\r\n\r\n"]) {
      writeFileSync(folder.file("lines.jsonl"), `1\n\n${long}\r\n${long}${end}`);
      const got: unknown[] = [];
      for await (const batch of piecesOfLines(openSync(folder.file("lines.jsonl"), "r"))) {
        got.push(...batch.map(({ where, text }) => [where, JSON.parse(text!)]));
      }
      expect(got).toEqual([
        ["line 1", 1],
        ["line 3", "é".repeat(1 << 20)],
        ["line 4", "é".repeat(1 << 20)],
      ]);
    }
  });
});
