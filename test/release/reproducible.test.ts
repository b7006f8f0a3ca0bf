// @level long
/** The same sources give the same bytes, wherever they are built; and each file is what its machine runs. */
import { beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { signatureFaults } from "../../scripts/release/codesign.ts";
import { executableName, TARGETS } from "../../scripts/release/targets.ts";
import { builtFor, OTHER_TARGETS, twins } from "./builds.ts";

/** What `file` says of each, as far as it must. */
const KINDS: Readonly<Record<string, RegExp>> = {
  "linux-x64": /^ELF 64-bit LSB executable, x86-64.* interpreter \/lib64\/ld-linux-x86-64\.so\.2/,
  "linux-arm64": /^ELF 64-bit LSB executable, ARM aarch64.* interpreter \/lib\/ld-linux-aarch64\.so\.1/,
  "linux-x64-musl": /^ELF 64-bit LSB executable, x86-64.* interpreter \/lib\/ld-musl-x86_64\.so\.1/,
  "linux-arm64-musl": /^ELF 64-bit LSB executable, ARM aarch64.* interpreter \/lib\/ld-musl-aarch64\.so\.1/,
  "darwin-x64": /^Mach-O 64-bit x86_64 executable/,
  "darwin-arm64": /^Mach-O 64-bit arm64 executable/,
  "windows-x64": /^PE32\+ executable \(console\) x86-64, for MS Windows/,
  "windows-arm64": /^PE32\+ executable \(console\) Aarch64, for MS Windows/,
};

if (OTHER_TARGETS.length === 0) {
  console.warn("SKIPPED: executables for other machines; RELEASE_TARGETS names some (linux-arm64,darwin-x64), or all");
}

let first: string;
let second: string;
beforeAll(async () => {
  [first, second] = await twins();
}, 600_000);

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

describe("built twice, from copies of the sources in two folders", () => {
  test("this machine's executable is the same", () => {
    const name = executableName({ extension: process.platform === "win32" ? ".exe" : "" });
    expect(sha256(join(first, name))).toBe(sha256(join(second, name)));
  });

  test.each(OTHER_TARGETS.map((target) => [target.name, target] as const))("that of %s is the same", (_, target) => {
    expect(sha256(builtFor(first, target))).toBe(sha256(builtFor(second, target)));
  });
});

if (Bun.which("file") === null)
  console.warn("SKIPPED: nothing else tells the kind of an executable: there is no `file`");
describe.skipIf(Bun.which("file") === null)("`file` knows", () => {
  test("what to say of each target", () => expect(Object.keys(KINDS)).toEqual(TARGETS.map(({ name }) => name)));

  test.each(OTHER_TARGETS.map((target) => [target.name, target] as const))("%s for what it is", (name, target) => {
    const { stdout } = Bun.spawnSync(["file", "--brief", builtFor(first, target)]);
    expect(stdout.toString()).toMatch(KINDS[name]!);
  });
});

describe.each(
  OTHER_TARGETS.filter(({ os }) => os === "darwin").map((target) => [target.name, target] as const),
)("the signature of %s", (_, target) => {
  test("holds a hash of every page, and the file ends with it", () => {
    const file = readFileSync(builtFor(first, target));
    expect(signatureFaults(file)).toEqual([]);
    expect(pagesThatDiffer(file)).toBe(0);
  });

  test("no longer holds when any byte is another, when bytes follow, or when some are missing", () => {
    const file = readFileSync(builtFor(first, target));
    const length = file.length;
    for (const at of [0x40, length >> 2, length >> 1, length - 2_000_000, length - 40]) {
      file[at]! ^= 1;
      expect(signatureFaults(file)).not.toEqual([]);
      file[at]! ^= 1;
    }
    expect(signatureFaults(Buffer.concat([file, Buffer.of(0)]))).not.toEqual([]);
    expect(signatureFaults(file.subarray(0, length - 32))).not.toEqual([]);
    expect(signatureFaults(file)).toEqual([]);
  });
});

/** Reads the signature by the format's description alone, without the code that writes it. */
function pagesThatDiffer(file: Buffer): number {
  let command = 32;
  while (file.readUInt32LE(command) !== 0x1d) command += file.readUInt32LE(command + 4);
  const directory = file.subarray(file.readUInt32LE(command + 8)).subarray(20);
  expect(directory.readUInt32BE(0)).toBe(0xfade0c02);
  const [hashes, pages, end] = [16, 28, 32].map((at) => directory.readUInt32BE(at)) as [number, number, number];
  expect(pages).toBe(Math.ceil(end / 4096));
  const wrong = Array.from({ length: pages }, (_, page) => {
    const hash = createHash("sha256").update(file.subarray(page * 4096, Math.min(page * 4096 + 4096, end)));
    return !hash.digest().equals(directory.subarray(hashes + page * 32, hashes + page * 32 + 32));
  });
  return wrong.filter(Boolean).length;
}
