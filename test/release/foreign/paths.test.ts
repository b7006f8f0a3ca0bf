// @level normal
/** Paths as the systems spell them, commands as their shells take them, and files that others hold open, on Windows and on Linux with musl. */
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { PREFIX } from "../../../scripts/engines/foreign.ts";
import { document, expectError } from "../../cli/program.ts";
import { copyFixture, digestOf } from "../../support/stores.ts";
import { Desk, machineForFile } from "./desk.ts";
import { type ForeignMachine, type ForeignSystem, missing, outcomeOf, SYSTEMS, type SystemName } from "./system.ts";

const machineOf = machineForFile();
let machine: ForeignMachine;
let system: ForeignSystem;
/** The name of the test's folder; a file in it as we name it, and as the system does. */
let folder: string;
let here: Desk["here"];
let there: Desk["there"];

function begin(name: SystemName): void {
  machine = machineOf();
  const desk = new Desk(machine, name);
  ({ system, here, there, name: folder } = desk);
  desk.fixture("0.12.4");
}

const runOf = (stdout: string) => (document(stdout) as { run: string }).run;
const LONG = Array.from({ length: 6 }, (_, at) => `${at}${"long name ".repeat(5)}${at}`);
/** Each with where it leads, as we name it; `F` is the test's folder. */
const PATHS: Readonly<Record<SystemName, readonly (readonly [what: string, path: string, file: string])[]>> = {
  Windows: [
    ["a drive and backslashes", "Z:\\t\\F\\new.db", "new.db"],
    ["a drive and slashes", "Z:/t/F/new.db", "new.db"],
    ["a drive without a folder", "Z:new.db", "new.db"],
    ["the current drive", "\\t\\F\\new.db", "new.db"],
    ["no drive", "sub\\.\\new.db", "sub/new.db"],
    ["spaces and what cmd acts on", "Z:\\t\\F\\a & b (1) 100% ^.db", "a & b (1) 100% ^.db"],
    ["letters of the world", "Z:\\t\\F\\Zoë 記憶 🚀.db", "Zoë 記憶 🚀.db"],
    ["more than 260 characters", `Z:\\t\\F\\${LONG.join("\\")}\\new.db`, `${LONG.join("/")}/new.db`],
    ["the prefix for long paths", "\\\\?\\Z:\\t\\F\\new.db", "new.db"],
    ["both", `\\\\?\\Z:\\t\\F\\${LONG.join("\\")}\\new.db`, `${LONG.join("/")}/new.db`],
  ],
  musl: [
    ["spaces and what a shell acts on", "/t/F/a & b $(c) 'd'.db", "a & b $(c) 'd'.db"],
    ["letters of the world", "/t/F/Zoë 記憶 🚀.db", "Zoë 記憶 🚀.db"],
    ["backslashes in a name", "sub/a\\b.db", "sub/a\\b.db"],
    ["more than 260 characters", `/t/F/${LONG.join("/")}/new.db`, `${LONG.join("/")}/new.db`],
  ],
};

