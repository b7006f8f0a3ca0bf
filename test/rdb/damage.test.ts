import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DamagedStoreError, MigrateError, NewerFormatError, RefusedError, UnsupportedError } from "../../src/errors.ts";
import { Properties } from "../../src/graph/properties.ts";
import { Point, Temporal, type Value, Vector } from "../../src/graph/value.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import { INDEX } from "../../src/rdb/dump.ts";
import { openGraph } from "../../src/rdb/graph.ts";
import { findGraph, scanDump } from "../../src/rdb/scan.ts";
import { bytesSource } from "../../src/rdb/source.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { FIXTURES } from "./expected.ts";
import { summed } from "./mutate.ts";
import { readFile, readGraph } from "./read.ts";

const MEMORY = readFileSync(join(FIXTURES, "v20-4.22.1-memory.rdb"));
const VKEYS = readFileSync(join(FIXTURES, "v18-4.16.3-vkeys.rdb"));
const NONE = Properties.from([]);
const MEBIBYTE = 2 ** 20;

/** What reading it throws. */
async function failureOf(bytes: Uint8Array, graph = "memorygraph"): Promise<MigrateError> {
  try {
    await readGraph(await scanDump(bytesSource(bytes, "the dump")), graph);
  } catch (error) {
    if (error instanceof MigrateError) return error;
    throw error;
  }
  throw new Error("it can be read");
}

describe("a damaged dump", () => {
  test("cut off anywhere is never read as whole", async () => {
    for (let length = 0; length < MEMORY.length; length += 7) {
      expect(await failureOf(MEMORY.subarray(0, length))).toBeInstanceOf(DamagedStoreError);
    }
    expect((await failureOf(MEMORY.subarray(0, 2_000))).message).toMatch(
      /^the dump is damaged at byte \d+: .*are left$/,
    );
  });

  test("with a changed byte is told by its checksum", async () => {
    const bytes = Buffer.from(MEMORY);
    bytes[40]! ^= 1;
    const { message } = await failureOf(bytes);
    expect(message).toContain(`at byte ${MEMORY.length - 8}: its checksum is`);
  });

  test("with something behind its end is refused: it could be what came later", async () => {
    const { message } = await failureOf(Buffer.concat([MEMORY, Buffer.from("more")]));
    expect(message).toBe(`the dump is damaged at byte ${MEMORY.length}: 4 bytes follow its end`);
  });

  test("that lacks a key of its graph gives none of it", async () => {
    const scan = await scanDump(bytesSource(VKEYS));
    const [, key] = findGraph(scan, "memorygraph")!.keys;
    const without = summed(Buffer.concat([VKEYS.subarray(0, key!.offset), VKEYS.subarray(key!.end)]));
    expect((await failureOf(without)).message).toContain("of the graph's 3 keys there are 2");
    expect((await readGraph(await scanDump(bytesSource(without)), "second")).nodes.length).toBe(2);
  });

  test("that says of a text that it has 2^50 bytes takes no memory", async () => {
    const head = Buffer.from("REDIS0011\xfe\0\0\x03key\x81\0\x04\0\0\0\0\0\0", "latin1");
    const before = process.memoryUsage().rss;
    const { message } = await failureOf(summed(Buffer.concat([head, new Uint8Array(9)])));
    expect(message).toContain(`${2 ** 50} bytes should follow, but only 9 are left`);
    expect((process.memoryUsage().rss - before) / MEBIBYTE).toBeLessThan(64);
  });

  test.each([
    ["SQLite format 3\0 and so on", DamagedStoreError, "does not begin like a Redis dump"],
    ["REDIS0016\xff\0\0\0\0\0\0\0\0more", NewerFormatError, "a Redis dump of version 16"],
    ["VALKEY081\xff\0\0\0\0\0\0\0\0more", NewerFormatError, "a Valkey dump of version 81"],
    ["VALKEY080\xff\0\0\0\0\0\0\0\0more", DamagedStoreError, "4 bytes follow its end"],
    ["", DamagedStoreError, "does not begin like a Redis dump"],
  ])("%p is not one", async (text, type, message) => {
    const error = await failureOf(Buffer.from(text, "latin1"));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toContain(message);
  });
});

