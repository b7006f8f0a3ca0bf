/** An archive that is being made. */
import { DamagedStoreError, RefusedError, WriteError } from "../../errors.ts";
import type { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import { respell } from "../../memorygraph/spelling.ts";
import { stateOf } from "../../support/stability.ts";
import { VERSION } from "../../version.ts";
import type { WriteRequest } from "../backend.ts";
import type { FileWriter, Making } from "../file/written-once-target.ts";
import { FindingLog } from "../findings.ts";
import { AgeError, AgeSink } from "./age.ts";
import { type ByteSource, FileBytes } from "./bytes.ts";
import { FORMAT, type Header, MAJOR, MINOR } from "./format.ts";
import { lockOf } from "./keys.ts";
import { type ArchiveFacts, ArchiveReader } from "./reader.ts";
import { ArchiveSource } from "./source.ts";
import { ArchiveWriter, type ByteSink, FileSink, TooLongError } from "./writer.ts";

/** What is written into a new archive. */
export class ArchiveContents implements FileWriter {
  readonly #making: Making;
  readonly #sink: ByteSink;
  readonly #writer: ArchiveWriter;

  private constructor(making: Making, sink: ByteSink, writer: ArchiveWriter) {
    this.#making = making;
    this.#sink = sink;
    this.#writer = writer;
  }

  /** @throws UsageError for what is no recipient; DamagedStoreError for an old one without its header; the system's error */
  static async begin(making: Making<ArchiveSource>): Promise<ArchiveContents> {
    const { header, schema } = firstLines(making);
    const lock = lockOf(making.config);
    const file = new FileSink(making.file);
    const sink = lock === null ? file : await AgeSink.begin(file, lock);
    const writer = new ArchiveWriter(sink);
    writer.begin(header, schema);
    return new ArchiveContents(making, sink, writer);
  }

  /** @throws RefusedError for a record that is too long */
  add(record: GraphRecord): void {
    try {
      this.#writer.add(this.#spelled(record));
    } catch (cause) {
      if (!(cause instanceof TooLongError)) throw cause;
      throw new RefusedError(`a ${record.kind} is longer than an archive can hold (256 MiB): ${cause.message}`, {
        next: "Shorten it in the source first, or migrate it into another kind of store.",
        cause,
      });
    }
  }

  async end(written?: ContentDigest): Promise<void> {
    this.#writer.flush();
    const digest = written ?? (await this.#digest());
    this.#writer.end(digest.toString());
  }

  abandon(): void {
    this.#writer.abandon();
  }

  async open(): Promise<ArchiveSource> {
    const { path, file, request } = this.#making;
    const bytes = this.#readBack();
    try {
      const reader = await ArchiveReader.open(path, bytes);
      return new ArchiveSource({ path, file, state: stateOf(file), bytes, reader, withRows: false }, request.signal);
    } catch (error) {
      bytes.close();
      throw error;
    }
  }

  /** Only where somebody asked for a release: else every text stays as the source has it. */
  #spelled(record: GraphRecord): GraphRecord {
    const { request, report } = this.#making;
    if (request.release === null) return record;
    const spelled = respell(record, request.release);
    report.respelled += spelled.respelled;
    return spelled.record;
  }

  /** Where nobody has taken it meanwhile. */
  async #digest(): Promise<ContentDigest> {
    const bytes = this.#readBack();
    try {
      const reader = ArchiveReader.ofBlocks(bytes, this.#writer.blocks);
      return await digestOf(reader.read(new FindingLog(), this.#making.request.signal, { withRows: false }));
    } finally {
      bytes.close();
    }
  }

  /** @throws the system's error */
  #readBack(): ByteSource {
    const file = new FileBytes(this.#making.file);
    try {
      return this.#sink.reading(file);
    } catch (cause) {
      file.close();
      if (!(cause instanceof AgeError)) throw cause;
      throw new WriteError(`the header of ${this.#making.path} is not what was written`, {
        next: "Check the disk, then run the same command again.",
        cause,
      });
    }
  }
}

/** Of one that takes another's place, those of that one. */
function firstLines({
  path,
  request,
  former,
}: Making<ArchiveSource>): Pick<ArchiveFacts, "schema"> & { header: Header } {
  if (former === null) return { header: headerFor(request), schema: request.schema ?? [] };
  const { header, schema } = former.facts;
  if (header !== null) return { header, schema: header.schema === null ? [] : schema };
  throw new DamagedStoreError(`the header of ${path} is damaged`, { next: "Restore another archive." });
}

/** The header of an archive that is made now. */
export function headerFor({ release, source, schema }: WriteRequest): Header {
  return {
    format: FORMAT,
    version: `${MAJOR}.${MINOR}`,
    created: new Date().toISOString(),
    by: `memorygraph-migrate ${VERSION}`,
    spelledFor: release,
    source:
      source === undefined
        ? null
        : {
            kind: source.backend,
            engine: source.engine,
            layout: source.layout,
            release: source.release,
            nodes: source.nodes,
            relationships: source.relationships,
          },
    schema: schema === undefined ? null : schema.length,
  };
}
