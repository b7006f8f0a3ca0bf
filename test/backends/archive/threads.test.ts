/** Archives that several threads press: the same bytes as one makes, and the same proof. */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { inMemory } from "../../../src/backends/archive/bytes.ts";
import { Presses } from "../../../src/backends/archive/presses.ts";
import { isAsWritten } from "../../../src/backends/archive/seal.ts";
import { ArchiveWriter, type Written } from "../../../src/backends/archive/writer.ts";
import { BackendConfig } from "../../../src/backends/config.ts";
import { loadTarget } from "../../../src/backends/registry.ts";
import { digestOf } from "../../../src/memorygraph/canonicalizer.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { headerOf, readArchive, recordsOfFixture, sinkInto } from "./archives.ts";

const records = await recordsOfFixture();

async function written(presses: Presses): Promise<{ bytes: Buffer; written: Written }> {
  const chunks: Uint8Array[] = [];
  const writer = new ArchiveWriter(sinkInto(chunks), 2 << 10, presses);
  writer.begin(headerOf(records), []);
  for (const record of records) {
    writer.add(record);
    await writer.ready();
  }
  const result = await writer.end();
  return { bytes: Buffer.concat(chunks), written: result };
}

test("however many threads there are, the bytes are the same, and the digest is that of the records", async () => {
  const here = await written(new Presses(0));
  expect(here.written.blocks.length).toBeGreaterThan(5);
  const digest = await digestOf(
    (async function* () {
      yield records;
    })(),
  );
  expect(here.written.summary.digest.toString()).toBe(digest.toString());
  for (const threads of [1, 3]) {
    const there = await written(new Presses(threads, 0));
    expect(there.bytes.equals(here.bytes)).toBe(true);
    expect(there.written.summary.digest.toString()).toBe(digest.toString());
  }
  expect((await readArchive(here.bytes)).findings).toEqual([]);
});

test("any byte that is not what was written shows when the file is read anew", async () => {
  const { bytes, written: known } = await written(new Presses(0));
  let told = 0;
  const each = (count: number) => {
    told += count;
  };
  expect(isAsWritten(inMemory(bytes), known, each)).toBe(true);
  expect(told).toBe(records.length);
  for (let at = 0; at < bytes.length; at += 97) {
    const other = Buffer.from(bytes);
    other[at]! ^= 4;
    expect({ at, same: isAsWritten(inMemory(other), known, () => {}) }).toEqual({ at, same: false });
  }
  expect(isAsWritten(inMemory(bytes.subarray(0, -1)), known, () => {})).toBe(false);
});

test("a target whose file has changed behind its back tells another digest than what was written", async () => {
  using folder = temporaryFolder();
  const config = new BackendConfig({ type: "archive", path: folder.file("a.jsonl.zst") });
  const session = await (await loadTarget(config)).openForWriting(config, {
    release: null,
    fallbackRelease: "0.12",
  });
  try {
    await session.write(records);
    await session.finish();
    const [name] = readdirSync(folder.path).filter((one) => one.endsWith(".tmp"));
    const right = (await session.summarise()!).digest.toString();
    const bytes = readFileSync(folder.file(name!));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(folder.file(name!), bytes);
    expect((await session.summarise()!).digest.toString()).not.toBe(right);
  } finally {
    await session.rollback();
  }
});

test("a target whose folder is removed behind its back is told as gone", async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file("gone"));
  const config = new BackendConfig({ type: "archive", path: folder.file("gone", "a.jsonl.zst") });
  const session = await (await loadTarget(config)).openForWriting(config, {
    release: null,
    fallbackRelease: "0.12",
  });
  await session.write(records);
  await session.finish();
  rmSync(folder.file("gone"), { recursive: true });
  const gone = expect.objectContaining({
    code: "write_failed",
    message: expect.stringContaining("removed or unmounted"),
  });
  await expect(session.summarise()).rejects.toEqual(gone);
  await expect(session.describe()).rejects.toEqual(gone);
  await expect(session.commit()).rejects.toEqual(gone);
});

test("a thread that fails ends the archive with what it met", async () => {
  const presses = new Presses(1, 0);
  presses.give({ block: 0, kind: "node", before: 0, lines: new TextEncoder().encode("no record\n") });
  await expect(presses.take()).rejects.toThrow("no object");
  presses.close();
});
