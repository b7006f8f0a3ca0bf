/** From the arguments to the exit code. Stands in for citty's runMain, which guesses where this refuses. */
import { UsageError } from "../errors.ts";
import { hasLostLine } from "../support/patience.ts";
import { BUN_VERSION, COMMIT, VERSION } from "../version.ts";
import { createColour, wantsColour } from "./colour.ts";
import type { Command } from "./command.ts";
import { COMMANDS, type Commands, DEFAULT_COMMAND, LEADING, PROGRAM } from "./commands.ts";
import { createReport, type Report } from "./failure.ts";
import type { HelpLayout } from "./help.ts";
import { jsonLine } from "./printable.ts";
import { exitOnceWritten, guardStreams } from "./streams.ts";
import { nearest } from "./suggest.ts";
import { widthOf } from "./text.ts";

/** Answered before anything else is loaded. */
const VERSION_REQUESTS = ["--version", "-V", "version"].flatMap((word) => [word, `${word} --json`, `--json ${word}`]);
/** Other words for commands. */
const ALIASES: Readonly<Record<string, string>> = { undo: "rollback", export: "backup", import: "restore" };
/** What other programs call them: suggested, never taken for them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  ...{ copy: "migrate", move: "migrate", upgrade: "migrate", convert: "migrate", dump: "backup", archive: "backup" },
  ...{ check: "verify", compare: "verify", diff: "verify", show: "inspect", info: "inspect", status: "doctor" },
  ...{
    find: "doctor",
    fix: "doctor",
    repair: "doctor",
    list: "runs",
    history: "runs",
    continue: "resume",
    revert: "rollback",
  },
};
/** Of `help`, beside the commands. */
const EXIT_CODES_TOPIC = "exit-codes";

/**
 * Runs the program; never rejects, and sets `process.exitCode` instead of exiting, so that all output arrives.
 * @param argv without the runtime and the script
 * @param commands the program's own; tests bring theirs
 */
export async function run(argv: readonly string[], commands: Commands = COMMANDS): Promise<void> {
  const report = createReport(argv);
  guardStreams(report);
  const code = await dispatch(argv, commands, report).catch((error: unknown) => report(error));
  // A result that could not be written has left its code there.
  process.exitCode = code || process.exitCode || 0;
  if (hasLostLine()) exitOnceWritten();
}

async function dispatch(argv: readonly string[], commands: Commands, report: Report): Promise<number> {
  if (VERSION_REQUESTS.includes(argv.join(" "))) return printVersion(argv.includes("--json"));
  if (argv.length === 0 && [process.stdin, process.stdout, process.stderr].every(({ isTTY }) => isTTY)) {
    const { guide } = await import("./guide.ts");
    return guide(([word = "", ...rest]) => runNamed(word, rest, commands, report));
  }
  if (argv.length === 0) {
    const { shortHelp } = await import("./help.ts");
    process.stderr.write(shortHelp(commands));
    return 2;
  }
  const leading = argv.findIndex((arg) => !LEADING.includes(arg));
  const word = argv[leading];
  if (word === "-h" || word === "--help") return printHelp(undefined, argv, commands);
  if (word === undefined || word.startsWith("-")) return runNamed(DEFAULT_COMMAND, argv, commands, report);
  const rest = argv.toSpliced(leading, 1);
  if (word === "help") return help(rest, commands);
  if (!isCommand(word, commands)) {
    const { looksLikeStore } = await import("./operands.ts");
    if (looksLikeStore(word)) return runNamed(DEFAULT_COMMAND, argv, commands, report, leading);
  }
  return runNamed(word, rest, commands, report, leading);
}

/** @param leading how many of the arguments stood before the command: what it has no use for means nothing there */
async function runNamed(
  name: string,
  given: readonly string[],
  commands: Commands,
  report: Report,
  leading = 0,
): Promise<number> {
  const command = await loadCommand(name, commands);
  const argv = given.filter((arg, at) => at >= leading || takes(command, arg));
  if (isAskedForHelp(argv)) return printHelp(command, argv, commands);
  const { parseStrictly, requireGiven } = await import("./strict.ts");
  const values = parseStrictly(argv, command.args, name);
  if (values.version === true) return printVersion(values.json === true);
  requireGiven(values, command.args, name);
  const { runCommand } = await import("./session.ts");
  return runCommand(command, values, report);
}

function isCommand(word: string, commands: Commands): boolean {
  return Object.hasOwn(commands, word) || Object.hasOwn(ALIASES, word);
}

/** Whether the command has the option, which was written as `--json` or `-q`. */
function takes({ args }: Command, spelled: string): boolean {
  return Object.entries(args).some(
    ([name, option]) => spelled === `--${name}` || ("alias" in option && spelled === `-${option.alias}`),
  );
}

/** `help` and `help COMMAND`. @throws UsageError for a command that is not there and for anything more */
async function help(argv: readonly string[], commands: Commands): Promise<number> {
  const [name, extra] = argv.filter((arg) => !LEADING.includes(arg) && arg !== "--help" && arg !== "-h");
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument "${extra}"`, { next: 'Write "memorygraph-migrate help COMMAND".' });
  }
  if (name === EXIT_CODES_TOPIC) {
    const { exitCodesHelp } = await import("./help.ts");
    process.stdout.write(exitCodesHelp(helpLayout(argv)));
    return 0;
  }
  return printHelp(name === undefined ? undefined : await loadCommand(name, commands), argv, commands);
}

/** @throws UsageError naming the nearest command */
async function loadCommand(word: string, commands: Commands): Promise<Command> {
  const name = Object.hasOwn(ALIASES, word) ? ALIASES[word]! : word;
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load !== undefined) return load();
  const near = Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name] : nearest(name, [...Object.keys(commands), "help"]);
  throw new UsageError(`unknown command "${name}"`, {
    next: `${near === undefined ? "" : `Did you mean ${near}? `}The commands are ${Object.keys(commands).join(", ")}.`,
  });
}

function isAskedForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((arg) => arg === "--help" || arg === "-h");
}

async function printHelp(command: Command | undefined, argv: readonly string[], commands: Commands): Promise<number> {
  const { commandHelp, programHelp } = await import("./help.ts");
  const layout = helpLayout(argv);
  process.stdout.write(command === undefined ? await programHelp(commands, layout) : commandHelp(command, layout));
  return 0;
}

function helpLayout(argv: readonly string[]): HelpLayout {
  const colour = createColour(wantsColour(process.stdout, process.env, argv.includes("--no-color")));
  return { colour, width: widthOf(process.stdout) };
}

function printVersion(json: boolean): number {
  const about = {
    name: PROGRAM,
    version: VERSION,
    commit: COMMIT,
    bun: BUN_VERSION,
    os: process.platform,
    arch: process.arch,
  };
  const built = COMMIT === null ? "not a release" : `commit ${COMMIT}`;
  process.stdout.write(json ? jsonLine(about) : `${about.name} ${VERSION} (${built}, Bun ${BUN_VERSION})\n`);
  return 0;
}
