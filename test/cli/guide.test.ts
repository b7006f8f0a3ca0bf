// @level normal
/** The program without arguments: on a terminal it leads, elsewhere it prints the short help. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { Home, IN_USE, LITE } from "../doctor/home.ts";
import { has } from "../support/system.ts";
import { type Answer, typed } from "./on-terminal.ts";
import { program, shell } from "./program.ts";

const ENTER = "\r";
const DOWN = "\x1b[B";

async function guided(home: Home, answers: readonly Answer[]) {
  const { code, screen, left } = await typed(home.folder, [], answers, { env: { NO_COLOR: "1" } });
  return { code, screen: Bun.stripANSI(screen), left };
}

const WHAT = "What do you want to do?";

describe.skipIf(!has.terminals)("on a terminal, without arguments", () => {
  test("one choice and one answer bring everything together", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    const { code, screen } = await guided(home, [
      [WHAT, ENTER],
      ["[y/N]", "y\r"],
    ]);
    expect(screen).toContain("MemoryGraph 0.13 shows 0 of 60 memories.");
    expect(screen).toContain("All is well: 60 memories in ONE place");
    expect(screen).toContain("The same again: memorygraph-migrate doctor --fix");
    expect(code).toBe(0);
    expect(await home.memoriesAt("falkordblite", ...LITE)).toHaveLength(60);
  });

  test.each([
    ["Ctrl-C", "\x03"],
    ["the end of the input", "\x04"],
  ])("%s at a question for a line leaves everything as it is, and says so", async (_name, key) => {
    using home = new Home();
    // The name that would be proposed is taken, so that an empty answer is none.
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    home.file("", ".memorygraph", "memory-0.12.db");
    const before = home.files();
    const { code, screen, left } = await guided(home, [
      [WHAT, ENTER],
      ["Which store?", ENTER],
      ["For which MemoryGraph?", ENTER],
      ["The new file: ", key],
    ]);
    expect(left).toEqual([]);
    expect(screen).toEndWith("Nothing was changed.\r\n");
    expect([code, home.files()]).toEqual([130, before]);
  });

  test("two stores are compared, and the command is told", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    home.sqlite("0.12.4", ".memorygraph", "memory.db.bak");
    const { code, screen } = await guided(home, [
      [WHAT, DOWN.repeat(2) + ENTER],
      ["Which store?", ENTER],
      ["With which other one?", ENTER],
    ]);
    expect(code).toBe(0);
    expect(screen).toContain("The same: 60 nodes and 120 relationships");
    expect(screen).toContain("The same again: memorygraph-migrate verify --from sqlite");
  });

  test("a run is undone once its target is named", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    const target = home.path("copy.db");
    expect((await program(home.folder, [home.path(...IN_USE), target, "-q"])).code).toBe(0);
    const { code, screen } = await guided(home, [
      [WHAT, DOWN.repeat(2) + ENTER],
      ["Which run?", ENTER],
      ["Type the target's name", `${target}\r`],
    ]);
    expect(code).toBe(0);
    expect(screen).toContain("which is exactly as it was before");
    expect(existsSync(target)).toBe(false);
  });

  test.each([
    ["Ctrl-C", "\x03", 130],
    ["the last offer", DOWN.repeat(3) + ENTER, 0],
  ])("%s leaves everything as it is", async (_name, keys, expected) => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).npm("0.13.0");
    const before = home.files();
    const { code } = await guided(home, [[WHAT, keys]]);
    expect([code, home.files()]).toEqual([expected, before]);
  });

  test("a store is written for another release: the plan is shown first, and the command in the end", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    const { code, screen } = await guided(home, [
      [WHAT, ENTER],
      ["Which store?", ENTER],
      ["For which MemoryGraph?", DOWN + ENTER],
      ["The new file", ENTER],
      ["Do it?", ENTER],
    ]);
    expect(code).toBe(0);
    expect(screen).toContain("Plan: 60 nodes and 120 relationships would be written.");
    expect(screen).toContain("Done: 60 nodes and 120 relationships written, verified");
    expect(await home.memoriesAt("sqlite", ".memorygraph", "memory-0.13.db")).toHaveLength(60);
    const [, command] = /The same again: ([\s\S]+)$/.exec(screen)!;
    const again = await shell(home.folder, command!.replace(/\s+/g, " "));
    expect(again.stdout).toStartWith("Nothing to do: all 180 records are already there.");
  });

  test("without a yes nothing is written", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    const before = home.files();
    const { code } = await guided(home, [
      [WHAT, ENTER],
      ["Which store?", ENTER],
      ["For which MemoryGraph?", DOWN + ENTER],
      ["The new file", ENTER],
      ["Do it?", DOWN + ENTER],
    ]);
    expect([code, home.files()]).toEqual([130, before]);
  });

  test("a server that does not answer is asked for again", async () => {
    using home = new Home();
    home.sqlite("0.12.4", ...IN_USE).uv("0.12.4");
    const { code, screen } = await guided(home, [
      [WHAT, DOWN + ENTER],
      ["Which store?", ENTER],
      ["To which kind of server?", DOWN.repeat(2) + ENTER],
      ["Its address", `redis://127.0.0.1:1${ENTER}`],
      ["User (", ENTER],
      ["Password (", "canary-55\r"],
      ["Its address [", "\x03"],
    ]);
    expect(screen).toContain("nothing listens at 127.0.0.1:1");
    expect(screen).not.toContain("canary");
    expect(code).toBe(130);
  });
});

test("elsewhere there is the short help, and 2", async () => {
  using home = new Home();
  const { code, stdout, stderr } = await program(home.folder, []);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("memorygraph-migrate --help");
});
