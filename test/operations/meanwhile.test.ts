/** What others do to source and target while a run is at work: at the last moment before it is put in place, too. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import type { Progress } from "../../src/index.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, digestOf, readAll, run, settle } from "../support/stores.ts";

/** Does something once, when the phase has come so far. */
function once(phase: Progress["phase"], act: () => void): (progress: Progress) => void {
  let isDone = false;
  return (progress) => {
    if (isDone || progress.phase !== phase || progress.done === 0) return;
    isDone = true;
    act();
  };
}

describe.each([
  ["a new file", null],
  ["a filled file", "0.8.3"],
] as const)("a run into %s", (_, filling) => {
  test("whose source is changed while it is read begins again, and brings what stands there then", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const target = folder.file("target.db");
    if (filling !== null) copyFixture(filling, folder, "target.db");
    const onProgress = once("transfer", () => {
      const database = new Database(source);
      database.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'meanwhile') WHERE rowid = 60");
      database.close();
    });
    const { error, result } = await run(source, target, {}, { onProgress });
    const titles = (await readAll(settle(target))).records.map(({ properties }) => properties.get("title"));
    expect([error, result.verified, titles.includes("meanwhile")]).toEqual([null, true, true]);
    expect(result.rollback.join()).toContain("the source changed while it was read");
    if (filling === null) expect(await digestOf(target)).toBe(await digestOf(settle(source)));
  });
});

describe("a FalkorDBLite store into which a run merges", () => {
  async function merging(act: (path: string) => void) {
    const folder = temporaryFolder();
    const to = new BackendConfig({ type: "falkordblite", path: folder.file("store.db") });
    expect((await runMigration(at(copyFixture("0.12.4", folder)), to, {}, {})).error).toBeNull();
    const onProgress = once("verify", () => act(to.path!));
    const { error } = await runMigration(at(copyFixture("0.10.0", folder)), to, {}, { onProgress });
    return { folder, path: to.path!, error };
  }

  test("is left as somebody else has made it meanwhile", async () => {
    let theirs: Buffer | undefined;
    const { folder, path, error } = await merging((store) => {
      theirs = Buffer.concat([readFileSync(store), Buffer.from("theirs")]);
      writeFileSync(store, theirs);
    });
    using _folder = folder;
    expect([error?.code, error?.message]).toEqual(["busy", expect.stringContaining("changed while we were writing")]);
    expect(readFileSync(path).equals(theirs!)).toBe(true);
  });

  test("is left to an engine that has opened it meanwhile", async () => {
    let listener: { stop(): void } | undefined;
    const { folder, error } = await merging((store) => {
      const unixsocket = `${store}.socket`;
      listener = Bun.listen({ unix: unixsocket, socket: { data() {} } });
      writeFileSync(`${store}.settings`, JSON.stringify({ unixsocket }));
    });
    using _folder = folder;
    listener!.stop();
    expect([error?.code, error?.message]).toEqual(["busy", expect.stringContaining("an engine holds")]);
  });
});
