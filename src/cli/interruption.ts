/** One orderly stop for Ctrl-C, SIGTERM and a closed terminal; a second signal stops at once. */
import { writeSync } from "node:fs";
import { InterruptedError } from "../errors.ts";
import { SIGNAL_CODES, type StopSignal } from "./exit-codes.ts";

export interface Interruption {
  readonly signal: AbortSignal;
  /** The first signal that came. */
  received(): StopSignal | undefined;
  /** From here on signals end the program as usual. */
  release(): void;
}

/**
 * Listens until `release`. Handlers run only between turns of the event loop: work that never yields cannot be stopped.
 * @param beforeLine takes a live progress line off the screen
 */
export function watchSignals(beforeLine: () => void): Interruption {
  const controller = new AbortController();
  let first: StopSignal | undefined;

  const onSignal = (name: StopSignal) => {
    beforeLine();
    if (first !== undefined) stopAtOnce(name);
    first = name;
    process.stderr.write(
      `${name} received, cleaning up; ${name === "SIGINT" ? "press" : "send it"} again to stop at once\n`,
    );
    controller.abort(new InterruptedError(`interrupted by ${name}`, { next: "Run the same command again." }));
  };
  const handlers = Object.keys(SIGNAL_CODES).map((name) => {
    const handler = () => onSignal(name as StopSignal);
    process.on(name, handler);
    return [name, handler] as const;
  });

  return {
    signal: controller.signal,
    received: () => first,
    release: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}

/** The person asked not to wait. Written synchronously, so that the line arrives. */
function stopAtOnce(name: StopSignal): never {
  const left = "a hidden temporary file or unfinished writes may be left in the target";
  try {
    writeSync(
      2,
      `${name} again: stopped at once; ${left}; "memorygraph-migrate runs" lists what can be resumed or undone\n`,
    );
  } finally {
    process.exit(SIGNAL_CODES[name]);
  }
}
