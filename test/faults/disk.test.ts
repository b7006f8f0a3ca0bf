// @level normal
/** Disks that are full, and folders that go away or can no longer be written, under a run and what follows it. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BackendConfig } from "../../src/backends/config.ts";
import type { Failpoint } from "../../src/support/failpoint.ts";
import { edited } from "../cli/stores.ts";
import { endOf } from "../conformance/ends.ts";
import { besidesJournals, type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { faultServers, type TestServer } from "../support/servers.ts";
import { withSmallDisk } from "../support/small-disk.ts";
import { at, copyFixture } from "../support/stores.ts";
import { has, KILLED } from "../support/system.ts";
import { begin, type Ending, ended, program, runsOf, standsStill } from "./program.ts";
import { expectClear } from "./promise.ts";
import { stateAt } from "./targets.ts";

const servers: readonly TestServer[] = await faultServers();
const isRoot = process.getuid?.() === 0;
if (isRoot) console.warn("SKIPPED: root may write into a folder that cannot be written");

/** Leaves so much room, no more. */
function fillUp(disk: string, kibibytes: number): () => void {
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - kibibytes * 1024)));
  return () => rmSync(ballast);
}

function told({ code, stderr }: Ending, expected: number, text: string | RegExp): void {
  expect(stderr).toMatch(text);
  expect(code).toBe(expected);
}

describe("a disk that is full under the state folder", () => {
  test.each(servers.map((server) => [server.kind, server] as const))(
    "ends a run onto %s, or its undoing, with the way out; with room again the same command works",
    async (kind, server) => {
      const end = endOf(server, "disk");
      await withSmallDisk(2_000, async (disk) => {
        using folder = temporaryFolder();
        await end.empty();
        const before = await stateAt(end.config);
        const source = copyFixture("0.12.4", folder, "source.db");
        const graph = end.config.graph === undefined ? [] : ["--to-graph", end.config.graph];
        const to = ["--to", kind, "--to-uri", end.config.uri!, ...graph, "--quiet"];
        const env = { XDG_STATE_HOME: disk };
        const migrate = ["migrate", "--from-path", source, ...to];
        for (const room of [0, 60, 150, 170, 240]) {
          const empty = fillUp(disk, room);
          const full = await program(folder, migrate, { env });
          expectClear(full);
          told(full, 1, "no space left");
          expect(await stateAt(end.config)).toBe(before);
          empty();
          const runs = await runsOf(folder, "--state-dir", join(disk, "memorygraph-migrate"));
          expect(runs.filter(({ status }) => status !== "rolled back")).toEqual([]);
        }
        expect((await program(folder, migrate, { env, stop: "written#1" })).code).toBe(KILLED);
        const [run] = await runsOf(folder, "--state-dir", join(disk, "memorygraph-migrate"));
        const empty = fillUp(disk, 0);
        for (const command of [
          ["resume", run!.id],
          ["rollback", run!.id, "--yes"],
        ]) {
          const full = await program(folder, command, { env });
          // What is known already may be enough for it.
          if (full.code === 0) continue;
          expectClear(full);
          expect(full.stderr).toMatch(/no space left|free space/);
        }
        empty();
        const rest = await runsOf(folder, "--state-dir", join(disk, "memorygraph-migrate"));
        if (rest.some(({ can }) => can.includes("rollback"))) {
          told(await program(folder, ["rollback", run!.id, "--yes"], { env }), 0, "");
        }
        expect(await stateAt(end.config)).toBe(before);
      });
      await end.empty();
    },
    120_000,
  );

  test("ends a run onto a file that is elsewhere, before anything is done", async () => {
    await withSmallDisk(100, async (disk) => {
      using folder = temporaryFolder();
      mkdirSync(folder.file("target"));
      const empty = fillUp(disk, 0);
      const target = folder.file("target", "store.db");
      const args = ["migrate", "--from-path", edited(folder, "source.db"), "--to", "sqlite", "--to-path", target];
      const full = await program(folder, args, { env: { XDG_STATE_HOME: disk } });
      expectClear(full);
      told(full, 1, `no space left to write ${disk}`);
      expect(readdirSync(folder.file("target"))).toEqual([]);
      empty();
      told(await program(folder, args, { env: { XDG_STATE_HOME: disk } }), 0, "");
    });
  });
});

describe("a disk that is full under the target", () => {
  test.each([
    ["sqlite", 80],
    ["sqlite", 220],
    ["sqlite", 330],
    ["falkordblite", 40],
    ["falkordblite", 120],
  ] as const)(
    "%s, filled, with %i KiB left: as before, nothing beside it, and with room it goes on",
    async (type, room) => {
      await withSmallDisk(4_000, async (disk) => {
        using folder = temporaryFolder();
        const path = join(disk, "store.db");
        const to = ["--to", type, "--to-path", path, "--quiet", "--yes", "--on-conflict", "overwrite"];
        const migrate = (from: string) => program(folder, ["migrate", "--from-path", from, ...to]);
        if (type === "sqlite") copyFileSync(copyFixture("0.8.3", folder), path);
        else expect((await migrate(copyFixture("0.8.3", folder))).code).toBe(0);
        const state = () => stateAt(type === "sqlite" ? at(path) : new BackendConfig({ type, path }));
        const before = await state();
        const source = edited(folder, "source.db", (store) => {
          for (let number = 0; number < 40; number++) store.add(`more-${number}`, { content: "x".repeat(8_000) });
        });
        const empty = fillUp(disk, room);
        const full = await migrate(source);
        expectClear(full);
        told(full, 1, "no space left");
        expect(besidesJournals(disk)).toEqual(["ballast", "store.db"]);
        expect(await state()).toBe(before);
        empty();
        told(await migrate(source), 0, "");
        const [run] = (await runsOf(folder)).filter(({ status }) => status === "done");
        const again = fillUp(disk, 0);
        const undone = await program(folder, ["rollback", run!.id, "--yes"]);
        if (undone.code !== 0) {
          expectClear(undone);
          expect(undone.stderr).toMatch(/no space left|free space/);
        }
        again();
        if (undone.code !== 0) told(await program(folder, ["rollback", run!.id, "--yes"]), 0, "");
        expect(await state()).toBe(before);
        expect(besidesJournals(disk)).toEqual(["store.db"]);
      });
    },
    60_000,
  );
});

