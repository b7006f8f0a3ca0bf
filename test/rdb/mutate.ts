/** Damaged dumps: seeded, so that what goes wrong once goes wrong again. */
import { Crc64 } from "../../src/rdb/crc64.ts";
import { Cursor } from "../../src/rdb/cursor.ts";
import { scanDump } from "../../src/rdb/scan.ts";
import { skipModulePart } from "../../src/rdb/skip.ts";
import { bytesSource } from "../../src/rdb/source.ts";

const STRING = 5;
const SUM = 8;

export class Random {
  #state: number;

  constructor(seed: number) {
    // Seeds that are near each other would begin alike.
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  below(limit: number): number {
    // xorshift, which has no short cycles in its low bits.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** The dump with the strings of its graphs uncompressed, so that a changed byte is a changed byte of their contents. */
export async function inflated(dump: Uint8Array): Promise<Uint8Array> {
  const source = bytesSource(dump);
  const { graphs } = await scanDump(source);
  const keys = graphs.flatMap((graph) => graph.keys).sort((a, b) => a.payload - b.payload);
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const { payload, end } of keys) {
    parts.push(dump.subarray(copied, payload));
    const cursor = new Cursor(source, payload);
    while (cursor.position < end) {
      const start = cursor.position;
      if (dump[start] === STRING) {
        cursor.skip(1);
        const bytes = cursor.string().slice();
        parts.push(Uint8Array.of(STRING), lengthOf(bytes.length), bytes);
      } else {
        skipModulePart(cursor);
        parts.push(dump.slice(start, cursor.position));
      }
    }
    copied = end;
  }
  parts.push(dump.subarray(copied));
  return summed(Buffer.concat(parts));
}

function lengthOf(value: number): Uint8Array {
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

/** With a checksum that fits. */
export function summed(dump: Uint8Array): Uint8Array {
  if (dump.length <= SUM) return dump;
  const bytes = new Uint8Array(dump);
  bytes.set(new Crc64().update(bytes, 0, bytes.length - SUM).digest(), bytes.length - SUM);
  return bytes;
}

const TELLING = [0, 1, 2, 5, 7, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xc4, 243, 247, 250, 252, 254, 255];
const NUMBERS = [0n, 1n, 255n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 60n];

/** One to four changes of the kinds that break readers. */
export function mutated(dump: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(dump);
  for (let left = 1 + random.below(4); left > 0; left--) bytes = change(bytes, random);
  return bytes;
}

function change(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random.below(7)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.pick(TELLING);
      return bytes;
    case 2:
      if (at + 8 <= bytes.length) view.setBigUint64(at, random.pick(NUMBERS), random.below(2) === 0);
      return bytes;
    case 3:
      return bytes.slice(0, at + 1);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(at + 1 + random.below(64), bytes.length))]);
    case 5: {
      const from = random.below(bytes.length);
      const part = bytes.slice(from, from + 1 + random.below(256));
      return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
    }
    default:
      // A count or an id, where the data are packed.
      if (at + 8 <= bytes.length) view.setBigUint64(at, BigInt(random.below(300)), true);
      return bytes;
  }
}
