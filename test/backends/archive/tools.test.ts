/** What Debian's `zstd` and `age` make of archives, and what is read of archives that they have packed anew. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { lineOf } from "../../../src/backends/archive/lines.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { loadBackend } from "../../../src/backends/registry.ts";
import { MigrateError } from "../../../src/errors.ts";
import { runMigration } from "../../../src/operations/migrate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { copyFixture } from "../../support/stores.ts";
import { archiveOf, damageIn, missingIn, type Reading, recordsOfFixture } from "./archives.ts";

const has = (program: string) => Bun.which(program) !== null;
for (const program of ["zstd", "age"])
  if (!has(program)) console.error(`SKIPPED: tests with ${program}, which is not installed`);
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const records = await recordsOfFixture();
const lines = records.map(lineOf);

function shell(command: string): Buffer {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["/bin/sh", "-ec", command], { cwd: folder.path });
  if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout as Buffer;
}

test.if(has("zstd"))(
  "lines that were decompressed are known as such, and compressed again they are an archive",
  async () => {
    writeFileSync(folder.file("lines.jsonl.zst"), await archiveOf(records));
    shell("zstd -dq lines.jsonl.zst -o lines.jsonl");
    const { error } = await read("lines.jsonl");
    expect([error?.message, error?.next]).toEqual([
      expect.stringContaining("is a decompressed archive of memorygraph-migrate"),
      "Compress it again (zstd FILE -o NEW.jsonl.zst), then name what comes out.",
    ]);
    shell("zstd -q lines.jsonl -o again.jsonl.zst");
    expect((await read("again.jsonl.zst")).lines).toEqual(lines);
  },
);

async function read(name: string, more: { identity?: string } = {}): Promise<Reading> {
  const found: string[] = [];
  const config = new BackendConfig({ type: "archive", path: folder.file(name), ...more });
  try {
    const store = await (await loadBackend(config)).openForReading(config);
    for await (const batch of store.read()) found.push(...batch.map(lineOf));
    await store.close();
    return { lines: found, findings: store.findings(), error: null };
  } catch (error) {
    if (error instanceof MigrateError) return { lines: found, findings: [], error };
    throw error;
  }
}
const whole = { lines, findings: [], error: null };

test.if(has("zstd"))("zstd tests and decompresses an archive; every line is strict JSON", async () => {
  writeFileSync(folder.file("a.jsonl.zst"), await archiveOf(records));
  shell("zstd -tq a.jsonl.zst");
  const text = shell("zstd -dc a.jsonl.zst").toString("utf8").trimEnd().split("\n");
  const kinds = text.map((line) => Object.keys(JSON.parse(line) as object)[0]!);
  expect(kinds[0]).toBe("format");
  expect(kinds.at(-1)).toBe("footer");
  expect(text.filter((_, at) => /^(node|relationship)$/.test(kinds[at]!))).toEqual(lines);
});

test.if(has("zstd")).each(["-3", "-19", "-1 --no-check", "-3 --no-content-size -T2 -B64KiB", "--fast=5"])(
  "what zstd %s packs anew is read whole",
  async (options) => {
    writeFileSync(folder.file("a.jsonl.zst"), await archiveOf(records));
    shell(`zstd -dc a.jsonl.zst | zstd -q ${options} -fo b.jsonl.zst`);
    expect(await read("b.jsonl.zst")).toEqual(whole);
  },
);

test.if(has("zstd"))(
  "one that was packed anew and cut off gives what is whole, and tells how many are missing",
  async () => {
    writeFileSync(folder.file("a.jsonl.zst"), await archiveOf(records));
    shell("zstd -dc a.jsonl.zst | split -b 50000 --filter='zstd -q' > b.jsonl.zst");
    expect(await read("b.jsonl.zst")).toEqual(whole);
    const bytes = readFileSync(folder.file("b.jsonl.zst"));
    writeFileSync(folder.file("b.jsonl.zst"), bytes.subarray(0, bytes.length - 3_000));
    const cut = await read("b.jsonl.zst");
    expect(cut.error).toBe(null);
    expect(cut.lines).toEqual(lines.slice(0, cut.lines.length));
    expect(cut.lines.length).toBeGreaterThan(0);
    expect(damageIn(cut).length).toBeGreaterThan(0);
    expect(cut.lines.length + missingIn(cut)).toBe(lines.length);
  },
);

test.if(has("zstd"))(
  "a window that takes too much memory is refused before it is taken, with the way out",
  async () => {
    writeFileSync(folder.file("a.jsonl.zst"), await archiveOf(records));
    shell("(zstd -dc a.jsonl.zst) | zstd -q --ultra -22 --long=31 -fo b.jsonl.zst");
    const { error } = await read("b.jsonl.zst");
    expect([error?.code, error?.message]).toEqual(["unsupported", expect.stringContaining("2048 MiB")]);
  },
);

test.if(has("zstd"))("a foreign file that zstd has compressed is no archive", async () => {
  writeFileSync(folder.file("letter"), "a letter\n".repeat(1_000));
  shell("zstd -qf letter -o letter.jsonl.zst");
  const { error } = await read("letter.jsonl.zst");
  expect([error?.code, error?.message]).toEqual(["not_a_store", expect.stringContaining("file compressed with zstd")]);
});

test.if(has("age"))("age decrypts what a migration writes, and what age encrypts is read", async () => {
  const identity = await generateIdentity();
  writeFileSync(folder.file("key.txt"), `${identity}\n`);
  const recipient = await identityToRecipient(identity);
  const source = new BackendConfig({ type: "sqlite", path: copyFixture("0.12.4", folder, "source.db") });
  const target = new BackendConfig({ type: "archive", path: folder.file("e.jsonl.zst.age"), recipient });
  const { result } = await runMigration(source, target, {}, {});
  expect([result.errors, result.verified]).toEqual([[], true]);
  const plain = shell("age -d -i key.txt e.jsonl.zst.age | zstd -dc");
  expect(
    plain
      .toString("utf8")
      .split("\n")
      .filter((line) => /^\{"(node|relationship)"/.test(line)),
  ).toEqual(lines);
  shell(`age -d -i key.txt e.jsonl.zst.age | zstd -dc | zstd -q | age -r ${recipient} > f.jsonl.zst.age`);
  expect(await read("f.jsonl.zst.age", { identity: folder.file("key.txt") })).toEqual(whole);
  shell(`age -d -i key.txt e.jsonl.zst.age | age -a -r ${recipient} > g.jsonl.zst.age`);
  const { error } = await read("g.jsonl.zst.age", { identity: folder.file("key.txt") });
  expect(error?.message).toContain("form of text");
});
