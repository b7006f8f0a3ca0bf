import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { listing, temporaryFolder } from "../support/folder.ts";
import { linesOf, readTruth } from "../support/independent-reader.ts";
import { fill, refused } from "../support/refused.ts";
import { copyFixture, createLike, readAll, run, settle, succeed, truthFile } from "../support/stores.ts";
import { has } from "../support/system.ts";
import { boundByModes } from "../support/unprivileged.ts";

const IMPOSTORS: [string, string, RegExp, (path: string) => void][] = [
  ["a missing file", "not_a_store", /does not exist/, () => {}],
  ["a directory", "not_a_store", /directory/, (path) => mkdirSync(path)],
  ["an empty file", "not_a_store", /empty/, (path) => writeFileSync(path, "")],
  ["a text file", "not_a_store", /text/, (path) => writeFileSync(path, "hello\n")],
  ["a JSON export", "not_a_store", /JSON/, (path) => writeFileSync(path, '{"memories": []}')],
  ["a Redis dump", "not_a_store", /Redis|falkordblite/i, (path) => writeFileSync(path, "REDIS0011\xfa\x09redis-ver")],
  [
    "a FalkorDBLite directory",
    "not_a_store",
    /falkordblite/i,
    (path) => {
      mkdirSync(path);
      writeFileSync(`${path}/dump.rdb`, "REDIS0011");
    },
  ],
  [
    "bytes of something else",
    "not_a_store",
    /no store that this program knows/,
    (path) => writeFileSync(path, new Uint8Array(4096).fill(7).fill(0, 10, 20)),
  ],
  [
    "nothing but SQLite's first sixteen bytes",
    "damaged",
    /is truncated|damaged/,
    (path) => writeFileSync(path, "SQLite format 3\0"),
  ],
  [
    "a SQLite file of another application",
    "not_a_store",
    /places/,
    (path) => fill(path, ["CREATE TABLE places (url TEXT)"]),
  ],
  [
    "a symbolic link to nothing",
    "not_a_store",
    /not exist|symbolic link/,
    (path) => symlinkSync("/nowhere/at/all", path),
  ],
  ["a symbolic link in a circle", "access", /circle|link/, (path) => symlinkSync(path, path)],
];

const canBe = (what: string) => has.symlinks || !what.startsWith("a symbolic link");

describe("a source that is", () => {
  for (const [what, code, words, make] of IMPOSTORS) {
    test.skipIf(!canBe(what))(what, async () => {
      using folder = temporaryFolder();
      make(folder.file("it.db"));
      const found = await refused(folder, folder.file("it.db"), folder.file("new.db"));
      expect(found.code).toBe(code);
      expect(found.told).toMatch(words);
      expect(found.told).toContain("it.db");
    });
  }
});

