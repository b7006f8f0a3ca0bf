/** What others do to source and target while a run is at work: at the last moment before it is put in place, too. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import type { Progress } from "../../src/index.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { at, copyFixture, digestOf, readAll, run, settle } from "../support/stores.ts";
import { has } from "../support/system.ts";

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

describe.each([
  ["written row by row", { for: "0.13" }],
  ["copied table by table", {}],
  ["written without a proof", { for: "0.13", verify: false }],
] as const)("a source that changes once it has been read for a new file, which is %s", (_, options) => {
  // Nothing of the file itself would show it: it holds, proven, what stood in the source before.
  test("is read again, and the file has what stands there now", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    let isEdited = false;
    const onProgress = ({ phase, done }: Progress) => {
      if (isEdited || phase !== "transfer" || done < 180) return;
      isEdited = true;
      const database = new Database(source);
      database.run("UPDATE nodes SET properties = json_set(properties, '$.title', 'at the end') WHERE rowid = 1");
      database.close();
    };
    const { error, result } = await run(source, folder.file("target.db"), options, { onProgress });
    expect([error, isEdited, result.rollback.join()]).toEqual([
      null,
      true,
      expect.stringContaining("the source changed while it was read"),
    ]);
    const { records } = await readAll(settle(folder.file("target.db")));
    expect(records.map(({ properties }) => properties.get("title"))).toContain("at the end");
  });
});

describe.each([
  "sqlite",
  "falkordblite",
  "archive",
] as const)("a new store of %s whose name another program takes meanwhile", (type) => {
  test("is not put over what that has made", async () => {
    using folder = temporaryFolder();
    const to = new BackendConfig({ type, path: folder.file("store") });
    const onProgress = once("verify", () => writeFileSync(to.path!, "theirs"));
    const { error } = await runMigration(at(copyFixture("0.12.4", folder)), to, {}, { onProgress });
    expect([error?.code, error?.message]).toEqual([
      "busy",
      expect.stringContaining("was created by another program while we were writing"),
    ]);
    expect(readFileSync(to.path!, "utf8")).toBe("theirs");
    expect(readdirSync(folder.path).filter((name) => name.startsWith("store"))).toEqual(["store"]);
  });
});

describe("a target that changes while somebody is asked whether to overwrite", () => {
  const asking = async (change: boolean) => {
    const folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const target = copyFixture("0.12.4", folder, "target.db");
    const edit = (...rows: number[]) => {
      const database = new Database(target);
      for (const row of rows)
        database.run(
          `UPDATE nodes SET properties = json_set(properties, '$.title', 'of the target') WHERE rowid = ${row}`,
        );
      database.close();
      settle(target);
    };
    edit(1);
    const questions: string[] = [];
    const confirm = async (question: string) => {
      questions.push(question);
      if (change) edit(2);
    };
    const { error, result } = await run(source, target, { onConflict: "overwrite" }, { confirm });
    const titles = (await readAll(settle(target))).records.map(({ properties }) => properties.get("title"));
    folder[Symbol.dispose]();
    return { error, result, questions, kept: titles.filter((title) => title === "of the target").length };
  };

  test("is left as it is where more would be overwritten than was agreed to", async () => {
    const { error, questions, kept } = await asking(true);
    expect(questions).toEqual([expect.stringContaining("Overwrite 1 record (")]);
    expect([error?.code, error?.message]).toEqual([
      "refused",
      expect.stringContaining("more records would be overwritten now"),
    ]);
    expect(kept).toBe(2);
  });

  test("is overwritten as agreed where it does not change", async () => {
    const { error, result, kept } = await asking(false);
    expect([error, result.overwritten.nodes, kept]).toEqual([null, 1, 0]);
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

  test.skipIf(!has.unixSockets)("is left to an engine that has opened it meanwhile", async () => {
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
