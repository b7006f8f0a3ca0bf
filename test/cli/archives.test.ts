/** Archives on the command line: made by their name, encrypted, opened, and undone. */
import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { typed } from "./on-terminal.ts";
import { document, program as run } from "./program.ts";

test("one for a recipient is made, verified, refused without its key, and undone with it", async () => {
  using folder = temporaryFolder();
  const source = copyFixture("0.12.4", folder, "source.db");
  const identity = await generateIdentity();
  const [key, target] = [folder.file("key.txt"), folder.file("a.jsonl.zst.age")];
  writeFileSync(key, `${identity}\n`, { mode: 0o600 });
  const made = await run(folder, [source, target, "--to-recipient", await identityToRecipient(identity), "--json"]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  const { run: id } = document(made.stdout) as { run: string };
  expect((await run(folder, ["verify", source, target, "--to-identity", key])).code).toBe(0);
  const refused = await run(folder, ["rollback", id, "--yes"]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--to-identity FILE")]);
  expect(existsSync(target)).toBe(true);
  expect((await run(folder, ["rollback", id, "--yes", "--to-identity", key])).code).toBe(0);
  expect(existsSync(target)).toBe(false);
}, 60_000);

test("the passphrase of a new one is asked for twice, and that of an old one once", async () => {
  using folder = temporaryFolder();
  const source = copyFixture("0.12.4", folder, "source.db");
  const target = folder.file("a.jsonl.zst.age");
  const slip = await typed(
    folder,
    [source, target],
    [
      ["Passphrase for", "one\r"],
      ["once more", "other\r"],
    ],
  );
  expect([slip.code, slip.screen]).toEqual([2, expect.stringContaining("not the same")]);
  expect(existsSync(target)).toBe(false);
  const made = await typed(
    folder,
    [source, target],
    [
      ["Passphrase for", "one\r"],
      ["once more", "one\r"],
    ],
  );
  expect([made.code, made.left]).toEqual([0, []]);
  const read = await typed(folder, ["inspect", target], [["Passphrase of", "one\r"]]);
  expect([read.code, read.left]).toEqual([0, []]);
  expect(`${slip.screen}${made.screen}${read.screen}`).not.toMatch(/\bother\b/);
}, 120_000);
