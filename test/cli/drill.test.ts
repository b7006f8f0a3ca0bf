// @level normal
/** `verify --restore`: what is compared with the store that an archive was taken from, and what is said where it is not. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { BackupListSchema, BackupResultSchema, DrillResultSchema } from "../../src/operations/backup/models.ts";
import { endOf } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { copyFixture } from "../support/stores.ts";
import { inProcess, pasted } from "./in-process.ts";
import { document, type Environment, expectError } from "./program.ts";

/** Each takes some seconds, and a minute beside much else. */
const TIMEOUT = 120_000;

async function done(folder: TemporaryFolder, args: readonly string[], env: Environment = {}): Promise<string> {
  const { code, stdout, stderr } = await inProcess(folder, args, env);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function tried(folder: TemporaryFolder, args: readonly string[], env: Environment = {}) {
  const { proofs } = v.parse(DrillResultSchema, document(await done(folder, ["verify", ...args, "--json"], env)));
  return proofs.map(({ proven, source, notCompared }) => ({ proven, source, notCompared }));
}

/** The note of the only archive in a folder, changed. */
function changeNote(path: string, change: (note: Record<string, unknown>) => object): void {
  const name = readdirSync(path).find((one) => one.endsWith(".note.json"))!;
  const note = JSON.parse(readFileSync(`${path}/${name}`, "utf8"));
  writeFileSync(`${path}/${name}`, JSON.stringify({ ...note, ...change(note) }));
}

test.each(["falkordb", "neo4j", "memgraph"] as const)(
  "a %s server is compared where its login is given for this once, and else one line says why it is not",
  async (kind) => {
    const [server] = await serversOf(kind);
    if (server?.password === undefined) return;
    const { password, username = "" } = server;
    using folder = temporaryFolder();
    const end = endOf(server, kind === "falkordb" ? "memorygraph" : undefined);
    await end.empty();
    const login = username === "" ? [] : ["--to-user", username];
    copyFixture("0.12.4", folder, "old.db");
    await done(folder, ["old.db", server.uri, "--to", kind, ...login], { MEMORYGRAPH_TO_PASSWORD: password });
    const of = username === "" ? [] : ["--from-user", username];
    await done(folder, ["backup", server.uri, "kept", "--from", kind, ...of], { MEMORYGRAPH_FROM_PASSWORD: password });
    for (const name of readdirSync(folder.file("kept"))) {
      expect([name, readFileSync(folder.file("kept", name)).includes(password)]).toEqual([name, false]);
    }

    const drill = ["--restore", "kept"];
    const [silent] = await tried(folder, drill);
    expect(silent).toEqual({
      proven: true,
      source: "unreachable",
      notCompared: expect.stringContaining("--to-password"),
    });
    expect(await done(folder, ["verify", ...drill])).toContain(
      `the store that it is of was not compared: ${silent!.notCompared}`,
    );

    const same: Awaited<ReturnType<typeof tried>> = [{ proven: true, source: "same", notCompared: null }];
    writeFileSync(folder.file("key"), `${password}\n`, { mode: 0o600 });
    expect(await tried(folder, [...drill, ...login, "--to-password-file", "key"])).toEqual(same);
    expect(await tried(folder, [...drill, ...login, "--all"], { MEMORYGRAPH_TO_PASSWORD: password })).toEqual(same);
    // What the application itself logs in with counts where it is the same store.
    const prefix = `MEMORY_${kind.toUpperCase()}`;
    const { hostname, port } = new URL(server.uri.replace(/^[a-z+]+:/, "http:"));
    const own =
      kind === "falkordb"
        ? { [`${prefix}_HOST`]: hostname, [`${prefix}_PORT`]: port }
        : { [`${prefix}_URI`]: server.uri };
    const variables = { MEMORY_BACKEND: kind, ...own, [`${prefix}_USER`]: username, [`${prefix}_PASSWORD`]: password };
    expect(await tried(folder, drill, variables)).toEqual(same);
    const [wrong] = await tried(folder, [...drill, ...login], { MEMORYGRAPH_TO_PASSWORD: "another" });
    expect(wrong).toMatchObject({
      proven: true,
      source: "unreachable",
      notCompared: expect.stringContaining("refuses the password"),
    });
    await end.empty();
  },
  TIMEOUT,
);

test(
  "a store of another machine, of a kind that is not known, and one that nothing tells of are not compared",
  async () => {
    using folder = temporaryFolder();
    copyFixture("0.12.4", folder, "old.db");
    await done(folder, ["backup", "old.db", "kept"]);
    const drill = ["--restore", "kept"];
    expect(await tried(folder, drill)).toMatchObject([{ source: "same", notCompared: null }]);
    changeNote(folder.file("kept"), () => ({ host: "elsewhere" }));
    expect(await tried(folder, drill)).toMatchObject([
      { source: "unreachable", notCompared: "it is on another machine, elsewhere" },
    ]);
    changeNote(folder.file("kept"), () => ({ store: { backend: "dolt", location: "x" } }));
    expect(await tried(folder, drill)).toMatchObject([
      { notCompared: "this release does not read stores of the kind dolt" },
    ]);
    await done(folder, ["backup", "old.db", "alone.jsonl.zst"]);
    expect(await tried(folder, ["--restore", "alone.jsonl.zst"])).toMatchObject([
      { proven: true, notCompared: "no note beside the archive says which store that is" },
    ]);
  },
  TIMEOUT,
);

test(
  "a store in the place of an archive is told as one, and what is printed works",
  async () => {
    using folder = temporaryFolder();
    copyFixture("0.12.4", folder, "old.db");
    for (const words of [
      ["verify", "--restore", "old.db"],
      ["restore", "old.db", "new.db"],
    ]) {
      const refused = await inProcess(folder, words);
      expectError(refused, 2, "old.db is no archive, but a store itself (");
      expect(existsSync(folder.file("new.db"))).toBe(false);
      const commands = [...refused.stderr.matchAll(/memorygraph-migrate [^;\n]+/g)].map(([command]) => command.trim());
      expect(commands).toHaveLength(2);
      mkdirSync(folder.file(words[0]!));
      copyFixture("0.12.4", folder, `${words[0]}/old.db`);
      for (const command of commands) {
        const line = command.replaceAll(/\S*old\.db/g, `${words[0]}/old.db`).replace(" NEW", ` ${words[0]}/NEW`);
        expect([line, (await pasted(folder, line)).code]).toEqual([line, 0]);
      }
    }
  },
  TIMEOUT,
);

test(
  "a backup that is refused leaves no folder behind, and one that is there stays",
  async () => {
    using folder = temporaryFolder();
    copyFixture("0.12.4", folder, "old.db");
    mkdirSync(folder.file("mine"), { mode: 0o700 });
    for (const place of ["new/deep/kept", "mine"]) {
      const refused = await inProcess(folder, ["backup", "old.db", place, "--to-recipient", "age1cut"]);
      expectError(refused, 2, "is no key of a recipient");
    }
    expect(await inProcess(folder, ["backup", "missing.db", "new"])).toMatchObject({ code: 2 });
    writeFileSync(folder.file("broken.db"), "SQLite format 3\0broken");
    expect(await inProcess(folder, ["backup", "broken.db", "new"])).not.toMatchObject({ code: 0 });
    expect(readdirSync(folder.path).filter((name) => /^(new|mine)$/.test(name))).toEqual(["mine"]);
    expect(readdirSync(folder.file("mine"))).toEqual([]);
  },
  TIMEOUT,
);

test(
  "backups of several graphs of one file or server do not count as those of each other",
  async () => {
    using folder = temporaryFolder();
    copyFixture("0.12.4", folder, "one.db");
    await done(folder, ["one.db", "lite.db", "--to", "falkordblite"]);
    copyFixture("0.12.4", folder, "two.db");
    await done(folder, ["two.db", "lite.db", "--to", "falkordblite", "--to-graph", "other"]);
    const keep = ["kept", "--keep-last", "1", "--json"];
    const backup = async (...graph: string[]) =>
      v.parse(BackupResultSchema, document(await done(folder, ["backup", "lite.db", ...keep, ...graph])));
    const [own, other] = [await backup(), await backup("--from-graph", "other")];
    expect([own.outcome, other.outcome, other.removed]).toEqual(["made", "made", []]);
    expect((await backup("--from-graph", "memorygraph")).outcome).toBe("unchanged");
    expect((await backup("--from-graph", "other")).name).toBe(other.name);
    const { backups } = v.parse(BackupListSchema, document(await done(folder, ["backups", "kept", "--json"])));
    expect(backups.map(({ store }) => store?.graph).sort()).toEqual(["other", undefined]);
    const listed = await done(folder, ["backups", "kept"]);
    expect([listed.includes("lite.db (graph other)"), listed.match(/^Of /gm)?.length]).toEqual([true, 2]);
    expect((await tried(folder, ["--restore", "kept", "--all"])).map(({ source }) => source)).toEqual(["same", "same"]);
  },
  TIMEOUT,
);

test(
  "of a folder whose newest archive was cut off by others, the one before it is taken, and that is told",
  async () => {
    using folder = temporaryFolder();
    for (const name of ["one.db", "two.db"]) {
      copyFixture("0.12.4", folder, name);
      await done(folder, ["backup", name, "kept"]);
      await Bun.sleep(1_100);
    }
    const [older, newer] = readdirSync(folder.file("kept"))
      .filter((name) => name.endsWith(".zst"))
      .sort();
    const path = folder.file("kept", newer!);
    writeFileSync(path, readFileSync(path).subarray(0, 2_000));
    const told = `${newer} is newer, and damaged: ${older} was taken instead`;
    const drill = await inProcess(folder, ["verify", "--restore", "kept"]);
    expect([drill.code, drill.stderr]).toEqual([0, expect.stringContaining(told)]);
    const restored = await inProcess(folder, ["restore", "kept", "new.db"]);
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining(told)]);
  },
  TIMEOUT,
);
