// @level normal
/** Questions, progress and Ctrl-C of the executables for Windows and musl: on a terminal, Wine's console included. */
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { generate } from "../../../bench/generate.ts";
import { edited } from "../../cli/stores.ts";
import { digestOf, settle } from "../../support/stores.ts";
import { Desk, machineForFile } from "./desk.ts";
import { missing, SYSTEMS } from "./system.ts";

const machineOf = machineForFile((machine) => {
  generate(machine.file("large.db"), 6_000);
  settle(machine.file("large.db"));
});

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(machineOf(), name);
  });

  test.each([
    ["y", 0],
    ["n", 4],
  ])(
    "a question is asked, and %s is the answer",
    async (answer, expected) => {
      const { system, here, there } = desk;
      desk.fixture("0.12.4");
      edited(desk.folder, "target.db", (store) => store.change("m-000001", { title: "other" }));
      const before = await digestOf(here("target.db"));
      const into = desk.into(there("source.db"), there("target.db"), "--on-conflict", "overwrite");
      const { code, screen } = await system.onTerminal(into, "[y/N]", `${answer}\r`);
      expect(screen).toContain("[y/N]");
      expect(code).toBe(expected);
      expect((await digestOf(here("target.db"))) === before).toBe(expected !== 0);
    },
    60_000,
  );

  test("progress is shown, and Ctrl-C ends the run with nothing there", async () => {
    const { system, here, there } = desk;
    const { code, screen } = await system.onTerminal(desk.upgrade(there("new.db")), "%", "\u0003");
    expect(screen).toContain("%");
    expect(code).toBe(130);
    expect(existsSync(here("new.db"))).toBe(false);
  }, 60_000);
});
