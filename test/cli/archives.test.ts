/** Archives on the command line: made by their name, encrypted, opened, and undone. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { typed } from "./on-terminal.ts";
import { document, expectError, program as run } from "./program.ts";

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

test("only archives go by standard input and output: no file of that name comes about", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  for (const words of [
    ["old.db", "-"],
    ["-", "new.db"],
    ["verify", "-", "old.db"],
    ["inspect", "-"],
    ["restore", "a.jsonl.zst", "--to-path", "-"],
  ]) {
    expectError(await run(folder, words), 2, '"-" is no store');
  }
  expect(readdirSync(folder.path).filter((name) => name === "-" || name === "new.db")).toEqual([]);
});

test("a backup for a recipient says what its proof needs, and that works", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  const identity = await generateIdentity();
  writeFileSync(folder.file("key.txt"), `${identity}\n`, { mode: 0o600 });
  const made = await run(folder, ["backup", "old.db", "kept", "--to-recipient", await identityToRecipient(identity)]);
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining("add --from-identity FILE")]);
  const [, printed] = /memorygraph-migrate (verify --restore \S+)/.exec(made.stdout)!;
  const proven = await run(folder, [...printed!.split(" "), "--from-identity", "key.txt"]);
  expect([proven.code, proven.stdout]).toEqual([0, expect.stringContaining("Proven: 1 archive")]);
}, 60_000);

test("a key of SSH is refused by name", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  const args = ["backup", "old.db", "kept", "--to-recipient", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"];
  expectError(await run(folder, args), 2, "a key of SSH is no recipient");
});

test("a key that is cut short is refused before there is an archive, and so is a secret one", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  writeFileSync(folder.file("keys.txt"), `${recipient}\n${recipient.slice(0, -1)}\n`);
  for (const words of [
    ["old.db", "new.jsonl.zst.age"],
    ["backup", "old.db", "kept"],
  ]) {
    const cut = await run(folder, [...words, "--to-recipient", recipient.slice(0, -1)]);
    expectError(cut, 2, "a part of it is missing or wrong");
    expectError(await run(folder, [...words, "--to-recipient", "keys.txt"]), 2, "a line that is no recipient");
  }
  expect(existsSync(folder.file("new.jsonl.zst.age"))).toBe(false);
  expect(existsSync(folder.file("kept"))).toBe(false);
  expect((await run(folder, ["old.db", "whole.jsonl.zst.age", "--to-recipient", recipient])).code).toBe(0);
  writeFileSync(folder.file("secret.txt"), `${identity.slice(0, -1)}\n`);
  const read = await run(folder, ["restore", "whole.jsonl.zst.age", "back.db", "--from-identity", "secret.txt"]);
  expectError(read, 2, "is no file of age identities");
  expect(read.stderr).not.toContain(identity.slice(0, 40));
}, 60_000);

test("a bucket's address with a slash too few makes no folder of that name", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  for (const address of ["s3:/kept", "s3:kept"]) {
    for (const words of [
      ["backup", "old.db", address],
      ["backups", address],
      ["verify", "--restore", address],
    ]) {
      expectError(await run(folder, words), 2, "not the address of a bucket");
    }
  }
  expect(readdirSync(folder.path).filter((name) => name.startsWith("s3"))).toEqual([]);
});

test("where a named folder has no backup, the command that makes one there is printed", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  const { stdout } = await run(folder, ["backups", "kept here"]);
  const [, printed] = /This makes one: memorygraph-migrate (backup STORE 'kept here')\n/.exec(stdout)!;
  expect(printed).toBeDefined();
  expect((await run(folder, ["backup", "old.db", "kept here"])).code).toBe(0);
  expect((await run(folder, ["backups", "kept here", "--quiet"])).stdout).toContain("memorygraph-");
}, 60_000);

test("of a damaged one, documents tell every id that is missing", async () => {
  using folder = temporaryFolder();
  copyFixture("0.12.4", folder, "old.db");
  expect((await run(folder, ["backup", "old.db", "a.jsonl.zst"])).code).toBe(0);
  const bytes = readFileSync(folder.file("a.jsonl.zst"));
  // In the records of the only block of nodes: behind the header and the line that names them.
  bytes[4_000]! ^= 1;
  writeFileSync(folder.file("a.jsonl.zst"), bytes);
  const { code, stdout } = await run(folder, ["restore", "a.jsonl.zst", "new.db", "--allow-loss", "--json"]);
  const { losses } = document(stdout) as { losses: { ids?: string[]; count: number; examples: string[] }[] };
  const [lost] = losses.filter(({ ids }) => ids !== undefined);
  expect([code, lost!.count, lost!.ids!.length, lost!.examples.length]).toEqual([0, 60, 60, 10]);
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
