/** What archives promise beside holding everything: the same bytes for the same contents, versions, modes, bounds. */
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { compress } from "../../../src/backends/archive/frames.ts";
import { LineReader, lineOf } from "../../../src/backends/archive/lines.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { recognise } from "../../../src/backends/recognise.ts";
import { loadBackend } from "../../../src/backends/registry.ts";
import { Properties } from "../../../src/graph/properties.ts";
import type { GraphRecord } from "../../../src/graph/record.ts";
import { Point, Temporal, type Value, Vector } from "../../../src/graph/value.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { readIndependently } from "../../support/independent-reader.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { archiveOf, damageIn, readArchive, recordsOfFixture } from "./archives.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const archive = (name: string) => new BackendConfig({ type: "archive", path: folder.file(name) });

async function move(from: BackendConfig, to: BackendConfig, options = {}) {
  const { result } = await runMigration(from, to, options, {});
  expect([result.errors, result.verified]).toEqual([[], true]);
  return result;
}

/** Decompressed, without the time in the header. */
function linesIn(config: BackendConfig): string {
  const lines = Bun.zstdDecompressSync(readFileSync(config.path!)).toString();
  return lines.replace(/"created":"[^"]+"/, "");
}

test("the same contents give the same bytes but for the header's time", async () => {
  const source = at(copyFixture("0.12.4", folder, "same.db"));
  for (const name of ["one.jsonl.zst", "two.jsonl.zst"]) {
    await move(source, archive(name));
    await Bun.sleep(3);
  }
  expect(readFileSync(folder.file("one.jsonl.zst")).equals(readFileSync(folder.file("two.jsonl.zst")))).toBe(false);
  expect(linesIn(archive("one.jsonl.zst"))).toBe(linesIn(archive("two.jsonl.zst")));
});

test.each([
  "0.12.4",
  "0.13.0",
] as const)("a store of %s is restored row by row, also of a restored one's archive", async (name) => {
  const source = copyFixture(name, folder, `rows-${name}.db`);
  const [first, second] = [archive(`first-${name}.jsonl.zst`), archive(`second-${name}.jsonl.zst`)];
  await move(at(source), first);
  await move(first, at(folder.file(`back-${name}.db`)));
  expect(readIndependently(folder.file(`back-${name}.db`))).toEqual(readIndependently(source));
  await move(at(folder.file(`back-${name}.db`)), second);
  const withoutSource = (text: string) => text.replace(/"source":\{[^}]*\}/, "");
  expect(withoutSource(linesIn(second))).toBe(withoutSource(linesIn(first)));
});

test("what a side table holds is restored as well", async () => {
  // Written for 0.13, a store of 0.12 has something beside most rows.
  const source = at(copyFixture("0.12.4", folder, "side.db"));
  const upgraded = folder.file("side-0.13.db");
  await move(source, at(upgraded), { for: "0.13" });
  await move(at(upgraded), archive("side.jsonl.zst"));
  await move(archive("side.jsonl.zst"), at(folder.file("side-back.db")));
  expect(readIndependently(folder.file("side-back.db"))).toEqual(readIndependently(upgraded));
});

test.if(process.platform !== "win32")("only its owner can read one, whatever the umask", async () => {
  const before = process.umask(0);
  await move(at(copyFixture("0.12.4", folder, "mode.db")), archive("mode.jsonl.zst"));
  process.umask(before);
  expect(statSync(folder.file("mode.jsonl.zst")).mode & 0o777).toBe(0o600);
});

test("nothing plain of an encrypted one is in any file beside it, while it is made and afterwards", async () => {
  using own = temporaryFolder();
  const source = at(copyFixture("0.12.4", folder, "secret.db"));
  const title = String((await recordsOfFixture())[0]!.properties.get("content")).slice(0, 20);
  const seen: string[] = [];
  const look = () => {
    for (const name of readdirSync(own.path)) {
      if (readFileSync(own.file(name)).includes(title)) seen.push(name);
    }
  };
  const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  const config = new BackendConfig({ type: "archive", path: own.file("a.jsonl.zst.age"), recipient });
  const { result } = await runMigration(source, config, {}, { onProgress: look });
  look();
  expect([result.errors, result.verified, seen]).toEqual([[], true, []]);
  expect(existsSync(own.file("a.jsonl.zst.age"))).toBe(true);
});

/** Each block's line says again what its records are. */
function rehashed(lines: readonly string[]): string[] {
  return lines.map((line, number) => {
    if (!line.startsWith('{"block"')) return line;
    const block = JSON.parse(line) as { records: number; bytes: number; sha256: string };
    const body = Buffer.from(`${lines.slice(number + 1, number + 1 + block.records).join("\n")}\n`);
    const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    return JSON.stringify({ ...block, bytes: body.length, sha256 });
  });
}

