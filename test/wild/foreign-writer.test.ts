/** Another engine at the same time, which keeps to none of SQLite's locks. */
import { expect, test } from "bun:test";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { openSource } from "../../src/backends/sqlite/source.ts";
import { sqlite } from "../../src/backends/sqlite/sqlite.ts";
import { BusyError } from "../../src/errors.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, digestOf, settle } from "../support/stores.ts";

const WAYS: readonly (readonly [string, (path: string) => void])[] = [
  [
    "raises the counter of changes",
    (path) => {
      const bytes = readFileSync(path);
      bytes[27]!++;
      writeFileSync(path, bytes);
    },
  ],
  [
    "puts the file into another mode",
    (path) => {
      const bytes = readFileSync(path);
      bytes.fill(2, 18, 20);
      writeFileSync(path, bytes);
    },
  ],
  ["begins a log of its own", (path) => writeFileSync(`${path}-log`, "2LML")],
  ["makes a -wal beside a file that has none", (path) => writeFileSync(`${path}-wal`, "")],
  ["shortens the file", (path) => writeFileSync(path, readFileSync(path).subarray(0, 8_192))],
];

for (const [what, act] of WAYS) {
  test(`a program that ${what} ends a merge before it is committed (10)`, async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "target.db");
    const before = await digestOf(path);
    const request = { release: null, fallbackRelease: "0.12", schema: [] } as never;
    const session = await sqlite.openForWriting(at(path), request);
    act(path);
    await expect(session.write([])).rejects.toBeInstanceOf(BusyError);
    await expect(session.commit()).rejects.toBeInstanceOf(BusyError);
    await session.rollback();
    if (what.includes("makes")) expect(await digestOf(settle(path))).toBe(before);
  });

  test(`a program that ${what} ends the reading of a source`, async () => {
    using folder = temporaryFolder();
    const path = copyFixture("0.12.4", folder, "source.db");
    const source = await openSource(path);
    const read = async () => {
      for await (const batch of source.read()) if (batch.length > 0) act(path);
    };
    await expect(read()).rejects.toThrow("changed while it was read");
    await source.close();
  });
}

test("a file that another takes the name of meanwhile is not read on", async () => {
  using folder = temporaryFolder();
  const path = copyFixture("0.12.4", folder, "source.db");
  const other = copyFixture("0.10.0", folder, "other.db");
  const source = await openSource(path);
  const read = async () => {
    for await (const _ of source.read()) renameSync(other, path);
  };
  await expect(read()).rejects.toThrow();
  await source.close();
});
