/** Several blocks of an archive pressed at a time, by threads where that pays. The frames are the same, however many there are. */
import { availableParallelism } from "node:os";
import { type PlainBlock, Press, type PressedBlock } from "./press.ts";

/** Bytes of lines; with fewer a thread takes longer to start than to save. */
const WORTH_BYTES = 4 << 20;
/** Each takes some 50 MB of memory, which is to stay bounded. */
const MOST_THREADS = 2;
/** For each thread: one that it works on, and one that it finds when it has done that. */
const MOST_WAITING = 2;

/** How many threads press a large archive: one processor is left to whoever writes it. */
export function pressingThreads(): number {
  return Math.min(availableParallelism() - 1, MOST_THREADS);
}

/** Give it blocks, and take as many pressed ones, in the same order. Close it in the end. */
export class Presses {
  readonly #most: number;
  readonly #worth: number;
  #threads: readonly PressThread[] = [];
  readonly #here = new Press();
  readonly #waiting: Promise<PressedBlock>[] = [];
  #bytes = 0;
  #next = 0;

  /** @param worth bytes of lines from which on the threads are started */
  constructor(threads = pressingThreads(), worth = WORTH_BYTES) {
    this.#most = threads;
    this.#worth = worth;
  }

  /** The lines must not be used any more. */
  give(plain: PlainBlock): void {
    this.#bytes += plain.lines.length;
    if (this.#threads.length === 0 && this.#bytes > this.#worth) {
      this.#threads = Array.from({ length: this.#most }, () => new PressThread());
    }
    const pressed = this.#press(plain);
    // Whoever takes it learns what went wrong.
    pressed.catch(() => {});
    this.#waiting.push(pressed);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether no more should be given before some have been taken: memory has to stay bounded. */
  get isFull(): boolean {
    return this.#waiting.length >= Math.max(1, this.#threads.length * MOST_WAITING);
  }

  /** The next one, where there is one. @throws what its thread met, without its class */
  async take(): Promise<PressedBlock> {
    return this.#waiting.shift()!;
  }

  close(): void {
    for (const thread of this.#threads) thread.close();
    this.#threads = [];
    this.#waiting.length = 0;
  }

  async #press(plain: PlainBlock): Promise<PressedBlock> {
    if (this.#threads.length === 0) return this.#here.press(plain);
    const thread = this.#threads[this.#next++ % this.#threads.length]!;
    return thread.press(plain);
  }
}

interface Answer {
  resolve(pressed: PressedBlock): void;
  reject(error: Error): void;
}

class PressThread {
  readonly #worker = new Worker(new URL("./press-worker.ts", import.meta.url).href, { smol: true });
  /** Of what it has been given, in its order. */
  readonly #answers: Answer[] = [];

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<PressedBlock>) => this.#answers.shift()?.resolve(data);
    this.#worker.onerror = ({ message }) => this.#end(new Error(message));
  }

  press(plain: PlainBlock): Promise<PressedBlock> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#worker.postMessage(plain, [plain.lines.buffer as ArrayBuffer]);
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#end(new Error("the archive was given up"));
  }

  #end(error: Error): void {
    for (const { reject } of this.#answers.splice(0)) reject(error);
  }
}
