/**
 * Encoding versions 17 to 20: numbers and buffers packed into strings of up to 256,000 bytes. None crosses the end of its
 * string; a buffer that fits in none is a string of its own. From 19 on a byte before each says what it is.
 */
import { type Cursor, LARGE } from "./cursor.ts";
import { PACKED_SINCE } from "./header.ts";
import { DirectPayload, Payload, type ReadPosition, type WholeTest } from "./payload.ts";
import { skipModule } from "./skip.ts";

export const CHUNK = 256_000;
const TAG = { buffer: 0, float: 1, double: 2, signed: 3, unsigned: 4, ownChunk: 6 } as const;
const TAGGED_SINCE = 19;

const STRING = 5;
const NO_BYTES = Buffer.alloc(0);

const never: WholeTest = () => false;

/** As one buffer the count at its front fits; as the first of several, the count that would stand within does not. */
const isVector: WholeTest = (bytes) =>
  4 + 4 * bytes.readUInt32LE(0) === bytes.length && 4 + 4 * bytes.readUInt32LE(8) !== bytes.readUInt32LE(0);

/** The reader of a value's data, where the cursor stands. */
export function payloadAt(cursor: Cursor, encoding: number): Payload {
  return encoding >= PACKED_SINCE ? new PackedPayload(cursor, encoding) : new DirectPayload(cursor);
}

/** A payload whose parts are packed into strings: encodings from PACKED_SINCE on. */
export class PackedPayload extends Payload {
  readonly #cursor: Cursor;
  readonly #isTagged: boolean;
  /** The string we are in, where it begins in the dump, and how far we are in it. */
  #bytes: Buffer = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #offset: number;
  #at = 0;
  #from = 0;

  /** @param cursor stands where the module's data begin */
  constructor(cursor: Cursor, encoding: number) {
    super();
    this.#cursor = cursor;
    this.#isTagged = encoding >= TAGGED_SINCE;
    this.#offset = cursor.position;
  }

  unsigned(): number {
    const at = this.#take(TAG.unsigned, 8);
    const high = this.#view.getUint32(at + 4, true);
    if (high >= 2 ** 21) this.fail("an invalid number");
    return high * 2 ** 32 + this.#view.getUint32(at, true);
  }

  signed(): bigint {
    return this.#view.getBigInt64(this.#take(TAG.signed, 8), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(TAG.double, 8), true);
  }

