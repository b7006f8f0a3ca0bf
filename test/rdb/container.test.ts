import { describe, expect, test } from "bun:test";
import { Properties } from "../../src/graph/properties.ts";
import { GraphDraft } from "../../src/rdb/draft.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { openDumpFile } from "../../src/rdb/source.ts";
import { writeDump } from "../../src/rdb/write.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Engine, engines } from "./engine.ts";

const newest = (await engines()).at(-1);

/** What the newest Redis writes differently from older ones, beside what the fixture other-keys has. */
const COMMANDS = [
  ...[0, 1, 2].map((at) => ["HSET", `template-${at}`, "name", "x", "city", "y".repeat(at * 500)]),
  ["HSET", "lasting", "field", "value", "other", "value"],
  ["HPEXPIRE", "lasting", "9999999999", "FIELDS", "1", "field"],
  ["ARSET", "array", "0", "text", "7", "3.5", "12"],
  ["ARSET", "long-array", "1000000", "x".repeat(1_000)],
  ["XADD", "stream", "1-1", "a", "b"],
  ["XADD", "stream", "1-2", "a", "b"],
  ["XADD", "stream", "1-3", "a", "b"],
  ["XGROUP", "CREATE", "stream", "group", "0"],
  ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "2", "STREAMS", "stream", ">"],
  ["XNACK", "stream", "group", "FAIL", "IDS", "1", "1-1"],
  ["XADD", "idempotent", "IDMP", "producer", "message", "*", "a", "b"],
  ["SET", "expiring", "value", "PX", "9999999999"],
  ["SET", "number", "-2147483648"],
  ["ZADD", "scores", "-inf", "a", "1.5", "b"],
  ["FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)"],
];

describe.if(newest !== undefined)("a dump of the newest Redis", () => {
  test.each([
    ["hash templates", ["--hash-min-template-entries", "1", "--hash-max-template-entries", "100"]],
    ["use counts", ["--maxmemory-policy", "allkeys-lfu", "--maxmemory", "1gb"]],
    ["idle times", ["--maxmemory-policy", "allkeys-lru", "--maxmemory", "1gb"]],
    ["no compression and no checksum", ["--rdbcompression", "no", "--rdbchecksum", "no"]],
  ])("with %s is read to its end, and written anew with all of it", async (_, options) => {
    using folder = temporaryFolder();
    const debug = ["--enable-debug-command", "yes", ...options];
    await using engine = await Engine.start(newest!.module, folder.path, "old.rdb", debug);
    for (const command of COMMANDS) await engine.command(...command);
    await engine.query("graph", "CREATE (:A {x: 1})");
    await engine.command("SAVE");
    using source = openDumpFile(folder.file("old.rdb"));
    const keep = await scanDump(source);
    const keys = ((await engine.command("KEYS", "*")) as string[]).sort();
    expect(keep.otherKeys.get(0)).toBe(keys.length - 1);
    expect(keep.hasChecksum).toBe(!options.includes("--rdbchecksum"));

    using draft = new GraphDraft(folder.file("spool"), { name: "memorygraph" });
    draft.addNode({ id: 0, labels: ["Memory"], properties: Properties.from([["id", "only"]]) });
    await writeDump(folder.file("new.rdb"), draft, { keep });
    await using again = await Engine.start(newest!.module, folder.path, "new.rdb", debug);
    expect(((await again.command("KEYS", "*")) as string[]).sort()).toEqual([...keys, "memorygraph"].sort());
    for (const key of keys.filter((name) => name !== "graph")) {
      const digest = ["DEBUG", "DIGEST-VALUE", key];
      expect(await again.command(...digest)).toEqual(await engine.command(...digest));
    }
    expect(await again.command("FCALL", "f", "0")).toBe(1);
    expect(JSON.stringify(await again.query("graph", "MATCH (a:A) RETURN a.x"))).toContain("[[1]]");
    expect(JSON.stringify(await again.query("memorygraph", "MATCH (m:Memory) RETURN m.id"))).toContain('[["only"]]');
  });
});
