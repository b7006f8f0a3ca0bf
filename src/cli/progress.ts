/** How far a run is: a live line on a terminal, a plain line every ten seconds elsewhere. */
import { printable } from "./printable.ts";

/** `done` of `total` (null when not known) in this phase. */
export interface ProgressEvent {
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
  /** The phases that follow, each with about as many records. */
  readonly ahead?: readonly string[];
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
const PLAIN_INTERVAL_MS = 10_000;
/** Before this, a guess of the time left jumps about. */
const ESTIMATE_AFTER_MS = 3_000;
const CLEAR_LINE = "\r\x1b[2K";
/** Both ends included. */
const BAR_COLUMNS = 22;
const LEAST_BAR_COLUMNS = 7;
/** Seconds that a record takes in a phase, against those of the others, where none has been measured in this run. */
const WEIGHTS: Readonly<Record<string, number>> = { check: 0.5, plan: 0.7, transfer: 1, verify: 0.6, rollback: 1 };

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
    const elapsed = now() - phaseStart;
    if (mode === "plain") return line(joined(Object.values(progressParts(event, elapsed))));
    const width = columns() || 80;
    write(`${CLEAR_LINE}${liveLine(event, elapsed, width)}`);
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

/**
 * What is told in a line of less than `width` columns. Where there is no room for all of it, the percentage goes first, which
 * the bar shows, then the rate, the time left, and in the end the bar: no word is ever cut in two.
 */
function liveLine(event: ProgressEvent, elapsed: number, width: number): string {
  const { amount, percent, rate, left } = progressParts(event, elapsed);
  const texts = [[amount, percent, rate, left], [amount, rate, left], [amount, left], [amount]].map(joined);
  const room = width - 1;
  const barred = texts.slice(0, -1).find((text) => room - text.length > LEAST_BAR_COLUMNS);
  const bar = barred === undefined ? "" : barOf(event, Math.min(BAR_COLUMNS, room - barred.length - 1));
  if (bar !== "") return `${bar} ${barred}`;
  return (texts.find((text) => text.length <= room) ?? amount).slice(0, room);
}

/** @param columns with both ends */
function barOf({ done, total }: ProgressEvent, columns: number): string {
  if (total === null || total === 0) return "";
  const inner = columns - 2;
  const filled = Math.min(inner, Math.floor((done / total) * inner));
  return `[${"#".repeat(filled)}${"-".repeat(inner - filled)}]`;
}

/** An empty text for what is not known, or not yet. */
function progressParts(event: ProgressEvent, elapsed: number) {
  const { done, total } = event;
  const isGuessed = done > 0 && elapsed >= ESTIMATE_AFTER_MS;
  const left = isGuessed ? millisecondsLeft(event, elapsed) : null;
  return {
    amount: `${heading(event)}: ${counted(event)}`,
    percent: total !== null && total > 0 ? `${Math.floor((Math.min(done, total) / total) * 100)} %` : "",
    rate: isGuessed ? `${Math.round(done / (elapsed / 1000)).toLocaleString("en-US")}/s` : "",
    left: left === null ? "" : `about ${duration(left)} left`,
  };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

/** Of this phase by its own speed, of those that follow by the same speed, weighed. */
function millisecondsLeft({ phase, done, total, ahead = [] }: ProgressEvent, elapsed: number): number | null {
  if (total === null || done === 0) return null;
  const perRecord = elapsed / done;
  const weight = WEIGHTS[phase] ?? 1;
  const later = ahead.reduce((sum, name) => sum + (WEIGHTS[name] ?? 1) / weight, 0);
  return perRecord * (Math.max(0, total - done) + total * later);
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

/** `40 s`, `3 min`, `1 h 20 min`: rounded up, since it is a guess. */
function duration(milliseconds: number): string {
  const whole = Math.max(1, Math.ceil(milliseconds / 1000));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