  vector(): number[] {
    this.#findBuffer(isVector);
    const length = this.#at - this.#from;
    const count = length < 4 ? 0 : this.#view.getUint32(this.#from, true);
    // More can follow that only fills the string up (packed-writer.ts).
    if (length < 4 + 4 * count) this.fail(`a vector of ${count} numbers in ${length} bytes`);
    const elements: number[] = [];
    for (let at = 0; at < count; at++) elements.push(this.#view.getFloat32(this.#from + 4 + 4 * at, true));
    return elements;
  }

  skipVector(): void {
    this.#findBuffer(isVector);
  }

  buffer(isWhole: WholeTest = never): Uint8Array {
    this.#findBuffer(isWhole);
    return this.#bytes.subarray(this.#from, this.#at);
  }

  text(): string {
    // Without a NUL within, it cannot be taken for the length of something else.
    this.#findBuffer(never);
    return this.decode(this.#bytes, this.#from, this.#at);
  }

  taken(isWhole: WholeTest = never): Uint8Array<ArrayBuffer> {
    this.#findBuffer(isWhole);
    const { buffer } = this.#bytes;
    const isOwn = buffer.byteLength > LARGE && this.#at - this.#from === buffer.byteLength;
    if (!isOwn) return new Uint8Array(this.#bytes.subarray(this.#from, this.#at));
    this.#forget();
    return new Uint8Array(buffer as ArrayBuffer);
  }

  skipBuffer(isWhole: WholeTest = never): void {
    if (!this.#skipLarge()) this.#findBuffer(isWhole);
  }

  /** Moves over a buffer: it begins at #from and ends where we are then. */
  #findBuffer(isWhole: WholeTest): void {
    if (this.#isBufferNext(isWhole)) {
      this.#from = 0;
      this.#at = this.#bytes.length;
      return;
    }
    const at = this.#take(TAG.buffer, 8);
    const length = this.#view.getUint32(at, true);
    if (this.#view.getUint32(at + 4, true) !== 0 || length > this.#bytes.length - this.#at) {
      this.fail("a buffer that is longer than the string it is in");
    }
    this.#from = at + 8;
    this.#at += length;
  }

  skipSigned(): void {
    this.#take(TAG.signed, 8);
  }

  skipDouble(): void {
    this.#take(TAG.double, 8);
  }

  position(): ReadPosition {
    // Behind a string is in front of the next one.
    if (this.#at === this.#bytes.length) return { offset: this.#cursor.position, at: 0 };
    return { offset: this.#offset, at: this.#at };
  }

  seek({ offset, at }: ReadPosition): void {
    if (offset !== this.#offset || this.#bytes.length === 0) {
      this.#cursor.seek(offset);
      this.#forget();
      this.#offset = offset;
      if (at > 0) this.#next();
    }
    this.#at = at;
  }

  /** Over a buffer that is a string of its own without decompressing it. False where something else follows. */
  #skipLarge(): boolean {
    if (this.#at === this.#bytes.length) {
      if (this.#isTagged) this.#next();
      else {
        const { position } = this.#cursor;
        this.#expectString();
        const isLarge = this.#cursor.plainLength() > CHUNK;
        if (isLarge) this.#cursor.skipString();
        else this.#cursor.seek(position);
        if (isLarge) this.#forget();
        return isLarge;
      }
    }
    if (!this.#isTagged || !this.#isBeforeLarge()) return false;
    this.#expectString();
    this.#cursor.skipString();
    this.#forget();
    return true;
  }

  /** What was read is of no further use, or not ours any more. */
  #forget(): void {
    this.#bytes = NO_BYTES;
    this.#at = 0;
  }

  skipRest(): void {
    this.#at = this.#bytes.length;
    skipModule(this.#cursor);
  }

  assertEnd(): void {
    if (this.#at !== this.#bytes.length || this.#cursor.length() !== 0) {
      this.fail("more data than the graph declares");
    }
  }

  fail(what: string): never {
    this.#cursor.fail(`${this.describe(what)} (byte ${this.#at} of the string there, decompressed)`, this.#offset);
  }

  /** Moves over a number and gives its place in the view. */
  #take(tag: number, width: number): number {
    if (this.#at === this.#bytes.length) this.#next();
    let at = this.#at;
    const end = at + width + (this.#isTagged ? 1 : 0);
    if (end > this.#bytes.length) this.fail("a number that goes beyond the string it is in");
    if (this.#isTagged && this.#bytes[at++] !== tag) this.fail(`another part where one of kind ${tag} is required`);
    this.#at = end;
    return at;
  }

  /** Into the next string that holds anything. */
  #next(): void {
    do {
      this.#expectString();
      const bytes = this.#cursor.string();
      this.passed += bytes.length;
      this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    } while (this.#bytes.length === 0);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#at = 0;
  }

  #expectString(): void {
    const { position } = this.#cursor;
    const opcode = this.#cursor.length();
    if (opcode !== STRING) this.#cursor.fail("less data than the graph declares", position);
    this.#offset = position;
  }

  /** Whether the sign is next that the buffer is the whole next string. */
  #isBeforeLarge(): boolean {
    if (this.#bytes[this.#at] !== TAG.ownChunk) return false;
    if (this.#at + 1 !== this.#bytes.length) this.fail("data after the marker of a large buffer");
    return true;
  }

  /** Whether a whole string is the next buffer; then it has been begun. */
  #isBufferNext(isWhole: WholeTest): boolean {
    if (this.#at === this.#bytes.length) {
      this.#next();
      if (!this.#isTagged) return this.#isOneBuffer(isWhole);
    }
    if (!this.#isTagged || !this.#isBeforeLarge()) return false;
    this.#next();
    return true;
  }

  /**
   * Whether the string that was just begun is a buffer alone, where no tag tells. Of lengths near the limit the engine's
   * own rule (longer than a chunk) is wrong: it then crashes over what it wrote itself.
   */
  #isOneBuffer(isWhole: WholeTest): boolean {
    const { length } = this.#bytes;
    if (length > CHUNK) return true;
    if (length <= CHUNK - 8) return false;
    if (this.#view.getUint32(4, true) !== 0 || this.#view.getUint32(0, true) + 8 > length) return true;
    return isWhole(this.#bytes);
  }
}