describe("a target that is", () => {
  for (const [what, , , make] of IMPOSTORS.filter(([what]) => !/missing|an empty/.test(what))) {
    test.skipIf(!canBe(what))(`${what} is left alone`, async () => {
      using folder = temporaryFolder();
      make(folder.file("it.db"));
      const { code } = await refused(folder, copyFixture("0.8.3", folder), folder.file("it.db"));
      expect(["not_a_store", "damaged", "access", "refused"]).toContain(code);
    });
  }

  test("an empty file becomes a store", async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file("it.db"), "");
    const { result } = await succeed(copyFixture("0.13.0", folder), folder.file("it.db"));
    expect(result).toMatchObject({ verified: true, imported: { nodes: 30 } });
    expect(linesOf((await readAll(folder.file("it.db"))).records)).toEqual(readTruth(truthFile("0.13.0")));
  });

  test("in a folder that is not there, with a slash at its end, or a folder itself", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    for (const path of [folder.file("no", "new.db"), `${folder.path}/`, folder.path]) {
      expect(["not_a_store", "access"]).toContain((await refused(folder, source, path)).code);
    }
  });

  test("under a file, or named longer than the system allows", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    for (const path of [`${source}/new.db`, folder.file("x".repeat(300))]) {
      expect(["not_a_store", "access"]).toContain((await refused(folder, source, path)).code);
      expect(["not_a_store", "access"]).toContain((await refused(folder, path, folder.file("new.db"))).code);
    }
  });

  test("locked by another connection", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    const target = copyFixture("0.10.0", folder);
    const holder = new Database(target);
    holder.run("BEGIN IMMEDIATE");
    const { error } = await run(source, target);
    expect(error?.code).toBe("busy");
    holder.run("ROLLBACK");
    holder.close();
    await succeed(source, target);
  }, 20_000);

  test("made by a newer MemoryGraph, hybrid, or of another release than asked for", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.8.3", folder);
    fill(copyFixture("0.12.4", folder), ["ALTER TABLE nodes ADD COLUMN mood TEXT"]);
    expect((await refused(folder, source, folder.file("0.12.4.db"))).told).toContain("nodes.mood");
    const hybrid = copyFixture("hybrid-0.12-0.13", folder);
    expect((await refused(folder, source, hybrid)).code).toBe("refused");
    const old = copyFixture("0.10.0", folder);
    expect((await refused(folder, source, old, { for: "0.13" })).code).toBe("refused");
  });

  for (const name of [
    'it\'s "here" `now`.db',
    "mémoire 🚀 日本.db",
    "a#b?c=d&e%20%2f.db",
    " leading and trailing ",
    "semi;colon\\back.db",
    "new\nline.db",
    "-dash.db",
    "x".repeat(240),
  ]) {
    test.skipIf(!has.anyNames && /["\\?\n]|^ /.test(name))(
      `named ${JSON.stringify(name.slice(0, 40))}, as the source is too`,
      async () => {
        using folder = temporaryFolder();
        const source = copyFixture("0.12.4", folder, `s${name.slice(0, 240)}`);
        for (const [at, from] of [source, folder.file(name)].entries()) {
          const to = at === 0 ? folder.file(name) : folder.file(`again${name.slice(0, 240)}`);
          await succeed(settle(from), to);
          expect(linesOf((await readAll(to)).records)).toEqual(readTruth(truthFile("0.12.4")));
        }
        expect(listing(folder.path)).toHaveLength(3);
      },
    );
  }

  test("named so long that no `-journal` fits beside it: a clear error or a good store", async () => {
    using folder = temporaryFolder();
    const target = folder.file("x".repeat(250));
    const { error } = await run(copyFixture("0.12.4", folder), target);
    if (error === null) expect(linesOf((await readAll(target)).records)).toEqual(readTruth(truthFile("0.12.4")));
    else expect(listing(folder.path)).toHaveLength(1);
  });
});

test("source and target that are one file under any two names are refused", async () => {
  using folder = temporaryFolder();
  const source = copyFixture("0.12.4", folder);
  if (has.symlinks) symlinkSync(source, folder.file("symbolic.db"));
  linkSync(source, folder.file("hard.db"));
  mkdirSync(folder.file("sub"));
  for (const other of [
    source,
    ...(has.symlinks ? [folder.file("symbolic.db")] : []),
    folder.file("hard.db"),
    `${folder.path}/sub/../0.12.4.db`,
    `${folder.path}//0.12.4.db`,
  ]) {
    for (const pair of [
      [source, other],
      [other, source],
    ] as const) {
      const { code, told } = await refused(folder, ...pair);
      expect(code).toBe("refused");
      expect(told).toContain("same file");
    }
  }
});

test.skipIf(!has.modes)("a folder that may not be written to is said so, by whoever may not", async () => {
  using folder = temporaryFolder();
  using closed = temporaryFolder();
  const source = copyFixture("0.8.3", folder);
  chmodSync(closed.path, 0o555);
  const script = `${import.meta.dir}/../support/migrate-once.ts`;
  const command = `'${process.execPath}' '${script}' '${source}' '${closed.file("new.db")}'`;
  const child = Bun.spawn(boundByModes(command), { stdout: "pipe", cwd: "/" });
  expect(await new Response(child.stdout).json()).toMatchObject({ success: false, errors: [{ code: "access" }] });
  expect(listing(closed.path)).toEqual([]);
});

test("a store made with the schema alone is a store, copied where that was meant", async () => {
  using folder = temporaryFolder();
  createLike("0.13.0", folder.file("it.db")).close();
  const [from, to] = [folder.file("it.db"), folder.file("new.db")];
  const done = await succeed(from, to, { allowEmpty: true });
  expect(done.result.validation.warnings.join()).toContain("the source is empty");
});
