/** How an error is told: to a person in a few lines, to a program as one JSON object. */
import { MigrateError, UsageError } from "../errors.ts";
import { type Colour, createColour, wantsColour } from "./colour.ts";
import { exitCodeOf, type StopSignal } from "./exit-codes.ts";
import { jsonLine, printable } from "./printable.ts";
import { widthOf, wrapLines } from "./text.ts";

/** Tells an error on standard error and returns its exit code. `received` is the signal that came before it. */
export type Report = (error: unknown, received?: StopSignal) => number;

/** Takes the manner from the bare arguments: an error can come before they are understood. */
export function createReport(argv: readonly string[]): Report {
  const end = argv.indexOf("--");
  const given = new Set(argv.slice(0, end === -1 ? undefined : end));
  const colour = createColour(wantsColour(process.stderr, process.env, given.has("--no-color")));
  return (error, received) => {
    const exitCode = exitCodeOf(error, received);
    const json = given.has("--json");
    const text = renderFailure(error, exitCode, { json, debug: given.has("--debug"), colour });
    process.stderr.write(process.stderr.isTTY && !json ? wrapLines(text, widthOf(process.stderr)) : text);
    return exitCode;
  };
}

export interface FailureOptions {
  readonly json: boolean;
  /** Also the stack. */
  readonly debug: boolean;
  readonly colour: Colour;
}

interface Account {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly details: readonly string[];
}

/** Lines for standard error, the last newline included. */
export function renderFailure(error: unknown, exitCode: number, { json, debug, colour }: FailureOptions): string {
  const { code, message, next, details } = accountOf(error);
  const stack = debug ? stackOf(error) : [];
  if (json) {
    const document = { message_type: "exit_error", code: exitCode, error: code, message, next, details };
    return jsonLine(debug ? { ...document, stack } : document);
  }
  const lines = [
    `${colour.red("error:")} ${printable(message)}`,
    ...details.map((detail) => `  ${printable(detail)}`),
    `${colour.bold("next:")} ${printable(next)}`,
    ...stack.map((line) => colour.dim(printable(line))),
  ];
  return `${lines.join("\n")}\n`;
}

function accountOf(error: unknown): Account {
  if (error instanceof UsageError) {
    return {
      code: error.code,
      message: withoutLogin(error.message),
      next: withoutLogin(error.next),
      details: error.details,
    };
  }
  if (error instanceof MigrateError) return error;
  return {
    code: "unexpected",
    message: `unexpected failure: ${withoutLogin(error instanceof Error ? error.message : String(error))}`,
    next: "This is a defect of the program. Run it again with --debug and report what it prints to the project.",
    details: [],
  };
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    const stack = withoutLogin(at.stack ?? `${at.name}: ${at.message}`).split("\n");
    lines.push(...(at === error ? stack : [`caused by ${stack[0]}`, ...stack.slice(1)]));
  }
  return lines;
}

/** What was typed, and what a driver says, can hold `bolt://user:password@host`. Rather too much goes than too little. */
function withoutLogin(text: string): string {
  return text.replace(/[^\s"/]*:\S*@/g, "***@");
}
