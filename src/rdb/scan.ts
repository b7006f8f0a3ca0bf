/** The first walk over a dump: every item of the container, the checksum, and the header of every graph. */
import { DamagedStoreError, MigrateError } from "../errors.ts";
import { breathe } from "../support/time.ts";
import { Crc64 } from "./crc64.ts";
import { Cursor } from "./cursor.ts";
import { damageAt, graphOfOtherAge, unknownAt } from "./damage.ts";
import type { ByteSource, DumpGraph, DumpScan, GraphKey, UnreadableGraph } from "./dump.ts";
import { GraphKeys } from "./graph-keys.ts";
import { NEWEST, OLDEST, readHeader } from "./header.ts";
import { GRAPH_DATA, GRAPH_META, readModuleType } from "./module-type.ts";
import { OPCODE } from "./opcodes.ts";
import { payloadAt } from "./packed-reader.ts";
import { isNewer, type Prologue, readField, readPrologue } from "./prologue.ts";
import { MODULE_VALUE, readTemplate, skipModule, skipValue, type Templates } from "./skip.ts";

/** Bytes between two pauses, in which signals and timers have their turn. */
const STRETCH = 1 << 24;
const SUM_BYTES = 8;
/** Where a module's record stands, as it says itself: 1 before the keys. */
const AFTER_KEYS = 2;

interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every key that belongs to no graph. */
  readonly eachKey?: (db: number, key: Uint8Array) => void;
}

/**
 * Walks over the dump once.
 * @throws DamagedStoreError with the offset, for what cannot be a whole dump; NewerFormatError for what is newer
 */
export async function scanDump(source: ByteSource, { signal, eachKey }: ScanOptions = {}): Promise<DumpScan> {
  const scanner = new Scanner(source, eachKey ?? null);
  let pause = STRETCH;
  try {
    while (scanner.next()) {
      if (scanner.position < pause) continue;
      signal?.throwIfAborted();
      await breathe();
      pause = scanner.position + STRETCH;
    }
    return scanner.finish();
  } catch (error) {
    // What a newer engine has changed looks damaged to us.
    if (!(error instanceof DamagedStoreError) || !scanner.isNewer) throw error;
    throw unknownAt(source, 0, scanner.format, error);
  }
}

/** Null where there is none. @throws the reason why it cannot be read */
export function findGraph(scan: DumpScan, name: string, db = 0): DumpGraph | null {
  const unreadable = scan.unreadable.find((graph) => graph.key === name && graph.db === db);
  if (unreadable !== undefined) throw unreadable.error;
  return scan.graphs.find((graph) => graph.name === name && graph.db === db) ?? null;
}

/** What stands in front of a key and belongs to it. */
interface Begun {
  readonly offset: number;
  expires: number | null;
}

class Scanner {
  readonly #cursor: Cursor;
  readonly #source: ByteSource;
  readonly #eachKey: ((db: number, key: Uint8Array) => void) | null;
  readonly #prologue: Prologue;
  readonly #templates: Templates = new Map();
  readonly #fields = new Map<string, string>();
  readonly #graphs = new GraphKeys();
  readonly #unreadable: UnreadableGraph[] = [];
  readonly #otherKeys = new Map<number, number>();
  #db = 0;
  #keysBegin: number | null = null;
  #keysEnd: number | null = null;
  readonly #databases: number[] = [];
  #hasAuxBefore = false;
  #hasAuxAfter = false;
  /** Where the first record of any module that belongs behind the keys begins. */
  #auxAfter: number | null = null;
  #begun: Begun | null = null;
  #end = 0;

  constructor(source: ByteSource, eachKey: ((db: number, key: Uint8Array) => void) | null) {
    this.#eachKey = eachKey;
    this.#source = source;
    this.#cursor = new Cursor(source, 0, new Crc64());
    this.#prologue = readPrologue(this.#cursor);
  }

  get position(): number {
    return this.#cursor.position;
  }

