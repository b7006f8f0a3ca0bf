/** Reads an archive: by its index where that is whole, else as far as it goes. */
import { basename } from "node:path";
import { BusyError, DamagedStoreError, NewerFormatError, StoreKindError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { breathe } from "../../support/time.ts";
import type { SchemaItem } from "../description.ts";
import type { FindingLog } from "../findings.ts";
import { BlockReading, linesOf, parsedLine } from "./blocks.ts";
import { type ByteSource, inMemory } from "./bytes.ts";
import {
  blockOf,
  FORMAT,
  type Footer,
  footerOf,
  type Header,
  headerOf,
  type IndexEntry,
  MAJOR,
  schemaItemOf,
} from "./format.ts";
import { contentOf, FrameError, frameAt, MAGIC_BYTES, TRAILER_BYTES, type Trailer, trailerOf } from "./frames.ts";
import { type Part, partsOfFrames, Repacked } from "./unindexed.ts";

/** What an archive says of itself. */
export interface ArchiveFacts {
  /** Null where it is damaged. */
  readonly header: Header | null;
  readonly schema: readonly SchemaItem[];
  /** Null where the end is missing. */
  readonly footer: Footer | null;
}

/** How the records are reached: by the index; frame by frame, where there is none; or as one stream, which others have compressed. */
type Way =
  | { readonly by: "index"; readonly start: number; readonly isSealed: boolean }
  | { readonly by: "frames"; readonly start: number }
  | { readonly by: "stream"; readonly repacked: Repacked };

/** Bytes of records between two moments in which others have their turn. */
const STRETCH = 1 << 20;

/** One archive, opened. The caller closes its bytes. */
export class ArchiveReader {
  readonly facts: ArchiveFacts;
  readonly #bytes: ByteSource;
  readonly #way: Way;

  constructor(bytes: ByteSource, facts: ArchiveFacts, way: Way) {
    this.#bytes = bytes;
    this.facts = facts;
    this.#way = way;
  }

  /** @throws StoreKindError, NewerFormatError, DamagedStoreError, UnsupportedError; BusyError for one that is being written */
  static async open(location: string, bytes: ByteSource, signal?: AbortSignal): Promise<ArchiveReader> {
    const first = firstFrame(bytes);
    const lines = first.content === null ? [] : linesOf(first.content);
    const isOurs = first.content === null || lines.slice(1).every((line) => line.startsWith('{"schema"'));
    if (first.isForeign || !isOurs) return openRepacked(location, bytes, signal);
    const trailer = trailerOf(bytes);
    const footer = trailer === null ? null : indexedFooter(bytes, trailer);
    if (first.content === null && footer === null) assertFrames(location, bytes, first.length);
    const header = first.content === null ? null : headerIn(location, lines[0] ?? "");
    const schema = schemaIn(lines.slice(1));
    const start = footer === null ? null : startOf(footer, trailer!, bytes);
    if (footer !== null && start !== null) {
      const isSealed = isSealedBy(trailer!, bytes, start);
      return new ArchiveReader(bytes, { header, schema, footer }, { by: "index", start, isSealed });
    }
    assertNotUnderWay(location);
    const way = { by: "frames", start: first.length } as const;
    let found: Footer | null = null;
    for (const part of partsOfFrames(bytes, first.length)) if (part.kind === "footer") found = part.footer;
    return new ArchiveReader(bytes, { header, schema, footer: found }, way);
  }

  /** What `read` gives of an archive that is being written: its first blocks. */
  static ofBlocks(bytes: ByteSource, blocks: readonly IndexEntry[]): ArchiveReader {
    const start = frameAt(bytes, 0)!.length;
    const sum = (kind: IndexEntry["kind"]) =>
      blocks.filter((entry) => entry.kind === kind).reduce((total, { records }) => total + records, 0);
    const footer = { nodes: sum("node"), relationships: sum("relationship"), digest: "", blocks: [...blocks] };
    const facts = { header: null, schema: [], footer };
    return new ArchiveReader(bytes, facts, { by: "index", start, isSealed: true });
  }

  /**
   * Records, nodes first.
   * @param findings gets what cannot be read
   * @param withRows left out, each record has the row of its layout; false, where only its contents are compared
   */
  async *read(
    findings: FindingLog,
    signal?: AbortSignal,
    { withRows = true } = {},
  ): AsyncGenerator<readonly GraphRecord[]> {
    const { header } = this.facts;
    let { footer } = this.facts;
    const reading = new BlockReading(findings, withRows);
    let read = 0;
    if (header === null && this.#way.by === "frames") {
      findings.add("damage", "the header of the archive, which is damaged", "at byte 0", "property");
    }
    for await (const part of this.#parts(signal)) {
      signal?.throwIfAborted();
      if (part.kind === "footer") footer = part.footer;
      else {
        const records = reading.records({ entry: null, isIntact: null, ...part });
        if (records.length > 0) yield records;
        read += part.body?.length ?? 0;
      }
      if (read < STRETCH) continue;
      read = 0;
      await breathe();
    }
    this.#unauthentic(findings);
    reading.end({ header, footer, at: `byte ${this.#bytes.placeOf(this.#bytes.size)}` });
    this.#endings(findings, footer);
  }

  async *#parts(
    signal?: AbortSignal,
  ): AsyncGenerator<Part & { readonly entry?: IndexEntry; readonly isIntact?: boolean }> {
    const way = this.#way;
    if (way.by === "frames") yield* partsOfFrames(this.#bytes, way.start);
    else if (way.by === "stream") yield* way.repacked.parts(() => {}, signal);
    else yield* this.#indexed(this.facts.footer!, way.start);
  }

  *#indexed(
    footer: Footer,
    start: number,
  ): Generator<Part & { readonly entry: IndexEntry; readonly isIntact: boolean }> {
    let offset = start;
    for (const [number, entry] of footer.blocks.entries()) {
      const frames = this.#bytes.read(offset, entry.head + entry.body);
      const isIntact = new Bun.CryptoHasher("sha256").update(frames).digest("hex") === entry.sha256;
      const head = contentAt(inMemory(frames), 0, entry.head);
      const info = head === null ? null : blockOf(parsedLine(linesOf(head)[0] ?? ""));
      const body = contentAt(inMemory(frames), entry.head, entry.body);
      yield {
        kind: "block",
        where: `block ${number}, at byte ${this.#bytes.placeOf(offset)}`,
        info,
        body,
        entry,
        isIntact,
      };
      offset += entry.head + entry.body;
    }
  }

  /** Of an encrypted archive, the chunks that cannot be decrypted: the blocks in them are told beside that. */
  #unauthentic(findings: FindingLog): void {
    for (const place of this.#bytes.damaged ?? []) {
      findings.add(
        "damage",
        "a part of the encrypted file that is not what was written",
        `at byte ${place}`,
        "property",
      );
    }
  }

  /** What belongs to no block, and is damaged or missing all the same. */
  #endings(findings: FindingLog, footer: Footer | null): void {
    if (this.#way.by === "index" && !this.#way.isSealed) {
      const where = this.facts.header === null ? "at byte 0" : "at its beginning or end";
      findings.add("damage", "the header or footer of the archive, which is damaged", where, "property");
    }
    if (this.#way.by === "frames" && footer !== null) {
      const what = "the last bytes of the archive, which are damaged or missing; all of its records are there";
      findings.add("damage", what, `before byte ${this.#bytes.placeOf(this.#bytes.size)}`, "property");
    }
    if (this.#way.by === "stream" && this.#way.repacked.isCut && footer !== null) {
      findings.add("damage", "the last bytes of the archive, which are no whole frame", "at its end", "property");
    }
  }
}

