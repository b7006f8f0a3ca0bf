import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RefusedError } from "../../src/errors.ts";
import { Properties } from "../../src/graph/properties.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import type { DumpScan } from "../../src/rdb/dump.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { bytesSource, openDumpFile } from "../../src/rdb/source.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";
import { FIXTURES, spellGraph } from "./expected.ts";
import { readGraph, type WholeGraph } from "./read.ts";

const OTHER_KEYS = join(FIXTURES, "v20-4.22.1-other-keys.rdb");
const kinds = await engines();
const newest = kinds.at(-1);

function draftOf(spool: string, graph: Pick<WholeGraph, "nodes" | "relationships">, name: string): GraphDraft {
  const draft = new GraphDraft(spool, { name });
  for (const node of graph.nodes) draft.addNode(node);
  for (const relationship of graph.relationships) draft.addRelationship(relationship);
  return draft;
}

const SMALL = {
  nodes: [{ id: 0, labels: ["Memory"], properties: Properties.from([["id", "only"]]) }],
  relationships: [],
};

async function scanFile(path: string): Promise<DumpScan> {
  return scanDump(bytesSource(readFileSync(path), path));
}

/** All bytes but those of one graph's keys, what belongs to its main key included. */
async function withoutGraph(path: string, name: string, db: number): Promise<Buffer> {
  const scan = await scanFile(path);
  const bytes = readFileSync(path);
  const parts: Buffer[] = [];
  let at = 0;
  for (const { typeOffset, end } of scan.graphs.find((graph) => graph.name === name && graph.db === db)?.keys ?? []) {
    parts.push(bytes.subarray(at, typeOffset));
    at = end;
  }
  return Buffer.concat([...parts, bytes.subarray(at, scan.layout.end)]);
}

describe("a dump written anew around a graph", () => {
  test("keeps every other byte, in its order, where the graph was there before", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    using source = openDumpFile(OTHER_KEYS);
    const keep = await scanDump(source);
    const before = await readGraph(keep, "g0");
    using draft = draftOf(folder.file("spool"), before, "g0");
    await writeDump(path, draft, { keep });
    const scan = await scanFile(path);
    expect(spellGraph(await readGraph(scan, "g0"))).toEqual(spellGraph(before));
    expect(scan.graphs.map(({ name, db }) => `${db} ${name}`)).toEqual(
      keep.graphs.map(({ name, db }) => `${db} ${name}`),
    );
    expect([...scan.otherKeys]).toEqual([...keep.otherKeys]);
    expect(await withoutGraph(path, "g0", 0)).toEqual(await withoutGraph(OTHER_KEYS, "g0", 0));
  });

  test("keeps every byte where the graph is new, in any database", async () => {
    using folder = temporaryFolder();
    using source = openDumpFile(OTHER_KEYS);
    const keep = await scanDump(source);
    expect(keep.layout.databases.length).toBeGreaterThan(1);
    for (const db of [0, 3, 15]) {
      const path = folder.file(`${db}.rdb`);
      using draft = draftOf(folder.file("spool"), SMALL, "new");
      await writeDump(path, draft, { keep, db });
      const scan = await scanFile(path);
      expect(spellGraph(await readGraph(scan, "new", db))).toEqual(spellGraph(SMALL));
      const original = readFileSync(OTHER_KEYS);
      const { keysBegin, end } = keep.layout;
      // In the first database it is the first of all, as engines want it.
      const keysEnd = db === 0 ? keysBegin : keep.layout.keysEnd;
      const bytes = readFileSync(path);
      expect(bytes.subarray(0, keysEnd)).toEqual(original.subarray(0, keysEnd));
      expect(bytes.subarray(bytes.length - 9 - (end - keysEnd), bytes.length - 8)).toEqual(
        original.subarray(keysEnd, end + 1),
      );
    }
  });

  test("of many keys makes one", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb");
    using source = openDumpFile(join(FIXTURES, "v18-4.16.3-vkeys.rdb"));
    const keep = await scanDump(source);
    const before = await readGraph(keep);
    expect(before.graph.keys.length).toBe(3);
    using draft = draftOf(folder.file("spool"), before, "memorygraph");
    await writeDump(path, draft, { keep });
    const scan = await scanFile(path);
    const after = await readGraph(scan);
    expect(after.graph.keys.length).toBe(1);
    expect(spellGraph(after)).toEqual(spellGraph(before));
    expect(spellGraph(await readGraph(scan, "second"))).toEqual(spellGraph(await readGraph(keep, "second")));
  });

  test("gives equal bytes for equal contents, also when it is written once more", async () => {
    using folder = temporaryFolder();
    const before = await readGraph(await scanFile(join(FIXTURES, "v20-4.22.1-types.rdb")), "g");
    const files: Buffer[] = [];
    for (const name of ["a", "b"]) {
      using draft = draftOf(folder.file("spool"), before, "g");
      for (const time of ["1", "2"]) {
        await writeDump(folder.file(name + time), draft);
        files.push(readFileSync(folder.file(name + time)));
      }
    }
    for (const file of files) expect(file).toEqual(files[0]!);
  });

  test("is refused where another kind of key has the name", async () => {
    using folder = temporaryFolder();
    using source = openDumpFile(OTHER_KEYS);
    const names: string[] = [];
    const keep = await scanDump(source, { eachKey: (db, key) => names.push(`${db} ${Buffer.from(key)}`) });
    const name = names.find((key) => key.startsWith("0 ") && key.isWellFormed())!.slice(2);
    using draft = draftOf(folder.file("spool"), SMALL, name);
    const writing = writeDump(folder.file("dump.rdb"), draft, { keep });
    await expect(writing).rejects.toBeInstanceOf(RefusedError);
  });
});

