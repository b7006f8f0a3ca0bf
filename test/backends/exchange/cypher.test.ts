/** Cypher scripts as a target: read back by us, and loaded into the engines themselves. */
// @level normal
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createClient } from "@redis/client";
import { BackendConfig } from "../../../src/backends/config.ts";
import { cypher } from "../../../src/backends/exchange/cypher.ts";
import { Properties } from "../../../src/graph/properties.ts";
import { type GraphRecord, keyOfContent } from "../../../src/graph/record.ts";
import type { Value } from "../../../src/graph/value.ts";
import { contentOf } from "../../../src/memorygraph/content-keys.ts";
import { compareConfigured } from "../../../src/operations/compare-stores.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { withDriver } from "../../conformance/bolt.ts";
import { endOf } from "../../conformance/ends.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { availableServers, type TestServer } from "../../support/servers.ts";
import { at, copyFixture } from "../../support/stores.ts";
import { comeBack, memory, thereAndBack, writtenTo } from "./graphs.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const named = (name: string) => new BackendConfig({ type: "cypher", path: folder.file(name) });
const written = (records: readonly GraphRecord[]) => writtenTo(cypher, named("written.cypher"), records);
const servers = [...(await availableServers()).values()].map(([first]) => first!);

test(
  "random graphs come back as they were fitted, and nothing changes that no loss names",
  () => comeBack(written),
  120_000,
);

test.each([
  ["a map", { x: new Map([["a", 1n]]) }, "a value other than text"],
  ["a large integer", { x: 2n ** 64n }, "an integer of more than 64 bits"],
  ["NUL", { x: "a\0b" }, "text with a NUL character"],
  ["a lone surrogate", { x: "\ud800" }, "text with half of a character"],
  ["no number", { x: Number.NaN }, "a number that is infinite or none"],
  ["a tiny number", { x: 5e-324 }, "a number near the limits of doubles"],
  ["a mixed list", { x: [1n, "a"] }, "a list of several types"],
  ["a name with a backtick", { "a`b": 1n }, "its name cannot be written"],
] as const)("%s is named as a loss", async (_, more, what) => {
  const { losses, expected, found } = await written([memory("m", more as Record<string, Value>)]);
  expect(losses.map((loss) => loss.what).join()).toContain(what);
  expect(String(found)).toBe(String(expected));
});

const hard = memory("it's\\u0041 `x`", {
  ...{ big: 2n ** 53n + 1n, least: -(2n ** 63n), one: 1, zero: -0, small: 1e-7, large: 1.5e22, none: "", list: "[]" },
  ...{ empty: [], words: ["a'b", "c\\", "d\r\n\te"], text: "}`); // ' \\' \u0001\u2028 \ud83d\ude00", yes: true },
  ...{ "a b": 5n, __proto: "x", "é:": "y" },
});
const entity = memory("e", { name: "n" }, ["Entity", "two words"]);
const joined: GraphRecord = {
  ...{ kind: "relationship", from: hard.key, to: entity.key, type: "LEADS TO" },
  properties: Properties.from([
    ["id", "r"],
    ["strength", 0.5],
  ]),
};
/** As MemoryGraph has them for files: known by what they hold, and one of two that hold the same. */
const held = { labels: ["Entity"], properties: Properties.from([["name", "a.ts"]]) };
const nameless = [1, 2].map((n) => ({ kind: "node", key: keyOfContent(contentOf(held), n), ...held }) as const);
const mentions = nameless.map((node): GraphRecord => {
  const properties = Properties.from([["confidence", 0.5]]);
  return { kind: "relationship", from: hard.key, to: node.key, type: "MENTIONS", properties };
});
const loop: GraphRecord = { ...joined, to: hard.key, properties: Properties.from([["id", "loop"]]) };

async function load(server: TestServer, path: string): Promise<void> {
  const statements = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("//"));
  expect(statements.length).toBeGreaterThan(1);
  if (server.kind !== "falkordb") {
    return withDriver(server, async (run) => {
      for (const statement of statements) await run(statement.replace(/;( \/\/.*)?$/, ""));
    });
  }
  const client = createClient({ url: server.uri, ...(server.password !== undefined && { password: server.password }) });
  await client.connect();
  for (const statement of statements) await client.sendCommand(["GRAPH.QUERY", "tests", statement]);
  client.destroy();
}

describe.each(servers)("$kind loads a script", (server) => {
  const end = endOf(server);

  test("with hard values, and holds exactly what we read in the script", async () => {
    await end.empty();
    const script = named(`hard-${server.kind}.cypher`);
    const session = await cypher.openForWriting(script, { release: null, fallbackRelease: "0.12" });
    const fitted = [hard, entity, ...nameless, joined, loop, ...mentions].map((record) => session.fitting!.fit(record));
    expect(fitted.flatMap(({ losses }) => losses)).toEqual([]);
    await session.write(fitted.map(({ record }) => record!));
    await session.finish();
    await session.commit();
    await load(server, script.path!);
    const { identical, source, target } = await compareConfigured(script, end.config, () => {});
    expect([identical, source.digest]).toEqual([true, target.digest]);
    expect(source.digest).toStartWith("mg1-4-4-");
    await end.empty();
  });

  test("of a whole store, and holds what the store held", async () => {
    await end.empty();
    const source = at(copyFixture("0.12.4", folder, `for-${server.kind}.db`));
    const script = named(`store-${server.kind}.cypher`);
    const { result } = await runMigration(source, script, {}, {});
    expect([result.errors, result.verified, result.losses]).toEqual([[], true, []]);
    await load(server, script.path!);
    expect((await compareConfigured(source, end.config, () => {})).identical).toBe(true);
    await end.empty();
  });
});

test("a store of 0.13 goes there and back, and the script is never overwritten", async () => {
  await thereAndBack(at(copyFixture("0.13.0", folder, "from.db")), named("of.cypher"), at(folder.file("back.db")));
});
