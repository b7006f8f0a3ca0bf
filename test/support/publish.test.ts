/** A finished file or folder gets its name only where nothing has it. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyBeside, publishFile, publishFolder } from "../../src/support/files.ts";
import { temporaryFolder } from "./folder.ts";

function codeOf(act: () => void): unknown {
  try {
    act();
    return "done";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

test("a file does not take the place of one that appeared a moment before", () => {
  using folder = temporaryFolder();
  const [temporary, path] = [folder.file("temporary"), folder.file("store")];
  writeFileSync(temporary, "ours");
  writeFileSync(path, "theirs");
  expect(codeOf(() => publishFile(temporary, path))).toBe("EEXIST");
  expect([readFileSync(path, "utf8"), readFileSync(temporary, "utf8")]).toEqual(["theirs", "ours"]);
  rmSync(path);
  publishFile(temporary, path);
  expect([readFileSync(path, "utf8"), existsSync(temporary)]).toEqual(["ours", false]);
});

test("nor does a folder, not even that of an empty one", () => {
  using folder = temporaryFolder();
  const [temporary, path] = [folder.file("temporary"), folder.file("store")];
  mkdirSync(temporary);
  writeFileSync(join(temporary, "file"), "ours");
  mkdirSync(path);
  expect(codeOf(() => publishFolder(temporary, path))).toBe("EEXIST");
  expect([existsSync(join(path, "file")), existsSync(join(temporary, "file"))]).toEqual([false, true]);
  rmSync(path, { recursive: true });
  publishFolder(temporary, path);
  expect([readFileSync(join(path, "file"), "utf8"), existsSync(temporary)]).toEqual(["ours", false]);
});

test.each(["linux", "win32"])("a copy on %s is the whole file, over what was there", (system) => {
  using folder = temporaryFolder();
  const [from, to] = [folder.file("from"), folder.file("to")];
  for (const bytes of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 21) + 7]) {
    writeFileSync(from, Buffer.alloc(bytes, "memory"));
    writeFileSync(to, Buffer.alloc(3_000_000, "x"));
    copyBeside(from, to, system);
    expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
  }
});
