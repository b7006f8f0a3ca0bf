/**
 * Watches what is asked of a server over one connection. A silent line is told of, and the server is asked on another
 * connection whether it lives and still works on the statement: a busy server is waited for, a dead line is given up.
 */
import { ConnectionError } from "../../errors.ts";
import { collectGarbage, expectServers } from "../../support/garbage.ts";
import { noteLostLine, patience, tellWait } from "../../support/patience.ts";

/** Asks on a connection of its own. */
export interface Heartbeat {
  /**
   * What the server does with the statement: a text, which for a stream changes while it works on it; ALIVE where it cannot
   * tell more than that it lives, which is no sign that an answer will come on the watched line; null where it knows of no
   * such statement. @throws where it does not answer
   */
  activity(statement: string): Promise<string | null>;
  close(): Promise<void>;
}

export const ALIVE = "alive";
const TICK_MS = 250;
/** So often in a row must the server know nothing of the statement: between the two its answer would have come. */
const UNKNOWN = 2;

interface Pending {
  readonly options: WaitOptions;
  since: number;
  /** Null while nothing is asked: whoever reads a stream has work of its own. */
  reject: ((error: unknown) => void) | null;
  toldAt: number;
  probedAt: number;
  /** Of the last sign of life. */
  aliveAt: number;
  activity: string | undefined;
  unknown: number;
  isProbed: boolean;
}

export interface WaitOptions {
  /** As a person reads it: `reading nodes`. */
  readonly what: string;
  /** By which the server knows the statement. */
  readonly statement: string;
  /** Its answer says whether the server has taken something. */
  readonly isWrite?: boolean;
  /**
   * The answer is asked for piece by piece, so that the server knows of the statement for as long as nobody asks for the
   * next piece: that alone is no sign of life.
   */
  readonly isStream?: boolean;
}

/** One answer after the other to one statement. */
interface WatchedStream {
  next<T>(work: () => Promise<T>): Promise<T>;
  end(): void;
}

/** Watches the statements of a connection, and ends the wait for one when the line or the server has died. */
export class LineWatch {
  readonly #location: string;
  readonly #signal: AbortSignal | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #pending = new Set<Pending>();
  #dead: ConnectionError | null = null;
  #ticker: ReturnType<typeof setInterval> | null = null;
  readonly #onAbort = () => this.#abort();

  /**
   * @param location the store, as messages name it
   * @param signal with which every wait ends
   */
  constructor(location: string, signal: AbortSignal | undefined, heartbeat: Heartbeat) {
    this.#location = location;
    this.#signal = signal;
    this.#heartbeat = heartbeat;
    expectServers();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** @throws ConnectionError when the line is dead, and the signal's reason when that comes first */
  async wait<T>(options: WaitOptions, work: () => Promise<T>): Promise<T> {
    const stream = this.stream(options);
    try {
      return await stream.next(work);
    } finally {
      stream.end();
    }
  }

  /** As wait, for many answers. */
  stream(options: WaitOptions): WatchedStream {
    const pending: Pending = {
      ...{ options, since: 0, reject: null, toldAt: 0, probedAt: 0, aliveAt: 0 },
      ...{ activity: undefined, unknown: 0, isProbed: false },
    };
    this.#pending.add(pending);
    this.#start();
    return {
      next: <T>(work: () => Promise<T>) => this.#next(pending, work),
      end: () => void this.#pending.delete(pending),
    };
  }

  #next<T>(pending: Pending, work: () => Promise<T>): Promise<T> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    if (this.#signal?.aborted) return Promise.reject(this.#signal.reason);
    collectGarbage();
    return new Promise<T>((resolve, reject) => {
      const now = performance.now();
      Object.assign(pending, { since: now, toldAt: now, probedAt: now, aliveAt: now, reject });
      work().then(
        (value) => {
          pending.reject = null;
          resolve(value);
        },
        (error) => {
          pending.reject = null;
          reject(error);
        },
      );
    });
  }

  #start(): void {
    if (this.#ticker !== null) return;
    this.#ticker = setInterval(() => this.#tick(), Math.min(TICK_MS, patience().voice / 4));
    this.#ticker.unref?.();
  }

  async close(): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    await this.#heartbeat.close();
  }

  #tick(): void {
    const now = performance.now();
    const { voice, probeEvery } = patience();
    for (const pending of this.#pending) {
      if (pending.reject === null || now - pending.since < voice) continue;
      if (now - pending.toldAt >= voice) {
        pending.toldAt = now;
        tellWait(this.#textOf(pending, now));
      }
      const isFirst = pending.probedAt === pending.since;
      if (!pending.isProbed && (isFirst || now - pending.probedAt >= probeEvery)) void this.#probe(pending);
    }
  }

  #textOf({ options: { what }, since, aliveAt, activity }: Pending, now: number): string {
    const seconds = Math.round((now - since) / 1_000);
    const isWorking = activity !== undefined && aliveAt > since && now - aliveAt < 2 * patience().probeEvery;
    return isWorking
      ? `${this.#location} has been working on this for ${seconds} s: ${what}`
      : `no answer from ${this.#location} for ${seconds} s: ${what}`;
  }

  async #probe(pending: Pending): Promise<void> {
    const { since } = pending;
    pending.isProbed = true;
    pending.probedAt = performance.now();
    let why: string;
    try {
      why = this.#judge(pending, await atMost(patience().probe, this.#heartbeat.activity(pending.options.statement)));
    } catch {
      why = "it does not answer on another connection either";
    } finally {
      pending.isProbed = false;
    }
    // Its answer has come meanwhile.
    if (pending.reject === null || pending.since !== since) return;
    const silent = performance.now() - pending.aliveAt;
    if (silent >= patience().silence || pending.unknown >= UNKNOWN) this.#giveUp(pending, why);
  }

  /** Notes what the server says of the statement; gives why the line would count as dead. */
  #judge(pending: Pending, activity: string | null): string {
    if (activity === null) {
      pending.unknown++;
      return "the server answers, but no longer runs the statement: its result was lost in the network";
    }
    const { isStream = false } = pending.options;
    const works = activity !== ALIVE && (!isStream || activity !== pending.activity);
    if (works) pending.aliveAt = performance.now();
    pending.activity = activity;
    pending.unknown = 0;
    return "the server answers, but makes no progress";
  }

  #giveUp({ since, options: { what } }: Pending, why: string): void {
    const seconds = Math.round((performance.now() - since) / 1_000);
    this.#dead = new ConnectionError(`${this.#location} has not answered for ${seconds} s (${what}): ${why}`, {
      next: "Check the server and the network, then run the same command again.",
    });
    this.#rejectAll(this.#dead);
  }

  /** Readings end at once; what is being written has a moment for its answer, and is in doubt after that. */
  #abort(): void {
    if ([...this.#pending].some(({ reject }) => reject !== null)) noteLostLine();
    for (const pending of this.#pending) if (!pending.options.isWrite) pending.reject?.(this.#signal!.reason);
    if (![...this.#pending].some(({ options }) => options.isWrite)) return;
    const timer = setTimeout(() => {
      const what = `${this.#location} did not answer before the run stopped`;
      this.#rejectAll(new ConnectionError(what, { next: "Run the same command again." }));
    }, patience().lastAnswers);
    timer.unref?.();
  }

  #rejectAll(error: unknown): void {
    noteLostLine();
    for (const pending of this.#pending) pending.reject?.(error);
  }
}

async function atMost<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
