/**
 * Large JSON texts in pieces that are parsed one by one: the elements of the lists of a document, or the lines of a JSON
 * Lines file. Only one piece is in memory at a time. Structure is found in the bytes, since UTF-8 has no byte of ASCII
 * inside other characters; what a piece holds is for its reader.
 */
import { readSync } from "node:fs";
import { JsonSyntaxError } from "../../graph/json.ts";
import { breathe } from "../../support/time.ts";

const CHUNK = 1 << 20;
/** A single value or line beyond this is no memory. */
const MAX_PIECE = 256 << 20;
const BATCH = 500;

export interface Piece {
  /** For messages: `memories[12]`, `line 3`. */
  readonly where: string;
  /** The member of the document that it belongs to; of a line, the empty text. */
  readonly member: string;
  /** Whether it is an element of the member's list, rather than the member's value. */
  readonly isElement: boolean;
  /** Null where the bytes are not UTF-8. */
  readonly text: string | null;
}

const [TAB, NEWLINE, RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, COLON, BACKSLASH] = [34, 44, 58, 92];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [91, 93, 123, 125];

/** A window on a file that moves forward. */
class Window {
  bytes = Buffer.alloc(0);
  at = 0;
  /** Of the window's first byte in the file. */
  #offset = 0;
  readonly #file: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(file: number) {
    this.#file = file;
  }

  get position(): number {
    return this.#offset + this.at;
  }

  /** Reads on. What is kept, from `from` on, then begins the window. */
  more(from: number): "more" | "end" {
    const kept = this.bytes.subarray(from);
    if (kept.length > MAX_PIECE) throw new JsonSyntaxError(`a value of more than ${MAX_PIECE >> 20} MiB`);
    const next = Buffer.allocUnsafe(kept.length + Math.max(CHUNK, kept.length));
    kept.copy(next);
    const length = readSync(this.#file, next, kept.length, next.length - kept.length, this.#offset + this.bytes.length);
    this.#offset += from;
    this.at -= from;
    this.bytes = next.subarray(0, kept.length + length);
    return length === 0 ? "end" : "more";
  }

  /** The byte at the place, NaN at the end of the file. What is before the place may go. */
  peek(): number {
    if (this.at < this.bytes.length) return this.bytes[this.at]!;
    return this.more(this.at) === "end" ? Number.NaN : this.bytes[this.at]!;
  }

  skipSpace(): number {
    let byte = this.peek();
    while (isSpace(byte)) {
      this.at++;
      byte = this.peek();
    }
    return byte;
  }

  /** Moves behind the value at the place, and gives its bytes. */
  value(): Buffer {
    const state: ValueState = { depth: 0, inText: false, begun: false };
    let start = this.at;
    while (!this.#valueEnds(state)) {
      const more = this.more(start);
      start = 0;
      if (more === "end") throw new JsonSyntaxError("the text ends inside a value");
    }
    return this.bytes.subarray(start, this.at);
  }

  /** Moves on through the window; whether the value ends in it. */
  #valueEnds(state: ValueState): boolean {
    const { bytes } = this;
    while (this.at < bytes.length) {
      if (state.inText) {
        if (!this.#textEnds(bytes)) return false;
        state.inText = false;
        if (state.depth === 0) return true;
        continue;
      }
      const byte = bytes[this.at]!;
      const ends = byte === LIST_END || byte === OBJECT_END;
      if (state.depth === 0 && state.begun && (ends || byte === COMMA || isSpace(byte))) return true;
      state.begun = true;
      this.at++;
      if (byte === QUOTE) state.inText = true;
      else if (byte === OBJECT || byte === LIST) state.depth++;
      else if (ends && --state.depth <= 0) return true;
    }
    return false;
  }

  /** Moves behind the quotation mark that ends a text; false, at the end of the window, where it is not in it. */
  #textEnds(bytes: Buffer): boolean {
    for (let end = bytes.indexOf(QUOTE, this.at); ; ) {
      // One that is escaped is behind us.
      if (end !== -1 && end < this.at) end = bytes.indexOf(QUOTE, this.at);
      // An escape can be cut by the end of the window: then all of it is looked at again.
      const slash = bytes.subarray(this.at, end === -1 ? bytes.length : end).indexOf(BACKSLASH);
      if (slash === -1) {
        this.at = end === -1 ? bytes.length : end + 1;
        return end !== -1;
      }
      if (this.at + slash + 2 > bytes.length) {
        this.at += slash;
        return false;
      }
      this.at += slash + 2;
    }
  }

  /** Moves behind the next line break, or to the end of the file, and gives the bytes before it. */
  line(): Buffer {
    let start = this.at;
    for (;;) {
      const end = this.bytes.indexOf(NEWLINE, this.at);
      if (end !== -1) {
        this.at = end + 1;
        return this.bytes.subarray(start, end);
      }
      this.at = this.bytes.length;
      const more = this.more(start);
      start = 0;
      if (more === "end") return this.bytes;
    }
  }

  decode(bytes: Buffer): string | null {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return null;
    }
  }

  skipMark(): void {
    if (this.peek() !== 0xef) return;
    while (this.bytes.length < 3 && this.more(0) !== "end");
    if (this.bytes[1] === 0xbb && this.bytes[2] === 0xbf) this.at = 3;
  }
}

