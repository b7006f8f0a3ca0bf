/** The 64 bits in front of a module's data: nine characters of six bits that name the type, ten bits of its encoding version. */
import type { Cursor } from "./cursor.ts";

export const GRAPH_DATA = "graphdata";
export const GRAPH_META = "graphmeta";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VERSION_BITS = 10n;

interface ModuleType {
  readonly name: string;
  readonly encoding: number;
}

/** The type's name and version, which Redis packs into one number. */
export function readModuleType(cursor: Cursor): ModuleType {
  const low = cursor.lowLength();
  const id = (BigInt(cursor.high) << 32n) | BigInt(low);
  let name = "";
  for (let shift = 58n; shift >= VERSION_BITS; shift -= 6n) name += ALPHABET[Number((id >> shift) & 63n)];
  return { name, encoding: Number(id & 1023n) };
}

/** As a length of eight bytes. */
export function moduleTypeBytes({ name, encoding }: ModuleType): Uint8Array {
  let id = 0n;
  for (const character of name) id = (id << 6n) | BigInt(ALPHABET.indexOf(character));
  const bytes = new Uint8Array(9);
  bytes[0] = 0x81;
  new DataView(bytes.buffer).setBigUint64(1, (id << VERSION_BITS) | BigInt(encoding));
  return bytes;
}
