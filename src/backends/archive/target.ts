/** An archive that is being made. */
import { DamagedStoreError, RefusedError, WriteError } from "../../errors.ts";
import type { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { respell } from "../../memorygraph/spelling.ts";
import { Summary } from "../../memorygraph/summary.ts";
import { stateOf } from "../../support/stability.ts";
import { VERSION } from "../../version.ts";
import type { SummaryOptions, WriteRequest } from "../backend.ts";
import type { FileWriter, Making } from "../file/written-once-target.ts";
import { AgeError, AgeSink } from "./age.ts";
import { type ByteSource, FileBytes } from "./bytes.ts";
import { FORMAT, type Header, MAJOR, MINOR } from "./format.ts";
import { lockOf } from "./keys.ts";
import { openArchive } from "./opening.ts";
import { pressingThreads } from "./presses.ts";
import type { ArchiveFacts } from "./reader.ts";
import { isAsWritten } from "./seal.ts";
import { type ByteSink, FileSink } from "./sink.ts";
import { ArchiveSource } from "./source.ts";
import { ArchiveWriter, TooLongError, type Written } from "./writer.ts";

/** What is written into a new archive. */
export class ArchiveContents implements FileWriter {
  readonly #making: Making;
  readonly #sink: ByteSink;
  readonly #writer: ArchiveWriter;
  #written: Written | null = null;

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

  get threads(): number {
    return pressingThreads();
  }

  ready(): Promise<void> {
    return this.#writer.ready();
  }

  async end(written?: ContentDigest): Promise<void> {
    this.#written = await this.#writer.end(written?.toString());
  }

  abandon(): void {
    this.#writer.abandon();
  }

  async open(): Promise<ArchiveSource> {
    const { path, file, request } = this.#making;
    const bytes = this.#readBack();
    try {
      const reader = await openArchive(path, bytes);
      return new ArchiveSource({ path, file, state: stateOf(file), bytes, reader, withRows: false }, request.signal);
    } catch (error) {
      bytes.close();
      throw error;
    }
  }

  /**
   * Every record was read back out of its frames before these were written. That the file has exactly these frames, read anew and
   * from its beginning to its end, proves the rest; where it has others, its records are read once more.
   */
  summarise({ each, fingerprints, release }: SummaryOptions): Promise<Summary> | null {
    const written = this.#written;
    if (written === null || fingerprints !== undefined || release !== undefined) return null;
    return this.#summarise(written, each ?? (() => {}));
  }

  async #summarise(written: Written, each: (records: number) => void): Promise<Summary> {
    const bytes = this.#readBack();
    try {
      if (isAsWritten(bytes, written, each)) return written.summary;
    } finally {
      bytes.close();
    }
    const source = await this.open();
    try {
      return await summaryOf(source.read());
    } finally {
      await source.close();
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

async function summaryOf(batches: AsyncIterable<readonly GraphRecord[]>): Promise<Summary> {
  const summary = new Summary();
  for await (const batch of batches) for (const record of batch) summary.add(record);
  return summary;
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
