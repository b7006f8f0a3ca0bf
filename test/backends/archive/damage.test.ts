// @level normal
/** Damaged, cut and repacked archives: what is damaged is found, what is whole is read, and what is missing is told. */
import { describe, expect, test } from "bun:test";
import { inMemory } from "../../../src/backends/archive/bytes.ts";
import { frameAt } from "../../../src/backends/archive/frames.ts";
import { lineOf } from "../../../src/backends/archive/lines.ts";
import { Random } from "../../rdb/mutate.ts";
import { atLevel } from "../../support/level.ts";
import { archiveOf, damageIn, missingIn, readArchive, recordsOfFixture } from "./archives.ts";

/** FLIPS=100000 in the environment hunts longer. */
const FLIPS = Number(Bun.env.FLIPS ?? atLevel({ quick: 100, normal: 1_000, long: 10_000, full: 50_000 }));
const CUTS = atLevel({ quick: 20, normal: 200, long: 2_000 });

const records = await recordsOfFixture();
const lines = records.map(lineOf);
const known = new Set(lines);
const archive = await archiveOf(records);
const frames = framesOf(archive);

function framesOf(bytes: Buffer): { offset: number; length: number }[] {
  const found = [];
  for (let offset = 0; ; ) {
    const frame = frameAt(inMemory(bytes), offset);
    if (frame === null) return found;
    found.push({ offset, length: frame.length });
    offset += frame.length;
  }
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

test("an archive of many blocks gives all records in their order, with their rows, and no finding", async () => {
  expect(frames.length).toBeGreaterThan(40);
  expect(await readArchive(archive)).toEqual({ lines, findings: [], error: null });
});

describe("a flipped bit", () => {
  const random = new Random(15);

  async function check(bit: number): Promise<void> {
    const reading = await readArchive(flipped(archive, bit));
    const told = { bit, isFound: reading.error !== null || damageIn(reading).length > 0 };
    expect(told).toEqual({ bit, isFound: true });
    // No record is another one than it was, and each that is not given is told as missing.
    expect(reading.lines.filter((line) => !known.has(line))).toEqual([]);
    if (reading.error === null) expect([bit, reading.lines.length + missingIn(reading)]).toEqual([bit, lines.length]);
  }

  test(`anywhere is found, and costs the block it is in (${FLIPS} of them)`, async () => {
    for (let round = 0; round < FLIPS; round++) await check(random.below(archive.length * 8));
  }, 600_000);

  test("in any bit of the first frame, the last block's first bytes, the footer's beginning and the trailer is found", async () => {
    const [first, last] = [frames[0]!, frames.at(-1)!];
    for (let bit = 0; bit < first.length * 8; bit += atLevel({ quick: 29, normal: 5, long: 1 })) await check(bit);
    for (const { offset } of frames.slice(-4)) for (let bit = 0; bit < 96; bit++) await check(offset * 8 + bit);
    for (let bit = 0; bit < last.length * 8; bit++) await check(last.offset * 8 + bit);
  }, 600_000);

  test("in the records of a block tells the block, its place in the file and the ids", async () => {
    const body = frames[4]!;
    const reading = await readArchive(flipped(archive, (body.offset + 40) * 8));
    const [damage] = damageIn(reading);
    expect(damage!.what).toBe("records in a block of the archive that is damaged");
    const [where, ...ids] = damage!.examples;
    expect(where).toBe(`block 1, at byte ${frames[3]!.offset}: ${damage!.count} nodes`);
    const missing = records.filter((record) => !reading.lines.includes(lineOf(record)));
    expect(ids).toEqual(missing.map(({ properties }) => String(properties.get("id"))).slice(0, 9));
    expect(missing.length).toBe(damage!.count);
    expect(damage!.ids).toEqual(missing.map(({ properties }) => String(properties.get("id"))));
  });
});

describe("an archive that is cut off", () => {
  async function cutAt(length: number): Promise<void> {
    const reading = await readArchive(archive.subarray(0, length));
    // Every block before the cut, and nothing else.
    const bodies = frames.slice(1, -2).filter((_, at) => at % 2 === 1);
    const whole = bodies.filter(({ offset, length: bytes }) => offset + bytes <= length).length;
    if (whole === 0 && length < frames[0]!.length) {
      expect(reading.error?.code).toMatch(/damaged|not_a_store/);
      return;
    }
    expect(reading.error).toBe(null);
    expect(reading.lines).toEqual(lines.slice(0, reading.lines.length));
    expect(damageIn(reading).length).toBeGreaterThan(0);
    expect([length, reading.lines.length + missingIn(reading)]).toEqual([length, lines.length]);
    const text = JSON.stringify(damageIn(reading));
    if (reading.lines.length < lines.length) expect(text).toContain(`byte ${length}`);
    if (whole === bodies.length) expect(reading.lines.length).toBe(lines.length);
  }

  test("at the end of a frame gives every block before it, and tells how many records are missing", async () => {
    for (const { offset } of frames.slice(1)) await cutAt(offset);
  }, 120_000);

  test(`anywhere does so as well (${CUTS} times)`, async () => {
    const random = new Random(16);
    for (let round = 0; round < CUTS; round++) await cutAt(random.below(archive.length));
  }, 600_000);
});

test("one that has lost a stretch in its middle, and its end, gives the blocks on both sides", async () => {
  const [from, to] = [frames[9]!, frames[14]!];
  const holed = Buffer.concat([
    archive.subarray(0, from.offset + 5),
    archive.subarray(to.offset + 7, archive.length - 90),
  ]);
  const reading = await readArchive(holed);
  expect(reading.error).toBe(null);
  expect(reading.lines.filter((line) => !known.has(line))).toEqual([]);
  expect(reading.lines).toContain(lines[0]!);
  expect(reading.lines).toContain(lines.at(-1)!);
  expect(reading.lines.length + missingIn(reading)).toBe(lines.length);
});
