/** What happens when nobody reads what we write. */
import { MigrateError } from "../errors.ts";
import type { Report } from "./failure.ts";

class OutputError extends MigrateError {
  override readonly name = "OutputError";
  readonly code = "output_failed";
}

/**
 * `... | head -1` is no failure: the work goes on, quietly. A result that cannot be written for another reason, such
 * as a full disk, is one.
 */
export function guardStreams(report: Report): void {
  let told = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || told) return;
    told = true;
    const failure = new OutputError(`the result could not be written to standard output: ${error.message}`, {
      next: "What the command did is done; only its report is missing. Run verify or inspect to see how things stand.",
      cause: error,
    });
    process.exitCode = report(failure);
  });
  // When standard error is gone there is nobody left to tell.
  process.stderr.on("error", () => {});
}

const LOOK_MS = 100;

/** What is open on a line that was given up would keep the process: it ends without that, once all output has gone. */
export function exitOnceWritten(): void {
  setInterval(() => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
  }, LOOK_MS);
}
