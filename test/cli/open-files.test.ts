// @level normal
/**
 * However a command ends, no file of a store is still open: on Windows an open file cannot be replaced, renamed or deleted. The
 * names of open files are those that Linux gives.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readlinkSync, truncateSync, writeFileSync } from "node:fs";
import { generate } from "../../bench/generate.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { copyFixture, settle } from "../support/stores.ts";
import { inProcess } from "./in-process.ts";
import { edited } from "./stores.ts";

const isLinux = existsSync("/proc/self/fd");
if (!isLinux) console.warn("SKIPPED: which files stay open is not looked at: only Linux names those of a process");

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((number) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${number}`);
      return path.startsWith(folder.path) || /memorygraph-migrate-\d/.test(path) ? [path] : [];
    } catch {
      // The one by which the list was read.
      return [];
    }
  });
}

const raising = (event: string, table = "nodes") =>
  `CREATE TRIGGER no ${event} ON ${table} WHEN (SELECT count(*) FROM ${table}) > 5 BEGIN SELECT RAISE(ABORT, 'not here'); END`;
const into = (...more: string[]) => ["--from-path", folder.file("source.db"), "--to", "sqlite", ...more];

test.skipIf(!isLinux).each<[string, () => string[], number]>([
  ["into a target with a trigger that raises on a new row", () => into("--to-path", trigger("BEFORE INSERT")), 1],
  [
    "over rows, with one that raises on the removal",
    () => into("--to-path", trigger("BEFORE DELETE"), "--on-conflict", "overwrite", "--yes"),
    1,
  ],
  ["with one on relationships", () => into("--to-path", trigger("AFTER INSERT", "relationships")), 1],
  ["a conflict that is refused", () => into("--to-path", changed(), "--on-conflict", "fail"), 4],
  ["a dry run", () => into("--to-path", changed(), "--on-conflict", "fail", "--dry-run"), 4],
  ["a new file", () => into("--to-path", folder.file("new.db")), 0],
  ["a new file for another release", () => into("--to-path", folder.file("new.db"), "--for", "0.13"), 0],
  ["an existing file, into", () => into("--to-path", copyFixture("0.13.0", folder)), 0],
  [
    "a FalkorDBLite store",
    () => ["--from-path", folder.file("source.db"), "--to", "falkordblite", "--to-path", folder.file("lite.db")],
    0,
  ],
  ["a damaged source", () => ["--from-path", damaged(), "--to", "sqlite", "--to-path", folder.file("new.db")], 8],
  ["a source that is no store", () => ["--from-path", text(), "--to", "sqlite", "--to-path", folder.file("new.db")], 2],
  [
    "a source with a log",
    () => [
      "--from-path",
      copyFixture("hybrid-0.12-0.13", folder),
      "--to",
      "sqlite",
      "--to-path",
      folder.file("new.db"),
    ],
    0,
  ],
  ["inspect", () => ["inspect", "--from-path", folder.file("source.db")], 0],
  ["inspect of a large one, by two threads", () => ["inspect", "--from-path", large()], 0],
  ["verify of two that differ", () => ["verify", ...into("--to-path", changed())], 3],
  ["doctor", () => ["doctor"], 0],
])("after %s", async (_, args, expected) => {
  copyFixture("0.12.4", folder, "source.db");
  const { code, stderr } = await inProcess(folder, args());
  // A new file is flushed in the background while it gets its name.
  const isFlushed = () => openFiles().every((path) => !path.endsWith(".tmp (deleted)"));
  while (openFiles().length === 1 && !isFlushed()) await Bun.sleep(1);
  expect([code, openFiles()]).toEqual([expected, []]);
  expect(stderr).not.toContain("unexpected failure");
});

function trigger(event: string, table?: string): string {
  return edited(folder, "target.db", (store) =>
    store
      .change("m-000001", { title: "other" })
      .run("DELETE FROM relationships WHERE from_id = 'm-000059' OR to_id = 'm-000059'")
      .run("DELETE FROM nodes WHERE id = 'm-000059'")
      .run(raising(event, table)),
  );
}

function changed(): string {
  return edited(folder, "changed.db", (store) => store.change("m-000001", { title: "other" }));
}

function damaged(): string {
  const path = copyFixture("0.12.4", folder, "damaged.db");
  truncateSync(path, 20_000);
  return settle(path);
}

function text(): string {
  writeFileSync(folder.file("text"), "no store");
  return folder.file("text");
}

function large(): string {
  mkdirSync(folder.file("large"));
  generate(folder.file("large", "store.db"), 20_000);
  return settle(folder.file("large", "store.db"));
}