describe.skipIf(missing !== null).each(SYSTEMS)("on %s", (name) => {
  beforeEach(() => begin(name));

  test.each(PATHS[name])(
    "a target with %s is written, read, listed and undone",
    async (_, spelled, file) => {
      const path = spelled.replace("F", folder);
      mkdirSync(here(file, ".."), { recursive: true });
      const { code, stdout, stderr } = await system.run(
        ["--from-path", there("source.db"), "--to", "sqlite", "--to-path", path, "--json"],
        {},
        `/t/${folder}`,
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(await digestOf(here(file))).toBe(await digestOf(here("source.db")));
      const again = [
        ["verify", there("source.db"), path, "--quiet"],
        ["inspect", path, "--quiet"],
        ["runs", "--to-path", path],
      ];
      for (const args of again) {
        const outcome = await system.run(args, {}, `/t/${folder}`);
        expect([args[0], outcome.code, outcome.stderr]).toEqual([args[0]!, 0, ""]);
      }
      expect((await system.run(["rollback", runOf(stdout), "--yes"])).code).toBe(0);
      expect(existsSync(here(file))).toBe(false);
    },
    60_000,
  );

  test("the home folder behind a tilde", async () => {
    const home = system.isWindows ? `${PREFIX}/drive_c/users/root` : "/root";
    const put = ["sh", "-c", `cp -p /t/${folder}/source.db ${home}/at-home.db`];
    expect((await outcomeOf(machine.spawn(put))).code).toBe(0);
    for (const path of system.isWindows ? ["~\\at-home.db", "~/at-home.db"] : ["~/at-home.db"]) {
      const { code, stdout, stderr } = await system.run(["inspect", `--from-path=${path}`]);
      expect([code, stderr]).toEqual([0, expect.stringContaining("~ stands for the home folder")]);
      expect(stdout).toContain("60 memories");
    }
  }, 60_000);

  test("a name that is too long is told as such", async () => {
    const long = `${"x".repeat(300)}.db`;
    for (const args of [
      ["inspect", there(long)],
      ["--from-path", there("source.db"), "--to", "sqlite", "--to-path", there(long)],
    ]) {
      expectError(await system.run(args), 2, /has 303 (bytes|characters); a name can have at most 255/);
    }
  }, 60_000);

  test("a folder in the place of a file, and a folder that is not there, each with a command that works", async () => {
    const into = (path: string, env = {}) =>
      system.run(["--from-path", there("source.db"), "--to", "sqlite", "--to-path", path], env);
    const end = system.isWindows ? "\\" : "/";
    expectError(await into(there("sub") + end), 2, "names a folder, not a file");
    const outcome = await into(there("no folder yet", "new.db"));
    expectError(outcome, 2, "does not exist");
    const [, command] = /Make it first: (.*)$/m.exec(outcome.stderr)!;
    const shell = machine.spawn(system.isWindows ? ["wine", "cmd", "/q"] : ["sh"]);
    shell.stdin.write(`${command}\r\n`.replace("\r", system.isWindows ? "\r" : ""));
    await outcomeOf(shell);
    expect(readdirSync(here())).toContain("no folder yet");
    expect((await into(there("no folder yet", "new.db"))).code).toBe(0);
  }, 60_000);

  test("what is in the way is removed by the command that is printed", async () => {
    const exporting = ["--from-path", there("source.db"), "--to-path", there("an export.json")];
    expect((await system.run(exporting)).code).toBe(0);
    const { stderr } = await system.run(exporting);
    const [, command] = /remove it first: (.*)$/m.exec(stderr)!;
    const shell = machine.spawn(system.isWindows ? ["wine", "cmd", "/q"] : ["sh"]);
    shell.stdin.write(`${command}${system.isWindows ? "\r\n" : "\n"}`);
    await outcomeOf(shell);
    expect(existsSync(here("an export.json"))).toBe(false);
    expect((await system.run(exporting)).code).toBe(0);
  }, 60_000);

  test("the command that prints a password is taken with its quotes", async () => {
    const [given, server] = await passwords();
    try {
      await Bun.write(here("pass words", "one.txt"), "s3cret word\n");
      const read = system.isWindows
        ? `type "${there("pass words", "one.txt")}"`
        : `cat '${there("pass words", "one.txt")}'`;
      const at = ["--from", "falkordb", "--from-uri", `redis://127.0.0.1:${server.port}`];
      await system.run(["inspect", ...at, "--from-password-command", read]);
      expect(given).toContain("s3cret word");
    } finally {
      server.stop(true);
    }
  }, 60_000);
});

/** What looks like a Redis and lets nobody in; the passwords that it is given. */
async function passwords() {
  const given: string[] = [];
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        const words = data
          .toString("utf8")
          .split("\r\n")
          .filter((word) => !/^[*$]/.test(word));
        const at = words.findIndex((word) => word.toUpperCase() === "AUTH");
        if (at >= 0) given.push(...words.slice(at + 1));
        socket.write("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
      },
    },
  });
  return [given, server] as const;
}

