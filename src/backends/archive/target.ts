/** An archive that is being made: under a temporary name, read back, and given its own name in the end. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RefusedError, WriteError } from "../../errors.ts";
import type { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import { digestOf } from "../../memorygraph/canonicalizer.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { respell } from "../../memorygraph/spelling.ts";
import { shellQuote } from "../../support/shell.ts";
import { breathe } from "../../support/time.ts";
import { VERSION } from "../../version.ts";
import type { StagedTarget, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { onFile } from "../file/errors.ts";
import { assertNewName, assertWritableFolder } from "../file/place.ts";
import { type Purpose, StagedFile } from "../file/staging.ts";
import { FindingLog } from "../findings.ts";
import { notThatKind, recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { AgeError, AgeSink, type Lock } from "./age.ts";
import { type ByteSource, FileBytes } from "./bytes.ts";
import { FORMAT, type Header, MAJOR, MINOR } from "./format.ts";
import { ArchiveReader } from "./reader.ts";
import { describeArchive } from "./source.ts";
import { ArchiveWriter, type ByteSink, FileSink, TooLongError } from "./writer.ts";

/** What an archive is written for: by a run, or by the rollback of one. */
interface Writing {
  readonly purpose: Purpose;
  readonly journal: JournalFile | null;
  readonly state: string | null;
  readonly header: Header;
  readonly schema: WriteRequest["schema"];
  /** Null for a plain archive. */
  readonly lock: Lock | null;
}

export class ArchiveTarget implements StagedTarget {
  readonly kind = "staged";
  readonly fitting = null;
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport;
  readonly #path: string;
  readonly #staged: StagedFile;
  readonly #sink: ByteSink;
  readonly #writer: ArchiveWriter;
  readonly #signal: AbortSignal | undefined;
  /** Only where somebody asked for a release: else every text stays as the source has it. */
  readonly #spelledFor: Release | null;
  #state: "open" | "written" | "ended" = "open";
  #findings = new FindingLog();

  private constructor(path: string, request: WriteRequest, staged: StagedFile, sink: ByteSink, writer: ArchiveWriter) {
    this.#path = path;
    this.#signal = request.signal;
    this.#spelledFor = request.release;
    this.release = request.release ?? request.fallbackRelease;
    this.report = emptyReport(this.release);
    this.before = describeNew(path);
    this.identity = placeOf(path);
    this.#staged = staged;
    this.#sink = sink;
    this.#writer = writer;
  }

  /** @throws UsageError for what is no recipient; the system's error, as one of errors.ts */
  static begin(path: string, request: WriteRequest, writing: Writing): Promise<ArchiveTarget> {
    return onFile(path, async () => {
      const { purpose, journal, state, lock } = writing;
      const staged = new StagedFile({ path, file: placeOf(path) }, { purpose, journal, state, suffixes: [] });
      try {
        const file = new FileSink(staged.file);
        const sink = lock === null ? file : await AgeSink.begin(file, lock);
        const writer = new ArchiveWriter(sink);
        writer.begin(writing.header, writing.schema ?? []);
        return new ArchiveTarget(path, request, staged, sink, writer);
      } catch (error) {
        staged.discard();
        throw error;
      }
    });
  }

  write(batch: readonly GraphRecord[]): Promise<void> {
    return onFile(this.#path, async () => {
      this.#signal?.throwIfAborted();
      for (const record of batch) this.#add(record);
      await breathe();
    });
  }

  /** Nothing stands there that could be replaced. */
  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length > 0) throw writtenOnce(this.#path);
  }

  async finish(written?: ContentDigest): Promise<void> {
    await onFile(this.#path, async () => {
      this.#writer.flush();
      const digest = written ?? (await this.#digest());
      this.#writer.end(digest.toString());
      this.#state = "written";
    });
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    if (this.#state === "open") return;
    const bytes = this.#readBack();
    try {
      yield* (await ArchiveReader.open(this.#path, bytes)).read(this.#findings, this.#signal, { withRows: false });
    } finally {
      bytes.close();
    }
  }

  bulkCopyFrom(): null {
    return null;
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async describe(): Promise<StoreDescription> {
    const bytes = this.#readBack();
    try {
      return describeArchive(this.#path, bytes.size, (await ArchiveReader.open(this.#path, bytes)).facts);
    } finally {
      bytes.close();
    }
  }

  async commit(): Promise<void> {
    this.#end();
    await onFile(this.#path, () => this.#staged.publish());
  }

  async rollback(): Promise<void> {
    this.#end();
    this.#staged.discard();
  }

  async preserve(): Promise<string> {
    this.#end();
    return this.#staged.preserve();
  }

  #add(record: GraphRecord): void {
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

  #spelled(record: GraphRecord): GraphRecord {
    if (this.#spelledFor === null) return record;
    const spelled = respell(record, this.#spelledFor);
    this.report.respelled += spelled.respelled;
    return spelled.record;
  }

  /** Where nobody has taken it meanwhile. */
  async #digest(): Promise<ContentDigest> {
    const bytes = this.#readBack();
    try {
      const reader = ArchiveReader.ofBlocks(bytes, this.#writer.blocks);
      return await digestOf(reader.read(new FindingLog(), this.#signal, { withRows: false }));
    } finally {
      bytes.close();
    }
  }

  /** @throws the system's error */
  #readBack(): ByteSource {
    const file = new FileBytes(this.#staged.file);
    try {
      return this.#sink.reading(file);
    } catch (cause) {
      file.close();
      if (!(cause instanceof AgeError)) throw cause;
      throw new WriteError(`the header of ${this.#path} is not what was written`, {
        next: "Check the disk, then run the same command again.",
        cause,
      });
    }
  }

  #end(): void {
    if (this.#state === "open") this.#writer.abandon();
    this.#state = "ended";
  }
}

/** Absolute, links of its folder followed. */
function placeOf(path: string): string {
  return join(realpathSync(dirname(resolve(path))), basename(path));
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

export function describeNew(path: string): StoreDescription {
  return {
    ...{ backend: "archive", location: path, engine: "archive", layout: "new", release: null, readableBy: [] },
    ...{ bytes: null, nodes: 0, relationships: 0, indexes: [], findings: [] },
  };
}

/**
 * That an archive can be made there: nothing is, or a file without contents.
 * @throws RefusedError for an archive, which is never written to again; StoreKindError, AccessError
 */
export function assertFree(path: string): void {
  const found = recognise(path);
  if (found.type === "archive") throw writtenOnce(path);
  if (found.kind === "nothing") assertNewName(path);
  else if (found.kind !== "empty file") throw notThatKind(path, found, "archive");
  else assertWritableFolder(dirname(resolve(path)));
}

function writtenOnce(path: string): RefusedError {
  return new RefusedError(`${path} is an archive already, and archives are never written to again`, {
    next: `Choose another name, or remove it first: rm ${shellQuote(path)}`,
  });
}
