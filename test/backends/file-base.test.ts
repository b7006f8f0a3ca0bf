/** What all stores that are files share: a file is put in place of another, also where others have that one open for a moment. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileError } from "../../src/backends/file/errors.ts";
import { recoverStaged, StagedFile } from "../../src/backends/file/staging.ts";
import type { JournalFile } from "../../src/journal/journal-file.ts";
import { createJournal, removeJournal } from "../../src/journal/journal-path.ts";
import { isHeldOpen, renameOver } from "../../src/support/files.ts";
import { isSameFile } from "../../src/support/same-file.ts";
import { stateOf } from "../../src/support/stability.ts";
import { temporaryFolder } from "../support/folder.ts";

const refusal = (code: string) => Object.assign(new Error(code), { code });

test("two files whose numbers differ beyond 2^53 are two", () => {
  const numbered = (ino: bigint) => ({ dev: 1n, ino });
  expect(isSameFile(numbered(2n ** 53n), numbered(2n ** 53n + 1n))).toBe(false);
  expect(isSameFile(numbered(2n ** 53n + 1n), numbered(2n ** 53n + 1n))).toBe(true);
  expect(isSameFile(undefined, undefined)).toBe(false);
});

describe("a rename over an existing file", () => {
  test("waits on Windows while another program has it open", () => {
    let refusals = 2;
    const renamed: string[] = [];
    renameOver("a", "b", "win32", (from, to) => {
      if (refusals-- > 0) throw refusal("EBUSY");
      renamed.push(`${from} ${to}`);
    });
    expect(renamed).toEqual(["a b"]);
  });

  test("fails at once for another reason, and on other systems", () => {
    for (const [system, code] of [
      ["win32", "ENOSPC"],
      ["linux", "EBUSY"],
    ] as const) {
      let tries = 0;
      const rename = () => {
        tries++;
        throw refusal(code);
      };
      expect(() => renameOver("a", "b", system, rename)).toThrow(code);
      expect(tries).toBe(1);
    }
  });

  test("that stays refused is a store in use", () => {
    expect(fileError("memory.db", "EBUSY", refusal("EBUSY"))?.code).toBe("busy");
  });

  test("a file that may be written to and cannot be replaced is held open, on Windows alone", () => {
    using folder = temporaryFolder();
    const [here, gone] = [folder.file("here.db"), folder.file("gone.db")];
    writeFileSync(here, "");
    for (const code of ["EPERM", "EACCES"]) {
      expect([here, gone].map((path) => isHeldOpen(path, code, "win32"))).toEqual([true, false]);
      expect([here, gone].map((path) => isHeldOpen(path, code, "linux"))).toEqual([false, false]);
    }
    expect(isHeldOpen(here, "ENOSPC", "win32")).toBe(false);
    expect(isHeldOpen(gone, "EBUSY", "linux")).toBe(true);
  });
});

describe("a staged file", () => {
  const options = { purpose: "run", journal: null, suffixes: ["-side"] } as const;

  test("takes the place of another one, and leaves nothing beside it", () => {
    using folder = temporaryFolder();
    const file = folder.file("store");
    writeFileSync(file, "before");
    const staged = new StagedFile({ path: file, file }, { ...options, state: stateOf(file) });
    writeFileSync(staged.file, "after");
    expect(readFileSync(file, "utf8")).toBe("before");
    staged.publish();
    expect([readFileSync(file, "utf8"), readdirSync(folder.file())]).toEqual(["after", ["store"]]);
  });

  test.each(["before", null])("does not replace what has changed meanwhile (there was: %s)", (before) => {
    using folder = temporaryFolder();
    const file = folder.file("store");
    if (before !== null) writeFileSync(file, before);
    const staged = new StagedFile({ path: file, file }, { ...options, state: stateOf(file) });
    writeFileSync(file, "of another program");
    expect(() => staged.publish()).toThrow(/changed while|was created by another program/);
    staged.discard();
    expect([readFileSync(file, "utf8"), readdirSync(folder.file())]).toEqual(["of another program", ["store"]]);
  });

  test("of a run that was stopped is removed, with the files beside it", () => {
    using folder = temporaryFolder();
    const file = folder.file("store");
    const path = folder.file("journal");
    const journal: JournalFile = createJournal(path);
    expect(recoverStaged(file, journal)).toBeNull();
    const staged = new StagedFile({ path: file, file }, { ...options, journal, state: null });
    writeFileSync(staged.beside("-side"), "");
    expect(recoverStaged(file, journal)).toBe("as before");
    expect([staged.file, staged.beside("-side"), file].filter((name) => existsSync(name))).toEqual([]);
    journal.close();
    removeJournal(path);
  });
});