interface ValueState {
  depth: number;
  inText: boolean;
  begun: boolean;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/**
 * The members of a JSON object: the elements of lists one by one, other values whole.
 * @param skips a member whose list is passed over
 * @throws JsonSyntaxError with the offset in bytes, after every piece before it was given
 */
export async function* piecesOfDocument(
  file: number,
  signal?: AbortSignal,
  skips?: string,
): AsyncGenerator<readonly Piece[]> {
  const window = new Window(file);
  let batch: Piece[] = [];
  let failure: JsonSyntaxError | null = null;
  const pieces = documentPieces(window, skips);
  for (;;) {
    let next: IteratorResult<Piece>;
    try {
      next = pieces.next();
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      failure = new JsonSyntaxError(`${error.message} at byte ${window.position}`);
      break;
    }
    if (next.done) break;
    batch.push(next.value);
    if (batch.length < BATCH) continue;
    signal?.throwIfAborted();
    yield batch;
    batch = [];
    await breathe();
  }
  if (batch.length > 0) yield batch;
  if (failure !== null) throw failure;
}

function* documentPieces(window: Window, skips: string | undefined): Generator<Piece> {
  window.skipMark();
  expect(window, OBJECT, "an object expected");
  if (window.skipSpace() === OBJECT_END) window.at++;
  else {
    for (;;) {
      yield* memberPieces(window, skips);
      const byte = window.skipSpace();
      window.at++;
      if (byte === OBJECT_END) break;
      if (byte !== COMMA) throw new JsonSyntaxError("a comma or the end of the object expected");
    }
  }
  if (!Number.isNaN(window.skipSpace())) throw new JsonSyntaxError("text after the object");
}

function* memberPieces(window: Window, skips: string | undefined): Generator<Piece> {
  if (window.skipSpace() !== QUOTE) throw new JsonSyntaxError("a name expected");
  const member = nameOf(window.decode(window.value()));
  expect(window, COLON, "a colon expected");
  if (window.skipSpace() !== LIST) {
    const text = window.decode(window.value());
    yield { where: member, member, isElement: false, text };
    return;
  }
  window.at++;
  if (window.skipSpace() === LIST_END) {
    window.at++;
    return;
  }
  for (let at = 0; ; at++) {
    window.skipSpace();
    const bytes = window.value();
    if (member !== skips) yield { where: `${member}[${at}]`, member, isElement: true, text: window.decode(bytes) };
    const byte = window.skipSpace();
    window.at++;
    if (byte === LIST_END) return;
    if (byte !== COMMA) throw new JsonSyntaxError("a comma or the end of the list expected");
  }
}

function nameOf(text: string | null): string {
  try {
    return JSON.parse(text ?? "") as string;
  } catch {
    throw new JsonSyntaxError("a name that is not valid");
  }
}

function expect(window: Window, byte: number, what: string): void {
  if (window.skipSpace() !== byte) throw new JsonSyntaxError(what);
  window.at++;
}

/** The lines of a file that are not blank. */
export async function* piecesOfLines(file: number, signal?: AbortSignal): AsyncGenerator<readonly Piece[]> {
  const window = new Window(file);
  let batch: Piece[] = [];
  window.skipMark();
  for (let line = 1; !Number.isNaN(window.peek()); line++) {
    const text = window.decode(window.line());
    if (text?.trim() !== "") batch.push({ where: `line ${line}`, member: "", isElement: true, text });
    if (batch.length < BATCH) continue;
    signal?.throwIfAborted();
    yield batch;
    batch = [];
    await breathe();
  }
  if (batch.length > 0) yield batch;
}
