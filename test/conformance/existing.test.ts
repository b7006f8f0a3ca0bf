/** Graphs that hold something already, of ours and of others: what a run may touch, and what a rollback brings back. */

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { BackendConfig } from "../../src/backends/config.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationResult, Progress } from "../../src/operations/models.ts";
import { spell } from "../support/exact.ts";
import { temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { addressOf, proxyTo } from "../support/proxy.ts";
import { serversOf } from "../support/servers.ts";
import { at, copyFixture, createLike, settle } from "../support/stores.ts";
import type { Plain, PlainGraph } from "./corpus.ts";
import { endOf, type ServerEnd, serverEnds } from "./ends.ts";
import { exact } from "./graph.ts";

const { second: ends } = await serverEnds();
const COUNT = 40;
/** With CUTS=100 in the environment, every stretch of the line. */
const CUTS = Number(Bun.env.CUTS ?? atLevel({ normal: 2, long: 8, full: 15 }));
const WHEN = "2024-01-01T00:00:00+00:00";

/** Ours, with every relationship of another type and other ends than in the source; and what belongs to others. */
function there(): PlainGraph {
  const numbers = Array.from({ length: COUNT }, (_, at) => at);
  return {
    nodes: [
      ...numbers.map((at) => ({
        name: `m${at}`,
        labels: ["Memory", "Starred"],
        properties: { id: `m${at}`, title: "of the target", importance: 0.1 + at / 7, usage_count: 2n ** 53n + 1n },
      })),
      { name: "person", labels: ["Person"], properties: { id: "p-1", name: "Ada", born: 1815n } },
      { name: "nameless", labels: ["Person"], properties: { name: "Grace", scores: [0.1, 1 / 3] } },
      { name: "bare", labels: ["Thing"], properties: {} },
    ],
    relationships: [
      ...numbers.map((at) => ({
        from: `m${at}`,
        to: `m${(at + 1) % COUNT}`,
        type: "KNOWS",
        properties: { id: `r${at}`, strength: 1 / (at + 1) },
      })),
      { from: "person", to: "m0", type: "WROTE", properties: { at: 0.1 + 0.2 } },
      { from: "person", to: "m0", type: "WROTE", properties: { at: 0.1 + 0.2 } },
      { from: "nameless", to: "bare", type: "OWNS", properties: {} },
    ],
  };
}

function coming(path: string): BackendConfig {
  const database = createLike("0.12.4", path);
  database.run("BEGIN");
  for (let at = 0; at < COUNT; at++) {
    const properties = {
      id: `m${at}`,
      type: "general",
      title: "of the source",
      content: "x".repeat(300),
      created_at: WHEN,
    };
    const insert = "INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)";
    database.run(insert, [`m${at}`, JSON.stringify(properties)]);
    database.run(
      "INSERT INTO relationships (id, from_id, to_id, rel_type, properties) VALUES (?, ?, ?, 'SOLVES', '{}')",
      [`r${at}`, `m${(at + 5) % COUNT}`, `m${at}`],
    );
  }
  database.run("COMMIT");
  database.close();
  return at(settle(path));
}

/** Of the values as they are stored, by plain driver calls: no two spellings of one thing are alike here. */
function digestOf({ nodes, relationships }: PlainGraph): string {
  const fields = (properties: Readonly<Record<string, Plain>>) =>
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, exact(value)]));
  const own = new Map(
    nodes.map(({ name, labels, properties }) => [name, spell([[...labels].sort(), fields(properties)])] as const),
  );
  const joined = relationships.map(({ from, to, type, properties }) =>
    spell([own.get(from)!, own.get(to)!, type, fields(properties)]),
  );
  return createHash("sha256")
    .update([...own.values(), ...joined].sort().join("\n"))
    .digest("hex");
}

/** What belongs to others: nodes without MemoryGraph's label, and relationships that start there. */
function ofOthers({ nodes, relationships }: PlainGraph): PlainGraph {
  const strangers = nodes.filter(({ labels }) => !labels.includes("Memory"));
  const names = new Set(strangers.map(({ name }) => name));
  const known = (name: string) => names.has(name);
  return { nodes: strangers, relationships: relationships.filter(({ from, to }) => known(from) && known(to)) };
}

async function overwrite(
  source: BackendConfig,
  target: BackendConfig,
  onProgress: (progress: Progress) => void = () => {},
  signal?: AbortSignal,
): Promise<MigrationResult> {
  const hooks = { onProgress, ...(signal && { signal }) };
  return (await runMigration(source, target, { onConflict: "overwrite" }, hooks)).result;
}

