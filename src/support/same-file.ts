/** Whether paths, or what the system says of them, are of one file. */
import { type BigIntStats, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Whether both are one file, which is there. The numbers of files on ReFS and NTFS go beyond 2^53. */
export function isSameFile(
  a: Pick<BigIntStats, "dev" | "ino"> | undefined,
  b: Pick<BigIntStats, "dev" | "ino"> | undefined,
): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/**
 * Whether two paths lead to one file: by links, or since the file system takes names that differ in case, or in how a letter is
 * composed, for one; also where it numbers each name apart, as some FUSE mounts do. @throws the system's error
 */
export function leadToOneFile(a: string, b: string): boolean {
  if (resolve(a) === resolve(b)) return true;
  const [one, other] = [a, b].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (one === undefined || other === undefined) return false;
  return isSameFile(one, other) || hasSameName(realpathSync(a), realpathSync(b));
}

function hasSameName(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [basename(a), basename(b)];
  if (folded(one) !== folded(other) || !hasSameName(dirname(a), dirname(b))) return false;
  const names = readdirSync(dirname(a));
  return one === other || !(names.includes(one) && names.includes(other));
}

function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
