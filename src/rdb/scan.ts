/** The first walk over a dump: every item of the container, the checksum, and the header of every graph. */
import { MigrateError } from "../errors.ts";
import { breathe } from "../support/time.ts";
import { Crc64 } from "./crc64.ts";
import { Cursor } from "./cursor.ts";
import { damageAt, unknownAt } from "./damage.ts";
import type { ByteSource, DumpGraph, DumpScan, GraphKey, UnreadableGraph } from "./dump.ts";
import { type GraphHeader, NEWEST, OLDEST, readHeader } from "./header.ts";
import { GRAPH_DATA, GRAPH_META, readModuleType } from "./module-type.ts";
import { payloadAt } from "./packed-reader.ts";
import { MODULE_VALUE, readTemplate, skipModule, skipValue, type Templates } from "./skip.ts";

/** Of the containers that Redis has written up to 8.10. */
const NEWEST_CONTAINER = 15;
/** Bytes between two pauses, in which signals and timers have their turn. */
const STRETCH = 1 << 24;
const SUM_BYTES = 8;
/** Where a module's record stands, as it says itself: 1 before the keys. */
const AFTER_KEYS = 2;

const OPCODE = {
  template: 242,
  keyMetadata: 243,
  slotInfo: 244,
  functions: 245,
  oldFunctions: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  field: 250,
  resize: 251,
  expiryMilliseconds: 252,
  expirySeconds: 253,
  selectDb: 254,
  end: 255,
} as const;

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
  while (scanner.next()) {
    if (scanner.position < pause) continue;
    signal?.throwIfAborted();
    await breathe();
    pause = scanner.position + STRETCH;
  }
  return scanner.finish();
}

/** Null where there is none. @throws the reason why it cannot be read */
export function findGraph(scan: DumpScan, name: string, db = 0): DumpGraph | null {
  const unreadable = scan.unreadable.find((graph) => graph.key === name && graph.db === db);
  if (unreadable !== undefined) throw unreadable.error;
  return scan.graphs.find((graph) => graph.name === name && graph.db === db) ?? null;
}

interface Found {
  readonly header: GraphHeader;
  readonly encoding: number;
  readonly db: number;
  readonly keys: GraphKey[];
}

class Scanner {
  readonly #cursor: Cursor;
  readonly #source: ByteSource;
  readonly #eachKey: ((db: number, key: Uint8Array) => void) | null;
  readonly #version: number;
  readonly #templates: Templates = new Map();
  readonly #fields = new Map<string, string>();
  readonly #graphs = new Map<string, Found>();
  readonly #unreadable: UnreadableGraph[] = [];
  readonly #otherKeys = new Map<number, number>();
  #db = 0;
  #keysBegin: number | null = null;
  #keysEnd: number | null = null;
  #lastDb: number | null = null;
  #hasAuxBefore = false;
  #hasAuxAfter = false;
  /** Where the first record of any module that belongs behind the keys begins. */
  #auxAfter: number | null = null;
  /** Where what belongs to the next key begins. */
  #keyBegin: number | null = null;
  #end = 0;

