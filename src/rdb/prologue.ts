/** The first bytes of a dump: which program wrote it, in which version of the format, and what it says of itself. */
import { Cursor } from "./cursor.ts";
import { damageAt } from "./damage.ts";
import type { ByteSource } from "./dump.ts";
import { OPCODE } from "./opcodes.ts";

export interface Prologue {
  /** Valkey has parted from Redis with version 80; its older dumps are Redis's. */
  readonly family: "Redis" | "Valkey";
  readonly version: number;
}

const BYTES = 9;
/** Of Redis up to 8.10, and of Valkey 9. */
const NEWEST_CONTAINER = { Redis: 15, Valkey: 80 } as const;
/** An engine writes some ten fields. */
const MOST_FIELDS = 1_000;

/** `REDIS0011`, `VALKEY080`. @throws DamagedStoreError for what is neither */
export function readPrologue(cursor: Cursor): Prologue {
  const { source } = cursor;
  const magic = source.size < BYTES ? "" : Buffer.from(cursor.bytes(BYTES)).toString("latin1");
  const [, family, version] = /^(REDIS(?=\d{4})|VALKEY(?=\d{3}))(\d+)$/.exec(magic) ?? [];
  if (version === undefined) throw damageAt(source, 0, "it does not begin like a Redis dump");
  return { family: family === "REDIS" ? "Redis" : "Valkey", version: Number(version) };
}

/** Whether an engine wrote it that is newer than what is known here; what it holds may be known all the same. */
export function isNewer({ family, version }: Prologue): boolean {
  return version > NEWEST_CONTAINER[family];
}

/**
 * `redis-ver`, `ctime` and the like, without reading the rest of the dump.
 * @throws DamagedStoreError for what does not begin as a dump, or ends within
 */
export function readFields(source: ByteSource): ReadonlyMap<string, string> {
  const cursor = new Cursor(source);
  readPrologue(cursor);
  const fields = new Map<string, string>();
  while (cursor.left > 0 && fields.size < MOST_FIELDS && cursor.byte() === OPCODE.field) readField(cursor, fields);
  return fields;
}

/** One name with its value, such as redis-ver. */
export function readField(cursor: Cursor, fields: Map<string, string>): void {
  const name = Buffer.from(cursor.string()).toString();
  fields.set(name, Buffer.from(cursor.string()).toString());
}
