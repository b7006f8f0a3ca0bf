// @level normal
/** Backups, and runs that are taken up again, by the executables for Windows and for Linux with musl. */
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { generate } from "../../../bench/generate.ts";
import { document } from "../../cli/program.ts";
import { digestOf, settle } from "../../support/stores.ts";
import { Desk, machineForFile } from "./desk.ts";
import { missing, SYSTEMS, untilTold } from "./system.ts";

const machineOf = machineForFile((machine) => {
  generate(machine.file("large.db"), 4_000);
  settle(machine.file("large.db"));
});

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(machineOf(), name);
  });

  test("a backup is made, listed, tried, and restored as the same store; the next one is not needed", async () => {
    const { system, here, there } = desk;
    const source = desk.fixture("0.12.4");
    const folder = `${there("kept backups")}${system.isWindows ? "\\" : "/"}`;
    const made = await system.run(["backup", source, folder, "--json"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const again = await system.run(["backup", source, folder, "--json"]);
    expect(document(again.stdout)).toMatchObject({ outcome: "unchanged" });
    const archives = readdirSync(here("kept backups")).filter((file) => file.endsWith(".jsonl.zst"));
    expect(archives).toHaveLength(1);
    const { stdout } = await system.run(["backups", folder, "--json"]);
    expect(document(stdout)).toMatchObject({ backups: [expect.objectContaining({ name: archives[0] })] });
    expect((await system.run(["verify", "--restore", folder, "--quiet"])).code).toBe(0);
    const restored = await system.run(["restore", folder, there("restored.db"), "--quiet"]);
    expect([restored.code, restored.stderr]).toEqual([0, ""]);
    expect(await digestOf(here("restored.db"))).toBe(await digestOf(here("source.db")));
  }, 60_000);

  test("a run that was killed is taken up again", async () => {
    const { system, here, there } = desk;
    const child = system.start(desk.upgrade(there("new.db"), "--verbose"));
    await untilTold(child, "transfer: started");
    system.machine.kill(child);
    await child.exited;
    const { stdout } = await system.run(["runs", "--to-path", there("new.db"), "--json"]);
    const [run] = (document(stdout) as { runs: { id: string; status: string; can: string[] }[] }).runs;
    expect(run).toMatchObject({ status: "stopped", can: expect.arrayContaining(["resume"]) });
    expect(existsSync(here("new.db"))).toBe(false);
    const resumed = await system.run(["resume", run!.id, "--json"]);
    expect(resumed.code).toBe(0);
    expect(await digestOf(here("new.db"))).toBe(await digestOf(system.machine.file("large.db")));
  }, 60_000);
});