describe.if(newest !== undefined)("what an engine makes of a dump written anew", () => {
  test("every other key, its expiry and the functions are there as they were", async () => {
    using folder = temporaryFolder();
    const path = folder.file("new.rdb");
    copyFileSync(OTHER_KEYS, folder.file("old.rdb"));
    using source = openDumpFile(OTHER_KEYS);
    const keep = await scanDump(source);
    const before = await readGraph(keep, "g0");
    using draft = draftOf(folder.file("spool"), before, "g0");
    await writeDump(path, draft, { keep });
    await using old = await Engine.start(newest!.module, folder.path, "old.rdb", ["--enable-debug-command", "yes"]);
    await using now = await Engine.start(newest!.module, folder.path, "new.rdb", ["--enable-debug-command", "yes"]);
    const told = async (engine: Engine): Promise<string[]> => {
      const lines: string[] = [JSON.stringify(await engine.command("FUNCTION", "LIST", "WITHCODE"))];
      for (const db of ["0", "3"]) {
        await engine.command("SELECT", db);
        const keys = (await engine.command("KEYS", "*")) as string[];
        for (const key of keys.sort()) {
          const type = await engine.command("TYPE", key);
          const expiry = await engine.command("PEXPIRETIME", key);
          const digest = type === "graphdata" ? "" : await engine.command("DEBUG", "DIGEST-VALUE", key);
          lines.push(JSON.stringify([db, key, type, expiry, digest]));
        }
      }
      return lines;
    };
    const expected = await told(old);
    expect(expected.length).toBeGreaterThan(20);
    expect(await told(now)).toEqual(expected);
    expect(spellGraph(await now.read("g0"))).toEqual(spellGraph(before));
  });

  test("a graph is added to a dump of a Redis without FalkorDB, and to an empty one", async () => {
    using folder = temporaryFolder();
    const plain = Buffer.concat([
      Buffer.from("REDIS0011"),
      Uint8Array.of(0xfe, 0, 0xfb, 1, 0, 0, 3, 0x6b, 0x65, 0x79, 5, 0x76, 0x61, 0x6c, 0x75, 0x65, 0xff),
      new Uint8Array(8),
    ]);
    const empty = Buffer.concat([Buffer.from("REDIS0011"), Uint8Array.of(0xff), new Uint8Array(8)]);
    for (const [name, dump] of [
      ["plain", plain],
      ["empty", empty],
    ] as const) {
      writeFileSync(folder.file(name), dump);
      const keep = await scanFile(folder.file(name));
      using draft = draftOf(folder.file("spool"), SMALL, "memorygraph");
      await writeDump(folder.file(`${name}.rdb`), draft, { keep });
      await using engine = await Engine.start(newest!.module, folder.path, `${name}.rdb`);
      expect(spellGraph(await engine.read("memorygraph"))).toEqual(spellGraph(SMALL));
      if (name === "plain") expect(await engine.command("GET", "key")).toBe("value");
      await engine.command("SAVE");
      expect(spellGraph(await readGraph(await scanFile(folder.file(`${name}.rdb`))))).toEqual(spellGraph(SMALL));
    }
  });
});
