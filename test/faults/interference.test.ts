// @level normal
/** What others do between a run and its undoing or going on: seen, told, and never undone by us. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import { Editor, edited, titleOf } from "../cli/stores.ts";
import { withFalkor } from "../conformance/falkor.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { at, copyFixture, settle } from "../support/stores.ts";
import { KILLED } from "../support/system.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";
import { stateAt } from "./targets.ts";

const onLinux = process.platform === "linux";

function files(folder: TemporaryFolder) {
  mkdirSync(folder.file("target"));
  const target = folder.file("target", "store.db");
  const args = [
    "migrate",
    "--from-path",
    edited(folder, "source.db"),
    "--to",
    "sqlite",
    "--to-path",
    target,
    "--quiet",
  ];
  return { target, args };
}

/** A later memory and a relationship to it, and another title, as an application would do. */
function workOn(path: string): void {
  const editor = new Editor(path);
  editor.change("m-000001", { title: "changed since" }).add("later", { title: "made since" }).close();
  settle(path);
}

describe("a completed run on a file that somebody has worked on since", () => {
  test.each(["a new file", "a filled one"])("is undone but for what was changed: %s", async (what) => {
    using folder = temporaryFolder();
    const { target, args } = files(folder);
    if (what !== "a new file") copyFixture("0.8.3", folder, "target/store.db");
    expect((await program(folder, args)).code).toBe(0);
    workOn(target);
    const [run] = await runsOf(folder);
    const undone = await program(folder, ["rollback", run!.id, "--yes"]);
    expect([undone.code, undone.stderr]).toEqual([3, expect.stringContaining("1 record of run")]);
    expect(undone.stdout).toContain("node m-000001");
    expect([titleOf(target, "m-000001"), titleOf(target, "later"), titleOf(target, "m-000002")]).toEqual([
      "changed since",
      "made since",
      undefined,
    ]);
  });

  test("that was moved is found beside it", async () => {
    using folder = temporaryFolder();
    const { target, args } = files(folder);
    copyFixture("0.8.3", folder, "target/store.db");
    const before = await stateAt(at(target));
    expect((await program(folder, args)).code).toBe(0);
    renameSync(folder.file("target"), folder.file("elsewhere"));
    const moved = folder.file("elsewhere", "store.db");
    const [run] = await runsOf(folder, "--to-path", moved, "--state-dir", folder.file("another machine"));
    expect(run).toMatchObject({ status: "done", can: ["rollback"] });
    const named = ["--to-path", moved, "--state-dir", folder.file("another machine")];
    const { code, stdout } = await program(folder, ["rollback", run!.id, ...named, "--confirm", moved]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("exactly as it was before")]);
    expect(await stateAt(at(moved))).toBe(before);
    expect(readdirSync(folder.file("elsewhere"))).toEqual(["store.db"]);
  });
});

describe("a run that was killed", () => {
  test("on a file is swept by the next one, which says so", async () => {
    using folder = temporaryFolder();
    const { target, args } = files(folder);
    expect((await program(folder, args, { stop: "verified#1" })).code).toBe(KILLED);
    expect(readdirSync(folder.file("target")).some((name) => name.endsWith(".tmp"))).toBe(true);
    const { code, stderr } = await program(
      folder,
      args.filter((arg) => arg !== "--quiet"),
    );
    expect([code, stderr]).toEqual([0, expect.stringMatching(/run \w{10} had been stopped; the target is as it was/)]);
    expect(besidesJournals(folder.file("target"))).toEqual(["store.db"]);
    expect(existsSync(target)).toBe(true);
  });

  test("is not resumed when its source changed; it can still be undone", async () => {
    using folder = temporaryFolder();
    const { args } = files(folder);
    expect((await program(folder, args, { stop: "verified#1" })).code).toBe(KILLED);
    workOn(folder.file("source.db"));
    const [run] = await runsOf(folder);
    const { code, stderr } = await program(folder, ["resume", run!.id]);
    expect([code, stderr]).toEqual([4, expect.stringContaining("the source changed since run")]);
    expect(readdirSync(folder.file("target"))).toEqual([]);
  });
});

