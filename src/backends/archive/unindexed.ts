/** Archives that have to be read from their beginning to their end: cut ones, damaged ones, and ones that others have repacked. */
import { Readable } from "node:stream";
import { constants, createZstdDecompress } from "node:zlib";
import { UnsupportedError } from "../../errors.ts";
import { linesOf, parsedLine } from "./blocks.ts";
import type { ByteSource } from "./bytes.ts";
import { type BlockInfo, blockOf, type Footer, footerOf, MOST_BYTES } from "./format.ts";
import { contentOf, type Frame, FrameError, frameAt, nextMagic } from "./frames.ts";

/** What a reader of this program keeps at most for one frame: as much as `zstd` itself without being asked for more. */
const MOST_WINDOW = 128 << 20;
const CHUNK = 256 << 10;

/** A part of an archive in its order: a block, or the footer. */
export type Part =
  | {
      readonly kind: "block";
      readonly where: string;
      readonly info: BlockInfo | null;
      readonly body: Uint8Array | null;
    }
  | { readonly kind: "footer"; readonly footer: Footer };

/** Parts of an archive whose frames are as this program makes them; a damaged one is left out, and the next one looked for. */
export function* partsOfFrames(bytes: ByteSource, start: number): Generator<Part> {
  let pending: { info: BlockInfo; at: number } | null = null;
  for (const { offset, content } of readableFrames(bytes, start)) {
    const line = content === null ? "" : firstLine(content);
    const found = line.startsWith('{"block"') ? blockOf(parsedLine(line)) : null;
    if (pending !== null && (content === null || found !== null || line.startsWith('{"footer"'))) {
      yield { kind: "block", where: whereOf(pending.info, bytes.placeOf(pending.at)), info: pending.info, body: null };
      pending = null;
      if (content === null) continue;
    }
    if (content === null) continue;
    if (found !== null) pending = { info: found, at: offset };
    else if (line.startsWith('{"footer"')) {
      const footer = footerOf(parsedLine(line));
      if (footer !== null) yield { kind: "footer", footer };
    } else {
      const info: BlockInfo | null = pending?.info ?? null;
      yield { kind: "block", where: whereOf(info, bytes.placeOf(offset)), info, body: content };
      pending = null;
    }
  }
  if (pending !== null)
    yield { kind: "block", where: whereOf(pending.info, bytes.placeOf(pending.at)), info: pending.info, body: null };
}

function whereOf(info: BlockInfo | null, place: number): string {
  return `${info === null ? "a block" : `block ${info.block}`}, at byte ${place}`;
}

function* readableFrames(bytes: ByteSource, start: number): Generator<{ offset: number; content: Buffer | null }> {
  for (let offset = start; offset < bytes.size; ) {
    const frame = tried(() => frameAt(bytes, offset));
    if (frame === null) {
      yield { offset, content: null };
      offset = nextMagic(bytes, offset + 1);
      continue;
    }
    if (!frame.isSkippable) yield { offset, content: tried(() => contentOf(bytes, frame)) };
    offset += frame.length;
  }
}

/** Null for a frame that is damaged. */
function tried<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

function firstLine(content: Buffer): string {
  const end = content.indexOf(10);
  return content.toString("utf8", 0, end === -1 ? content.length : end);
}

/** An archive whose frames are somebody else's: `zstd` has compressed the same lines anew. */
export class Repacked {
  readonly #bytes: ByteSource;
  readonly #location: string;
  /** Where its last whole frame ends. */
  readonly #end: number;

  /** @throws UnsupportedError for frames that want more memory than there is for one */
  constructor(location: string, bytes: ByteSource) {
    this.#bytes = bytes;
    this.#location = location;
    this.#end = this.#measure();
  }

  /** Whether the last frame is cut off, or something else is behind it. */
  get isCut(): boolean {
    return this.#end < this.#bytes.size;
  }

