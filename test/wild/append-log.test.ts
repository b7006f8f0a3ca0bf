// @level normal
/** A FalkorDB that runs with `appendonly yes`: what its log holds and its dump does not is never left behind in silence. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expectError, program } from "../cli/program.ts";
import { Engine, engines } from "../rdb/engine.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";

const newest = (await engines()).at(-1);
const LOGGED = ["--appendonly", "yes"];

/** As MemoryGraph writes them. */
function memories(from: number, to: number): string {
  const time = "'2026-01-01T00:00:00.000Z'";
  const fields = `type:'task', title:'t', content:'c', tags:['a'], importance:0.5, confidence:0.8, usage_count:0, created_at:${time}, updated_at:${time}`;
  return `UNWIND range(${from}, ${to}) AS i CREATE (:Memory {id:'m'+toString(i), ${fields}})`;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(20);
}

/** Into the next second, which is what dumps tell. */
const nextSecond = () => Bun.sleep(1_001 - (Date.now() % 1_000));

/** Until the engine has written nothing into the log for a while: it notes late, on a busy machine very late, which queries it was asked. */
async function untilQuiet(log: string): Promise<void> {
  while (Date.now() - statSync(log).mtimeMs < 1_500) await Bun.sleep(100);
}

/** What engines before 4.22 have in their logs for most queries: the text, which only an engine can follow. */
function addText(data: string, query: string): void {
  const words = ["GRAPH.QUERY", "memorygraph", query];
  const text = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");
  appendFileSync(join(data, "appendonlydir/appendonly.aof.1.incr.aof"), `*${words.length}\r\n${text}`);
}

