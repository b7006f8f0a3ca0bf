/** Encrypted archives: by a passphrase or for recipients, damaged ones, and what is told of one that cannot be opened. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { AgeBytes, AgeError, AgeSink, type Keys, type Lock } from "../../../src/backends/archive/age.ts";
import { inMemory } from "../../../src/backends/archive/bytes.ts";
import { lineOf } from "../../../src/backends/archive/lines.ts";
import { openArchive } from "../../../src/backends/archive/opening.ts";
import { FindingLog } from "../../../src/backends/findings.ts";
import { Random } from "../../rdb/mutate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { atLevel } from "../../support/level.ts";
import { archiveOf, damageIn, missingIn, type Reading, recordsOfFixture, sinkInto } from "./archives.ts";

const FLIPS = Number(Bun.env.FLIPS ?? atLevel({ quick: 60, normal: 500, long: 5_000, full: 20_000 }));
const PASSPHRASE = "correct horse battery staple";
/** What tests can wait for. */
const FAST = 10;

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const records = await recordsOfFixture();
const lines = records.map(lineOf);
const known = new Set(lines);
const plain = await archiveOf(records);
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
const byIdentity: Keys = { passphrase: null, identities: [identity] };

async function encrypted(bytes: Uint8Array, lock: Lock = { recipients: [recipient] }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const sink = await AgeSink.begin(sinkInto(chunks), lock, FAST);
  // In pieces of any size, as frames come.
  for (let at = 0; at < bytes.length; at += 10_007) sink.write(bytes.subarray(at, at + 10_007));
  sink.close();
  return Buffer.concat(chunks);
}

async function read(bytes: Buffer, keys: Keys = byIdentity): Promise<Reading> {
  const findings = new FindingLog();
  const found: string[] = [];
  try {
    const opened = await AgeBytes.open(inMemory(bytes), keys);
    const reader = await openArchive("test.jsonl.zst.age", opened);
    for await (const batch of reader.read(findings)) found.push(...batch.map(lineOf));
    return { lines: found, findings: findings.list(), error: null };
  } catch (error) {
    if (!(error instanceof AgeError) && !(error instanceof Error && "code" in error)) throw error;
    return { lines: found, findings: findings.list(), error: error as Reading["error"] };
  }
}

test.each([
  0, 1, 65_535, 65_536, 65_537, 131_072, 200_001,
])("%p bytes are what the age package decrypts, and the other way round", async (length) => {
  const bytes = new Uint8Array(Buffer.alloc(length, "archive "));
  for (const [lock, keys] of [
    [{ passphrase: PASSPHRASE }, { passphrase: PASSPHRASE, identities: [] }],
    [{ recipients: [recipient] }, byIdentity],
  ] as const) {
    const ours = await encrypted(bytes, lock);
    const [decrypter, encrypter] = [new Decrypter(), new Encrypter()];
    if ("passphrase" in lock) {
      decrypter.addPassphrase(lock.passphrase);
      encrypter.setPassphrase(lock.passphrase);
      encrypter.setScryptWorkFactor(FAST);
    } else {
      decrypter.addIdentity(identity);
      encrypter.addRecipient(recipient);
    }
    expect(Buffer.from(await decrypter.decrypt(ours)).equals(bytes)).toBe(true);
    const theirs = await AgeBytes.open(inMemory(Buffer.from(await encrypter.encrypt(bytes))), keys);
    expect([theirs.size, theirs.read(0, length).equals(bytes), theirs.damaged.size]).toEqual([length, true, 0]);
  }
});

test("an encrypted archive gives all records in their order", async () => {
  const whole = { lines, findings: [], error: null };
  expect(await read(await encrypted(plain))).toEqual(whole);
  const keys = { passphrase: PASSPHRASE, identities: [] };
  expect(await read(await encrypted(plain, { passphrase: PASSPHRASE }), keys)).toEqual(whole);
});

test("nothing of the contents can be read in it", async () => {
  const bytes = await encrypted(plain);
  for (const word of ["memorygraph-archive", "mgarchv1"]) expect(bytes.includes(word)).toBe(false);
  expect(bytes.includes(Buffer.from("28b52ffd", "hex"))).toBe(false);
});

