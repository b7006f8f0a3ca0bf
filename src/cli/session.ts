/** Runs one command with everything it needs from its surroundings, and tidies up after it. */
import { ConnectionError, UsageError } from "../errors.ts";
import { onWait } from "../support/patience.ts";
import { createColour, wantsColour } from "./colour.ts";
import type { Command, CommandContext } from "./command.ts";
import type { Report } from "./failure.ts";
import { expandHome } from "./home-folder.ts";
import { watchSignals } from "./interruption.ts";
import { createLog, type LogLevel } from "./log.ts";
import { createProgress, type Progress, type ProgressOptions } from "./progress.ts";
import { askSecret, confirm, confirmName } from "./prompt.ts";
import { differenceLines } from "./reports/differences.ts";
import type { Values } from "./strict.ts";
import { widthOf, wrapLines } from "./text.ts";

/** The shared options, as one command got them. */
interface OutputMode {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly yes: boolean;
}

/**
 * Returns the exit code; what the command throws goes to `report`.
 * @throws UsageError for options that are not valid, before anything is done
 */
export async function runCommand(command: Command, given: Values, report: Report): Promise<number> {
  const { values, notes } = expandHome(given, command.args, process.env);
  const manner = mannerOf(values);
  const options = command.parse(values);
  const progress = createStderrProgress(manner);
  const interruption = watchSignals(progress.clear);
  let left = 0;
  const leave = (code: number) => {
    left = code;
  };
  const context = contextOf(manner, progress, interruption.signal);
  for (const note of notes) context.log.info(note);
  onWait((text) => (manner.json || manner.quiet ? context.log.warn(text) : progress.waiting(text)));
  try {
    await command.run(options, { ...context, leave });
    progress.end();
    return left;
  } catch (error) {
    progress.end();
    // Nothing was touched, and nobody has to look for what is wrong with a server that they did not wait for.
    const unanswered = error instanceof ConnectionError && interruption.signal.aborted;
    return report(unanswered ? interruption.signal.reason : error, interruption.received());
  } finally {
    onWait(null);
    interruption.release();
  }
}

function mannerOf(values: Values): OutputMode {
  const given = (name: string) => values[name] === true;
  if (given("quiet") && given("verbose")) {
    throw new UsageError("--quiet and --verbose contradict each other", { next: "Give only one of the two." });
  }
  return {
    json: given("json"),
    quiet: given("quiet"),
    verbose: given("verbose"),
    noColor: given("no-color"),
    yes: given("yes"),
  };
}

function contextOf(manner: OutputMode, progress: Progress, signal: AbortSignal): Omit<CommandContext, "leave"> {
  const { json, quiet, verbose, noColor, yes } = manner;
  const colourOf = (stream: NodeJS.WriteStream) => createColour(wantsColour(stream, process.env, noColor));
  return {
    write: (text) => {
      progress.end();
      process.stdout.write(text);
    },
    tell: (text) => {
      progress.end();
      process.stdout.write(process.stdout.isTTY ? wrapLines(text, widthOf(process.stdout)) : text);
    },
    log: createLog(logLevelOf(manner), colourOf(process.stderr), progress.clear),
    colour: colourOf(process.stdout),
    width: widthOf(process.stdout),
    progress: progress.update,
    confirm: yes
      ? undefined
      : (question, about = []) =>
          confirm(question, about.flatMap(differenceLines), { signal, beforeLine: progress.clear }),
    confirmName: (question, name, given) =>
      yes ? Promise.resolve() : confirmName(question, name, given, { signal, beforeLine: progress.clear }),
    ask:
      process.stdin.isTTY && process.stderr.isTTY
        ? (question) => askSecret(question, { signal, beforeLine: progress.clear })
        : undefined,
    signal,
    env: process.env,
    json,
    quiet,
    verbose,
  };
}

/** A program that reads JSON gets only warnings beside it, unless it asks for more. */
function logLevelOf({ json, quiet, verbose }: OutputMode): LogLevel {
  if (verbose) return "verbose";
  return quiet || json ? "quiet" : "normal";
}

function createStderrProgress({ json, quiet, verbose }: OutputMode): Progress {
  const silent = json || quiet;
  const live: ProgressOptions["mode"] = process.stderr.isTTY && process.env.TERM !== "dumb" ? "live" : "plain";
  return createProgress({
    mode: silent ? "none" : live,
    phases: verbose && !silent,
    columns: () => process.stderr.columns,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  });
}
