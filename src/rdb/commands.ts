/** The commands of an append-only log, as Redis's protocol has them: `*2`, then `$6` and six bytes, and so on. */
import type { ByteSource } from "./dump.ts";
import { UnreadableLog } from "./effect-reader.ts";

const WINDOW = 1 << 20;
const MOST_WORDS = 1 << 20;
const LONGEST_LINE = 1_000;
const NEW_LINE = 10;
const STAR = 42;
const DOLLAR = 36;
const HASH = 35;

/**
 * The words of one command after another. What an engine had not written whole when it ended is left out, as engines
 * leave it out when they start.
 * @throws UnreadableLog for what is no command
 */
export function* commandsOf(source: ByteSource): Generator<readonly Buffer[]> {
  const reader = new CommandReader(source);
  for (let words = reader.next(); words !== null; words = reader.next()) yield words;
}

/** Thrown where the log ends within a command. */
class Cut extends Error {}

class CommandReader {
  readonly #source: ByteSource;
  #window: Buffer = Buffer.alloc(0);
  #base = 0;
  #at = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  next(): readonly Buffer[] | null {
    try {
      for (;;) {
        if (this.#base + this.#at >= this.#source.size) return null;
        const line = this.#line();
        // The time of what follows, where the engine was told to write it.
        if (line[0] === HASH) continue;
        const words: Buffer[] = [];
        for (let left = this.#number(line, STAR); left > 0; left--) words.push(this.#word());
        return words;
      }
    } catch (error) {
      if (error instanceof Cut) return null;
      throw error;
    }
  }

  #word(): Buffer {
    const length = this.#number(this.#line(), DOLLAR);
    // A copy: the window moves on.
    const word = Buffer.from(this.#take(length));
    this.#take(2);
    return word;
  }

  #number(line: Buffer, sign: number): number {
    const number = Number(line.toString("latin1", 1));
    const most = sign === STAR ? MOST_WORDS : 2 ** 32;
    if (line[0] === sign && line.length > 1 && Number.isInteger(number) && number >= 0 && number <= most) return number;
    throw new UnreadableLog(`no command at byte ${this.#base + this.#at - line.length} of ${this.#source.name}`);
  }

  /** Without its end. */
  #line(): Buffer {
    for (let searched = 0; ; ) {
      const end = this.#window.indexOf(NEW_LINE, this.#at + searched);
      if (end !== -1) {
        const line = Buffer.from(this.#window.subarray(this.#at, end));
        this.#at = end + 1;
        return line.at(-1) === 13 ? line.subarray(0, -1) : line;
      }
      searched = this.#window.length - this.#at;
      if (searched > LONGEST_LINE) throw new UnreadableLog(`no command at byte ${this.#base + this.#at}`);
      this.#fill(searched + 1);
    }
  }

  #take(count: number): Buffer {
    if (this.#window.length - this.#at < count) this.#fill(count);
    this.#at += count;
    return this.#window.subarray(this.#at - count, this.#at);
  }

  /** Makes the window hold so many bytes from here on. @throws Cut */
  #fill(count: number): void {
    const position = this.#base + this.#at;
    if (position + count > this.#source.size) throw new Cut();
    const rest = this.#window.subarray(this.#at);
    const grown = Buffer.alloc(Math.max(count, Math.min(WINDOW, this.#source.size - position)));
    rest.copy(grown);
    const read = this.#source.read(grown.subarray(rest.length), position + rest.length);
    this.#window = grown.subarray(0, rest.length + read);
    this.#base = position;
    this.#at = 0;
    if (this.#window.length < count) throw new Cut();
  }
}
