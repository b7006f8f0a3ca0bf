// @level normal
/** Whose turn it is on a target: two runs at once, locks of the dead and of other machines, signals. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { BackendConfig } from "../../src/backends/config.ts";
import { edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { faultServers } from "../support/servers.ts";
import { has, KILLED } from "../support/system.ts";
import { begin, ended, program, runsOf, standsStill } from "./program.ts";
import { expectClear } from "./promise.ts";
import { stateAt } from "./targets.ts";

interface Place {
  readonly args: readonly string[];
  state(): Promise<string>;
}

const servers = await faultServers();
const FILES = ["sqlite", "falkordblite"] as const;
/** A target of each kind, empty, and what migrates to it. */
const PLACES: readonly (readonly [string, (folder: TemporaryFolder) => Promise<Place>])[] = [
  ...FILES.map(
    (type) =>
      [
        type,
        async (folder: TemporaryFolder): Promise<Place> => {
          mkdirSync(folder.file("target"));
          const path = folder.file("target", "store.db");
          const state = async () =>
            (await Bun.file(path).exists()) ? stateAt(new BackendConfig({ type, path })) : "none";
          return { args: ["--to", type, "--to-path", path], state };
        },
      ] as const,
  ),
  ...servers.map(
    (server) =>
      [
        server.kind,
        async (): Promise<Place> => {
          const end = endOf(server, "locks");
          await end.empty();
          const graph = end.config.graph === undefined ? [] : ["--to-graph", end.config.graph];
          const args = ["--to", server.kind, "--to-uri", end.config.uri!, ...graph];
          return { args, state: () => stateAt(end.config) };
        },
      ] as const,
  ),
];

function migration(folder: TemporaryFolder, { args }: Place): string[] {
  return ["migrate", "--from-path", edited(folder, "source.db"), ...args, "--quiet"];
}

// Held up by a signal in the middle.
describe.skipIf(!has.signals).each(PLACES)("on a target of %s", (kind, open) => {
  const isFile = FILES.some((file) => file === kind);

  test("a second run is told who is at it, and leaves it alone; the lock of the dead holds nobody up", async () => {
    using folder = temporaryFolder();
    const place = await open(folder);
    const args = migration(folder, place);
    const before = await place.state();
    const first = begin(folder, args, { pause: "written#1" });
    await standsStill(first);
    const second = await program(folder, args);
    expectClear(second);
    expect([second.code, second.stderr]).toEqual([10, expect.stringMatching(/run \w{10} works on the same target/)]);
    expect(second.stderr).toContain(`process ${first.pid}`);
    first.kill("SIGKILL");
    await ended(first);
    const third = await program(folder, args);
    if (isFile) expect(third.code).toBe(0);
    else expect([third.code, third.stderr]).toEqual([4, expect.stringContaining("was stopped part-way")]);
    const [run] = (await runsOf(folder)).filter(({ can }) => can.includes("rollback"));
    expect((await program(folder, ["rollback", run!.id, "--yes"])).code).toBe(0);
    expect(await place.state()).toBe(before);
  });

  test("the lock of another machine is explained, and the way out that it names works", async () => {
    using folder = temporaryFolder();
    const place = await open(folder);
    const args = migration(folder, place);
    const before = await place.state();
    expect((await program(folder, args, { stop: "written#1" })).code).toBe(KILLED);
    const list = new Database(folder.file("state", "memorygraph-migrate", "runs.db"));
    for (const table of ["run", "lock"]) list.run(`UPDATE ${table} SET owner = json_set(owner, '$.host', 'elsewhere')`);
    list.close();
    const held = await program(folder, args);
    // A file's journal stands beside it, and nobody has it open: what was stopped there is seen from here.
    if (isFile) expect([held.code, held.stderr]).toEqual([0, ""]);
    else {
      expectClear(held);
      expect([held.code, held.stderr]).toEqual([
        10,
        expect.stringContaining("This machine cannot tell whether it still runs on elsewhere"),
      ]);
      const [, id] = /memorygraph-migrate rollback (\w{10})/.exec(held.stderr)!;
      expect((await program(folder, ["rollback", id!, "--yes"])).code).toBe(0);
      expect(await place.state()).toBe(before);
      expect((await program(folder, args)).code).toBe(0);
    }
    const [run] = (await runsOf(folder)).filter(({ status }) => status === "done");
    expect((await program(folder, ["rollback", run!.id, "--yes"])).code).toBe(0);
    expect(await place.state()).toBe(before);
  });

  const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  test.each(
    Object.keys(CODES) as (keyof typeof CODES)[],
  )("a first %s ends a run cleanly, told in one line; a second at once, and what it names works", async (signal) => {
    using folder = temporaryFolder();
    const place = await open(folder);
    const args = migration(folder, place);
    const before = await place.state();
    // A small dump is written and verified in one turn, in which no signal is seen.
    const pause = kind === "falkordblite" ? "target opened#1" : isFile ? "written#1" : "batch answered#2";
    const once = begin(folder, args, { pause });
    await standsStill(once);
    once.kill(signal);
    once.kill("SIGCONT");
    const clean = await ended(once);
    expectClear(clean);
    expect(clean.code).toBe(CODES[signal]);
    expect(clean.stderr.match(/received, cleaning up/g)).toHaveLength(1);
    expect(await place.state()).toBe(before);
    expect((await runsOf(folder)).filter(({ status }) => status !== "rolled back")).toEqual([]);

    const twice = begin(folder, args, { pause });
    await standsStill(twice);
    twice.kill(signal);
    twice.kill("SIGCONT");
    const reader = twice.stderr.getReader();
    let stderr = new TextDecoder().decode((await reader.read()).value);
    twice.kill(signal);
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      stderr += new TextDecoder().decode(chunk.value);
    }
    expect(await twice.exited).toBe(CODES[signal]);
    const rest = (await runsOf(folder)).filter(({ status }) => status === "stopped");
    if (stderr.includes("again: stopped at once")) expect(stderr).toContain('"memorygraph-migrate runs" lists');
    for (const { id, can } of rest) {
      expect(can).toContain("rollback");
      expect((await program(folder, ["rollback", id, "--yes"])).code).toBe(0);
    }
    expect(await place.state()).toBe(before);
  });
});
