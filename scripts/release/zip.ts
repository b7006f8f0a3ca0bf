/** A zip file, for Windows, that depends on nothing but what goes in: no clock, no zone, the order as given. */
import type { Entry } from "./tar.ts";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
/** The oldest reader that will do: 2.0, for deflate. */
const VERSION_NEEDED = 20;
/** Made on Unix: readers there then take the mode from the upper half of the attributes. */
const MADE_BY_UNIX = 3 << 8;
const REGULAR_FILE = 0o100000;
const DEFLATE = 8;
const UTF8_NAMES = 1 << 11;

/** @param time seconds since 1970 that every file carries; read as UTC, since a zip names no zone */
export function zip(entries: readonly Entry[], time: number): Uint8Array {
  const [clock, date] = dosTime(time);
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { path, executable, bytes } of entries) {
    const name = Buffer.from(path);
    const packed = Bun.deflateSync(bytes.slice(), { library: "libdeflate", level: 6 });
    const sizes = [u32(Bun.hash.crc32(bytes)), u32(packed.length), u32(bytes.length), u16(name.length), u16(0)];
    const about = [u16(VERSION_NEEDED), u16(UTF8_NAMES), u16(DEFLATE), u16(clock), u16(date), ...sizes];
    const local = Buffer.concat([u32(LOCAL_HEADER), ...about, name]);
    files.push(local, packed);
    const attributes = ((REGULAR_FILE | (executable ? 0o755 : 0o644)) << 16) >>> 0;
    // No comment, on the first disk, nothing said about whether it is text.
    const rest = [u16(0), u16(0), u16(0), u32(attributes), u32(offset)];
    directory.push(Buffer.concat([u32(CENTRAL_HEADER), u16(MADE_BY_UNIX | VERSION_NEEDED), ...about, ...rest, name]));
    offset += local.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const counts = [u16(0), u16(0), u16(entries.length), u16(entries.length)];
  const end = [u32(END), ...counts, u32(central.length), u32(offset), u16(0)];
  return Buffer.concat([...files, central, ...end]);
}

/** Two-second steps since 1980, as MS-DOS kept time. */
function dosTime(time: number): [clock: number, date: number] {
  const at = new Date(time * 1000);
  const years = at.getUTCFullYear() - 1980;
  if (years < 0) throw new Error("a zip file cannot hold a time before 1980");
  const clock = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return [clock, (years << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()];
}

function u16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
