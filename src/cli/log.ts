/** What the program tells while it works: plain lines on standard error, whatever CI, TEST or CONSOLA_LEVEL say. */
import { type ConsolaReporter, createConsola, type LogObject } from "consola/core";
import type { Colour } from "./colour.ts";
import { printable } from "./printable.ts";

/** Each call is one line; control characters in it are spelled out. */
export interface Log {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  /** Seen with --verbose. */
  debug(line: string): void;
}

export type LogLevel = "quiet" | "normal" | "verbose";

const LEVELS: Readonly<Record<LogLevel, number>> = { quiet: 1, normal: 3, verbose: 4 };

/** @param beforeLine takes a live progress line off the screen */
export function createLog(level: LogLevel, colour: Colour, beforeLine: () => void): Log {
  const reporter: ConsolaReporter = {
    log(entry) {
      beforeLine();
      process.stderr.write(`${lineOf(entry, colour)}\n`);
    },
  };
  const consola = createConsola({
    level: LEVELS[level],
    throttle: 0,
    stdout: process.stderr,
    stderr: process.stderr,
    reporters: [reporter],
  });
  return {
    error: (line) => consola.error(line),
    warn: (line) => consola.warn(line),
    info: (line) => consola.info(line),
    debug: (line) => consola.debug(line),
  };
}

function lineOf(entry: LogObject, colour: Colour): string {
  const text = printable(entry.args.join(" "));
  switch (entry.type) {
    case "error":
      return `${colour.red("error:")} ${text}`;
    case "warn":
      return `${colour.yellow("warning:")} ${text}`;
    case "debug":
      return colour.dim(text);
    default:
      return text;
  }
}
