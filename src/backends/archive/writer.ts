/** Writes an archive: records into blocks, blocks into frames, and the footer behind them. */
import type { GraphRecord } from "../../graph/record.ts";
import { Summary } from "../../memorygraph/summary.ts";
import type { SchemaItem } from "../description.ts";
import { BLOCK_BYTES, type Footer, type Header, type IndexEntry, MOST_BYTES, type RecordKind } from "./format.ts";
import { compress, trailerFor } from "./frames.ts";
import { lineOf } from "./lines.ts";
import { Presses } from "./presses.ts";
import type { ByteSink } from "./sink.ts";

/** A record that is longer than any frame may be. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/** What was written, for whoever reads it again. */
export interface Written {
  readonly blocks: readonly IndexEntry[];
  /** Of the first frame and the footer's. */
  readonly seal: Uint8Array;
  /** Of the records in the frames, each read back before it was written. */
  readonly summary: Summary;
}

/** First `begin`, then records, nodes before relationships, then `end`; now and then `ready`. */
export class ArchiveWriter {
  readonly #sink: ByteSink;
  readonly #blockBytes: number;
  readonly #presses: Presses;
  readonly #blocks: IndexEntry[] = [];
  readonly #summary = new Summary();
  /** Of the first frame and the footer's. */
  readonly #sealed = new Bun.CryptoHasher("sha256");
  readonly #given: Record<RecordKind, number> = { node: 0, relationship: 0 };
  readonly #lines: LineBuffer;
  #kind: RecordKind = "node";
  #block = 0;

  /** @param blockBytes after which a block is closed */
  constructor(sink: ByteSink, blockBytes = BLOCK_BYTES, presses = new Presses()) {
    this.#sink = sink;
    this.#blockBytes = blockBytes;
    this.#presses = presses;
    this.#lines = new LineBuffer(2 * blockBytes);
  }

  begin(header: Header, schema: readonly SchemaItem[]): void {
    const lines = [header, ...schema.map((item) => ({ schema: item }))].map((line) => JSON.stringify(line));
    this.#sealed.update(this.#write(lines));
  }

  /** @throws TooLongError */
  add(record: GraphRecord): void {
    const { kind } = record;
    const line = lineOf(record);
    // In UTF-16 units, of which each becomes three bytes at most.
    if (line.length > MOST_BYTES / 3 && Buffer.byteLength(line) >= MOST_BYTES)
      throw new TooLongError(line.slice(0, 80));
    if (kind !== this.#kind) this.#closeBlock();
    this.#kind = kind;
    const before = this.#lines.bytes;
    this.#lines.add(line);
    if (before > 0 && this.#lines.bytes > this.#blockBytes) this.#closeBlock(before);
    if (this.#lines.bytes > this.#blockBytes) this.#closeBlock();
  }

  /** Resolves when more can come. */
  async ready(): Promise<void> {
    while (this.#presses.isFull) await this.#writeNext();
  }

  /** @param digest of all records; that of what was written, where this is left out */
  async end(digest?: string): Promise<Written> {
    this.#closeBlock();
    while (this.#presses.waiting > 0) await this.#writeNext();
    this.#presses.close();
    const { nodes, relationships } = this.#summary.counts;
    const blocks = this.#blocks;
    const footer: Footer = { nodes, relationships, digest: digest ?? this.#summary.digest.toString(), blocks };
    const frame = this.#write([JSON.stringify({ footer })]);
    this.#sealed.update(frame);
    const seal = this.#sealed.digest();
    this.#sink.write(trailerFor({ footerBytes: frame.length, hash: seal }));
    this.#sink.close();
    return { blocks, seal, summary: this.#summary };
  }

  /** Instead of `end`. */
  abandon(): void {
    this.#presses.close();
    this.#sink.abandon();
  }

  /** @param bytes of the lines that belong to it: all, where this is left out */
  #closeBlock(bytes = this.#lines.bytes): void {
    if (bytes === 0) return;
    const kind = this.#kind;
    const { lines, records } = this.#lines.take(bytes);
    this.#presses.give({ block: this.#block++, kind, before: this.#given[kind], lines });
    this.#given[kind] += records;
  }

  async #writeNext(): Promise<void> {
    const { head, body, entry, summary } = await this.#presses.take();
    this.#sink.write(head);
    this.#sink.write(body);
    this.#blocks.push(entry);
    this.#summary.merge(summary);
  }

  #write(lines: readonly string[]): Buffer {
    const frame = compress(Buffer.from(`${lines.join("\n")}\n`, "utf8"));
    this.#sink.write(frame);
    return frame;
  }
}

/** Lines as bytes, one behind the other: a text of a whole block would be made and turned into bytes once more. */
class LineBuffer {
  readonly #encoder = new TextEncoder();
  #buffer: Uint8Array<ArrayBuffer>;
  /** Where each line ends. */
  #ends: number[] = [];

  /** @param size to begin with, in bytes */
  constructor(size: number) {
    this.#buffer = new Uint8Array(size);
  }

  get bytes(): number {
    return this.#ends.at(-1) ?? 0;
  }

  add(line: string): void {
    const start = this.bytes;
    const most = start + 3 * line.length + 1;
    if (most > this.#buffer.length) {
      const larger = new Uint8Array(most);
      larger.set(this.#buffer.subarray(0, start));
      this.#buffer = larger;
    }
    const end = start + this.#encoder.encodeInto(line, this.#buffer.subarray(start)).written;
    this.#buffer[end] = 10;
    this.#ends.push(end + 1);
  }

  /** The first lines, which are so many bytes together. */
  take(bytes: number): { lines: Uint8Array; records: number } {
    const lines = this.#buffer.slice(0, bytes);
    const records = this.#ends.indexOf(bytes) + 1;
    const rest = this.bytes - bytes;
    this.#buffer.copyWithin(0, bytes, bytes + rest);
    this.#ends = rest === 0 ? [] : [rest];
    return { lines, records };
  }
}
