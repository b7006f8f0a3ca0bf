/** Dumps as people keep them: compressed, or one graph as Redis's DUMP gives it; and whatever else lies in their folders. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { BackendConfig } from "../../src/backends/config.ts";
import { exitCodeOf } from "../../src/cli/exit-codes.ts";
import { MigrateError } from "../../src/errors.ts";
import { inspectStore } from "../../src/operations/inspect.ts";
import { expectError, program } from "../cli/program.ts";
import { Engine, engines } from "../rdb/engine.ts";
import { FIXTURES } from "../rdb/expected.ts";
import { mutated, Random, summed } from "../rdb/mutate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { ask } from "./raw-client.ts";

const DUMP = readFileSync(join(FIXTURES, "falkordblite-0.12.4.db"));
const kinds = await engines();

const inspect = (path: string) =>
  inspectStore(new BackendConfig({ type: "falkordblite", path }), () => {}).then(({ count }) => count.nodes);

describe("a compressed dump", () => {
  test.each([
    ["gz", gzipSync(DUMP)],
    ["zst", zstdCompressSync(DUMP)],
  ] as const)("as .%s is read, and never written to", async (ending, bytes) => {
    using folder = temporaryFolder();
    const path = folder.file(`dump.rdb.${ending}`);
    writeFileSync(path, bytes);
    const from = ["--from", "falkordblite", "--from-path", path];
    const moved = await program(folder, [...from, "--to", "sqlite", "--to-path", folder.file("new.db")]);
    expect([moved.code, moved.stdout]).toEqual([0, expect.stringContaining("60 nodes")]);
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
    const to = ["--to", "falkordblite", "--to-path", path];
    expectError(await program(folder, ["--from-path", copyFixture("0.12.4", folder), ...to]), 2, "can only be read");
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
  });

  test("that is cut, or holds something else, is named for what it is", async () => {
    using folder = temporaryFolder();
    const path = folder.file("dump.rdb.gz");
    const from = ["inspect", "--from", "falkordblite", "--from-path", path];
    for (const compress of [gzipSync, zstdCompressSync]) {
      for (const share of [0.3, 0.9]) {
        const whole = compress(DUMP);
        writeFileSync(path, whole.subarray(0, whole.length * share));
        expectError(await program(folder, from), 8, /damaged|truncated/);
      }
      writeFileSync(path, compress(readFileSync(copyFixture("0.12.4", folder))));
      expectError(await program(folder, from), 2, "not of a Redis dump");
    }
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
    expectError(await program(folder, ["inspect", "--from-path", path]), 2, "a file compressed with zstd");
  });
});

describe.each(kinds.map((kind) => [kind.version, kind] as const))("what DUMP of FalkorDB %s gives", (_, { module }) => {
  test("is read as the graph that is asked for", async () => {
    using folder = temporaryFolder();
    const path = folder.file("graph.bin");
    {
      await using engine = await Engine.start(module, folder.path, "dump.rdb");
      await engine.command("GRAPH.CONFIG", "SET", "VKEY_MAX_ENTITY_COUNT", "10").catch(() => {});
      await engine.query("kg", "UNWIND range(1, 30) AS i CREATE (:Memory {id: 'm'+toString(i)})-[:R]->(:X)");
      writeFileSync(path, await ask(engine.port, "DUMP", "kg"));
    }
    expect(await inspect(path)).toBe(60);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    await expect(inspect(path)).rejects.toThrow("its checksum does not match its bytes");
  });
});

test("no bytes at all end in an unexpected failure", async () => {
  using folder = temporaryFolder();
  const path = folder.file("store");
  const random = new Random(Number(Bun.env.RDB_SEED ?? 1));
  const payload = Buffer.concat([Buffer.from("078182b6a985d6ad6812", "hex"), DUMP.subarray(100, 400)]);
  const log = Buffer.from("*3\r\n$12\r\nGRAPH.EFFECT\r\n$1\r\na\r\n$3\r\n\x02\x01\x01\r\n", "latin1");
  const valkey = Buffer.concat([Buffer.from("VALKEY080"), DUMP.subarray(9)]);
  const newer = Buffer.concat([Buffer.from("REDIS0099"), DUMP.subarray(9)]);
  const seeds = [
    DUMP,
    valkey,
    newer,
    gzipSync(DUMP),
    zstdCompressSync(DUMP),
    payload,
    log,
    Buffer.from("SQLite format 3\0"),
  ];
  const codes = new Set<number>();
  for (let round = 0; round < 300; round++) {
    const bytes = mutated(seeds[round % seeds.length]!, random);
    writeFileSync(path, round % 3 === 0 ? summed(bytes) : bytes);
    try {
      await inspect(path);
    } catch (error) {
      if (!(error instanceof MigrateError)) throw new Error(`round ${round}`, { cause: error });
      codes.add(exitCodeOf(error));
    }
  }
  expect([...codes].sort()).toEqual([2, 4, 8]);
});