describe("what is newer than this release", () => {
  test("is read all the same where nothing in it is new, and says so", async () => {
    const bytes = Buffer.from(MEMORY);
    bytes.write("REDIS0016", "latin1");
    const scan = await scanDump(bytesSource(summed(bytes)));
    expect([scan.isNewer, scan.version]).toEqual([true, 16]);
    expect((await readGraph(scan, "second")).nodes.length).toBe(2);
  });

  test("or older than FalkorDB is named for what it is, with a way", async () => {
    for (const [encoding, way] of [
      [13, "FalkorDB 4.18"],
      [9, "RedisGraph 2.12"],
    ] as const) {
      const error = await failureOf(withEncoding(encoding));
      expect(error).toBeInstanceOf(UnsupportedError);
      expect(error.message).toContain(`in the encoding ${encoding}, which RedisGraph wrote`);
      expect(error.next).toContain(way);
    }
  });

  /** The encoding is in the last bits of the type in front of each graph. */
  function withEncoding(encoding: number): Uint8Array {
    const text = MEMORY.toString("latin1");
    const at = text.indexOf("\x07\x0bmemorygraph\x81") + 13 + 8;
    const bytes = Buffer.from(MEMORY);
    bytes[at] = encoding;
    return summed(bytes);
  }

  test("is refused by name, without harm to the graph beside it", async () => {
    const bytes = withEncoding(21);
    const error = await failureOf(bytes);
    expect(error).toBeInstanceOf(NewerFormatError);
    expect(error.message).toContain('the graph "memorygraph" in the encoding 21');
    const scan = await scanDump(bytesSource(bytes));
    expect((await readGraph(scan, "second")).nodes.length).toBe(2);
    expect(scan.unreadable.map(({ key }) => key)).toEqual(["memorygraph"]);
  });

  test("is kept as it is in a dump that is written anew", async () => {
    using folder = temporaryFolder();
    const bytes = Buffer.from(withEncoding(21));
    const keep = await scanDump(bytesSource(bytes));
    using draft = new GraphDraft(folder.file("spool"), { name: "third" });
    await writeDump(folder.file("new.rdb"), draft, { keep });
    const { keysEnd } = keep.layout;
    expect(readFileSync(folder.file("new.rdb")).subarray(0, keysEnd)).toEqual(bytes.subarray(0, keysEnd));
    using same = new GraphDraft(folder.file("spool-2"), { name: "memorygraph" });
    await expect(writeDump(folder.file("no.rdb"), same, { keep })).rejects.toThrow("in the encoding 21");
  });
});

describe("what a dump cannot hold", () => {
  const refused = (value: Value): string => {
    using folder = temporaryFolder();
    using draft = new GraphDraft(folder.file("spool"), { name: "g" });
    try {
      draft.addNode({ id: 7, labels: [], properties: Properties.from([["p", value]]) });
    } catch (error) {
      expect(error).toBeInstanceOf(RefusedError);
      return (error as Error).message;
    }
    return "taken";
  };

  test.each([
    ["a NUL character", "a\0b"],
    ["a lone surrogate", "\ud800"],
    ["an integer of more than 64 bits", 2n ** 63n],
    ["a list that holds null", [null]],
    ["a map", new Map([["a", 1n]])],
    ["bytes", new Uint8Array(1)],
    ["a point that is not WGS 84", new Point(7203, 1, 2)],
    ["a point that is not exact in 32 bits", new Point(4326, 0.1, 0)],
    ["a vector whose numbers are not 32-bit floats", new Vector([0.1])],
    ["a date-time like 2024-01-01T00:00:00Z", new Temporal("date-time", "2024-01-01T00:00:00Z")],
    ["a lone surrogate", [["\udc00"]]],
  ] as const)("is refused by name: %s", (what, value) => {
    const message = refused(value as Value);
    expect(message).toContain(what);
    expect(message).toContain('property "p" of node 7');
  });

  test("is refused before it is half written, or the draft is of no further use", async () => {
    using folder = temporaryFolder();
    using draft = new GraphDraft(folder.file("spool"), { name: "g" });
    expect(() => draft.addNode({ id: 0, labels: [], properties: Properties.from([["p", "\0"]]) })).toThrow(
      RefusedError,
    );
    await expect(writeDump(folder.file("dump.rdb"), draft)).rejects.toThrow(
      "an earlier record of this graph was refused",
    );
  });

  test("includes ids twice, ends that are not there, and constraints without an index", () => {
    using folder = temporaryFolder();
    using draft = new GraphDraft(folder.file("spool"), { name: "g" });
    draft.addNode({ id: 0, labels: [], properties: NONE });
    expect(() => draft.addNode({ id: 0, labels: [], properties: NONE })).toThrow("node 0 already");
    expect(() => draft.addNode({ id: 2 ** 31, labels: [], properties: NONE })).toThrow("internal id 2147483648");
    const joined = { id: 0, type: "R", start: 0, end: 0, properties: NONE };
    expect(() => draft.addRelationship({ ...joined, end: 1 })).toThrow("not both there");
    draft.addRelationship(joined);
    expect(() => draft.addRelationship(joined)).toThrow("relationship 0 already");
    const field = { property: "id", kinds: INDEX.fulltext, weight: 1, nostem: false, phonetic: "no", vector: null };
    const label = {
      name: "L",
      index: { language: "english", stopWords: [], fields: [field] },
      constraints: [{ kind: "unique", properties: ["id"] }],
    } as const;
    expect(() => draft.setSchema({ attributes: [], labels: [label], types: [] })).toThrow("needs a range index on id");
  });
});

test("reading can be ended between two batches", async () => {
  using folder = temporaryFolder();
  using draft = new GraphDraft(folder.file("spool"), { name: "memorygraph" });
  for (let id = 0; id < 5_000; id++) draft.addNode({ id, labels: [], properties: NONE });
  await writeDump(folder.file("dump.rdb"), draft);
  expect((await readFile(folder.file("dump.rdb"))).nodes.length).toBe(5_000);
  const controller = new AbortController();
  const scan = await scanDump(bytesSource(readFileSync(folder.file("dump.rdb"))));
  const reader = await openGraph(scan, findGraph(scan, "memorygraph")!, { signal: controller.signal });
  let seen = 0;
  const reading = (async () => {
    for await (const batch of reader.nodes()) {
      seen += batch.length;
      controller.abort(new Error("enough"));
    }
  })();
  await expect(reading).rejects.toThrow("enough");
  expect(seen).toBe(1_000);
});