interface FirstFrame {
  /** Null where it is damaged. */
  readonly content: Buffer | null;
  readonly length: number;
  /** It is larger than the first frame of an archive, or does not say how large: somebody else has made it. */
  readonly isForeign: boolean;
}

/** The header and the schema are far smaller. */
const MOST_FIRST = 16 << 20;

function firstFrame(bytes: ByteSource): FirstFrame {
  try {
    const frame = frameAt(bytes, 0);
    if (frame === null) return { content: null, length: 0, isForeign: false };
    const isForeign = frame.contentBytes === null || frame.contentBytes > MOST_FIRST;
    if (isForeign) return { content: null, length: frame.length, isForeign };
    return { content: triedContent(bytes, frame), length: frame.length, isForeign };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { content: null, length: 0, isForeign: false };
  }
}

function triedContent(bytes: ByteSource, frame: NonNullable<ReturnType<typeof frameAt>>): Buffer | null {
  try {
    return contentOf(bytes, frame);
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

/** What a frame of that length holds; null where it is damaged. */
function contentAt(bytes: ByteSource, offset: number, length: number): Buffer | null {
  try {
    const frame = frameAt(bytes, offset);
    return frame === null || frame.length !== length ? null : contentOf(bytes, frame);
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

/** The footer where the trailer says that it is; null where it is damaged. */
function indexedFooter(bytes: ByteSource, { footerBytes }: Trailer): Footer | null {
  const content = contentAt(bytes, bytes.size - TRAILER_BYTES - footerBytes, footerBytes);
  return content === null ? null : footerOf(parsedLine(linesOf(content)[0] ?? ""));
}

/** Where the first block begins, by what the footer says of all of them; null where that cannot be. */
function startOf({ blocks }: Footer, { footerBytes }: Trailer, bytes: ByteSource): number | null {
  const others = blocks.reduce((sum, { head, body }) => sum + head + body, 0);
  const start = bytes.size - TRAILER_BYTES - footerBytes - others;
  return start > 0 ? start : null;
}

/** Whether the bytes before and behind the blocks are as they were written. */
function isSealedBy({ footerBytes, hash }: Trailer, bytes: ByteSource, start: number): boolean {
  const found = new Bun.CryptoHasher("sha256").update(bytes.read(0, start));
  const footer = bytes.read(bytes.size - TRAILER_BYTES - footerBytes, footerBytes);
  return Buffer.compare(found.update(footer).digest(), hash) === 0;
}

async function openRepacked(location: string, bytes: ByteSource, signal?: AbortSignal): Promise<ArchiveReader> {
  const repacked = new Repacked(location, bytes);
  const lines: string[] = [];
  let footer: Footer | null = null;
  for await (const part of repacked.parts((line) => lines.push(line), signal)) {
    if (part.kind === "footer") footer = part.footer;
  }
  const header = headerIn(location, lines[0] ?? "");
  return new ArchiveReader(bytes, { header, schema: schemaIn(lines), footer }, { by: "stream", repacked });
}

function schemaIn(lines: readonly string[]): SchemaItem[] {
  return lines.map((line) => schemaItemOf(parsedLine(line))).filter((item) => item !== null) as SchemaItem[];
}

/** @throws StoreKindError, NewerFormatError, DamagedStoreError */
function headerIn(location: string, line: string): Header {
  const value = parsedLine(line) as { format?: unknown; version?: unknown } | null;
  if (value?.format !== FORMAT) {
    throw new StoreKindError(`${location} is compressed with Zstandard, but is no archive of memorygraph-migrate`, {
      next: "Check the path.",
    });
  }
  const [major] = String(value.version).split(".");
  if (Number(major) > MAJOR) {
    throw new NewerFormatError(
      `${location} is an archive of version ${value.version}, which is newer than this release knows`,
      { next: "Get the newest memorygraph-migrate." },
    );
  }
  const header = headerOf(value);
  if (header !== null) return header;
  throw new DamagedStoreError(`the header of ${location} is not that of an archive`, {
    next: "Keep the file as it is, and restore another archive.",
  });
}

/** Of one without header and footer, that there is something to be read at all. @throws DamagedStoreError */
function assertFrames(location: string, bytes: ByteSource, start: number): void {
  assertNotUnderWay(location);
  for (const part of partsOfFrames(bytes, start)) if (part.kind === "block" && part.body !== null) return;
  if (!bytes.read(0, MAGIC_BYTES.length).equals(MAGIC_BYTES)) {
    throw new StoreKindError(`${location} holds no archive of memorygraph-migrate`, { next: "Check the path." });
  }
  throw new DamagedStoreError(`${location} is damaged: neither its header nor its end nor a whole block is left`, {
    next: "Keep the file as it is, and restore another archive.",
  });
}

/** As the temporary name of an archive is made, before it gets its own. */
const UNDER_WAY = /^\..+\.\d+-[0-9a-f]{8}\.tmp$/;

function assertNotUnderWay(location: string): void {
  if (!UNDER_WAY.test(basename(location))) return;
  throw new BusyError(`${location} has no end: it is still being written, or was left by a run that was stopped`, {
    next: "Wait until it has its own name; `memorygraph-migrate runs` lists the runs that were stopped.",
  });
}
