// @level normal
/** Readers fed with bytes that somebody turned over: told, or read; never a crash, never without end, nothing beside. */

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { JsonSyntaxError, parseJson } from "../../src/graph/json.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { linesOf } from "../conformance/graph.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { atLevel } from "../support/level.ts";
import { addressOf, proxyTo } from "../support/proxy.ts";
import { faultServers } from "../support/servers.ts";
import { at, copyFixture, FIXTURES, settle } from "../support/stores.ts";
import { begin, type Ending, ended, program } from "./program.ts";
import { expectClear } from "./promise.ts";
import { randomFrom } from "./random.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 20_261_126);
const ROUNDS = Number(Bun.env.FUZZ_ROUNDS ?? atLevel({ normal: 10, long: 80, full: 200 }));
/** Each takes some seconds where what arrives makes the program wait. */
const SERVER_ROUNDS = Number(Bun.env.FUZZ_ROUNDS ?? atLevel({ normal: 4, long: 25, full: 200 }));
const LIMIT_MS = 20_000;

function turnOver(bytes: Uint8Array, random: () => number, most: number, from = 0): void {
  for (let count = 1 + Math.floor(most * random()); count > 0; count--) {
    const position = from + Math.floor(random() * (bytes.length - from));
    bytes[position]! ^= 1 << Math.floor(random() * 8);
  }
}

/** Fails with the seed; what takes too long counts as endless. */
async function withSeed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const slow = Bun.sleep(LIMIT_MS).then(() => {
    throw new Error("it does not come to an end");
  });
  try {
    return await Promise.race([work(), slow]);
  } catch (error) {
    throw new Error(`FAULT_SEED=${SEED}, ${what}: ${error instanceof Error ? error.stack : error}`);
  }
}

describe.each(FIXTURES)("a SQLite file of %s with bytes turned over", (name) => {
  test("is read, or told as damaged, and nothing is left beside the target", async () => {
    using folder = temporaryFolder();
    const whole = copyFixture(name, folder, "whole.db");
    const bytes = readFileSync(whole);
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const random = randomFrom(SEED * 7_919 + round);
      const harmed = Buffer.from(bytes);
      // The first page says what the rest means: now and then only there.
      turnOver(round % 3 === 0 ? harmed.subarray(16, 4_096) : harmed, random, 40);
      if (round % 5 === 0) harmed.fill(Math.floor(random() * 256), Math.floor(random() * harmed.length));
      const source = folder.file("source.db");
      writeFileSync(source, harmed);
      settle(source);
      mkdirSync(folder.file("target"), { recursive: true });
      await withSeed(`${name}, round ${round}`, async () => {
        const { error } = await runMigration(at(source), at(folder.file("target", "store.db")), {}, {});
        outcomes.add(error?.code ?? "read");
        expect(readdirSync(folder.file("target"))).toEqual(error === null ? ["store.db"] : []);
        expect(readFileSync(source).equals(harmed)).toBe(true);
      });
      for (const left of readdirSync(folder.file("target"))) await Bun.file(folder.file("target", left)).delete();
    }
    expect(
      [...outcomes].filter((code) => !["read", "damaged", "not_a_store", "refused", "usage"].includes(code)),
    ).toEqual([]);
  }, 120_000);
});

