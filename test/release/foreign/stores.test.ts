// @level normal
/** The executables for Windows and for Linux with musl do with stores what they promise, and leave what they promise when they are stopped. */

import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../../bench/generate.ts";
import { PREFIX } from "../../../scripts/engines/foreign.ts";
import { ROOT, VERSION } from "../../../scripts/release/project.ts";
import { document, expectError } from "../../cli/program.ts";
import { atLevel } from "../../support/level.ts";
import { digestOf, FIXTURES, settle } from "../../support/stores.ts";
import { Desk, machineForFile } from "./desk.ts";
import { type ForeignMachine, type ForeignSystem, missing, outcomeOf, SYSTEMS, untilTold } from "./system.ts";

/** Enough to be stopped in, and for the small disk. */
const LARGE = atLevel({ normal: 4_000, long: 20_000 });
const machineOf = machineForFile((machine) => {
  generate(machine.file("large.db"), LARGE);
  // So many that other threads read them.
  generate(machine.file("threads.db"), 20_000);
  for (const store of ["large.db", "threads.db"]) settle(machine.file(store));
});

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  let desk: Desk;
  let machine: ForeignMachine;
  let system: ForeignSystem;
  let here: Desk["here"];
  let there: Desk["there"];
  beforeEach(() => {
    machine = machineOf();
    desk = new Desk(machine, name);
    ({ system, here, there } = desk);
  });
  const fixture: Desk["fixture"] = (...args) => desk.fixture(...args);
  const migrate = (from: string, kind: string, to: string, ...more: string[]) =>
    system.run(["--from-path", from, "--to", kind, "--to-path", there(to), "--json", ...more]);
  const runOf = (stdout: string) => (document(stdout) as { run: string }).run;

  test("it says what it is", async () => {
    const { code, stdout, stderr } = await system.run(["--version", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(document(stdout)).toMatchObject({ version: VERSION, os: system.isWindows ? "win32" : "linux", arch: "x64" });
  });

  test.each(
    FIXTURES,
  )("the store of %s becomes what this machine makes of it, in every layout, and the source keeps its bytes", async (fixtureName) => {
    const source = fixture(fixtureName);
    const before = readFileSync(here("source.db"));
    for (const release of ["0.12", "0.13"]) {
      const { code, stdout, stderr } = await migrate(
        source,
        "sqlite",
        `${release}.db`,
        "--for",
        release,
        "--allow-loss",
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(document(stdout)).toMatchObject({ success: true, verified: true });
      expect(await digestOf(here(`${release}.db`))).toBe(
        (document(stdout) as { verification: { wholeTargetDigest: string } }).verification.wholeTargetDigest,
      );
    }
    expect(readFileSync(here("source.db")).equals(before)).toBe(true);
  }, 60_000);

  test("FalkorDBLite as a file and as a folder: there, verified, back, the same", async () => {
    const source = fixture("0.12.4");
    for (const release of ["0.12", "0.13"]) {
      const lite = `lite-${release}`;
      expect((await migrate(source, "falkordblite", lite, "--for", release)).code).toBe(0);
      expect(statSync(here(lite)).isDirectory()).toBe(release === "0.13");
      expect((await system.run(["verify", source, there(lite), "--quiet"])).code).toBe(0);
      expect((await migrate(there(lite), "sqlite", `back-${release}.db`, "--for", "0.12")).code).toBe(0);
      expect(await digestOf(here(`back-${release}.db`))).toBe(await digestOf(here("source.db")));
    }
  }, 60_000);

  test.each([
    "export-1.0-from-0.8.3.json",
    "export-2.0-from-0.12.4.json",
    "export-2.0-from-0.13.0.json",
    "mcp-memory.jsonl",
  ])("%s is read", async (file) => {
    copyFileSync(join(ROOT, "test/fixtures", file), here(file));
    const { code, stdout } = await migrate(there(file), "sqlite", "new.db", "--allow-loss");
    expect(code).toBe(0);
    expect(document(stdout)).toMatchObject({ success: true, verified: true });
    expect((await system.run(["verify", there(file), there("new.db"), "--quiet"])).code).toBe(0);
  }, 60_000);

  test("a large store goes through, by its other threads too", async () => {
    const { code, stdout } = await migrate(system.path("threads.db"), "sqlite", "new.db");
    expect([code, (document(stdout) as { verified: boolean }).verified]).toEqual([0, true]);
    expect(readdirSync(here()).filter((left) => left.endsWith(".tmp"))).toEqual([]);
    expect(await digestOf(here("new.db"))).toBe(await digestOf(machine.file("threads.db")));
  }, 60_000);

  test("inspect, runs and a rollback of a completed run", async () => {
    const source = fixture("0.12.4");
    const run = runOf((await migrate(source, "sqlite", "new.db")).stdout);
    expect(document((await system.run(["inspect", there("new.db"), "--json"])).stdout)).toMatchObject({
      store: { nodes: 60 },
    });
    const listed = await system.run(["runs", "--json"]);
    expect(listed.stdout).toContain(run);
    const { code, stderr } = await system.run(["rollback", run, "--yes"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(readdirSync(here())).toEqual(["source.db"]);
  }, 60_000);

  test("a run into an existing store is undone to the byte, or to the record", async () => {
    fixture("0.13.0", "target.db");
    const lite = await migrate(there("target.db"), "falkordblite", "target.lite", "--for", "0.12", "--allow-loss");
    expect(lite.code).toBe(0);
    const source = fixture("0.12.4");
    const before = [await digestOf(here("target.db")), readFileSync(here("target.lite"))] as const;
    for (const [kind, target] of [
      ["sqlite", "target.db"],
      ["falkordblite", "target.lite"],
    ] as const) {
      const { code, stdout } = await migrate(source, kind, target, "--allow-loss");
      expect(code).toBe(0);
      expect((await system.run(["rollback", runOf(stdout), "--yes"])).code).toBe(0);
    }
    expect(await digestOf(here("target.db"))).toBe(before[0]);
    expect(readFileSync(here("target.lite")).equals(before[1])).toBe(true);
    // With a later run on it, the file is written anew.
    const first = await migrate(source, "falkordblite", "target.lite", "--allow-loss");
    expect(
      (
        await migrate(
          there("target.db"),
          "falkordblite",
          "target.lite",
          "--allow-loss",
          "--on-conflict",
          "overwrite",
          "--yes",
        )
      ).code,
    ).toBe(0);
    expect((await system.run(["rollback", runOf(first.stdout), "--yes"])).code).toBe(0);
    expect((await system.run(["verify", there("target.db"), there("target.lite"), "--quiet"])).code).toBe(0);
  }, 60_000);

  test("doctor finds the store in the home folder", async () => {
    const home = system.isWindows ? `${PREFIX}/drive_c/users/root` : "/root";
    const put = `mkdir -p ${home}/.memorygraph && cp -p /t/${desk.name}/source.db ${home}/.memorygraph/memory.db`;
    fixture("0.12.4");
    expect((await outcomeOf(machine.spawn(["sh", "-c", put]))).code).toBe(0);
    const { code, stdout, stderr } = await system.run(["doctor", "--json"]);
    expect(stderr).toBe("");
    expect(document(stdout)).toMatchObject({
      stores: [expect.objectContaining({ memories: 60, standing: "current" })],
    });
    expect([0, 9]).toContain(code);
  }, 60_000);

  test("killed while it writes a new file, it leaves no target, and the next run tidies up", async () => {
    const child = system.start(desk.upgrade(there("new.db"), "--verbose"));
    await untilTold(child, "transfer: started");
    machine.kill(child);
    await child.exited;
    expect(existsSync(here("new.db"))).toBe(false);
    const { code } = await migrate(system.path("large.db"), "sqlite", "new.db", "--for", "0.13");
    expect(code).toBe(0);
    expect(readdirSync(here()).filter((left) => left.endsWith(".tmp"))).toEqual([]);
    expect(await digestOf(here("new.db"))).toBe(await digestOf(machine.file("large.db")));
  }, 60_000);

  test("killed while it writes into a store, it can be undone to what was there", async () => {
    fixture("0.12.4", "target.db");
    const before = await digestOf(here("target.db"));
    const child = system.start(desk.into(system.path("large.db"), there("target.db"), "--verbose"));
    await untilTold(child, "transfer: started");
    machine.kill(child);
    await child.exited;
    const { stdout } = await system.run(["runs", "--to-path", there("target.db"), "--json"]);
    const [run] = (document(stdout) as { runs: { id: string; status: string }[] }).runs;
    expect(run?.status).toBe("stopped");
    expect((await system.run(["rollback", run!.id, "--yes"])).code).toBe(0);
    expect(await digestOf(here("target.db"))).toBe(before);
  }, 60_000);

  test("a full disk ends it, and leaves nothing", async () => {
    const full = system.isWindows ? "Z:\\full\\new.db" : "/full/new.db";
    const outcome = await system.run(desk.upgrade(full));
    expectError(outcome, 1, /no space left|needs .* free/i);
    const { stdout } = await outcomeOf(machine.spawn(["ls", "-A", "/full"]));
    expect(stdout).toBe("");
  }, 60_000);

  test("a target that another program has locked is busy", async () => {
    const source = fixture("0.12.4");
    fixture("0.13.0", "target.db");
    const before = await digestOf(here("target.db"));
    await using _held = await system.hold(there("target.db"), "lock");
    const outcome = await system.run(desk.into(source, there("target.db"), "--allow-loss"));
    expectError(outcome, 10, "is in use by another program");
    expect(outcome.stderr).toContain("Close the application that has it open");
    expect(await digestOf(here("target.db"))).toBe(before);
  }, 60_000);

  test("a store that another program has open and leaves alone is read, and written to", async () => {
    const source = fixture("0.12.4");
    fixture("0.13.0", "target.db");
    await using _source = await system.hold(source, "open");
    await using _target = await system.hold(there("target.db"), "open");
    const { code } = await migrate(source, "sqlite", "target.db", "--allow-loss");
    expect(code).toBe(0);
    expect((await system.run(["verify", source, source, "--quiet"])).code).toBe(0);
  }, 60_000);

  test("a run whose process number somebody else has by now is not under way", async () => {
    const source = fixture("0.12.4");
    const state = ["--state-dir", there("state")];
    await system.run(["--from-path", source, "--to", "sqlite", "--to-path", there("new.db"), "--quiet", ...state]);
    await using held = await system.hold(source, "open");
    const list = new Database(here("state", "runs.db"));
    const [[row]] = list.query("SELECT owner FROM run").values() as [[string]];
    const { start } = JSON.parse(row);
    expect(start).not.toBe("");
    const own = JSON.stringify({ ...JSON.parse(row), pid: Number(held.process) });
    list.run("UPDATE run SET owner = ?, state = 'started'", [own]);
    list.close();
    const { stdout } = await system.run(["runs", "--json", ...state]);
    expect((document(stdout) as { runs: { status: string }[] }).runs[0]?.status).not.toBe("running");
  }, 60_000);
});
