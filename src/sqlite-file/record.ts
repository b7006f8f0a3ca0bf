/** A row's record: a header of serial types, then the values (fileformat2.html, 2.1). */
import { DamagedPageError } from "./damage.ts";
import type { FileHeader } from "./header.ts";

/** Integers are bigint and REAL is number; text that is not valid in the file's encoding is left as bytes. */
export type StoredValue = null | bigint | number | string | Uint8Array;

/** A variable-length integer: its value as a signed 64-bit number, and the offset after it. */
export function readVarint(bytes: Buffer, at: number): { value: bigint; next: number } {
  let value = 0n;
  for (let length = 0; length < 9; length++) {
    const byte = bytes[at + length];
    if (byte === undefined) throw new DamagedPageError("a number reaches beyond its page");
    if (length === 8) return { value: BigInt.asIntN(64, (value << 8n) | BigInt(byte)), next: at + 9 };
    value = (value << 7n) | BigInt(byte & 127);
    if (byte < 128) return { value, next: at + length + 1 };
  }
  throw new DamagedPageError("a number without end");
}

/** As readVarint, for what is a length or a type. @throws DamagedPageError for more than a file can hold */
export function readLength(bytes: Buffer, at: number): { value: number; next: number } {
  let short = 0;
  // Up to 28 bits, which is nearly all there are, without arithmetic on bigint.
  for (let length = 0; length < 4; length++) {
    const byte = bytes[at + length];
    if (byte === undefined) break;
    short = (short << 7) | (byte & 127);
    if (byte < 128) return { value: short, next: at + length + 1 };
  }
  const { value, next } = readVarint(bytes, at);
  if (value < 0n || value > 0x7fffffffn) throw new DamagedPageError("an invalid length of a value");
  return { value: Number(value), next };
}

/** Where each value of a record is: offset and length in the payload, by serial type. */
interface Slot {
  readonly type: number;
  readonly at: number;
  readonly length: number;
}

const FIXED_LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

/** @throws DamagedPageError */
function slotsOf(payload: Buffer): Slot[] {
  const { value: end, next } = readLength(payload, 0);
  if (end > payload.length || end < next) throw new DamagedPageError("a record with a header longer than itself");
  const slots: Slot[] = [];
  let body = end;
  for (let at = next; at < end; ) {
    const { value: type, next: after } = readLength(payload, at);
    if (type === 10 || type === 11 || after > end) throw new DamagedPageError("a record with an unknown type of value");
    const length = type < 10 ? FIXED_LENGTHS[type]! : (type - (type % 2 === 0 ? 12 : 13)) / 2;
    if (body + length > payload.length) throw new DamagedPageError("a record that is shorter than its header says");
    slots.push({ type, at: body, length });
    body += length;
    at = after;
  }
  return slots;
}

/** Decodes records of one file. */
export class RecordDecoder {
  readonly #decoder: TextDecoder;

  constructor({ encoding }: FileHeader) {
    this.#decoder = new TextDecoder(encoding as "utf-8", { fatal: true, ignoreBOM: true });
  }

  /** @throws DamagedPageError */
  decode(payload: Buffer): StoredValue[] {
    return slotsOf(payload).map((slot) => this.value(payload, slot));
  }

  value(payload: Buffer, { type, at, length }: Slot): StoredValue {
    if (type === 0) return null;
    if (type === 8) return 0n;
    if (type === 9) return 1n;
    if (type === 7) return payload.readDoubleBE(at);
    if (type === 6) return payload.readBigInt64BE(at);
    if (type < 6) return BigInt(payload.readIntBE(at, length));
    const bytes = payload.subarray(at, at + length);
    if (type % 2 === 0) return Uint8Array.from(bytes);
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return Uint8Array.from(bytes);
    }
  }
}