describe("versions", () => {
  async function withHeader(change: (header: Record<string, unknown>) => void): Promise<Buffer> {
    const bytes = await archiveOf(await recordsOfFixture());
    const text = Bun.zstdDecompressSync(bytes).toString();
    const [first, ...others] = text.split("\n");
    const header = JSON.parse(first!) as Record<string, unknown>;
    change(header);
    return compress(Buffer.from([JSON.stringify(header), ...others].join("\n")));
  }

  test("a newer major is refused by name", async () => {
    const { error } = await readArchive(await withHeader((header) => Object.assign(header, { version: "2.0" })));
    expect([error?.code, error?.message]).toEqual(["newer_format", expect.stringContaining("version 2.0")]);
  });

  test("a newer minor is read, and the members that are not known are told", async () => {
    const bytes = await withHeader((header) => Object.assign(header, { version: "1.9", colour: "blue" }));
    const lines = Bun.zstdDecompressSync(bytes).toString().split("\n");
    const newer = lines.map((line) => line.replace(/^(\{"node":"[^"]*"),/, '$1,"mood":"calm",'));
    const reading = await readArchive(compress(Buffer.from(rehashed(newer).join("\n"))));
    expect([reading.error, damageIn(reading)]).toEqual([null, []]);
    const [note] = reading.findings;
    expect([note?.kind, note?.examples[0], note?.count]).toEqual(["note", "mood", 60]);
  });
});

describe("what is no whole archive says what it is", () => {
  test("one that is still being written", async () => {
    const name = ".a.jsonl.zst.1234-0a1b2c3d.tmp";
    writeFileSync(folder.file(name), (await archiveOf(await recordsOfFixture())).subarray(0, 9_000));
    const opened = (await loadBackend(archive(name))).openForReading(archive(name));
    expect(await opened.catch((error) => [error.code, error.message])).toEqual([
      "busy",
      expect.stringContaining("still being written"),
    ]);
  });

  test("one that is damaged is refused, and what is whole of it copied when that is allowed", async () => {
    await move(at(copyFixture("0.12.4", folder, "whole.db")), archive("whole.jsonl.zst"));
    const bytes = readFileSync(folder.file("whole.jsonl.zst"));
    bytes[bytes.length - 4_000]! ^= 1;
    writeFileSync(folder.file("hurt.jsonl.zst"), bytes);
    const refused = await runMigration(archive("hurt.jsonl.zst"), at(folder.file("hurt.db")), {}, {});
    expect(refused.result.errors[0]).toMatchObject({ code: "damaged" });
    expect(JSON.stringify(refused.result.errors)).toContain("block 1, at byte");
    expect(existsSync(folder.file("hurt.db"))).toBe(false);
    const { result } = await runMigration(
      archive("hurt.jsonl.zst"),
      at(folder.file("hurt.db")),
      { allowLoss: true },
      {},
    );
    expect([result.errors, result.complete, result.imported.nodes]).toEqual([[], false, 60]);
    expect(result.losses[0]?.count).toBe(120);
  });

  test("its first bytes say what it is, whatever its name", async () => {
    copyFileSync(folder.file("whole.jsonl.zst"), folder.file("renamed.db"));
    expect(recognise(folder.file("renamed.db"))).toMatchObject({ kind: "store", type: "archive" });
  });
});

describe("what claims too much", () => {
  test("is not decompressed: a frame that says that it holds far more than an archive may", async () => {
    const bytes = await archiveOf(await recordsOfFixture());
    // The content size of a frame of a single segment, as eight bytes.
    const huge = Buffer.concat([
      Buffer.from("28b52ffde4", "hex"),
      Buffer.alloc(8, 0x7f),
      Buffer.from("010000", "hex"),
      Buffer.alloc(4),
    ]);
    const before = process.memoryUsage().rss;
    const reading = await readArchive(Buffer.concat([bytes.subarray(0, -1_000), huge]));
    expect(damageIn(reading).length).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
  });
});

test("every value is strict JSON in it, and comes back as it was", () => {
  const values: Value[] = [
    ...[
      null,
      true,
      1n,
      -(2n ** 70n),
      1,
      -0,
      0.1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1e300,
    ],
    ...["", '\u2028\ud800\0\n"', "[1]", [], [1n, [1, null]], new Map(), new Map<string, Value>([["$float", "NaN"]])],
    ...[
      new Map<string, Value>([["$map", new Map([["a", 1n]])]]),
      new Map<string, Value>([
        ["a", Number.NaN],
        ["$b", [new Uint8Array([0, 255])]],
      ]),
    ],
    ...[new Uint8Array(), new Temporal("date-time", "2024-01-01T00:00:00.000000001+01:00[Europe/Berlin]")],
    ...[
      new Point(4326, 1.5, Number.NaN),
      new Point(9157, 1, 2, 3),
      new Vector([Number.NEGATIVE_INFINITY, 0.5]),
      new Vector([], "float64"),
    ],
  ];
  const names = values.map((_, number) => (number === 1 ? "__proto__" : `v${number}`));
  const record: GraphRecord = {
    ...{ kind: "node", key: "=a", labels: ["A", "\ud800"], properties: Properties.of(names, values) },
    native: { layout: "any", columns: [1n, 1, null, "x", new Uint8Array([1])], extra: "{}" },
  };
  const line = lineOf(record);
  JSON.parse(line);
  const reader = new LineReader({ withRows: true, onUnknown: (member) => expect(member).toBe("none") });
  for (let time = 0; time < 2; time++) {
    const back = reader.read("node", line);
    expect(lineOf(back)).toBe(line);
    for (const [number, name] of names.entries()) expect(back.properties.get(name)).toEqual(values[number]!);
    expect(back.native).toEqual(record.native);
  }
});
