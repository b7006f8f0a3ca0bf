// @level normal
/** The program on a terminal: questions, live progress, colours. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Home, IN_USE } from "../doctor/home.ts";
import { listing, temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { has } from "../support/system.ts";
import { onTerminal } from "./on-terminal.ts";
import { edited, titleOf } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const plain = copyFixture("0.12.4", folder);
const changed = edited(folder, "changed.db", (store) => store.change("m-000001", { title: "changed" }));
const targets = folder.file("targets");
const target = join(targets, "store.db");
beforeEach(() => {
  rmSync(targets, { recursive: true, force: true });
  mkdirSync(targets);
});

test.skipIf(!has.terminals)(
  "no question and no result is wider than the terminal but where a single word is",
  async () => {
    edited(folder, join("targets", "store.db"));
    const overwrite = ["--from-path", changed, "--to-path", target, "--on-conflict", "overwrite"];
    const first = await onTerminal(folder, overwrite, "y\r", {}, "[y/N]", 60);
    expect(first.code).toBe(0);
    const run = /\brollback (\w{10})\b/.exec(Bun.stripANSI(first.screen))![1]!;
    const second = await onTerminal(folder, ["rollback", run], `${target}\r`, {}, "Type the target's name", 60);
    expect(second.code).toBe(0);
    // Without what was typed.
    const lines = Bun.stripANSI(first.screen + second.screen)
      .replace(`: ${target}`, ":")
      .split(/[\r\n]+/);
    const words = (line: string) => line.trim().split(" ");
    // A word that is longer than the terminal, such as a path or a digest, has a line of its own.
    expect(lines.filter((line) => line.length > 60 && words(line).length > 1)).toEqual([]);
  },
);

describe.skipIf(!has.terminals)("before records are overwritten", () => {
  const overwrite = [
    "migrate",
    "--from-path",
    changed,
    "--to",
    "sqlite",
    "--to-path",
    target,
    "--on-conflict",
    "overwrite",
  ];

  test.each(["y\r", "yes\r", "Y\r"])("%j is taken for a yes", async (answer) => {
    edited(folder, join("targets", "store.db"));
    const { code, screen } = await onTerminal(folder, overwrite, answer);
    // What it is about comes first: the title, and both sides of each field that differs.
    expect(screen).toMatch(/changed node m-000001 "changed"\s+title: "changed" \| "[^"]+"[\s\S]* in \S+\? \[y\/N\]/);
    expect(screen).toContain(`in ${target}? [y/N]`);
    expect([code, titleOf(target, "m-000001")]).toEqual([0, "changed"]);
  });

  test.each([
    ["n\r", 4, "not confirmed; nothing was written"],
    ["\r", 4, "not confirmed; nothing was written"],
    ["yesterday\r", 4, "not confirmed; nothing was written"],
    ["\x04", 4, "not confirmed; nothing was written"],
    ["\x03", 130, "SIGINT received"],
  ])("%j is taken for a no", async (answer, expected, message) => {
    edited(folder, join("targets", "store.db"));
    const before = listing(targets);
    const { code, screen } = await onTerminal(folder, overwrite, answer);
    expect(screen).toContain(message);
    expect([code, listing(targets)]).toEqual([expected, before]);
  });

  test("with --yes nobody is asked", async () => {
    edited(folder, join("targets", "store.db"));
    const { code, screen } = await onTerminal(folder, [...overwrite, "--yes"], "n\r");
    expect(screen).not.toContain("[y/N]");
    expect([code, titleOf(target, "m-000001")]).toEqual([0, "changed"]);
  });
});

test("a plain migrate asks nothing", async () => {
  edited(folder, join("targets", "store.db"));
  const { code, screen } = await onTerminal(
    folder,
    ["migrate", "--from-path", changed, "--to", "sqlite", "--to-path", target],
    "n\r",
  );
  expect(code).toBe(0);
  expect(screen).not.toContain("[y/N]");
});

describe.skipIf(!has.terminals)("on a terminal", () => {
  const inspect = ["inspect", "--from-path", plain];

  test("there are colours", async () => {
    expect((await onTerminal(folder, inspect, "")).screen).toContain("\x1b[1m");
    expect((await onTerminal(folder, ["doctor", "--bogus"], "")).screen).toContain("\x1b[31merror:");
  });

  test.each([{ NO_COLOR: "1" }, { NO_COLOR: "true" }, { TERM: "dumb" }])("there are none with %j", async (env) => {
    for (const args of [[...inspect, "--quiet"], ["doctor", "--bogus"], ["--help"]]) {
      expect((await onTerminal(folder, args, "", env as unknown as Record<string, string>)).screen).not.toMatch(
        /\x1b\[\d*m/,
      );
    }
  });

  test("a terminal without colours or movement gets no escape sequence at all", async () => {
    const { code, screen } = await onTerminal(
      folder,
      ["migrate", "--from-path", plain, "--to", "sqlite", "--to-path", target],
      "",
      { TERM: "dumb" },
    );
    expect(code).toBe(0);
    expect(screen).not.toContain("\x1b");
  });

  test("the live line is taken away before the result", async () => {
    const { code, screen } = await onTerminal(
      folder,
      ["migrate", "--from-path", plain, "--to", "sqlite", "--to-path", target, "--no-color"],
      "",
    );
    expect(code).toBe(0);
    const [shown] = screen.split("Done: ");
    expect(shown).toEndWith("\r\x1b[2K");
  });
});

describe.skipIf(!has.terminals).each([60, 80, 120])(
  "what the program prints on a terminal of %d columns",
  (columns) => {
    test.each([
      ["inspect", (home: Home) => ["inspect", home.path(...IN_USE)]],
      ["doctor", () => ["doctor"]],
      ["migrate", (home: Home) => [home.path(...IN_USE), home.path("new one.db"), "--for", "0.13"]],
      ["verify", (home: Home) => ["verify", home.path(...IN_USE), home.path("old.db")]],
      ["help", () => ["migrate", "--help"]],
      ["an error", (home: Home) => ["verify", home.path(...IN_USE), home.path("nowhere.db")]],
    ])("has no line that is wider: %s", async (_name, args) => {
      using home = new Home();
      home
        .sqlite("0.12.4", ...IN_USE)
        .sqlite("0.8.3", "old.db")
        .npm("0.13.0");
      for (const env of [{ NO_COLOR: "1" }, {}]) {
        const { screen } = await onTerminal(home.folder, args(home), "", env, "[y/N]", columns);
        const lines = Bun.stripANSI(screen.replace(/\r\x1b\[2K/g, "\n")).split(/\r?\n/);
        expect(lines.length).toBeGreaterThan(2);
        // A word that is wider than the terminal, such as a path or a digest, stands alone; an option has its value beside it.
        const isOneWord = (line: string) => /^(--[\w-]+ )?('[^']*'|[^\s']|='[^']*')+( \\)?$/.test(line.trim());
        const wide = lines.filter((line) => Bun.stringWidth(line) > columns && !isOneWord(line));
        expect(wide).toEqual([]);
      }
    });
  },
);
