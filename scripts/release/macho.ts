/** The few load commands of a 64-bit Mach-O executable that its signature speaks of. Offsets are from the file's start. */

const MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_SIZE = 32;

export interface Segment {
  /** Where its load command stands. */
  readonly command: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface MachO {
  readonly text: Segment;
  /** The last segment; the signature is its end. */
  readonly linkedit: Segment;
  readonly signature: { readonly command: number; readonly offset: number; readonly size: number };
}

/** @throws Error when the file is of another format, or has not the parts that a signature needs */
export function readMachO(file: Uint8Array): MachO {
  const view = viewOf(file);
  if (file.length < HEADER_SIZE || view.getUint32(0, true) !== MAGIC_64) throw new Error("not a 64-bit Mach-O file");
  const segments = new Map<string, Segment>();
  let signature: MachO["signature"] | undefined;
  let command = HEADER_SIZE;
  for (let left = view.getUint32(16, true); left > 0; left--) {
    const kind = view.getUint32(command, true);
    if (kind === LC_SEGMENT_64) segments.set(segmentName(file, command), segmentAt(view, command));
    if (kind === LC_CODE_SIGNATURE) {
      signature = { command, offset: view.getUint32(command + 8, true), size: view.getUint32(command + 12, true) };
    }
    command += view.getUint32(command + 4, true);
  }
  const [text, linkedit] = [segments.get("__TEXT"), segments.get("__LINKEDIT")];
  if (text === undefined || linkedit === undefined) throw new Error("the Mach-O file has no __TEXT or no __LINKEDIT");
  // Room for the command could be made, but no Bun has come without it.
  if (signature === undefined) throw new Error("the Mach-O file has no LC_CODE_SIGNATURE");
  return { text, linkedit, signature };
}

/** Has the load commands say that the signature, and the file, end `size` bytes after where the signature begins. */
export function resizeSignature(file: Uint8Array, { linkedit, signature }: MachO, size: number): void {
  const view = viewOf(file);
  const fileSize = signature.offset + size - linkedit.fileOffset;
  view.setUint32(signature.command + 12, size, true);
  view.setBigUint64(linkedit.command + 48, BigInt(fileSize), true);
  // Whole pages, of the larger kind that arm64 has.
  view.setBigUint64(linkedit.command + 32, BigInt(Math.ceil(fileSize / 0x4000) * 0x4000), true);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function segmentName(file: Uint8Array, command: number): string {
  return Buffer.from(file.subarray(command + 8, command + 24))
    .toString("latin1")
    .replace(/\0+$/, "");
}

function segmentAt(view: DataView, command: number): Segment {
  const at = (offset: number) => Number(view.getBigUint64(command + offset, true));
  return { command, memorySize: at(32), fileOffset: at(40), fileSize: at(48) };
}
