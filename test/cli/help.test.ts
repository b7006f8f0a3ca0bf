// @level normal
/** Help, version and colours, and that every command and option is described. */
import { afterAll, describe, expect, test } from "bun:test";
import { createColour } from "../../src/cli/colour.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXIT_STATUS } from "../../src/cli/exit-codes.ts";
import { commandHelp, exitCodesHelp, programHelp } from "../../src/cli/help.ts";
import { SHOWN_DIFFERENCES } from "../../src/operations/compare.ts";
import { FORGOTTEN_AFTER_DAYS } from "../../src/operations/forget.ts";
import { parseOptions } from "../../src/operations/models.ts";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, program } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const run = (args: readonly string[], env: Record<string, string> = {}) => program(folder, args, env);
const source = copyFixture("0.12.4", folder);
const NAMES = [
  ...["migrate", "verify", "inspect", "backup", "restore", "backups"],
  ...["resume", "rollback", "runs", "doctor", "completions"],
];
const MIGRATE = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", folder.file("never.db")];

describe("help", () => {
  test.each(
    NAMES,
  )("of %s goes to standard output, usage first, then examples, however it is asked for", async (name) => {
    const [long, ...others] = await Promise.all(
      [
        [name, "--help"],
        [name, "-h"],
        ["help", name],
        ["--no-color", name, "--help"],
        [name, "--bogus", "--help"],
      ].map((args) => run(args)),
    );
    expect(long).toMatchObject({ code: 0, stderr: "" });
    for (const other of others) expect(other).toEqual(long!);
    const { stdout } = long!;
    const order = ["\nUsage\n", "\nExamples\n", "\nOutput\n"].map((heading) => stdout.indexOf(heading));
    expect(order[0]).toBeGreaterThan(0);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(stdout).not.toContain("Exit codes");
    expect(stdout).toEndWith("\n");
    expect(stdout).not.toContain("\x1b");
  });

  test("of the program names every command, whichever way it is asked for", async () => {
    const [long, ...others] = await Promise.all(
      [["--help"], ["-h"], ["help"], ["help", "--help"]].map((args) => run(args)),
    );
    expect(long).toMatchObject({ code: 0, stderr: "" });
    for (const other of others) expect(other).toEqual(long!);
    for (const name of NAMES) expect(long!.stdout).toMatch(new RegExp(`\\b${name}\\b`));
    for (const block of ["Usage", "Examples", "Commands"]) expect(long!.stdout).toContain(`\n${block}\n`);
  });

  test("of the exit codes is a topic of its own", async () => {
    const { code, stdout, stderr } = await run(["help", "exit-codes"]);
    expect([code, stderr]).toEqual([0, ""]);
    const text = stdout.replace(/\n {9}/g, " ");
    for (const [number, meaning] of EXIT_STATUS)
      expect(text).toContain(`${String(number).padStart(5)}    ${meaning}\n`);
  });

  test.each([
    60, 80, 100,
  ])("no line of it is wider than a terminal of %d columns, and no word is broken", async (width) => {
    const plain = createColour(false);
    const texts = [await programHelp(COMMANDS, { colour: plain, width }), exitCodesHelp({ colour: plain, width })];
    for (const load of Object.values(COMMANDS)) {
      const command = await load();
      const text = commandHelp(command, { colour: plain, width });
      texts.push(text);
      const words = text.split(/[\s:;]+/);
      for (const option of Object.values(command.args)) {
        for (const word of (option.description ?? "").split(/[ :;]+/)) expect(words).toContain(word);
      }
    }
    const wide = texts.flatMap((text) => text.split("\n")).filter((line) => Bun.stringWidth(line) > width);
    expect(wide).toEqual([]);
  });

  test("of migrate has its options in groups, in one order, each flush left", async () => {
    const { stdout } = await run(["help", "migrate"]);
    expect(stdout.match(/^[A-Z].*$/gm)!.slice(1)).toEqual([
      ...["Usage", "Examples", "Source", "Target", "Server login (here of the source; likewise --to-…)"],
      ...["What is done", "Output"],
    ]);
    for (const line of stdout.match(/^ *-.*$/gm)!) expect(line).toMatch(/^ {2}(-\w, | {4})?--/);
  });

  test("of migrate fits on 60 rows", async () => {
    expect((await run(["help", "migrate"])).stdout.split("\n").length).toBeLessThanOrEqual(61);
  });

  test("has --yes where a question can come, and nowhere else", async () => {
    const asking = ["migrate", "restore", "rollback", "runs", "doctor"];
    for (const [name, load] of Object.entries(COMMANDS)) {
      const text = commandHelp(await load(), { colour: createColour(false), width: 80 });
      expect([name, text.includes("--yes")]).toEqual([name, asking.includes(name)]);
    }
  });

  test("says of every option with a value what holds without it, unless that is nothing", async () => {
    /** Without these nothing is named, limited, asked for or written. */
    const nothing =
      /-(path|uri|user|password-\w+|database|ca-file|cert-file|key-file|identity|recipient)$|^(since|client|report|confirm|restore|print-schedule|keep-\w+)$/;
    for (const [name, load] of Object.entries(COMMANDS)) {
      for (const [option, { type, description = "", required }] of Object.entries((await load()).args)) {
        if (type === "boolean" || type === "positional" || required === true || nothing.test(option)) continue;
        expect([name, option, /\bdefault|\belse\b/.test(description)]).toEqual([name, option, true]);
      }
    }
  });

  test("names the defaults that are taken", async () => {
    const helpOf = async (name: string) => (await run(["help", name])).stdout;
    expect(await helpOf("migrate")).toContain(`${parseOptions({}).onConflict} (default)`);
    expect(await helpOf("verify")).toContain(`(default: ${SHOWN_DIFFERENCES})`);
    expect(await helpOf("runs")).toContain(`(default: ${FORGOTTEN_AFTER_DAYS})`);
    expect(await helpOf("inspect")).toContain("graph, else memorygraph");
  });

  test("has no option without a group", async () => {
    for (const load of Object.values(COMMANDS)) {
      expect(commandHelp(await load(), { colour: createColour(false), width: 80 })).not.toContain("\nOther\n");
    }
  });

  test("of resume says what becomes of a file and of a server", async () => {
    const { stdout } = await run(["resume", "--help"]);
    expect(stdout.replace(/\s+/g, " ")).toContain("A file is begun again; a server gets nothing twice.");
  });

  test("comes short, on standard error and with 2, when nothing was typed", async () => {
    const { code, stdout, stderr } = await run([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toStartWith("usage: memorygraph-migrate");
    expect(stderr).toContain("memorygraph-migrate --help");
  });
});

describe("--version", () => {
  test("is one line on standard output, also behind a command", async () => {
    for (const args of [["--version"], ["migrate", "--version"], ["doctor", "--version"]]) {
      const { code, stdout, stderr } = await run(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^memorygraph-migrate \d+\.\d+\.\d+(-\w+)? \(.*Bun 1\.4\.5\)\n$/);
    }
  });

  test("with --json is one document", async () => {
    for (const args of [
      ["--version", "--json"],
      ["--json", "--version"],
      ["inspect", "--version", "--json"],
    ]) {
      const { code, stdout, stderr } = await run(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(document(stdout)).toMatchObject({
        name: "memorygraph-migrate",
        bun: "1.4.5",
        os: process.platform,
        arch: process.arch,
      });
    }
  });
});

describe("colours", () => {
  const ask = ["inspect", "--from-path", source];
  test.each([
    ["into a pipe", {}],
    ["with NO_COLOR=1", { NO_COLOR: "1" }],
    ["with NO_COLOR=true", { NO_COLOR: "true" }],
    ["with NO_COLOR over FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }],
    ["with FORCE_COLOR=0", { FORCE_COLOR: "0" }],
    ["on a continuous integration", { CI: "true", GITHUB_ACTIONS: "true", COLORTERM: "truecolor" }],
  ])("there are none %s", async (_name, env) => {
    for (const args of [ask, ["--help"], ["doctor", "--bogus"], ["doctor"], []]) {
      const { stdout, stderr } = await run(args, env);
      expect(stdout + stderr).not.toContain("\x1b");
    }
  });

  test("there are none with --no-color over FORCE_COLOR", async () => {
    for (const args of [
      [...ask, "--no-color"],
      ["migrate", "--help", "--no-color"],
      ["doctor", "--bogus", "--no-color"],
    ]) {
      const { stdout, stderr } = await run(args, { FORCE_COLOR: "1" });
      expect(stdout + stderr).not.toContain("\x1b");
    }
  });

  test("there are some with FORCE_COLOR, on the stream where the text goes", async () => {
    for (const args of [ask, ["--help"], ["verify", "--help"]]) {
      expect((await run(args, { FORCE_COLOR: "1" })).stdout).toContain("\x1b[");
    }
    expect((await run(["doctor", "--bogus"], { FORCE_COLOR: "1" })).stderr).toContain("\x1b[");
  });

  test("a JSON document has none, whatever is forced", async () => {
    const { stdout } = await run([...ask, "--json"], { FORCE_COLOR: "1" });
    expect(stdout).not.toContain("\x1b");
    document(stdout);
  });
});

test("the surroundings of a developer change nothing: CI, TEST and CONSOLA_LEVEL are not ours", async () => {
  const plain = await run(MIGRATE.concat("--bogus"));
  expect(await run(MIGRATE.concat("--bogus"), { CI: "true", TEST: "1", CONSOLA_LEVEL: "x", DEBUG: "*" })).toEqual(
    plain,
  );
});

describe("every command", () => {
  test("and every option is described, in kebab-case, with no letter or name twice", async () => {
    expect(Object.keys(COMMANDS)).toEqual(NAMES);
    for (const [name, load] of Object.entries(COMMANDS)) {
      const { meta, args } = await load();
      expect(meta.name).toBe(name);
      expect(meta.description).not.toBe("");
      expect(meta.examples.length).toBeGreaterThan(0);
      const spelled: string[] = [];
      for (const [option, definition] of Object.entries(args)) {
        expect(option).toMatch(/^[a-z]+(-[a-z]+)*$/);
        expect(definition.description ?? "").not.toBe("");
        spelled.push(option, ...("negativeDescription" in definition ? [`no-${option}`] : []));
        spelled.push(...("alias" in definition ? [definition.alias ?? []].flat() : []));
      }
      expect(spelled).toEqual([...new Set(spelled)]);
    }
  });

  test("shows each of its options in its help", async () => {
    for (const [name, load] of Object.entries(COMMANDS)) {
      const { stdout } = await run([name, "--help"]);
      for (const [option, definition] of Object.entries((await load()).args)) {
        // Where both sides have the same login, a heading says so instead of repeating it.
        const shown = option.replace(/^to-(?=user|password|database|graph|ca-|cert-|key-|identity)/, "(from|to)-");
        expect(stdout).toMatch(
          definition.type === "positional"
            ? new RegExp(` ${definition.valueHint ?? option.toUpperCase()}\\b`)
            : new RegExp(`--${shown}\\b`),
        );
      }
    }
  });
});