describe("damaged", () => {
  // Several chunks, of which one does not cost the others.
  let bytes: Buffer;
  beforeAll(async () => {
    bytes = await encrypted(await archiveOf(many(), 8 << 10));
  });
  const many = () => Array.from({ length: 4 }, () => records.filter(({ kind }) => kind === "node")).flat();
  const count = 4 * records.filter(({ kind }) => kind === "node").length;

  test(`a flipped bit anywhere is found, and costs the blocks in its chunk (${FLIPS} of them)`, async () => {
    const random = new Random(17);
    for (let round = 0; round < FLIPS; round++) {
      const bit = random.below(bytes.length * 8);
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const reading = await read(flipped);
      expect({ bit, isFound: reading.error !== null || damageIn(reading).length > 0 }).toEqual({ bit, isFound: true });
      expect(reading.lines.filter((line) => !known.has(line))).toEqual([]);
      if (reading.error === null) expect([bit, reading.lines.length + missingIn(reading)]).toEqual([bit, count]);
    }
  }, 600_000);

  test("the place of a damaged chunk in the file is told, and what is before and behind it is read", async () => {
    const flipped = Buffer.from(bytes);
    const header = bytes.indexOf("\n--- ") + 1;
    const start = bytes.indexOf("\n", header) + 1 + 16;
    expect(bytes.length - start).toBeGreaterThan(2 * 65_552);
    flipped[start + 65_552 + 7]! ^= 4;
    const reading = await read(flipped);
    expect(damageIn(reading).flatMap(({ examples }) => examples)).toContain(`at byte ${start + 65_552}`);
    expect(reading.lines.length).toBeGreaterThan(20);
    expect(reading.lines.length + missingIn(reading)).toBe(count);
  });

  test("one that is cut off gives what is whole, and tells how many are missing", async () => {
    const random = new Random(18);
    for (let round = 0; round < atLevel({ quick: 10, normal: 60, long: 500 }); round++) {
      const length = 200 + random.below(bytes.length - 200);
      const reading = await read(bytes.subarray(0, length));
      expect([length, reading.error !== null || damageIn(reading).length > 0]).toEqual([length, true]);
      if (reading.error === null) expect([length, reading.lines.length + missingIn(reading)]).toEqual([length, count]);
    }
  }, 300_000);
});

describe("what cannot be opened says why", () => {
  const reasonOf = async (bytes: Buffer, keys: Keys) => (await read(bytes, keys)).error?.message;

  test("a passphrase is wanted, or is another one; an identity is wanted, or fits none", async () => {
    const locked = await encrypted(plain, { passphrase: PASSPHRASE });
    expect(await reasonOf(locked, { passphrase: null, identities: [identity] })).toBe("passphrase wanted");
    expect(await reasonOf(locked, { passphrase: "another", identities: [] })).toBe("wrong passphrase");
    const sealed = await encrypted(plain);
    expect(await reasonOf(sealed, { passphrase: PASSPHRASE, identities: [] })).toBe("identity wanted");
    expect(await reasonOf(sealed, { passphrase: null, identities: [await generateIdentity()] })).toBe(
      "no identity fits",
    );
  });

  test("a header that demands endless work is refused at once", async () => {
    const locked = await encrypted(plain, { passphrase: PASSPHRASE });
    const text = locked.toString("latin1").replace(/(-> scrypt \S+) 10\n/, "$1 40\n");
    const begun = performance.now();
    const keys = { passphrase: PASSPHRASE, identities: [] };
    expect(await reasonOf(Buffer.from(text, "latin1"), keys)).toBe("too much work");
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test("what others have encrypted with age is no archive", async () => {
    const error = (await read(await encrypted(Buffer.from("a letter\n".repeat(100)))))!.error;
    expect(error?.message).toContain("no archive");
  });
});

test("a file of recipients or identities that holds something else is named, and nothing of it shown", async () => {
  const { lockOf, keysOf } = await import("../../../src/backends/archive/keys.ts");
  const { BackendConfig } = await import("../../../src/backends/config.ts");
  const path = folder.file("keys.txt");
  const config = { type: "archive", path: "a.jsonl.zst.age" } as const;
  writeFileSync(path, `# mine\n${recipient}\n\n${recipient}\n`);
  expect(lockOf(new BackendConfig({ ...config, recipient: `${recipient},${path}` }))).toEqual({
    recipients: [recipient, recipient, recipient],
  });
  writeFileSync(path, `# created: today\n${identity}\n`);
  expect(keysOf(new BackendConfig({ ...config, identity: path })).identities).toEqual([identity]);
  expect(readFileSync(path, "utf8")).toContain("AGE-SECRET-KEY-");
  writeFileSync(path, "AGE-SECRET-KEY-1 is not it\n");
  expect(() => keysOf(new BackendConfig({ ...config, identity: path }))).toThrow(/is no file of age identities/);
  expect(() => lockOf(new BackendConfig({ ...config, recipient: folder.file("none") }))).toThrow(/cannot be read/);
  expect(() => lockOf(new BackendConfig(config))).toThrow(/nothing to encrypt it with/);
  expect(() => lockOf(new BackendConfig({ ...config, recipient, password: "both" }))).toThrow(/not with both/);
});
