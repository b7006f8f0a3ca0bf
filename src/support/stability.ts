/** Whether a file stood still while it was looked at. No word of the domain. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { copyBeside, setMode } from "./files.ts";
import { sleep } from "./time.ts";

/** A change within one tick of the file system's clock might keep the time stamp, so a file must be older than that. */
const TICK_MS = 100;
/** Some file systems (FAT, old network shares) keep whole seconds only. */
const COARSE_TICK_MS = 2_100;
const CHUNK = 1 << 20;

/** Everything by which a change shows; the access time is not among it. Null where there is no such file. */
export function stateOf(path: string): string | null {
  // A file whose name would be too long cannot be there.
  const stat = existsSync(path) ? statSync(path, { bigint: true, throwIfNoEntry: false }) : undefined;
  return stat === undefined ? null : [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(",");
}

/** Whether any later change will show in the file's state: waits for the clock to go on where that is all it takes. */
export async function isQuiescent(path: string): Promise<boolean> {
  const { mtimeNs } = statSync(path, { bigint: true });
  const needed = mtimeNs % 1_000_000_000n === 0n ? COARSE_TICK_MS : TICK_MS;
  const age = Date.now() - Number(mtimeNs / 1_000_000n);
  if (age > needed) return true;
  // A time stamp in the future tells nothing.
  if (age < 0) return false;
  await sleep(needed - age + 1);
  return statSync(path, { bigint: true }).mtimeNs === mtimeNs;
}

/** Both files are read to the first difference. */
export function sameBytes(left: string, right: string): boolean {
  const files = [openSync(left, "r"), openSync(right, "r")] as const;
  try {
    const a = Buffer.allocUnsafe(CHUNK);
    const b = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = readSync(files[0], a, 0, CHUNK, null);
      if (readSync(files[1], b, 0, CHUNK, null) !== length) return false;
      if (length === 0) return true;
      if (!a.subarray(0, length).equals(b.subarray(0, length))) return false;
    }
  } finally {
    closeSync(files[0]);
    closeSync(files[1]);
  }
}

/** Copies a file that may be written to meanwhile; false when the copy need not be one moment of it. */
export function copyStill(from: string, to: string): boolean {
  const before = stateOf(from);
  copyBeside(from, to);
  // The copy of a read-only file is ours all the same.
  setMode(to, 0o600);
  return stateOf(from) === before && sameBytes(from, to) && stateOf(from) === before;
}