  constructor(source: ByteSource, eachKey: ((db: number, key: Uint8Array) => void) | null) {
    this.#eachKey = eachKey;
    this.#source = source;
    this.#cursor = new Cursor(source, 0, new Crc64());
    const magic = source.size < 9 ? "" : Buffer.from(this.#cursor.bytes(9)).toString("latin1");
    if (!/^REDIS\d{4}$/.test(magic)) throw damageAt(source, 0, "it does not begin as a Redis dump");
    this.#version = Number(magic.slice(5));
    if (this.#version > NEWEST_CONTAINER) {
      throw unknownAt(source, 5, `a Redis dump of version ${this.#version}`);
    }
  }

  get position(): number {
    return this.#cursor.position;
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
      case OPCODE.field: {
        const name = Buffer.from(cursor.string()).toString();
        this.#fields.set(name, Buffer.from(cursor.string()).toString());
        return true;
      }
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
    this.#keyBegin ??= start;
    if (!this.#skipBelongings(opcode)) this.#readKey(start, opcode);
    return true;
  }

  finish(): DumpScan {
    const cursor = this.#cursor;
    const digest = cursor.digest()!;
    const begins = cursor.position;
    if (this.#keyBegin !== null) cursor.fail("an expiry without a key");
    const hasSum = this.#version >= 5;
    const stored = hasSum ? cursor.bytes(SUM_BYTES).slice() : new Uint8Array(SUM_BYTES);
    const hasChecksum = stored.some((byte) => byte !== 0);
    if (hasChecksum && Buffer.compare(stored, digest) !== 0) {
      throw damageAt(this.#source, begins, `its checksum is ${stored.toHex()}, but its bytes give ${digest.toHex()}`);
    }
    if (cursor.left > 0) throw damageAt(this.#source, cursor.position, `${cursor.left} bytes stand behind its end`);
    const keysEnd = this.#keysEnd ?? this.#auxAfter ?? this.#end;
    return {
      source: this.#source,
      version: this.#version,
      hasChecksum,
      fields: this.#fields,
      graphs: [...this.#graphs.values()].map(graphOf),
      unreadable: this.#unreadable,
      otherKeys: this.#otherKeys,
      layout: {
        keysBegin: this.#keysBegin ?? keysEnd,
        keysEnd,
        lastDb: this.#lastDb,
        hasAuxBefore: this.#hasAuxBefore,
        hasAuxAfter: this.#hasAuxAfter,
        end: this.#end,
      },
    };
  }

  /** What stands in front of a key and belongs to it. False when the byte is none of that, but the type of the key. */
  #skipBelongings(opcode: number): boolean {
    const cursor = this.#cursor;
    switch (opcode) {
      case OPCODE.expiryMilliseconds:
        cursor.skip(8);
        return true;
      case OPCODE.expirySeconds:
        cursor.skip(4);
        return true;
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

  #readKey(typeOffset: number, type: number): void {
    const cursor = this.#cursor;
    const offset = this.#keyBegin!;
    this.#keysBegin ??= offset;
    const bytes = Buffer.from(cursor.string());
    const key = bytes.toString();
    if (type !== MODULE_VALUE) {
      skipValue(cursor, type, this.#templates, key);
      this.#countOther(bytes);
    } else {
      const { name, encoding } = readModuleType(cursor);
      if (name === GRAPH_DATA || name === GRAPH_META) {
        this.#readGraph(key, encoding, { offset, typeOffset, isMain: name === GRAPH_DATA });
      } else {
        skipModule(cursor);
        this.#countOther(bytes);
      }
    }
    this.#keyBegin = null;
    this.#keysEnd = cursor.position;
    this.#lastDb = this.#db;
  }

  #countOther(key: Uint8Array): void {
    this.#eachKey?.(this.#db, key);
    this.#otherKeys.set(this.#db, (this.#otherKeys.get(this.#db) ?? 0) + 1);
  }

  /** A graph that cannot be read is no reason not to read another one, or to lose it. */
  #readGraph(key: string, encoding: number, begin: Pick<GraphKey, "offset" | "typeOffset" | "isMain">): void {
    const cursor = this.#cursor;
    const payload = cursor.position;
    try {
      if (encoding < OLDEST || encoding > NEWEST) {
        throw unknownAt(this.#source, payload, `the graph ${JSON.stringify(key)} in the encoding ${encoding}`);
      }
      const reader = payloadAt(cursor, encoding);
      const header = readHeader(reader, encoding);
      reader.skipRest();
      this.#addKey(header, encoding, { ...begin, payload, end: cursor.position });
    } catch (error) {
      if (!(error instanceof MigrateError)) throw error;
      cursor.seek(payload);
      skipModule(cursor);
      this.#unreadable.push({ db: this.#db, key, error });
    }
  }

  #addKey(header: GraphHeader, encoding: number, key: GraphKey): void {
    const name = `${this.#db} ${header.name}`;
    const known = this.#graphs.get(name);
    if (known === undefined) this.#graphs.set(name, { header, encoding, db: this.#db, keys: [key] });
    else known.keys.push(key);
  }
}

function graphOf({ header, encoding, db, keys }: Found): DumpGraph {
  const { name, counts, schema, keys: keyCount } = header;
  return { db, name, encoding, counts, schema, keys, keyCount };
}
