/** Writes an archive: records into blocks, blocks into frames, and the footer behind them. */
import { closeSync, openSync, writeSync } from "node:fs";
import { type GraphRecord, idOfKey } from "../../graph/record.ts";
import type { SchemaItem } from "../description.ts";
import type { ByteSource } from "./bytes.ts";
import { BLOCK_BYTES, type Footer, type Header, type IndexEntry, MOST_BYTES, type RecordKind } from "./format.ts";
import { compress, trailerFor } from "./frames.ts";
import { lineOf } from "./lines.ts";

/** Takes bytes one after the other. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** After the last bytes. */
  close(): void;
  /** Instead of `close`, where what was written is of no use. */
  abandon(): void;
  /** What was written so far, out of the bytes of the file. */
  reading(file: ByteSource): ByteSource;
}

export class FileSink implements ByteSink {
  readonly #file: number;

  /** @param path of an empty file */
  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }

  close(): void {
    closeSync(this.#file);
  }

  abandon(): void {
    closeSync(this.#file);
  }

  reading(file: ByteSource): ByteSource {
    return file;
  }
}

/** A record that is longer than any frame may be. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/** First `begin`, then records, nodes before relationships, then `end`. */
export class ArchiveWriter {
  readonly #sink: ByteSink;
  readonly #blockBytes: number;
  readonly #blocks: IndexEntry[] = [];
  /** Of the first frame and the footer's. */
  readonly #sealed = new Bun.CryptoHasher("sha256");
  readonly #counts: Record<RecordKind, number> = { node: 0, relationship: 0 };
  #kind: RecordKind = "node";
  #lines: string[] = [];
  #ids: (string | null)[] = [];
  #length = 0;

  /** @param blockBytes after which a block is closed */
  constructor(sink: ByteSink, blockBytes = BLOCK_BYTES) {
    this.#sink = sink;
    this.#blockBytes = blockBytes;
  }

  /** The blocks that are in the file. */
  get blocks(): readonly IndexEntry[] {
    return this.#blocks;
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
    if (kind !== this.#kind || (this.#length > 0 && this.#length + line.length > this.#blockBytes)) this.#closeBlock();
    this.#kind = kind;
    this.#lines.push(line);
    this.#ids.push(idOf(record));
    this.#length += line.length + 1;
    if (this.#length > this.#blockBytes) this.#closeBlock();
  }

  /** What is still open becomes a block: all records are in the file. */
  flush(): void {
    this.#closeBlock();
  }

  /** @param digest of all records */
  end(digest: string): void {
    this.#closeBlock();
    const { node: nodes, relationship: relationships } = this.#counts;
    const footer: Footer = { nodes, relationships, digest, blocks: this.#blocks };
    const frame = this.#write([JSON.stringify({ footer })]);
    this.#sealed.update(frame);
    this.#sink.write(trailerFor({ footerBytes: frame.length, hash: this.#sealed.digest() }));
    this.#sink.close();
  }

  /** Instead of `end`. */
  abandon(): void {
    this.#sink.abandon();
  }

  #closeBlock(): void {
    const records = this.#lines.length;
    if (records === 0) return;
    const kind = this.#kind;
    const plain = Buffer.from(`${this.#lines.join("\n")}\n`, "utf8");
    const sha256 = new Bun.CryptoHasher("sha256").update(plain).digest("hex");
    const block = this.#blocks.length;
    const before = this.#counts[kind];
    const line = JSON.stringify({ block, kind, records, before, bytes: plain.length, sha256, ids: this.#ids });
    const head = this.#write([line]);
    const body = this.#writeFrame(compress(plain));
    const frames = new Bun.CryptoHasher("sha256").update(head).update(body).digest("hex");
    this.#blocks.push({ kind, records, head: head.length, body: body.length, sha256: frames });
    this.#counts[kind] += records;
    [this.#lines, this.#ids, this.#length] = [[], [], 0];
  }

  #write(lines: readonly string[]): Buffer {
    return this.#writeFrame(compress(Buffer.from(`${lines.join("\n")}\n`, "utf8")));
  }

  #writeFrame(frame: Buffer): Buffer {
    this.#sink.write(frame);
    return frame;
  }
}

function idOf(record: GraphRecord): string | null {
  const id = record.properties.get("id");
  if (typeof id === "string") return id;
  return record.kind === "node" ? idOfKey(record.key) : null;
}
