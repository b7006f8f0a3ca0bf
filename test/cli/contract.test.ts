// @level normal
/** What the command line promises before any store is touched: exact arguments, streams and exit codes. */
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { temporaryFolder } from "../support/folder.ts";
import { copyFixture } from "../support/stores.ts";
import { document, program } from "./program.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const run = (args: readonly string[], env: Record<string, string> = {}) => program(folder, args, env);
const source = copyFixture("0.12.4", folder);
const MIGRATE = ["migrate", "--from-path", source, "--to", "sqlite", "--to-path", folder.file("never.db")];

describe("a usage error leaves standard output empty, exits with 2 and says what to do", () => {
  const cases: readonly (readonly [name: string, args: readonly string[], error: string, next: string])[] = [
    [
      "an unknown option with a near one",
      [...MIGRATE, "--dry-rnu"],
      "unknown option --dry-rnu",
      "Did you mean --dry-run?",
    ],
    [
      "an unknown option with a value",
      [...MIGRATE, "--unknwon", "val"],
      "unknown option --unknwon",
      '"memorygraph-migrate migrate --help"',
    ],
    [
      "an unknown option with an inline value",
      ["inspect", "--form-path=x"],
      "unknown option --form-path",
      "Did you mean --from-path?",
    ],
    ["an unknown letter", ["inspect", "-x"], "unknown option -x", '"memorygraph-migrate inspect --help"'],
    ["an unknown letter behind a known one", ["inspect", "-xj"], "unknown option -x", ""],
    ["a store too many", [...MIGRATE, "extra"], '"extra" is one store too many', "Name each store once"],
    ["several of them", ["doctor", "a", "b", "c"], 'unexpected argument "a"', "Every other value follows an option"],
    ["a missing value at the end", ["inspect", "--from-path"], "--from-path needs a value", "--from-path=FILE"],
    [
      "a missing value before an option",
      ["inspect", "--from-path", "--json"],
      "--from-path needs a value",
      "--from-path=FILE",
    ],
    ["an empty value", ["inspect", "--from-path="], "--from-path needs a value", "--from-path=FILE"],
    [
      "--no- before a switch that has none",
      [...MIGRATE, "--no-dry-run"],
      "--no-dry-run is not an option",
      "Leave --dry-run out",
    ],
    ["--no- before nothing known", [...MIGRATE, "--no-bogus"], "unknown option --no-bogus", "lists the options"],
    ["a switch with a value", [...MIGRATE, "--dry-run=no"], "--dry-run takes no value", "--dry-run alone"],
    ["a switch with 0", [...MIGRATE, "--dry-run=0"], "--dry-run takes no value", "--dry-run alone"],
    ["a switch with false", [...MIGRATE, "--no-verify=false"], "--no-verify takes no value", "--no-verify alone"],
    [
      "a repeated option",
      ["inspect", "--from-path", "a", "--from-path=b"],
      "--from-path is given more than once",
      "once",
    ],
    [
      "a repeated switch",
      [...MIGRATE, "--json", "--dry-run", "--dry-run"],
      "--dry-run is given more than once",
      "once",
    ],
    [
      "a switch and its opposite",
      [...MIGRATE, "--skip-duplicates", "--no-skip-duplicates"],
      "--skip-duplicates is given more than once",
      "once",
    ],
    [
      "--skip-duplicates against a policy",
      [...MIGRATE, "--skip-duplicates", "--on-conflict", "fail"],
      "contradict",
      "only one",
    ],
    [
      "--no-skip-duplicates against a policy",
      [...MIGRATE, "--no-skip-duplicates", "--on-conflict=skip"],
      "contradict",
      "only one",
    ],
    ["--quiet with --verbose", [...MIGRATE, "--quiet", "--verbose"], "--quiet and --verbose contradict", "only one"],
    [
      "constructor as the command",
      ["constructor"],
      'unknown command "constructor"',
      "migrate, verify, inspect, backup, restore, backups, resume, rollback, runs, doctor, completions",
    ],
    [
      "toString as the command",
      ["toString"],
      'unknown command "toString"',
      "migrate, verify, inspect, backup, restore, backups, resume, rollback, runs, doctor, completions",
    ],
    [
      "__proto__ as the command",
      ["__proto__"],
      'unknown command "__proto__"',
      "migrate, verify, inspect, backup, restore, backups, resume, rollback, runs, doctor, completions",
    ],
    ["a mistyped command", ["migrat"], 'unknown command "migrat"', "Did you mean migrate?"],
    [
      "help for a command that is not there",
      ["help", "constructor"],
      'unknown command "constructor"',
      "migrate, verify",
    ],
    ["help for two commands", ["help", "migrate", "verify"], 'unexpected argument "verify"', "help COMMAND"],
    ["an option named like an object's own", ["doctor", "--constructor"], "unknown option --constructor", "--help"],
    ["an option named __proto__", ["doctor", "--__proto__", "x"], "unknown option --__proto__", "--help"],
    [
      "--help after --",
      ["doctor", "--", "--help"],
      'unexpected argument "--help"',
      "Every other value follows an option",
    ],
    [
      "a value out of the list",
      ["inspect", "--from", "mysql"],
      '--from cannot be "mysql"',
      "one of sqlite, falkordblite, neo4j, memgraph, falkordb",
    ],
    [
      "a value out of the list with a near one",
      ["inspect", "--from", "sqllite"],
      '--from cannot be "sqllite"',
      "Did you mean sqlite?",
    ],
    ["a release that is none", [...MIGRATE, "--for", "0.11"], '--for cannot be "0.11"', "one of 0.12, 0.13"],
    [
      "a policy that is none",
      [...MIGRATE, "--on-conflict", "merge"],
      '--on-conflict cannot be "merge"',
      "skip, overwrite, newest, fail",
    ],
    [
      "two letters in the wrong order",
      ["migrate", "--form", "sqlite"],
      "unknown option --form",
      "Did you mean --from?",
    ],
    ["a question that is never asked", ["inspect", "--yes"], "unknown option --yes", "lists the options"],
    ["a time that is none", [...MIGRATE, "--since", "yesterday"], '--since: "yesterday" is not a time in ISO 8601', ""],
    [
      "an impossible date",
      [...MIGRATE, "--since", "2026-02-30"],
      '--since: "2026-02-30" is not a time in ISO 8601',
      "",
    ],
    [
      "a missing target",
      ["migrate", "--from-path", source],
      "no target is given",
      `as in: memorygraph-migrate ${source} new.db`,
    ],
    ["both stores missing", ["migrate", "--dry-run"], "no target is given", "as in: memorygraph-migrate old.db new.db"],
    [
      "a missing target of a source with options",
      ["--from", "falkordb", "--from-uri", "redis://:canary@h", "--from-graph", "my graph"],
      "no target is given",
      "as in: memorygraph-migrate --from falkordb --from-graph 'my graph' redis://h new.db",
    ],
    [
      "verify without a target",
      ["verify", source],
      "no target is given",
      `as in: memorygraph-migrate verify ${source} copy.db`,
    ],
    ["verify of nothing", ["verify"], "no target is given", "as in: memorygraph-migrate verify old.db copy.db"],
    [
      "a kind of target alone, of a file",
      ["verify", source, "--to", "sqlite"],
      "no file is given for the sqlite target",
      "Add --to-path FILE, as in --to-path copy.db.",
    ],
    [
      "a kind of target alone, of a server",
      [source, "--to", "falkordb"],
      "no address is given for the falkordb target",
      "Add --to-uri URI, as in --to-uri redis://localhost:6379.",
    ],
    [
      "an address of no store",
      [source, "http://localhost"],
      "no kind of store has addresses with http://",
      "Addresses begin with bolt:// (Neo4j), bolt:// (Memgraph), redis:// (FalkorDB).",
    ],
    [
      "an address without its scheme",
      [source, "localhost:7687"],
      "localhost:7687 looks like the address of a server",
      "such as bolt:// (Neo4j, Memgraph) or redis:// (FalkorDB)",
    ],
    [
      "a file of JSON lines as the target",
      [source, "out.ndjson"],
      "out.ndjson is the name of a file of JSON lines",
      "Add --to mcp",
    ],
    ["a dump as a target without a kind", [source, "dump.rdb"], "is the name of a Redis dump", "--to falkordblite"],
    ["a path for a server", [source, "x.db", "--to", "neo4j"], "is a server, not a file", "x.db is a path"],
    ["a command by another program's name", ["copy", source, "x.db"], 'unknown command "copy"', "mean migrate?"],
    ["a run that is not named", ["rollback"], "RUN is missing", '"memorygraph-migrate runs" lists them'],
    [
      "a directory in the place of a file",
      [folder.path, "x.db"],
      `${folder.path} is a directory, not a SQLite file`,
      `stores there: ${source}`,
    ],
    [
      "a path and an address",
      ["inspect", "--from-path", source, "--from-uri", "bolt://h"],
      "--from-path and --from-uri name two stores",
      "only one",
    ],
  ];
  test.concurrent.each(cases)("%s", async (_name, args, error, next) => {
    const { code, stdout, stderr } = await run(args);
    const text = args.includes("--json") ? (document(stderr) as { message: string; next: string }) : null;
    if (text === null) {
      expect(stderr).toStartWith("error: ");
      expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    }
    expect(text?.message ?? stderr).toContain(error);
    expect(text?.next ?? stderr).toContain(next);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("none of them made the target or a folder of MemoryGraph's", () => {
    expect(readdirSync(folder.path).filter((name) => name.startsWith("never"))).toEqual([]);
    expect(readdirSync(folder.file("home"))).toEqual([]);
  });
});

describe("a usage error with --json", () => {
  test("is one JSON object on standard error", async () => {
    const { code, stdout, stderr } = await run(["inspect", "--json", "--bogus"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(document(stderr)).toEqual({
      message_type: "exit_error",
      code: 2,
      error: expect.any(String),
      message: "unknown option --bogus",
      next: expect.stringContaining("memorygraph-migrate inspect --help"),
      details: [],
    });
  });

  test("is told in words when --json stands after --", async () => {
    const { code, stdout, stderr } = await run(["doctor", "--", "--json"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toStartWith('error: unexpected argument "--json"\n');
  });

  test("does not repeat a password that was typed in an address", async () => {
    // A port where nothing listens: the one form that is no usage error ends there.
    const typed = "bolt://admin:canary-7391@127.0.0.1:1";
    for (const args of [[typed], ["doctor", typed], ["inspect", "--from", typed], ["inspect", "--from-uri", typed]]) {
      for (const extra of [[], ["--json"], ["--debug"]]) {
        const { code, stdout, stderr } = await run([...args, ...extra]);
        expect(code).toBe(args.includes("--from-uri") ? 5 : 2);
        expect(stdout + stderr).not.toContain("canary-7391");
      }
    }
  });
});

describe("options of every command may stand before it", () => {
  test("--json inspect", async () => {
    const [before, after] = await Promise.all([
      run(["--json", "inspect", "--from-path", source]),
      run(["inspect", "--from-path", source, "--json"]),
    ]);
    expect(before).toMatchObject({ code: 0, stderr: "" });
    expect(document(before.stdout)).toEqual(document(after.stdout));
  });

  test("several of them", async () => {
    const { code, stdout, stderr } = await run([
      "--no-color",
      "--quiet",
      "--yes",
      "--debug",
      "inspect",
      "--from-path",
      source,
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  });

  test("but not before and behind", async () => {
    const { code, stdout, stderr } = await run(["--quiet", "inspect", "--from-path", source, "--quiet"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("--quiet is given more than once");
  });

  test("without a command they belong to migrate", async () => {
    const { code, stdout, stderr } = await run([...MIGRATE.slice(1), "--dry-run", "--quiet"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith("Plan: ");
  });
});