// Held up by a signal in the middle.
describe.skipIf(!has.signals)("a folder that goes away in the middle of a run", () => {
  /** Holds a run still, does something to its surroundings, and lets it go on. */
  async function meanwhile(
    folder: TemporaryFolder,
    args: readonly string[],
    pause: `${Failpoint}#${number}`,
    act: () => void,
  ) {
    const child = begin(folder, args, { pause });
    await standsStill(child);
    act();
    child.kill("SIGCONT");
    return ended(child);
  }

  function fileRun(folder: TemporaryFolder) {
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

  test.each([
    "target opened#1",
    "written#1",
    "verified#1",
  ] as const)("that of a new file, at %s: told, and nothing is left", async (pause) => {
    using folder = temporaryFolder();
    const { args } = fileRun(folder);
    const ending = await meanwhile(folder, args, pause, () => rmSync(folder.file("target"), { recursive: true }));
    expectClear(ending);
    expect(ending.stderr).toContain(folder.file("target"));
    expect(existsSync(folder.file("target"))).toBe(false);
    mkdirSync(folder.file("target"));
    told(await program(folder, args), 0, "");
  });

  test.each([
    "target opened#1",
    "verified#1",
    "after commit#1",
  ] as const)("the state folder of a run onto a file, at %s: the target is whole or as before, and what happened is told", async (pause) => {
    using folder = temporaryFolder();
    const { target, args } = fileRun(folder);
    const state = folder.file("state", "memorygraph-migrate");
    const ending = await meanwhile(folder, args, pause, () => rmSync(state, { recursive: true }));
    if (ending.code !== 0) expectClear(ending);
    expect(existsSync(target)).toBe(ending.code === 0);
    if (ending.code === 0) expect(await stateAt(at(target))).toBe(await stateAt(at(folder.file("source.db"))));
    expect(besidesJournals(folder.file("target"))).toEqual(ending.code === 0 ? ["store.db"] : []);
    told(await program(folder, args), 0, "");
  });

  test.each(
    servers.map((server) => [server.kind, server] as const),
  )("the state folder of a run onto %s: as before or complete", async (kind, server) => {
    using folder = temporaryFolder();
    const end = endOf(server, "disk");
    await end.empty();
    const before = await stateAt(end.config);
    const graph = end.config.graph === undefined ? [] : ["--to-graph", end.config.graph];
    const source = copyFixture("0.12.4", folder, "source.db");
    const to = ["--to", kind, "--to-uri", end.config.uri!, ...graph];
    const args = ["migrate", "--from-path", source, ...to, "--quiet"];
    const state = folder.file("state", "memorygraph-migrate");
    const ending = await meanwhile(folder, args, "batch answered#2", () => rmSync(state, { recursive: true }));
    const now = await stateAt(end.config);
    if (ending.code === 0) expect(now.startsWith("mg1-60-120-")).toBe(true);
    else {
      expectClear(ending);
      expect(now).toBe(before);
    }
    await end.empty();
  });

  afterAll(() => Promise.all(servers.map((server) => endOf(server, "disk").empty())));

  test.skipIf(isRoot)("that can no longer be written: told, and nothing is left", async () => {
    using folder = temporaryFolder();
    const { args } = fileRun(folder);
    const ending = await meanwhile(folder, args, "written#1", () => chmodSync(folder.file("target"), 0o500));
    expectClear(ending);
    chmodSync(folder.file("target"), 0o700);
    told(await program(folder, args), 0, "");
  });

  test("a disk that becomes read-only under the target: told, and with it writable again the next run sweeps up", async () => {
    await withSmallDisk(4_000, async (disk) => {
      using folder = temporaryFolder();
      const source = edited(folder, "source.db");
      const args = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", join(disk, "store.db"), "--quiet"];
      // The files that are open for writing hold it: it is turned over by force, as after an error of the disk.
      const locked = () => Bun.spawnSync(["mount", "-o", "remount,ro", disk]).exitCode;
      const child = begin(folder, args, { pause: "journal created#1" });
      await standsStill(child);
      const isLocked = locked() === 0;
      child.kill("SIGCONT");
      const ending = await ended(child);
      if (!isLocked) {
        console.warn("SKIPPED: the disk cannot be made read-only while it is written to");
        return;
      }
      expectClear(ending);
      Bun.spawnSync(["mount", "-o", "remount,rw", disk]);
      told(await program(folder, args), 0, "");
      expect(besidesJournals(disk)).toEqual(["store.db"]);
    });
  });
});

test("a target folder that is put elsewhere while its disk is away is not taken for lost", async () => {
  using folder = temporaryFolder();
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
  told(await program(folder, args), 0, "");
  const [run] = await runsOf(folder);
  renameSync(folder.file("target"), folder.file("unplugged"));
  expect(await runsOf(folder)).toMatchObject([{ id: run!.id, status: "done" }]);
  const away = await program(folder, ["rollback", run!.id, "--yes"]);
  expectClear(away);
  told(away, 4, "is missing");
  renameSync(folder.file("unplugged"), folder.file("target"));
  told(await program(folder, ["rollback", run!.id, "--yes"]), 0, "");
  expect(readdirSync(folder.file("target"))).toEqual([]);
});