describe.if(newest !== undefined)("an append-only log", () => {
  let made: TemporaryFolder;

  /** 20 memories in the dump and the log, 20 more in the log alone; then the engine was killed. */
  beforeAll(async () => {
    made = temporaryFolder();
    await using engine = await Engine.start(newest!.module, made.path, "dump.rdb", LOGGED);
    await engine.query("memorygraph", memories(1, 20));
    await engine.command("SAVE");
    await nextSecond();
    const log = made.file("appendonlydir", "appendonly.aof.1.incr.aof");
    const before = statSync(log).size;
    await engine.query("memorygraph", memories(21, 40));
    await until(() => statSync(log).size > before);
  });

  afterAll(() => made[Symbol.dispose]());

  function data(folder: TemporaryFolder): string {
    const path = folder.file("data");
    cpSync(made.path, path, { recursive: true, preserveTimestamps: true });
    rmSync(join(path, "appendonlydir.tmp"), { force: true });
    return path;
  }

  test("that is newer than the dump is read in its place, whole, and nothing in the folder changes", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    const before = listing(path);
    const from = ["--from", "falkordblite", "--from-path", path];
    const to = ["--to", "sqlite", "--to-path", folder.file("new.db")];
    const { code, stdout } = await program(folder, [...from, ...to]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("40 nodes")]);
    expect(stdout).toContain("read from the append-only log, which has the newest state");
    expect((await program(folder, ["verify", ...from, ...to])).code).toBe(0);
    const doctor = await program(folder, ["doctor"], { MEMORY_FALKORDBLITE_PATH: path });
    expect(doctor.stdout).toContain("40");
    expect(listing(path)).toEqual(before);
    for (const alone of [path, join(path, "appendonlydir")]) {
      rmSync(join(path, "dump.rdb"), { force: true });
      const seen = await program(folder, ["inspect", "--from", "falkordblite", "--from-path", alone]);
      expect([seen.code, seen.stdout]).toEqual([0, expect.stringContaining("40 memories")]);
    }
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  }, 60_000);

  test("that only an engine can follow is refused by every command, with both files and a way", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    addText(path, memories(41, 42));
    const before = listing(path);
    const from = ["--from", "falkordblite", "--from-path", path];
    const to = ["--to", "sqlite", "--to-path", folder.file("new.db")];
    const commands = [
      ["inspect", ...from],
      [...from, ...to, "--dry-run"],
      [...from, ...to],
      ["verify", ...from, ...to],
    ];
    for (const args of commands) {
      const outcome = await program(folder, args);
      expectError(outcome, 4, "has an append-only log that can hold more than its dump");
      expect(outcome.stderr).toMatch(/dump\.rdb: saved 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ/);
      expect(outcome.stderr).toMatch(/appendonly\.aof\.1\.incr\.aof: [\d,]+ bytes, written 20\d\d-/);
      expect(outcome.stderr).toContain("cannot be read without the engine: the command GRAPH.QUERY");
      expect(outcome.stderr).toContain("--from falkordb --from-uri");
    }
    const doctor = await program(folder, ["doctor"], { MEMORY_FALKORDBLITE_PATH: path });
    expect(doctor.stdout).toContain("append-only log");
    expect(listing(path)).toEqual(before);
  }, 60_000);

  test("in a folder whose times are of a copy is refused, since nothing tells which is newer", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    const now = new Date(Date.now() + 3_600_000);
    utimesSync(join(path, "dump.rdb"), now, now);
    const outcome = await program(folder, ["inspect", "--from", "falkordblite", "--from-path", path]);
    expectError(outcome, 4, "has an append-only log that can hold more than its dump");
  }, 60_000);

  test("is read whole by the engine on a copy: as a server, or as the dump that it then saves", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    addText(path, memories(41, 42));
    {
      await using engine = await Engine.start(newest!.module, path, "dump.rdb", LOGGED);
      const server = ["--from", "falkordb", "--from-uri", `redis://127.0.0.1:${engine.port}`];
      const moved = await program(folder, [...server, "--to", "sqlite", "--to-path", folder.file("by-server.db")]);
      expect(moved.stdout).toContain("42 nodes");
    }
    {
      // Not the same engine: it writes down later, in the log too, which queries it was asked.
      await using engine = await Engine.start(newest!.module, path, "dump.rdb", LOGGED);
      await untilQuiet(join(path, "appendonlydir", "appendonly.aof.1.incr.aof"));
      await engine.command("SAVE");
    }
    const from = ["--from", "falkordblite", "--from-path", path];
    const { code, stdout } = await program(folder, ["inspect", ...from]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("42 memories")]);
    expect(stdout).toContain("append-only log beside the dump; the dump was saved after the last command of the log");
  }, 60_000);

  test("forbids to write the dump, until the log is gone", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    const args = ["--from-path", copyFixture("0.12.4", folder), "--to", "falkordblite", "--to-path", path];
    const before = listing(path);
    for (const more of [["--dry-run"], []]) {
      const outcome = await program(folder, [...args, ...more]);
      expectError(outcome, 4, "has an append-only log, which its engine loads in place of the dump");
      expect(outcome.stderr).toContain("--to falkordb --to-uri");
    }
    expect(listing(path)).toEqual(before);
    {
      await using engine = await Engine.start(newest!.module, path, "dump.rdb", LOGGED);
      await engine.command("SAVE");
      await engine.command("CONFIG", "SET", "appendonly", "no");
    }
    renameSync(join(path, "appendonlydir"), folder.file("old-log"));
    expect((await program(folder, args)).code).toBe(0);
    await using engine = await Engine.start(newest!.module, path, "dump.rdb");
    expect(JSON.stringify(await engine.query("memorygraph", "MATCH (m:Memory) RETURN count(m)"))).toContain("[[100]]");
  }, 60_000);

  test("that stands alone, its base, an increment and its folder are named for what they are", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    addText(path, memories(41, 42));
    rmSync(join(path, "dump.rdb"));
    const inspect = (from: string) => program(folder, ["inspect", "--from", "falkordblite", "--from-path", from]);
    expectError(await inspect(path), 4, "an append-only log and no dump");
    for (const part of ["", "appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof", "appendonly.aof.manifest"]) {
      const outcome = await inspect(join(path, "appendonlydir", part));
      expectError(outcome, 4, "is a part of an append-only log, not a whole store");
      expect(outcome.stderr).toContain("appendonly.aof.1.incr.aof:");
    }
    const target = ["--to", "falkordblite", "--to-path", path];
    const filling = await program(folder, ["--from-path", copyFixture("0.12.4", folder), ...target]);
    expectError(filling, 4, "loads in place of the dump");
  }, 60_000);

  test("of a Redis before 7 is one file, and stands for no more when it is empty", async () => {
    using folder = temporaryFolder();
    const path = data(folder);
    rmSync(join(path, "appendonlydir"), { recursive: true });
    const log = join(path, "appendonly.aof");
    const inspect = ["inspect", "--from", "falkordblite", "--from-path", path];
    writeFileSync(log, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
    expectError(await program(folder, inspect), 4, /appendonly\.aof: 23 bytes/);
    // Long before the dump was saved: then the dump has all of it.
    utimesSync(log, new Date("2020-01-01"), new Date("2020-01-01"));
    expect((await program(folder, inspect)).stdout).toContain("20 memories");
    writeFileSync(log, "");
    mkdirSync(join(path, "appendonlydir"));
    expect((await program(folder, inspect)).stdout).not.toContain("append-only");
    const into = ["--from-path", copyFixture("0.12.4", folder), "--to", "falkordblite", "--to-path", path, "--dry-run"];
    expect((await program(folder, into)).code).toBe(0);
  }, 60_000);
});
