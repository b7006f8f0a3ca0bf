/** Finds out how an archive can be read: by its index, frame by frame, or as one stream; and what it says of itself. */
import { basename } from "node:path";
import { BusyError, DamagedStoreError, NewerFormatError, StoreKindError } from "../../errors.ts";
import type { SchemaItem } from "../description.ts";
import { linesOf, parsedLine } from "./blocks.ts";
import type { ByteSource } from "./bytes.ts";
import { FORMAT, type Footer, type Header, headerOf, MAJOR, schemaItemOf } from "./format.ts";
import { contentOf, type Frame, FrameError, frameAt, MAGIC_BYTES, trailerOf } from "./frames.ts";
import { ArchiveReader } from "./reader.ts";
import { indexedFooter, isSealedBy, startOf } from "./seal.ts";
import { partsOfFrames, Repacked } from "./unindexed.ts";

/**
 * @param location as messages name it
 * @throws StoreKindError, NewerFormatError, DamagedStoreError, UnsupportedError; BusyError for one that is being written
 */
export async function openArchive(location: string, bytes: ByteSource, signal?: AbortSignal): Promise<ArchiveReader> {
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

function triedContent(bytes: ByteSource, frame: Frame): Buffer | null {
  try {
    return contentOf(bytes, frame);
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
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
