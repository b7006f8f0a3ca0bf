// @level normal
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { MigrationResult } from "../../../src/index.ts";
import { listing, type TemporaryFolder, temporaryFolder } from "../../support/folder.ts";
import { linesOf, readTruth, withCopy } from "../../support/independent-reader.ts";
import {
  copyFixture,
  createLike,
  differences,
  FIXTURES,
  rawRows,
  readAll,
  run,
  settle,
  succeed,
  truthFile,
} from "../../support/stores.ts";
import { has } from "../../support/system.ts";
import { boundByModes } from "../../support/unprivileged.ts";

const SUPPORT = resolve(import.meta.dir, "../../support");

/** Migrates out of the folder and proves that nothing in it changed, not even a time of last change. */
async function untouched(folder: TemporaryFolder, work: () => Promise<unknown>): Promise<void> {
  const times = () =>
    readdirSync(folder.path).map((name) => `${name} ${statSync(folder.file(name), { bigint: true }).mtimeNs}`);
  const before = [listing(folder.path), times()];
  await work();
  expect([listing(folder.path), times()]).toEqual(before);
}

describe("reading changes nothing at the source", () => {
  for (const name of FIXTURES) {
    for (const touched of [false, true]) {
      test(`${name}${touched ? ", touched just now" : ""}`, async () => {
        using folder = temporaryFolder();
        using targets = temporaryFolder();
        const source = copyFixture(name, folder);
        if (touched) utimesSync(source, new Date(), new Date());
        await untouched(folder, async () => {
          await run(source, targets.file("dry.db"), { dryRun: true });
          await succeed(source, targets.file("0.12.db"), { for: "0.12" });
          await succeed(source, targets.file("0.13.db"), { for: "0.13" });
          await differences(source, targets.file("0.13.db"));
        });
      });
    }
  }

  test.skipIf(!has.symlinks)("through a symbolic link in another folder, with the WAL of the real file", async () => {
    using folder = temporaryFolder();
    using links = temporaryFolder();
    const source = copyFixture("0.13.0", folder);
    symlinkSync(source, links.file("link.db"));
    await untouched(links, () => untouched(folder, () => succeed(links.file("link.db"), `${links.path}-new.db`)));
    expect(linesOf((await readAll(`${links.path}-new.db`)).records)).toEqual(readTruth(truthFile("0.13.0")));
    (await import("node:fs")).rmSync(`${links.path}-new.db`);
  });
});

describe("changes that are not in the main file yet", () => {
  test("a WAL that another connection holds open is read whole", async () => {
    using folder = temporaryFolder();
    using targets = temporaryFolder();
    const source = folder.file("source.db");
    using application = createLike("0.13.0", source);
    application.run("PRAGMA journal_mode = WAL");
    for (let at = 0; at < 500; at++) {
      application.run(
        "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES (?, 'fix', 't', 'c', 'x', 'y')",
        [`m${at}`],
      );
    }
    expect(existsSync(`${source}-wal`)).toBe(true);
    await untouched(folder, async () => {
      const { result } = await succeed(source, targets.file("new.db"));
      expect(result.imported.nodes).toBe(500);
    });
    application.run(
      "INSERT INTO memories (id, type, title, content, created_at, updated_at) VALUES ('later', 'fix', 't', 'c', 'x', 'y')",
    );
  });

  for (const name of ["0.12.4", "0.13.0"] as const) {
    test(`a hot journal beside a ${name} file is undone in what we read, and left as it is`, async () => {
      using folder = temporaryFolder();
      using crashed = temporaryFolder();
      using targets = temporaryFolder();
      const source = copyFixture(name, folder, "live.db");
      const application = new Database(source);
      for (const pragma of ["journal_mode = DELETE", "cache_size = 5", "synchronous = FULL"])
        application.run(`PRAGMA ${pragma}`);
      const [table, column] = name === "0.13.0" ? ["memories", "content"] : ["nodes", "properties"];
      const tables = [table, "relationships"] as string[];
      const before = rawRows(source, ...tables);
      application.run("BEGIN");
      application.run(`UPDATE ${table} SET ${column} = '{"overwritten": "${"x".repeat(3000)}"}'`);
      application.run("DELETE FROM relationships");
      for (const suffix of ["", "-journal"]) copyFileSync(source + suffix, crashed.file(`source.db${suffix}`));
      application.run("ROLLBACK");
      application.close();
      // Without the journal the copy is something else: the test would prove nothing otherwise.
      const main = crashed.file("source.db");
      expect(rawRowsOrDamage(main, targets, tables)).not.toEqual(before);
      settle(main);
      await untouched(crashed, async () => {
        const { result } = await succeed(main, targets.file("new.db"));
        expect(result.verified).toBe(true);
      });
      expect(rawRows(targets.file("new.db"), ...tables)).toEqual(before);
    });
  }
});

