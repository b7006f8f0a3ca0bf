/**
 * The data of one graph value as FalkorDB writes them: numbers and buffers in a row. How they lie in the dump is a matter
 * of the encoding version: each on its own (14 to 16, below), or many in one string (17 to 20, packed-reader.ts).
 */
import { isUtf8 } from "node:buffer";
import type { Cursor } from "./cursor.ts";
import { skipModule } from "./skip.ts";

/** A place to come back to; only the reader that gave it knows what it means. */
export interface ReadPosition {
  readonly offset: number;
  readonly at: number;
}

/**
 * Says of a string that can be either one buffer alone, or several data of which the first is a shorter buffer, that it
 * is the former. Versions 17 and 18 write strings of some lengths of which nothing but their contents tells.
 */
export type WholeTest = (bytes: Buffer) => boolean;

/** What a module wrote of a value: numbers, texts and buffers in order. @throws DamagedStoreError */
export abstract class Payload {
  /** What is being read, for messages: `node` and its id. */
  subject = "";
  subjectId = 0;
  /** Bytes, decompressed, that have been taken up so far: how large what is read has become. */
  passed = 0;
  /** Null where a text that is not UTF-8 is an error; else whether one has been read since this was set to false. */
  hasBadText: boolean | null = null;

  /** @throws DamagedStoreError for one beyond 2^53: none is meant to be */
  abstract unsigned(): number;
  abstract signed(): bigint;
  abstract double(): number;
  abstract vector(): number[];
  /** Good until the next call. */
  abstract buffer(isWhole?: WholeTest): Uint8Array;
  /** A buffer for the caller to keep, at the front of memory of its own. */
  abstract taken(isWhole?: WholeTest): Uint8Array<ArrayBuffer>;
  /** A buffer that holds a text and a NUL. @throws DamagedStoreError for what is not UTF-8, unless `hasBadText` tells it */
  abstract text(): string;
  /** Over one number of the kind named. */
  abstract skipSigned(): void;
  abstract skipDouble(): void;
  abstract skipBuffer(isWhole?: WholeTest): void;
  abstract skipVector(): void;
  abstract position(): ReadPosition;
  abstract seek(position: ReadPosition): void;
  /** Whatever is left of the value. */
  abstract skipRest(): void;
  /** @throws DamagedStoreError where something is left of the value */
  abstract assertEnd(): void;
  abstract fail(what: string): never;

  protected describe(what: string): string {
    return this.subject === "" ? what : `${what}, in ${this.subject} ${this.subjectId}`;
  }

  /** The text in `bytes[from, to)`, which end with its NUL; more of them can follow to fill a string up. */
  protected decode(bytes: Buffer, from: number, to: number): string {
    if (to === from || bytes[to - 1] !== 0) this.fail("text without an end");
    const text = bytes.toString("utf8", from, to - 1);
    const end = text.indexOf("\0");
    if (text.includes("\ufffd") && !isUtf8(bytes.subarray(from, to))) {
      if (this.hasBadText === null) this.fail("text that is not UTF-8");
      this.hasBadText = true;
    }
    return end === -1 ? text : text.substring(0, end);
  }
}

const UNSIGNED = 2;
const FLOAT = 3;
const DOUBLE = 4;
const STRING = 5;
const TWO_32 = 2 ** 32;

/** A payload whose parts are in the dump one by one. */
export class DirectPayload extends Payload {
  readonly #cursor: Cursor;

  /** @param cursor stands where the module's data begin */
  constructor(cursor: Cursor) {
    super();
    this.#cursor = cursor;
  }

  unsigned(): number {
    this.#expect(UNSIGNED);
    return this.#cursor.length();
  }

  /** Negative ones stand there as the unsigned number with the same bits. */
  signed(): bigint {
    this.#expect(UNSIGNED);
    const low = this.#cursor.lowLength();
    const { high } = this.#cursor;
    return high === 0 ? BigInt(low) : (BigInt(high | 0) << 32n) | BigInt(low);
  }

  double(): number {
    this.#expect(DOUBLE);
    const bytes = this.#cursor.bytes(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  }

  vector(): number[] {
    const elements: number[] = [];
    for (let left = this.unsigned(); left > 0; left--) {
      this.#expect(FLOAT);
      const bytes = this.#cursor.bytes(4);
      elements.push(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true));
    }
    return elements;
  }

  buffer(): Uint8Array {
    this.#expect(STRING);
    const bytes = this.#cursor.string();
    this.passed += bytes.length;
    return bytes;
  }

  taken(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer());
  }

  text(): string {
    const bytes = this.buffer();
    return this.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  }

  skipSigned(): void {
    this.#expect(UNSIGNED);
    this.#cursor.lowLength();
  }

  skipDouble(): void {
    this.#expect(DOUBLE);
    this.#cursor.skip(8);
  }

  skipBuffer(): void {
    this.#expect(STRING);
    this.#cursor.skipString();
  }

  skipVector(): void {
    for (let left = this.unsigned(); left > 0; left--) {
      this.#expect(FLOAT);
      this.#cursor.skip(4);
    }
  }

  /** A number, or null where it is 2^64-1, which closes a list. */
  unsignedOrLast(): number | null {
    this.#expect(UNSIGNED);
    const low = this.#cursor.lowLength();
    const { high } = this.#cursor;
    if (high === TWO_32 - 1 && low === TWO_32 - 1) return null;
    if (high >= 2 ** 21) this.fail("an invalid number");
    return high * TWO_32 + low;
  }

  position(): ReadPosition {
    return { offset: this.#cursor.position, at: 0 };
  }

  seek({ offset }: ReadPosition): void {
    this.#cursor.seek(offset);
  }

  skipRest(): void {
    skipModule(this.#cursor);
  }

  assertEnd(): void {
    if (this.#cursor.length() !== 0) this.fail("more data than the graph declares");
  }

  fail(what: string): never {
    this.#cursor.fail(this.describe(what));
  }

  #expect(opcode: number): void {
    const found = this.#cursor.byte();
    if (found !== opcode) this.fail(`a part of kind ${found} where one of kind ${opcode} is required`);
  }
}