describe.each(ends.map((end) => ({ name: end.name, end })))("$name with something in it", ({ end }) => {
  async function filled(): Promise<string> {
    await end.clear();
    await end.fill(there());
    return digestOf(await end.read());
  }

  test("keeps what belongs to others, and what joins it to ours, when ours is overwritten", async () => {
    using folder = temporaryFolder();
    await filled();
    const others = digestOf(ofOthers(await end.read()));
    const result = await overwrite(coming(folder.file("a.db")), end.config);
    expect([result.errors, result.verified]).toEqual([[], true]);
    expect([result.overwritten.nodes, result.overwritten.relationships]).toEqual([COUNT, COUNT]);
    const after = await end.read();
    expect(digestOf(ofOthers(after))).toBe(others);
    expect(after.relationships.map(({ type }) => type).sort()).toEqual(
      [...Array.from({ length: COUNT }, () => "SOLVES"), "OWNS", "WROTE", "WROTE"].sort(),
    );
    expect(after.nodes.filter(({ properties }) => properties.title === "of the source").length).toBe(COUNT);
  });

  test("does not lose a node of others that has the id of a memory", async () => {
    using folder = temporaryFolder();
    await end.clear();
    const stranger = { name: "m1", labels: ["Person"], properties: { id: "m1", name: "Ada" } };
    await end.fill({ nodes: [stranger], relationships: [] });
    const before = digestOf(await end.read());
    const source = coming(folder.file("a.db"));
    const refused = await overwrite(source, end.config);
    expect([refused.errors[0]?.code, refused.errors[0]?.details]).toEqual([
      "refused",
      ["m1: (:Person) there, (:Memory) in the source"],
    ]);
    expect(digestOf(await end.read())).toBe(before);
    const skipped = (await runMigration(source, end.config, { onConflict: "skip" }, {})).result;
    expect([skipped.errors, skipped.complete, skipped.conflicts.ids]).toEqual([[], false, ["node m1"]]);
    expect(digestOf(ofOthers(await end.read()))).toBe(before);
  });

  test("is as before when a run that overwrote all of it is broken off", async () => {
    using folder = temporaryFolder();
    const before = await filled();
    const stop = new AbortController();
    const source = coming(folder.file("a.db"));
    const onProgress = ({ phase }: Progress) => phase === "verify" && stop.abort(new Error("enough"));
    const result = await overwrite(source, end.config, onProgress, stop.signal);
    expect(result.errors[0]?.code).toBe("interrupted");
    expect(digestOf(await end.read())).toBe(before);
  });

  test("is as before wherever the line breaks while it is overwritten", async () => {
    using folder = temporaryFolder();
    const source = coming(folder.file("a.db"));
    await using proxy = await proxyTo(addressOf(end.server.uri));
    const uri = end.config.uri!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`);
    const through = new BackendConfig({ ...end.config, uri });
    const before = await filled();
    expect((await overwrite(source, through)).errors).toEqual([]);
    const whole = proxy.sent();
    let broken = 0;
    for (let cut = 1; cut <= CUTS; cut++) {
      expect(await filled()).toBe(before);
      proxy.cutAfter(Math.floor((whole * cut) / (CUTS + 1)));
      const result = await overwrite(source, through);
      proxy.cutAfter(null);
      if (result.success) continue;
      broken++;
      expect([cut, result.errors[0]!.code]).toEqual([cut, expect.stringMatching(/^(connection|write_failed)$/)]);
      expect([cut, digestOf(await end.read())]).toEqual([cut, before]);
    }
    expect(broken).toBeGreaterThan(CUTS / 2);
  }, 120_000);
});

const [falkor] = await serversOf("falkordb");

test.skipIf(falkor === undefined)("other graphs of a FalkorDB server are never looked at", async () => {
  using folder = temporaryFolder();
  const [ours, others] = [endOf(falkor!, "ours"), endOf(falkor!, "of-others")] as const;
  const clear = async (...all: ServerEnd[]) => Promise.all(all.map((one) => one.empty()));
  await clear(ours, others);
  await others.fill(there());
  const before = digestOf(await others.read());
  const { result } = await runMigration(at(copyFixture("0.12.4", folder)), ours.config, {}, {});
  expect([result.errors, result.target?.after?.nodes]).toEqual([[], 60]);
  const back = await runMigration(ours.config, at(folder.file("back.db")), {}, {});
  expect(back.result.imported.nodes).toBe(60);
  expect(digestOf(await others.read())).toBe(before);
  await clear(ours, others);
});
