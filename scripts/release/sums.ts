/** SHA256SUMS, as sha256sum writes and checks it. */
import { createHash } from "node:crypto";

export const SUMS_FILE = "SHA256SUMS";

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @param files the contents by file name */
export function writeSums(files: ReadonlyMap<string, Uint8Array>): string {
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`)
    .join("");
}

/** The sums by file name. @throws Error for a line that is none */
export function readSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
      if (sum === undefined || name === undefined) throw new Error(`not a line of ${SUMS_FILE}: ${line}`);
      return [name, sum];
    }),
  );
}

/** @throws Error when the file has no sum there */
export function sumOf(sums: ReadonlyMap<string, string>, name: string): string {
  const sum = sums.get(name);
  if (sum === undefined) throw new Error(`${SUMS_FILE} has no ${name}`);
  return sum;
}
