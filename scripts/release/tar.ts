/** A tar file (ustar) that depends on nothing but what goes in: no owner, no clock, the order as given. */

export interface Entry {
  /** With "/" between folders; at most 100 bytes. */
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/** @param time seconds since 1970 that every file carries */
export function tar(entries: readonly Entry[], time: number): Uint8Array {
  const blocks = entries.flatMap((entry) => [header(entry, time), entry.bytes, padding(entry.bytes.length)]);
  return Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]);
}

function header({ path, executable, bytes }: Entry, time: number): Uint8Array {
  if (Buffer.byteLength(path) > 100) throw new Error(`too long a name for a tar file: ${path}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  block.write(path, 0);
  octal(executable ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes.length, 124, 12);
  octal(time, 136, 12);
  block.write("0", 156);
  block.write("ustar\x0000", 257);
  // The sum is taken with its own field full of spaces.
  block.fill(" ", 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function padding(length: number): Uint8Array {
  return new Uint8Array((BLOCK - (length % BLOCK)) % BLOCK);
}
