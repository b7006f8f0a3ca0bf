/** How long anything may be silent, and who is told of it: the one place that decides. */
declare const BUILD_VERSION: string;

interface Patience {
  /** Until a server accepts a connection and greets, in milliseconds like all here. */
  readonly connect: number;
  /** Without an answer, before the person is told what is waited for; and again after each such time. */
  readonly voice: number;
  /** Between two questions to a silent server, whether it lives and still works on it. */
  readonly probeEvery: number;
  /** For the answer to such a question. */
  readonly probe: number;
  /** Without any sign of life, before a line counts as dead. */
  readonly silence: number;
  /** For the answers that are under way when the person stops the run. */
  readonly lastAnswers: number;
  /** For undoing what was written, after the person has stopped the run. */
  readonly cleanup: number;
  /** For a server that has gone, to come back, before undoing what was written there is given up. */
  readonly comeBack: number;
  /** For a server that has gone, to say goodbye. */
  readonly close: number;
}

const USUAL: Patience = {
  connect: 5_000,
  voice: 10_000,
  probeEvery: 15_000,
  probe: 10_000,
  silence: 110_000,
  lastAnswers: 4_000,
  cleanup: 18_000,
  comeBack: 30_000,
  close: 2_000,
};

let current: Patience = USUAL;

/** In milliseconds each. */
export function patience(): Patience {
  return current;
}

/**
 * For tests, which have less of it: from now on these limits hold in the place of the usual ones, also for what waits already;
 * null for the usual ones again. A release knows no other than those.
 */
export function shortenPatience(limits: Partial<Patience> | null): void {
  if (typeof BUILD_VERSION !== "string") current = { ...USUAL, ...limits };
}

let hasLost = false;

/** A line was given up: what is open on it may never close. */
export function noteLostLine(): void {
  hasLost = true;
}

/** Whether a line was given up, so that the process does not end by itself. */
export function hasLostLine(): boolean {
  return hasLost;
}

let listener: ((text: string) => void) | null = null;

/** From now on told of every wait that lasts; null for nobody. */
export function onWait(tell: ((text: string) => void) | null): void {
  listener = tell;
}

/** To whoever onWait has set. */
export function tellWait(text: string): void {
  listener?.(text);
}

/**
 * For a wait that asks again and again: to be called after each question, it tells of the wait as often as a person is told.
 * @param text what is waited for, and that for so many seconds already
 * @param afterAnother it follows another wait, of which nobody may have been told yet: the first question is told of at once
 */
export function tellingRepeatedly(text: (seconds: number) => string, afterAnother = false): () => void {
  const start = performance.now();
  let told = afterAnother ? Number.NEGATIVE_INFINITY : start;
  return () => {
    if (performance.now() - told < patience().voice) return;
    told = performance.now();
    tellWait(text(Math.round((told - start) / 1_000)));
  };
}

/** Aborts so long after `signal` does: what is done to clean up must end then. */
export function deadlineAfter(signal: AbortSignal | undefined, milliseconds: number): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const controller = new AbortController();
  const begin = () => {
    const timer = setTimeout(() => controller.abort(signal.reason), milliseconds);
    timer.unref?.();
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return controller.signal;
}
