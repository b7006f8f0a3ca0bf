// @level normal
/** Questions, progress and Ctrl-C of the executables for Windows and musl: on a terminal, Wine's console included. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { generate } from "../../../bench/generate.ts";
import { edited } from "../../cli/stores.ts";
import { copyFixture, digestOf, settle } from "../../support/stores.ts";
import { ForeignMachine, ForeignSystem, missing, SYSTEMS } from "./system.ts";

let machine: ForeignMachine;
if (missing === null) {
  beforeAll(async () => {
    machine = await ForeignMachine.start();
    generate(machine.file("large.db"), 6_000);
    settle(machine.file("large.db"));
  }, 300_000);
  afterAll(() => machine[Symbol.asyncDispose]());
}

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  let system: ForeignSystem;
  let round = 0;
  let here: (...names: string[]) => string;
  let there: (...names: string[]) => string;
  beforeEach(() => {
    system = new ForeignSystem(machine, name);
    const folder = `${name}-${++round}`;
    mkdirSync(machine.file(folder));
    here = (...names) => machine.file(folder, ...names);
    there = (...names) => system.path(folder, ...names);
  });

  test.each([
    ["y", 0],
    ["n", 4],
  ])(
    "a question is asked, and %s is the answer",
    async (answer, expected) => {
      const folder = { path: here(), file: here, [Symbol.dispose]() {} };
      copyFixture("0.12.4", folder, "source.db");
      edited(folder, "target.db", (store) => store.change("m-000001", { title: "other" }));
      const before = await digestOf(here("target.db"));
      const into = ["--from-path", there("source.db"), "--to", "sqlite", "--to-path", there("target.db")];
      const { code, screen } = await system.onTerminal([...into, "--on-conflict", "overwrite"], "[y/N]", `${answer}\r`);
      expect(screen).toContain("[y/N]");
      expect(code).toBe(expected);
      expect((await digestOf(here("target.db"))) === before).toBe(expected !== 0);
    },
    60_000,
  );

  test("progress is shown, and Ctrl-C ends the run with nothing there", async () => {
    const into = [
      "--from-path",
      system.path("large.db"),
      "--to",
      "sqlite",
      "--to-path",
      there("new.db"),
      "--for",
      "0.13",
    ];
    const { code, screen } = await system.onTerminal(into, "%", "\u0003");
    expect(screen).toContain("%");
    expect(code).toBe(130);
    expect(existsSync(here("new.db"))).toBe(false);
  }, 60_000);
});
