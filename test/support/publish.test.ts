/** A finished file or folder gets its name only where nothing has it. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publishFile, publishFolder } from "../../src/support/files.ts";
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