function rawRowsOrDamage(main: string, folder: TemporaryFolder, tables: string[]): string[] | string {
  copyFileSync(main, folder.file("alone.db"));
  try {
    return rawRows(folder.file("alone.db"), ...tables);
  } catch (error) {
    return String(error);
  }
}

describe("beside an application at work", () => {
  for (const mode of ["WAL", "DELETE"]) {
    test(`in ${mode} mode, it meets no lock, and what is read is one moment`, async () => {
      using folder = temporaryFolder();
      using targets = temporaryFolder();
      const source = copyFixture("0.12.4", folder, "live.db");
      const writer = Bun.spawn([process.execPath, join(SUPPORT, "live-writer.ts"), source, mode, "40"], {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
      });
      for await (const _ of writer.stderr) break;
      const counts: number[] = [];
      const names = new Set<string>();
      for (let round = 0; round < 3; round++) {
        const outcome = await run(source, targets.file(`${round}.db`), { for: round === 1 ? "0.13" : "0.12" });
        for (const name of readdirSync(folder.path)) names.add(name);
        if (outcome.error !== null) {
          expect(outcome.error.code).toBe("busy");
          expect(existsSync(targets.file(`${round}.db`))).toBe(false);
          continue;
        }
        const { records } = await readAll(targets.file(`${round}.db`));
        const live = (kind: string) =>
          records.filter((one) => one.kind === kind && /^(r-)?live-/.test(String(one.properties.get("id")))).length;
        expect(live("node")).toBe(live("relationship"));
        counts.push(live("node"));
      }
      writer.stdin.end();
      const report = (await new Response(writer.stdout).json()) as { made: number; errors: string[] };
      expect(report.errors).toEqual([]);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(counts.length).toBeGreaterThan(0);
      expect(report.made).toBeGreaterThanOrEqual(counts.at(-1)!);
      expect([...names].filter((name) => !/^live\.db(-wal|-shm|-journal)?$/.test(name))).toEqual([]);
      expect(
        withCopy(source, (database) => database.query("SELECT count(*) FROM nodes WHERE id LIKE 'live-%'").values()),
      ).toEqual([[BigInt(report.made)]]);
    });
  }
});

describe.skipIf(!has.modes)("read-only media", () => {
  for (const name of FIXTURES) {
    test(`${name} in a folder that nobody may write to is read whole`, async () => {
      using folder = temporaryFolder();
      using targets = temporaryFolder();
      const source = copyFixture(name, folder);
      for (const file of readdirSync(folder.path)) chmodSync(folder.file(file), 0o444);
      chmodSync(folder.path, 0o555);
      mkdirSync(targets.file("out"));
      const target = targets.file("out", "new.db");
      const command = [process.execPath, join(SUPPORT, "migrate-once.ts"), source, target];
      const quoted = command.map((word) => `'${word}'`).join(" ");
      await untouched(folder, async () => {
        const child = Bun.spawn(boundByModes(quoted), {
          // What the preload has set is not in the environment that a child gets by itself.
          env: { ...Bun.env },
          stdout: "pipe",
          stderr: "pipe",
          cwd: "/",
        });
        const [text, trouble] = await Promise.all([
          new Response(child.stdout).text(),
          new Response(child.stderr).text(),
        ]);
        expect(`${text.slice(0, 1)}${trouble}`).toBe("{");
        expect(JSON.parse(text) as MigrationResult).toMatchObject({ success: true, verified: true, errors: [] });
      });
      expect(linesOf((await readAll(target)).records).length).toBe(readTruth(truthFile(name)).length);
      expect(await differences(source, target)).toEqual([]);
    });
  }
});
