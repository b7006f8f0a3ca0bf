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