describe.skipIf(missing !== null)("on Windows", () => {
  beforeEach(() => begin("Windows"));
  const BUSY = "is in use by another program";
  const migrate = (kind: string, to: string, ...more: string[]) =>
    system.run(["--from-path", there("source.db"), "--to", kind, "--to-path", there(to), "--json", ...more]);

  test("a store that another program lets nobody open is busy, as source and as target", async () => {
    await using _held = await system.hold(there("source.db"), "alone");
    copyFixture("0.12.4", { path: here(), file: here, [Symbol.dispose]() {} }, "other.db");
    for (const args of [
      ["inspect", there("source.db")],
      ["verify", there("other.db"), there("source.db")],
      ["--from-path", there("source.db"), "--to", "sqlite", "--to-path", there("new.db")],
      ["--from-path", there("other.db"), "--to", "sqlite", "--to-path", there("source.db")],
    ]) {
      const outcome = await system.run(args);
      expectError(outcome, 10, BUSY);
      expect(outcome.stderr).toContain("next: Close the application that has it open");
    }
    expect(existsSync(here("new.db"))).toBe(false);
  }, 60_000);

  test("one that is let go within two seconds is waited for", async () => {
    const held = await system.hold(there("source.db"), "alone");
    const reading = system.run(["inspect", there("source.db"), "--quiet"]);
    await Bun.sleep(500);
    await held[Symbol.asyncDispose]();
    expect((await reading).code).toBe(0);
  }, 60_000);

  test.each([
    ["sqlite", "open"],
    ["falkordblite", "alone"],
  ] as const)(
    "a %s store that is held is not rolled back in part: busy before anything is changed, and later undone",
    async (kind, how) => {
      const { stdout } = await migrate(kind, "new.db");
      const run = runOf(stdout);
      const held = await system.hold(there("new.db"), how);
      expectError(await system.run(["rollback", run, "--yes"]), 10, BUSY);
      await held[Symbol.asyncDispose]();
      expect((await system.run(["verify", there("source.db"), there("new.db"), "--quiet"])).code).toBe(0);
      expect((await system.run(["rollback", run, "--yes"])).code).toBe(0);
      expect(readdirSync(here())).toEqual(["source.db"]);
    },
    60_000,
  );

  test("a command is printed for PowerShell where PowerShell has started the program", async () => {
    const modules = (folders: string) =>
      `C:\\users\\root\\Documents\\${folders}\\Modules;C:\\Program Files\\WindowsPowerShell\\Modules`;
    for (const [PSModulePath, expected] of [
      [modules("WindowsPowerShell"), `mkdir '${there("no folder")}'`],
      [modules("PowerShell"), `mkdir '${there("no folder")}'`],
      ["C:\\Program Files\\WindowsPowerShell\\Modules", `mkdir "${there("no folder")}"`],
    ] as const) {
      const { stderr } = await system.run(
        ["--from-path", there("source.db"), "--to", "sqlite", "--to-path", there("no folder", "x.db")],
        { PSModulePath },
      );
      expect(stderr).toContain(`Make it first: ${expected}\n`);
    }
  }, 60_000);

  test("names that Windows keeps, forbids or shortens are refused, and a drive alone is a folder", async () => {
    for (const [path, message] of [
      ["NUL", "NUL is a device of Windows"],
      [there("con.db"), `${there("con.db")} is a device of Windows`],
      ["\\\\.\\pipe\\x", "is a device of Windows"],
      ["x.db.", 'the name "x.db." cannot be used: programs on Windows leave out a dot'],
      [there("a?b.db"), 'the name "a?b.db" cannot be used: no name on Windows has "?" in it'],
      ["source.db:copy", 'the name "source.db:copy" cannot be used: no name on Windows has ":" in it'],
      ["Z:", "Z: is a directory, not a SQLite"],
    ] as const) {
      const outcome = await system.run([there("source.db"), path], {}, `/t/${folder}`);
      expectError(outcome, 2, message);
    }
    expect(readdirSync(here())).toEqual(["source.db"]);
  }, 60_000);

  test("what to do next sets variables as cmd does, and names plain paths without quotes", async () => {
    const { stdout } = await system.run([
      "--from-path",
      there("source.db"),
      "--to",
      "sqlite",
      "--to-path",
      there("new.db"),
    ]);
    expect(stdout).toContain(
      `after\n      set "MEMORY_BACKEND=sqlite"\n      set "MEMORY_SQLITE_PATH=${there("new.db")}"\n`,
    );
  }, 60_000);
});
