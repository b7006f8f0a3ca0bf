/** What a stopped run has given its target's name, and what has not been: the state of the run decides, not the files alone. */
import { expect, test } from "bun:test";
import { linkSync, renameSync, writeFileSync } from "node:fs";
import { isPublished } from "../../src/backends/file/staging.ts";
import { JournalFile } from "../../src/journal/journal-file.ts";
import { RUN_STATES, setState } from "../../src/journal/run-state.ts";
import { temporaryFolder } from "../support/folder.ts";

const REACHED = ["committing", "rolling back", "done", "partly rolled back", "rolled back", "kept", "lost"];

test.each(RUN_STATES)("a file that is there, and no temporary one, while the run was %s", (state) => {
  using folder = temporaryFolder();
  const [temporary, target] = [folder.file("t.tmp"), folder.file("t.db")];
  const journal = JournalFile.temporary();
  setState(journal, state);
  expect(isPublished(temporary, target, journal)).toBe(false);
  writeFileSync(target, "somebody else's, if the run had not come so far");
  expect(isPublished(temporary, target, journal)).toBe(REACHED.includes(state));
  journal.close();
});

test("a temporary file that is there still was put in place only if it is the target under another name", () => {
  using folder = temporaryFolder();
  const [temporary, target] = [folder.file("t.tmp"), folder.file("t.db")];
  const journal = JournalFile.temporary();
  setState(journal, "committing");
  writeFileSync(temporary, "ours");
  writeFileSync(target, "theirs");
  expect(isPublished(temporary, target, journal)).toBe(false);
  renameSync(target, folder.file("away"));
  linkSync(temporary, target);
  expect(isPublished(temporary, target, journal)).toBe(true);
  journal.close();
});