describe("JSON", () => {
  const start = `{"id":"x","list":[1,1.0,-0,1e400,"\\ud83d\\ude00",null,true],"deep":{"a":[[[{}]]]},"n":NaN}`;

  test("with characters turned over is a value or a syntax error, at once", () => {
    const alphabet = [...'{}[]",:\\u0189eE+-.nulltruefalse \u0000\ud800'];
    for (let round = 0; round < 5_000; round++) {
      const random = randomFrom(SEED * 31 + round);
      const text = [...start];
      for (let changes = 1 + 8 * random(); changes > 0; changes--) {
        const where = Math.floor(random() * text.length);
        text.splice(where, Math.floor(random() * 3), alphabet[Math.floor(random() * alphabet.length)]!);
      }
      try {
        parseJson(text.join(""));
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw new Error(`seed ${SEED}, round ${round}: ${error}`);
      }
    }
  });

  const BOMBS: Readonly<Record<string, string>> = {
    "nested a hundred thousand deep": `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    "a list of a million": `[${Array(1_000_000).fill("0").join(",")}]`,
    "a number of a million digits": "9".repeat(1_000_000),
    "an exponent beyond everything": "1e999999999",
    "a name that comes a hundred thousand times": `{${Array(100_000).fill('"a":1').join(",")}}`,
  };

  test.each(
    Object.keys(BOMBS),
  )("%s in a memory's context or content comes along, or is told in one error", async (what) => {
    using folder = temporaryFolder();
    const bomb = BOMBS[what]!;
    for (const place of ["context", "content"]) {
      const source = copyFixture(place === "context" ? "0.13.0" : "0.12.4", folder, `${place}.db`);
      const store = new Database(source);
      if (place === "context") store.run("UPDATE memories SET context = ? WHERE rowid = 1", [bomb]);
      else store.run("UPDATE nodes SET properties = json_set(properties, '$.context_data', ?) WHERE rowid = 1", [bomb]);
      store.close();
      settle(source);
      mkdirSync(folder.file(place === "context" ? "one" : "two"));
      const into = folder.file(place === "context" ? "one" : "two");
      for (const release of ["0.12", "0.13"]) {
        const args = [
          "migrate",
          "--from-path",
          source,
          "--to",
          "sqlite",
          "--to-path",
          `${into}/${release}.db`,
          "--for",
          release,
        ];
        const ending = await withSeed(`${what}, ${place}, ${release}`, () => program(folder, args));
        if (ending.code !== 0) expectClear(ending);
        expect([0, 4, 8]).toContain(ending.code!);
      }
      expect(besidesJournals(into).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }
  }, 60_000);
});

describe.each(
  (await faultServers()).map((server) => ({ kind: server.kind, end: endOf(server, "fuzz") })),
)("a $kind server whose answers arrive with bits turned over", ({ end, kind }) => {
  test(
    "is read or told in our words as a source, and written whole, as before or told as a target",
    async () => {
      using folder = temporaryFolder();
      await end.empty();
      expect((await runMigration(at(copyFixture("0.12.4", folder)), end.config, {}, {})).error).toBeNull();
      const there = linesOf(await end.read());
      await using proxy = await proxyTo(addressOf(end.server.uri));
      const uri = end.config.uri!.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`);
      const graph = end.config.graph === undefined ? [] : ["--from-graph", end.config.graph];
      for (let round = 0; round < SERVER_ROUNDS; round++) {
        const random = randomFrom(SEED * 104_729 + round);
        let after = Math.floor(random() * 60_000);
        proxy.garble((bytes) => {
          after -= bytes.length;
          if (after > 0) return;
          turnOver(bytes, random, 3);
          after = Number.POSITIVE_INFINITY;
        });
        const target = folder.file(`round-${round}.db`);
        await withSeed(`${kind}, round ${round}`, async () => {
          const args = [
            "migrate",
            "--from",
            kind,
            "--from-uri",
            uri,
            ...graph,
            "--to",
            "sqlite",
            "--to-path",
            target,
            "--quiet",
          ];
          const ending = await patiently(folder, args);
          if (ending.code !== 0 && ending.code !== 130) expectClear(ending);
          expect(await Bun.file(target).exists()).toBe(ending.code === 0);
        });
        proxy.garble(null);
      }
      expect(linesOf(await end.read())).toEqual(there);
      await end.empty();
    },
    300_000 + SERVER_ROUNDS * 10_000,
  );
});

/** A length that was turned over makes a client wait for what never comes, as a line that stalls: Ctrl-C ends it. */
async function patiently(folder: TemporaryFolder, args: readonly string[]): Promise<Ending> {
  const child = begin(folder, args);
  const timers = [4_000, 6_000].map((after) => setTimeout(() => child.kill("SIGINT"), after));
  try {
    return await ended(child);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

test("what stands in a store is never run while it is damaged", async () => {
  using folder = temporaryFolder();
  const source = edited(folder, "source.db", (store) =>
    store.run("CREATE TRIGGER evil AFTER INSERT ON nodes BEGIN DELETE FROM nodes; END"),
  );
  const config = new BackendConfig({ type: "sqlite", path: folder.file("new.db") });
  const { result } = await runMigration(at(source), config, {}, {});
  expect([result.success, result.imported.nodes]).toEqual([true, 60]);
});
