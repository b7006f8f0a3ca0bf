/** How far a run is: a live line on a terminal, a plain line now and then elsewhere. */
import { printable } from "./printable.ts";

/** `done` of `total` (null when not known) in this phase. */
export interface ProgressEvent {
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
}

export interface Progress {
  update(event: ProgressEvent): void;
  /** What is waited for, since nothing moves. */
  waiting(text: string): void;
  /** Takes the live line off the screen; the next update draws it again. */
  clear(): void;
  /** Closes the last phase. */
  end(): void;
}

export interface ProgressOptions {
  /** `live` redraws one line, `plain` writes lines, `none` says nothing of the way. */
  readonly mode: "live" | "plain" | "none";
  /** Also a line when a phase starts, and one with its duration when it ends. */
  readonly phases: boolean;
  /** 0 where the terminal does not know. */
  readonly columns: () => number;
  readonly write: (text: string) => void;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

const LIVE_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5_000;
/** Before this, a guess of the time left jumps about. */
const ESTIMATE_AFTER_MS = 3_000;
const CLEAR_LINE = "\r\x1b[2K";

export function createProgress(options: ProgressOptions): Progress {
  const { mode, phases, columns, write, now } = options;
  let last: ProgressEvent | null = null;
  let phaseStart = 0;
  let shownAt = 0;
  let onScreen = false;

  const clear = () => {
    if (onScreen) write(CLEAR_LINE);
    onScreen = false;
  };
  const line = (text: string) => {
    clear();
    write(`${text}\n`);
  };
  const end = () => {
    if (last !== null && phases) {
      const amount = last.done > 0 || last.total !== null ? `${counted(last)} in ` : "done in ";
      line(`${heading(last)}: ${amount}${seconds(now() - phaseStart)}`);
    }
    clear();
    last = null;
  };
  const start = (event: ProgressEvent) => {
    end();
    phaseStart = now();
    if (phases) line(`${heading(event)}: started`);
    // A live line shows a phase at once; plain lines are for those that last.
    shownAt = mode === "live" ? Number.NEGATIVE_INFINITY : phaseStart;
  };
  const show = (event: ProgressEvent) => {
    const text = progressLine(event, now() - phaseStart);
    if (mode === "plain") return line(text);
    write(`${CLEAR_LINE}${text.slice(0, (columns() || 80) - 1)}`);
    onScreen = true;
  };

  return {
    update(event) {
      if (last?.phase !== event.phase) start(event);
      last = event;
      if (mode === "none") return;
      const interval = mode === "live" ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
      if (now() - shownAt < interval) return;
      shownAt = now();
      show(event);
    },
    waiting(text) {
      if (mode === "none") return;
      if (mode === "plain") return line(printable(text));
      write(`${CLEAR_LINE}${printable(text).slice(0, (columns() || 80) - 1)}`);
      onScreen = true;
    },
    clear,
    end,
  };
}

function progressLine(event: ProgressEvent, elapsed: number): string {
  const { done, total } = event;
  const parts = [`${heading(event)}: ${counted(event)}`];
  if (total !== null && total > 0) parts.push(`${Math.floor((done / total) * 100)} %`);
  if (total !== null && done > 0 && done < total && elapsed >= ESTIMATE_AFTER_MS) {
    parts.push(`about ${seconds((elapsed / done) * (total - done), 0)} left`);
  }
  return parts.join(", ");
}

function counted({ done, total, unit }: ProgressEvent): string {
  const number = (value: number) => value.toLocaleString("en-US");
  return `${number(done)}${total === null ? "" : ` of ${number(total)}`} ${printable(unit)}`;
}

function heading(event: ProgressEvent): string {
  return printable(event.phase);
}

function seconds(milliseconds: number, digits = 1): string {
  return `${(milliseconds / 1000).toFixed(digits)} s`;
}