  get isNewer(): boolean {
    return isNewer(this.#prologue);
  }

  get format(): string {
    return `a ${this.#prologue.family} dump of version ${this.#prologue.version}`;
  }

  /** Over one item. False when that was the end. */
  next(): boolean {
    const cursor = this.#cursor;
    const start = cursor.position;
    const opcode = cursor.byte();
    switch (opcode) {
      case OPCODE.end:
        this.#end = start;
        return false;
      case OPCODE.field:
        readField(cursor, this.#fields);
        return true;
      case OPCODE.template:
        readTemplate(cursor, this.#templates);
        return true;
      case OPCODE.functions:
        cursor.skipString();
        return true;
      case OPCODE.moduleAux:
        this.#readAux(start);
        return true;
      case OPCODE.selectDb:
        this.#keysBegin ??= start;
        this.#db = cursor.length();
        return true;
      case OPCODE.resize:
        cursor.skipLengths(2);
        return true;
      case OPCODE.slotInfo:
        cursor.skipLengths(3);
        return true;
      case OPCODE.oldFunctions:
        throw unknownAt(this.#source, start, "a function library of a Redis before 7.0");
    }
    if (opcode === OPCODE.keyMetadata && this.#prologue.family === "Valkey") {
      cursor.skipString();
      cursor.skipLengths(2 * cursor.length());
      return true;
    }
    this.#begun ??= { offset: start, expires: null };
    if (!this.#skipBelongings(opcode, this.#begun)) this.#readKey(start, opcode, this.#begun);
    return true;
  }

  finish(): DumpScan {
    const cursor = this.#cursor;
    const digest = cursor.digest()!;
    const begins = cursor.position;
    if (this.#begun !== null) cursor.fail("an expiry without a key");
    const { version, family } = this.#prologue;
    const hasSum = version >= 5;
    const stored = hasSum ? cursor.bytes(SUM_BYTES).slice() : new Uint8Array(SUM_BYTES);
    const hasChecksum = stored.some((byte) => byte !== 0);
    if (hasChecksum && Buffer.compare(stored, digest) !== 0) {
      throw damageAt(this.#source, begins, `its checksum is ${stored.toHex()}, but its bytes give ${digest.toHex()}`);
    }
    if (cursor.left > 0) throw damageAt(this.#source, cursor.position, `${cursor.left} bytes follow its end`);
    const keysEnd = this.#keysEnd ?? this.#auxAfter ?? this.#end;
    return {
      source: this.#source,
      version,
      family,
      isNewer: isNewer(this.#prologue),
      hasChecksum,
      fields: this.#fields,
      graphs: this.#graphs.graphs(),
      unreadable: this.#unreadable,
      otherKeys: this.#otherKeys,
      layout: {
        keysBegin: this.#keysBegin ?? keysEnd,
        keysEnd,
        lastDb: this.#databases.at(-1) ?? null,
        databases: this.#databases,
        hasAuxBefore: this.#hasAuxBefore,
        hasAuxAfter: this.#hasAuxAfter,
        end: this.#end,
      },
    };
  }

  /** What stands in front of a key and belongs to it. False when the byte is none of that, but the type of the key. */
  #skipBelongings(opcode: number, begun: Begun): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case OPCODE.expiryMilliseconds: {
        const bytes = cursor.bytes(8);
        begun.expires = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
        return true;
      }
      case OPCODE.expirySeconds: {
        const bytes = cursor.bytes(4);
        begun.expires = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true) * 1_000;
        return true;
      }
      case OPCODE.frequency:
        cursor.skip(1);
        return true;
      case OPCODE.idle:
        cursor.lowLength();
        return true;
      case OPCODE.keyMetadata: {
        const classes = cursor.length();
        for (let done = 0; done < classes; done++) {
          cursor.skip(4);
          skipModule(cursor);
        }
        return true;
      }
    }
    return false;
  }

  #readAux(start: number): void {
    const cursor = this.#cursor;
    const { name } = readModuleType(cursor);
    cursor.length();
    const isAfter = cursor.length() === AFTER_KEYS;
    skipModule(cursor);
    if (isAfter) this.#auxAfter ??= start;
    if (name !== GRAPH_DATA) return;
    if (isAfter) this.#hasAuxAfter = true;
    else this.#hasAuxBefore = true;
  }

  #readKey(typeOffset: number, type: number, begun: Begun): void {
    const cursor = this.#cursor;
    this.#keysBegin ??= begun.offset;
    const bytes = Buffer.from(cursor.string());
    const key = bytes.toString();
    if (type !== MODULE_VALUE) {
      skipValue(cursor, type, { templates: this.#templates, key, family: this.#prologue.family });
      this.#countOther(bytes);
    } else {
      const { name, encoding } = readModuleType(cursor);
      if (name === GRAPH_DATA || name === GRAPH_META) {
        this.#readGraph(key, encoding, { ...begun, typeOffset, isMain: name === GRAPH_DATA });
      } else {
        skipModule(cursor);
        this.#countOther(bytes);
      }
    }
    this.#begun = null;
    this.#keysEnd = cursor.position;
    if (this.#databases.at(-1) !== this.#db) this.#databases.push(this.#db);
  }

  #countOther(key: Uint8Array): void {
    this.#eachKey?.(this.#db, key);
    this.#otherKeys.set(this.#db, (this.#otherKeys.get(this.#db) ?? 0) + 1);
  }

  /** A graph that cannot be read is no reason not to read another one, or to lose it. */
  #readGraph(key: string, encoding: number, begin: Omit<GraphKey, "payload" | "end">): void {
    const cursor = this.#cursor;
    const payload = cursor.position;
    try {
      if (encoding < OLDEST || encoding > NEWEST) {
        throw graphOfOtherAge(this.#source, payload, key, encoding);
      }
      const reader = payloadAt(cursor, encoding);
      const header = readHeader(reader, encoding);
      reader.skipRest();
      this.#graphs.add(this.#db, key, header, encoding, { ...begin, payload, end: cursor.position });
    } catch (error) {
      if (!(error instanceof MigrateError)) throw error;
      cursor.seek(payload);
      skipModule(cursor);
      this.#unreadable.push({ db: this.#db, key, error });
    }
  }
}
