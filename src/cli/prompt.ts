/** Asks the person, when there is one to ask. */
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { RefusedError } from "../errors.ts";
import { shellQuote } from "../support/shell.ts";
import { printable } from "./printable.ts";
import { widthOf, wrapLines } from "./text.ts";

export interface PromptOptions {
  readonly signal: AbortSignal;
  /** Takes a live progress line off the screen. */
  readonly beforeLine: () => void;
}

/**
 * Asks on standard error, after the lines that it is about, and reads one line; returns for `y` or `yes`.
 * @throws RefusedError for every other answer, for the end of the input, and when no terminal is there
 * @throws the signal's reason when a signal comes first
 */
export async function confirm(
  question: string,
  about: readonly string[],
  { signal, beforeLine }: PromptOptions,
): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new RefusedError(`confirmation is needed, but there is no terminal: ${question}`, {
      next: "Add --yes if the answer is yes. Nothing was written.",
    });
  }
  signal.throwIfAborted();
  beforeLine();
  for (const line of about) process.stderr.write(`  ${line}\n`);
  process.stderr.write(`${wrapLines(`${printable(question)} [y/N]`, widthOf(process.stderr))} `);
  const answer = (await readLine(signal)) ?? "";
  if (/^\s*y(es)?\s*$/i.test(answer)) return;
  throw new RefusedError("not confirmed; nothing was written", { next: "Run it again and answer y, or add --yes." });
}

/**
 * For what cannot be taken back lightly: the name has to be typed, or given with the command.
 * @throws RefusedError for every other answer, and when no terminal is there
 */
export async function confirmName(
  question: string,
  name: string,
  given: string | undefined,
  { signal, beforeLine }: PromptOptions,
): Promise<void> {
  if (given !== undefined && isSame(given, name)) return;
  if (given !== undefined) {
    throw new RefusedError(`the target is ${name}, not ${given}; nothing was changed`, {
      next: `Add --confirm=${shellQuote(name)} if that is the one you mean.`,
    });
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new RefusedError(`confirmation is needed, but there is no terminal: ${question}`, {
      next: `Add --confirm=${shellQuote(name)} or --yes. Nothing was changed.`,
    });
  }
  signal.throwIfAborted();
  beforeLine();
  const ask = `${printable(question)}\nType the target's name to go on, ${printable(name)}:`;
  process.stderr.write(`${wrapLines(ask, widthOf(process.stderr))} `);
  if (isSame((await readLine(signal))?.trim() ?? "", name)) return;
  throw new RefusedError("not confirmed; nothing was changed", {
    next: "Run it again and type the name, or add --yes.",
  });
}

/**
 * Asks for a line of text; an empty one stands for `otherwise`. Only where stdin and stderr are terminals.
 * @returns null at the end of the input (Ctrl-D), which is no answer: asking again would be for ever
 * @throws the signal's reason when a signal comes first
 */
export async function askLine(
  question: string,
  otherwise: string,
  { signal, beforeLine }: PromptOptions,
): Promise<string | null> {
  signal.throwIfAborted();
  beforeLine();
  process.stderr.write(`${printable(question)}${otherwise === "" ? "" : ` [${printable(otherwise)}]`}: `);
  const answer = await readLine(signal);
  return answer === null ? null : answer.trim() || otherwise;
}

/** A path may be given as it is from here. */
function isSame(given: string, name: string): boolean {
  return given === name || (given !== "" && resolve(given) === resolve(name));
}

/**
 * Asks for a line that is not shown while it is typed. Only where stdin and stderr are terminals.
 * @throws the signal's reason when a signal, or Ctrl-C, comes first
 */
export async function askSecret(question: string, { signal, beforeLine }: PromptOptions): Promise<string> {
  signal.throwIfAborted();
  beforeLine();
  const { stdin } = process;
  // Before the question is there: whoever types at once would see it otherwise.
  stdin.setRawMode(true);
  stdin.resume();
  process.stderr.write(printable(question));
  try {
    return await readKeys(signal);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stderr.write("\n");
  }
}

/** In raw mode the terminal neither shows nor edits anything, and Ctrl-C is a character like any other. */
function readKeys(signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  return new Promise<string>((resolve, reject) => {
    let typed = "";
    const end = (settle: () => void) => {
      stdin.off("data", onData);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason));
    const onData = (data: Buffer) => {
      for (const key of data.toString("utf8")) {
        if (key === "\r" || key === "\n" || key === "\u0004") return end(() => resolve(typed));
        if (key === "\u0003") process.kill(process.pid, "SIGINT");
        else if (key === "\u007f" || key === "\b") typed = [...typed].slice(0, -1).join("");
        else if (key === "\u0015") typed = "";
        else typed += key;
      }
    };
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.on("data", onData);
  });
}

/** The line without its end; null at the end of the input. */
function readLine(signal: AbortSignal): Promise<string | null> {
  // Not `terminal`: readline would take Ctrl-C for itself, and the signal would not arrive.
  const lines = createInterface({ input: process.stdin, terminal: false });
  return new Promise<string | null>((resolve, reject) => {
    const aborted = () => {
      process.stderr.write("\n");
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    lines.once("line", resolve);
    lines.once("close", () => resolve(null));
  }).finally(() => lines.close());
}
