/** Reads an archive block by block: each is checked, and one that is damaged costs no other. */
import { DamagedStoreError, NewerFormatError, StoreKindError } from "../../errors.ts";
import { JsonSyntaxError } from "../../graph/json.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { breathe } from "../../support/time.ts";
import type { SchemaItem } from "../description.ts";
import type { FindingLog } from "../findings.ts";
import type { ByteSource } from "./bytes.ts";
import {
  type BlockInfo,
  blockOf,
  FORMAT,
  type Footer,
  footerOf,
  type Header,
  headerOf,
  type IndexEntry,
  MAJOR,
  MOST_BYTES,
  schemaItemOf,
} from "./format.ts";
import { contentOf, type Frame, FrameError, footerBytesOf, frameAt, TRAILER_BYTES } from "./frames.ts";
import { LineError, recordOf } from "./lines.ts";

const UNREADABLE = "a block of the archive that is damaged";

/** What an archive says of itself. */
export interface ArchiveFacts {
  readonly header: Header;
  readonly schema: readonly SchemaItem[];
  /** Null where the end is missing. */
  readonly footer: Footer | null;
}

/** One archive, opened. The caller closes its bytes. */
export class ArchiveReader {
  readonly facts: ArchiveFacts;
  readonly #bytes: ByteSource;
  readonly #location: string;
  /** Where the first block begins. */
  readonly #start: number;

  /** @throws StoreKindError, NewerFormatError, DamagedStoreError */
  constructor(location: string, bytes: ByteSource) {
    this.#location = location;
    this.#bytes = bytes;
    const first = frameAt(bytes, 0)!;
    const [head, ...others] = linesOf(contentOf(bytes, first));
    const header = this.#header(head!);
    const schema = others.map((line) => schemaItemOf(JSON.parse(line))).filter((item) => item !== null);
    this.#start = first.length;
    this.facts = { header, schema: schema as SchemaItem[], footer: this.#footer() };
  }

  /** Records, nodes first. @param findings gets what cannot be read */
  async *read(findings: FindingLog, signal?: AbortSignal): AsyncGenerator<readonly GraphRecord[]> {
    const { footer } = this.facts;
    if (footer === null) throw this.#unfinished();
    yield* this.readBlocks(footer.blocks, findings, signal);
  }

  /** As read, of an archive whose blocks are known. */
  async *readBlocks(
    blocks: readonly IndexEntry[],
    findings: FindingLog,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly GraphRecord[]> {
    let offset = this.#start;
    for (const [number, entry] of blocks.entries()) {
      signal?.throwIfAborted();
      yield* this.#block(number, entry, offset, findings);
      offset += entry.head + entry.body;
      await breathe();
    }
  }

  *#block(number: number, entry: IndexEntry, offset: number, findings: FindingLog): Generator<GraphRecord[]> {
    const where = `block ${number}, at byte ${offset}`;
    const head = this.#content(offset, entry.head);
    const info = head === null ? null : blockOf(parsedOrNull(head.toString("utf8")));
    const body = this.#content(offset + entry.head, entry.body);
    if (info === null) findings.add("damage", "a block's own list of ids, which is damaged", where, "property");
    if (body === null || new Bun.CryptoHasher("sha256").update(body).digest("hex") !== entry.sha256) {
      findings.merge(lost(where, entry, info));
      return;
    }
    const records: GraphRecord[] = [];
    const unknown = (member: string) =>
      findings.add("note", "members that this release does not know; they are not read", member);
    for (const line of linesOf(body)) {
      try {
        records.push(recordOf(entry.kind, line, unknown));
      } catch (error) {
        if (!(error instanceof LineError)) throw error;
        findings.add("damage", `a line that is no record (${error.message})`, where);
      }
    }
    yield records;
  }

  /** What a frame of that length holds; null where it is damaged. */
  #content(offset: number, length: number): Buffer | null {
    try {
      const frame = frameAt(this.#bytes, offset);
      if (frame === null || frame.length !== length) return null;
      assertBounded(frame);
      return contentOf(this.#bytes, frame);
    } catch (error) {
      if (error instanceof FrameError) return null;
      throw error;
    }
  }

  #header(line: string): Header {
    const value = parsedOrNull(line) as { format?: unknown; version?: unknown } | null;
    if (value?.format !== FORMAT) {
      throw new StoreKindError(`${this.#location} is compressed with Zstandard, but is no archive of this program`, {
        next: "Check the path.",
      });
    }
    const [major] = String(value.version).split(".");
    if (Number(major) > MAJOR) {
      throw new NewerFormatError(
        `${this.#location} is an archive of version ${value.version}, which is newer than this release knows`,
        { next: "Get the newest memorygraph-migrate." },
      );
    }
    const header = headerOf(value);
    if (header !== null) return header;
    throw new DamagedStoreError(`the header of ${this.#location} is not that of an archive`, {
      next: "Keep the file as it is, and restore another archive.",
    });
  }

  #footer(): Footer | null {
    const length = footerBytesOf(this.#bytes);
    if (length === null) return null;
    const content = this.#content(this.#bytes.size - TRAILER_BYTES - length, length);
    return content === null ? null : footerOf(parsedOrNull(content.toString("utf8")));
  }

  #unfinished(): DamagedStoreError {
    return new DamagedStoreError(`${this.#location} has no end: it was cut off, or is still being written`, {
      next: "Wait for the program that writes it, or restore another archive.",
    });
  }
}

function lost(where: string, { records, kind }: IndexEntry, info: BlockInfo | null) {
  const ids = info?.ids.filter((id) => id !== null) ?? [];
  const examples = [`${where}: ${records} ${kind}s`, ...ids.slice(0, 9)];
  return { kind: "damage" as const, what: UNREADABLE, count: records, examples };
}

function assertBounded({ contentBytes }: Frame): void {
  if (contentBytes === null || contentBytes > MOST_BYTES) throw new FrameError("it says that it holds too much");
}

function linesOf(content: Buffer): string[] {
  const lines = content.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonSyntaxError) return null;
    throw error;
  }
}