  /** Lines with their ends, in batches. @throws FrameError where it is damaged */
  async *lines(signal?: AbortSignal): AsyncGenerator<readonly Uint8Array[]> {
    const { ZSTD_d_windowLogMax } = constants;
    const decompress = createZstdDecompress({ params: { [ZSTD_d_windowLogMax]: Math.log2(MOST_WINDOW) } });
    const chunks = Readable.from(this.#chunks());
    chunks.on("error", (error) => decompress.destroy(error));
    chunks.pipe(decompress);
    let open: Buffer[] = [];
    let openBytes = 0;
    try {
      for await (const chunk of decompress as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        const lines: Uint8Array[] = [];
        let from = 0;
        for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
          const rest = chunk.subarray(from, end + 1);
          lines.push(open.length === 0 ? rest : Buffer.concat([...open, rest]));
          [open, openBytes, from] = [[], 0, end + 1];
        }
        if (from < chunk.length) open.push(chunk.subarray(from));
        openBytes += chunk.length - from;
        if (openBytes > MOST_BYTES) throw new FrameError("a line is longer than an archive can hold");
        if (lines.length > 0) yield lines;
      }
    } catch (cause) {
      if (cause instanceof FrameError || signal?.aborted) throw cause;
      throw new FrameError("it cannot be decompressed", { cause });
    } finally {
      decompress.destroy();
      chunks.destroy();
    }
  }

  /** Parts as partsOfFrames gives them. The first lines, which are no part, are given to `onLine`. */
  async *parts(onLine: (line: string) => void, signal?: AbortSignal): AsyncGenerator<Part> {
    let info: BlockInfo | null = null;
    let body: Uint8Array[] = [];
    const block = (): Part => ({ kind: "block", where: whereOfBlock(info), info, body: Buffer.concat(body) });
    try {
      for await (const lines of this.lines(signal)) {
        for (const line of lines) {
          if (!startsWith(line, '{"node"') && !startsWith(line, '{"relationship"')) {
            const text = linesOf(line)[0] ?? "";
            const found = text.startsWith('{"block"') ? blockOf(parsedLine(text)) : null;
            const footer = text.startsWith('{"footer"') ? footerOf(parsedLine(text)) : null;
            if (info !== null || body.length > 0) yield block();
            [info, body] = [found, []];
            if (footer !== null) yield { kind: "footer", footer };
            else if (found === null) onLine(text);
            continue;
          }
          // Without a block's line, only that tells where one kind of record ends.
          if (info === null && body.length > 0 && body[0]![2] !== line[2]) {
            yield block();
            body = [];
          }
          body.push(line);
          if (body.length === (info?.records ?? LINES_WITHOUT_BLOCK)) {
            yield block();
            [info, body] = [null, []];
          }
        }
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
    if (info !== null) yield { ...(block() as Part & { kind: "block" }), body: null };
    else if (body.length > 0) yield block();
  }

  #measure(): number {
    let offset = 0;
    for (;;) {
      const frame = tried<Frame | null>(() => frameAt(this.#bytes, offset));
      if (frame === null) return offset;
      if (frame.windowBytes > MOST_WINDOW && frame.contentBytes !== frame.windowBytes) this.#refuse(frame.windowBytes);
      offset += frame.length;
    }
  }

  #refuse(windowBytes: number): never {
    throw new UnsupportedError(
      `${this.#location} was compressed with a window of ${Math.ceil(windowBytes / (1 << 20))} MiB, which takes more memory than 128 MiB to read`,
      { next: "Compress it anew without --long and --ultra: zstd -d --long=31 OLD -o PLAIN, then zstd PLAIN -o NEW" },
    );
  }

  *#chunks(): Generator<Buffer> {
    for (let at = 0; at < this.#bytes.size; at += CHUNK) yield this.#bytes.read(at, CHUNK);
  }
}

/** Records that no line announces, as others may write them. */
const LINES_WITHOUT_BLOCK = 500;

function whereOfBlock(info: BlockInfo | null): string {
  return info === null ? "a block without a description" : `block ${info.block}`;
}

function startsWith(line: Uint8Array, text: string): boolean {
  return Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, text.length)).toString("latin1") === text;
}