test.skipIf(!onLinux)(
  "two runs do not work on one file: the second is told who does, and a lock of the dead is none",
  async () => {
    using folder = temporaryFolder();
    const { args } = files(folder);
    const first = begin(folder, args, { pause: "verified#1" });
    await standsStill(first);
    const second = await program(folder, args);
    expect([second.code, second.stderr]).toEqual([
      10,
      expect.stringMatching(/run \w{10} works on the same target \(process \d+ on /),
    ]);
    const [run] = await runsOf(folder);
    for (const command of [
      ["resume", run!.id],
      ["rollback", run!.id, "--yes"],
    ]) {
      const { code, stderr } = await program(folder, command);
      expect([code, stderr]).toEqual([10, expect.stringContaining("still under way")]);
    }
    first.kill("SIGKILL");
    await ended(first);
    expect((await program(folder, args)).code).toBe(0);
  },
);

describe("where runs are remembered", () => {
  test("a place that cannot be written is told before anything is done (2)", async () => {
    using folder = temporaryFolder();
    const { args } = files(folder);
    const { code, stderr } = await program(folder, [...args, "--state-dir", folder.file("source.db", "x")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--state-dir")]);
    expect(readdirSync(folder.file("target"))).toEqual([]);
  });

  test("an unknown run is told so (2), and an undone one too", async () => {
    using folder = temporaryFolder();
    const { args } = files(folder);
    expect(await program(folder, ["rollback", "0tw6etyz"])).toMatchObject({ code: 2 });
    await program(folder, args);
    const [run] = await runsOf(folder);
    await program(folder, ["rollback", run!.id, "--yes"]);
    const again = await program(folder, ["rollback", run!.id, "--yes"]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("is rolled back")]);
  });
});

const [falkor] = await serversOf("falkordb");

describe.skipIf(falkor === undefined)("a graph that others write to", () => {
  const graph = "interference";
  const secret = falkor?.password ?? "";
  const env = { MEMORYGRAPH_TO_PASSWORD: secret };
  const query = (text: string) => withFalkor(falkor!, (command) => command("GRAPH.QUERY", graph, text));
  const to = ["--to", "falkordb", "--to-uri", falkor?.uri ?? "", "--to-graph", graph];
  const args = (source: string) => ["migrate", "--from-path", source, ...to, "--quiet"];
  afterAll(() => withFalkor(falkor!, (command) => command("GRAPH.DELETE", graph)).catch(() => {}));

  test("after a kill is not resumed over; undoing leaves what they did, and lists it", async () => {
    using folder = temporaryFolder();
    await query("CREATE (:Memory {id: 'theirs', title: 'was here'})");
    const source = copyFixture("0.12.4", folder);
    expect((await program(folder, args(source), { env, stop: "batch answered#3" })).code).toBe(KILLED);
    await query("MATCH (n:Memory {id: 'm-000001'}) SET n.title = 'changed since'");
    const again = await program(folder, args(source), { env });
    const [run] = await runsOf(folder);
    expect([again.code, again.stderr]).toEqual([4, expect.stringContaining(`resume ${run!.id} completes it`)]);
    const resumed = await program(folder, ["resume", run!.id], { env });
    expect([resumed.code, resumed.stderr]).toEqual([4, expect.stringContaining("changed since the run was stopped")]);
    const undone = await program(folder, ["rollback", run!.id, "--yes"], { env });
    expect([undone.code, undone.stdout]).toEqual([3, expect.stringContaining("node m-000001")]);
    const left = JSON.stringify(await query("MATCH (n) RETURN n.id, n.title ORDER BY n.id"));
    expect([left.includes("changed since"), left.includes("was here"), left.includes("m-000002")]).toEqual([
      true,
      true,
      false,
    ]);
    await query("MATCH (n) DETACH DELETE n");
  });

  test("a password is written down nowhere", async () => {
    using folder = temporaryFolder();
    const source = copyFixture("0.12.4", folder);
    const address = falkor!.uri.replace("//", `//:${encodeURIComponent(secret)}@`);
    const inAddress = args(source).map((arg) => (arg === falkor!.uri ? address : arg));
    const outputs = [await program(folder, inAddress, { stop: "batch noted#2" })];
    const [run] = await runsOf(folder);
    outputs.push(await program(folder, ["runs"]));
    outputs.push(await program(folder, ["rollback", run!.id, "--yes"]));
    outputs.push(
      await program(folder, ["rollback", run!.id, "--yes", "--json", "--debug"], {
        env: { MEMORYGRAPH_TO_PASSWORD: `${secret}x` },
      }),
    );
    outputs.push(await program(folder, ["rollback", run!.id, "--yes"], { env }));
    expect(outputs.map(({ code }) => code)).toEqual([null, 0, 5, 5, 0]);
    expect(JSON.stringify(outputs)).not.toContain(secret);
    const kept = readdirSync(folder.file("state"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(kept.length).toBeGreaterThan(0);
    for (const { parentPath, name } of kept) {
      expect(readFileSync(join(parentPath, name)).includes(secret)).toBe(false);
    }
  });
});

describe("a FalkorDBLite store on which a later run overwrote what an earlier one brought", () => {
  test.each([
    ["a new one", false],
    ["a filled one", true],
  ])("gives back the older run only with or after the later one: %s", async (_, isFilled) => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("target"));
    const target = folder.file("target", "lite.db");
    const to = ["--to", "falkordblite", "--to-path", target, "--quiet", "--yes"];
    const migrate = (from: string, ...more: string[]) =>
      program(folder, ["migrate", "--from-path", from, ...to, ...more]);
    const config = new BackendConfig({ type: "falkordblite", path: target });
    if (isFilled) expect((await migrate(copyFixture("0.8.3", folder))).code).toBe(0);
    const before = isFilled ? await stateAt(config) : null;
    expect((await migrate(edited(folder, "source.db"))).code).toBe(0);
    const [first] = await runsOf(folder);
    const between = await stateAt(config);
    const theirs = edited(folder, "theirs.db", (store) =>
      store
        .run("DELETE FROM relationships")
        .run("DELETE FROM nodes WHERE id <> 'm-000001'")
        .change("m-000001", { title: "changed since" })
        .add("later"),
    );
    expect((await migrate(theirs, "--on-conflict", "overwrite")).code).toBe(0);
    const [second] = await runsOf(folder);
    const after = await stateAt(config);
    const refused = await program(folder, ["rollback", first!.id, "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining(second!.id)]);
    expect(await stateAt(config)).toBe(after);
    if (isFilled) {
      expect((await program(folder, ["rollback", second!.id, "--yes"])).code).toBe(0);
      expect(await stateAt(config)).toBe(between);
      expect((await program(folder, ["rollback", first!.id, "--yes"])).code).toBe(0);
    } else {
      const both = await program(folder, ["rollback", first!.id, "--with-later", "--yes", "--json"]);
      expect([both.code, JSON.parse(both.stdout).runs]).toEqual([0, [second!.id, first!.id]]);
    }
    if (before !== null) expect(await stateAt(config)).toBe(before);
    expect(besidesJournals(folder.file("target"))).toEqual(isFilled ? ["lite.db"] : []);
  });
});
