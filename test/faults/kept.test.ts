// @level normal
/** Which runs are kept, and that a password is to be seen nowhere while and after a run that fails. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunRegistry } from "../../src/journal/registry.ts";
import { thisProcess } from "../../src/support/processes.ts";
import { edited } from "../cli/stores.ts";
import { temporaryFolder } from "../support/folder.ts";
import { serversOf } from "../support/servers.ts";
import { copyFixture } from "../support/stores.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";

const DAY = 86_400_000;

describe("runs are kept", () => {
  /** A list with one run for each of so many days back, each with a journal. */
  function listOf(folder: string, days: readonly number[], state: "done" | "writing"): RunRegistry {
    const registry = new RunRegistry(folder, "test");
    mkdirSync(folder, { recursive: true });
    for (const [number, day] of days.entries()) {
      const id = `${state}${String(number).padStart(4, "0")}`;
      const journal = join(folder, `${id}.journal`);
      writeFileSync(journal, "");
      const started = new Date(Date.now() - day * DAY).toISOString();
      const owner = { ...thisProcess(), start: "ended long ago" };
      registry.add({ id, started, state, source: "s", target: "t", identity: "i", journal, owner });
    }
    return registry;
  }

  test("for 30 days, and the last ten however old", () => {
    using folder = temporaryFolder();
    const young = listOf(
      folder.file("young"),
      [...Array(15).keys()].map((day) => day + 15.5),
      "done",
    );
    young.prune();
    expect(young.list().map(({ started }) => Math.round((Date.now() - Date.parse(started)) / DAY - 0.5))).toEqual([
      15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
    ]);
    const old = listOf(
      folder.file("old"),
      [...Array(15).keys()].map((day) => day + 40),
      "done",
    );
    old.prune();
    expect(old.list()).toHaveLength(10);
    expect(readdirSync(folder.file("old")).filter((name) => name.endsWith(".journal"))).toHaveLength(10);
  });

  test("always, when they were stopped; their places are not counted off those of the others", () => {
    using folder = temporaryFolder();
    listOf(folder.file("state"), Array(12).fill(100), "done");
    const registry = listOf(folder.file("state"), Array(3).fill(400), "writing");
    registry.prune();
    expect(registry.list().filter(({ state }) => state === "writing")).toHaveLength(3);
    expect(registry.list().filter(({ state }) => state === "done")).toHaveLength(10);
    expect(readdirSync(folder.file("state")).filter((name) => name.startsWith("writing"))).toHaveLength(3);
  });

  test("until a run is completed: its journal goes with the entry, and undoing it is told as over", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("targets"));
    const source = edited(folder, "source.db");
    const run = (name: string) =>
      program(folder, ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", folder.file("targets", name)]);
    expect((await run("first.db")).code).toBe(0);
    const [first] = await runsOf(folder);
    const registry = new RunRegistry(folder.file("state", "memorygraph-migrate"), "test");
    const [entry] = registry.list();
    registry.forget(entry!.id);
    registry.add({ ...entry!, started: new Date(Date.now() - 40 * DAY).toISOString() });
    for (let number = 0; number < 10; number++) expect((await run(`${number}.db`)).code).toBe(0);
    expect(readdirSync(folder.file("targets"))).toContain("first.db");
    expect(readdirSync(folder.file("targets")).filter((name) => name.startsWith(".first"))).toEqual([]);
    const { code, stderr } = await program(folder, ["rollback", first!.id, "--yes"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`there is no run ${first!.id}`)]);
  });
});

const [falkor] = await serversOf("falkordb");

describe.skipIf(falkor?.password === undefined || process.platform !== "linux")("a password", () => {
  test("is in no process's command line or environment but where the person put it, and in no output of a failure", async () => {
    using folder = temporaryFolder();
    const secret = falkor!.password!;
    const file = folder.file("secret");
    writeFileSync(file, `${secret}\n`, { mode: 0o600 });
    const source = copyFixture("0.12.4", folder, "source.db");
    const to = ["--to", "falkordb", "--to-uri", falkor!.uri, "--to-graph", "kept", "--to-password-file", file];
    const child = begin(folder, ["migrate", "--from-path", source, ...to, "--json", "--debug"], {
      pause: "batch answered#2",
    });
    await standsStill(child);
    const seen = processesBelow(child.pid).flatMap((pid) =>
      ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "latin1")),
    );
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen.join()).not.toContain(secret);
    child.kill("SIGTERM");
    child.kill("SIGCONT");
    const ending = await ended(child);
    const wrong = folder.file("wrong");
    writeFileSync(wrong, `${secret}-canary\n`, { mode: 0o600 });
    const refused = await program(folder, [
      ...["migrate", "--from-path", source, ...to.slice(0, -1), wrong, "--json", "--debug"],
    ]);
    const inAddress = falkor!.uri.replace("//", `//:${secret}-canary@`);
    const typed = await program(folder, [
      ...["migrate", "--from-path", source, "--to", "falkordb", "--to-uri", inAddress, "--debug", "--verbose"],
    ]);
    expect([ending.code, refused.code, typed.code]).toEqual([143, 5, 5]);
    expect(JSON.stringify([ending, refused, typed])).not.toContain(secret);
  });
});

function processesBelow(pid: number): number[] {
  const tasks = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [pid, ...(tasks === "" ? [] : tasks.split(" ").flatMap((child) => processesBelow(Number(child))))];
}
