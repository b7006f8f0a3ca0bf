/**
 * What Redis's DUMP gives for one key, kept in a file: the type, the value, the version of the format in two bytes, and a
 * checksum in eight. The key's name is not in it.
 */
import { Crc64 } from "./crc64.ts";
import { damageAt } from "./damage.ts";
import type { ByteSource } from "./dump.ts";
import { OPCODE } from "./opcodes.ts";
import { FileSink } from "./sink.ts";

const VERSION_BYTES = 2;
const SUM_BYTES = 8;
const FOOTER_BYTES = VERSION_BYTES + SUM_BYTES;
const PIECE = 1 << 20;

/**
 * Writes the dump that has the payload under a key in database 0, and nothing else.
 * @throws DamagedStoreError when the checksum does not fit; the system's error
 */
export function dumpOfPayload(source: ByteSource, key: string, path: string): void {
  const end = source.size - FOOTER_BYTES;
  if (end < 1) throw damageAt(source, 0, "it is shorter than any result of DUMP");
  const footer = new Uint8Array(FOOTER_BYTES);
  source.read(footer, end);
  const sum = new Crc64();
  const sink = new FileSink(path);
  try {
    const version = String(footer[0]! + 256 * footer[1]!).padStart(4, "0");
    sink.write(Buffer.from(`REDIS${version}`));
    sink.byte(OPCODE.selectDb);
    sink.byte(0);
    const piece = new Uint8Array(PIECE);
    for (let at = 0; at < end; ) {
      const part = piece.subarray(0, source.read(piece.subarray(0, Math.min(PIECE, end - at)), at));
      if (part.length === 0) throw damageAt(source, at, "it ends here: it is shorter than when it was opened");
      sum.update(part, 0, part.length);
      sink.write(at === 0 ? part.subarray(0, 1) : part);
      if (at === 0) {
        sink.string(Buffer.from(key));
        sink.write(part.subarray(1));
      }
      at += part.length;
    }
    sum.update(footer, 0, VERSION_BYTES);
    if (Buffer.compare(sum.digest(), footer.subarray(VERSION_BYTES)) !== 0) {
      throw damageAt(source, end + VERSION_BYTES, "its checksum does not match its bytes");
    }
    sink.byte(OPCODE.end);
    sink.write(new Uint8Array(SUM_BYTES));
    sink.flush();
  } finally {
    sink.close();
  }
}
