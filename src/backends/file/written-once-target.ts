/** A file or folder that is made by one run: under a temporary name, read back, and given its own name in the end. */
import { readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RefusedError } from "../../errors.ts";
import type { ContentDigest } from "../../graph/digest.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Release } from "../../memorygraph/releases.ts";
import type { Summary } from "../../memorygraph/summary.ts";
import { removeCommand, removeFolderCommand } from "../../support/shell.ts";
import { breathe } from "../../support/time.ts";
import type { OpenOptions, SourceStore, StagedTarget, SummaryOptions, WriteReport, WriteRequest } from "../backend.ts";
import type { BackendConfig, BackendType } from "../config.ts";
import type { Finding, StoreDescription } from "../description.ts";
import type { Fitting } from "../fitting.ts";
import { type Found, notThatKind, recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { onFile } from "./errors.ts";
import { assertNewName, assertWritableFolder, pathOf } from "./place.ts";
import { type Purpose, StagedFile } from "./staging.ts";

/** What a format brings whose files are made by one run and never written to again. */
export interface WrittenOnceFormat<Source extends SourceStore = SourceStore> {
  readonly type: BackendType;
  /** A file of it, as messages call one: "an archive". */
  readonly called: string;
  /** What a new file will be, as its description says. */
  readonly engine: string;
  /** It is a folder: its writer makes the files in it, and has them on the disk in the end. */
  readonly isFolder?: true;
  /** Of files that stand beside the temporary one while it is written; absent for none. */
  readonly suffixes?: readonly string[];
  /** @throws UsageError, AccessError where nothing can be made as the configuration says; absent where every one does */
  assertUsable?(config: BackendConfig): void;
  /** Null where everything can be held. */
  fitting(request: WriteRequest, report: WriteReport): Fitting | null;
  begin(making: Making<Source>): FileWriter | Promise<FileWriter>;
  openSource(config: BackendConfig, options: OpenOptions): Promise<Source>;
}

/** What is to be made, and of what. */
export interface Making<Source extends SourceStore = SourceStore> {
  /** As messages name it. */
  readonly path: string;
  /** The temporary file or folder: empty. */
  readonly file: string;
  readonly config: BackendConfig;
  readonly request: WriteRequest;
  readonly report: WriteReport;
  /** The file that this one takes the place of in a rollback; null in a run. */
  readonly former: Source | null;
}

/** What is written so far. One of `end` and `abandon` comes last of all writing. */
export interface FileWriter {
  /** First nodes, then relationships, each as it was fitted. @throws the system's error */
  add(record: GraphRecord): void;
  /** Resolves when more can come; absent where that is always so. @throws the system's error */
  ready?(): Promise<void>;
  /** As of StagedTarget; absent where it has none. */
  readonly threads?: number;
  /** @param written as of TargetSession.finish. @throws the system's error */
  end(written?: ContentDigest): void | Promise<void>;
  abandon(): void;
  /** After `end`: the file as it is. */
  open(): SourceStore | Promise<SourceStore>;
  /** As of SourceStore, after `end`; absent where it has to be read for that. */
  summarise?(options: SummaryOptions): Promise<Summary> | null;
}

/** What the file is written for: a run, or the rollback of one. */
interface Writing<Source extends SourceStore> {
  readonly purpose: Purpose;
  readonly journal: JournalFile | null;
  /** Of what has its name, as stateOf gives it. */
  readonly state: string | null;
  readonly former: Source | null;
}

export class WrittenOnceTarget implements StagedTarget {
  readonly kind = "staged";
  readonly fitting: Fitting | null;
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport;
  readonly #path: string;
  readonly #alreadyThere: () => RefusedError;
  readonly #staged: StagedFile;
  readonly #writer: FileWriter;
  readonly #signal: AbortSignal | undefined;
  #state: "open" | "written" | "ended" = "open";
  #findings: readonly Finding[] = [];

  private constructor(
    format: WrittenOnceFormat,
    { path, request, report }: Making,
    staged: StagedFile,
    writer: FileWriter,
  ) {
    this.#path = path;
    this.#alreadyThere = () => alreadyThere(path, format);
    this.#signal = request.signal;
    this.release = releaseOf(request);
    this.report = report;
    this.fitting = format.fitting(request, report);
    this.before = describeNew(path, format);
    this.identity = placeOf(path);
    this.#staged = staged;
    this.#writer = writer;
  }

  /** @throws what the format throws; the system's error, as one of errors.ts */
  static begin<Source extends SourceStore>(
    format: WrittenOnceFormat<Source>,
    config: BackendConfig,
    request: WriteRequest,
    { former, ...writing }: Writing<Source>,
  ): Promise<WrittenOnceTarget> {
    const path = pathOf(config);
    return onFile(path, async () => {
      const place = { path, file: placeOf(path), isFolder: format.isFolder === true };
      const staged = new StagedFile(place, { ...writing, suffixes: format.suffixes ?? [] });
      try {
        const report = emptyReport(releaseOf(request));
        const making = { path, file: staged.file, config, request, report, former };
        return new WrittenOnceTarget(format, making, staged, await format.begin(making));
      } catch (error) {
        staged.discard();
        throw error;
      }
    });
  }

  write(batch: readonly GraphRecord[]): Promise<void> {
    return onFile(this.#path, async () => {
      this.#signal?.throwIfAborted();
      for (const record of batch) this.#writer.add(record);
      await this.#writer.ready?.();
      await breathe();
    });
  }

  /** Nothing stands there that could be replaced. */
  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length > 0) throw this.#alreadyThere();
  }

  finish(written?: ContentDigest): Promise<void> {
    return onFile(this.#path, async () => {
      await this.#writer.end(written);
      this.#state = "written";
    });
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = [];
    if (this.#state === "open") return;
    const source = await this.#reopened();
    try {
      yield* source.read();
      this.#findings = source.findings();
    } finally {
      await source.close();
    }
  }

  get threads(): number {
    return this.#writer.threads ?? 0;
  }

  bulkCopyFrom(): null {
    return null;
  }

  summarise(options: SummaryOptions = {}): Promise<Summary> | null {
    const summary = this.#writer.summarise?.(options) ?? null;
    return summary === null ? null : onFile(this.#path, () => summary);
  }

  findings(): readonly Finding[] {
    return this.#findings;
  }

  async describe(): Promise<StoreDescription> {
    const source = await this.#reopened();
    try {
      return await source.describe("counts");
    } finally {
      await source.close();
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

  #reopened(): Promise<SourceStore> {
    return onFile(this.#path, () => this.#writer.open());
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

export function releaseOf({ release, fallbackRelease }: WriteRequest): Release {
  return release ?? fallbackRelease;
}

export function describeNew(path: string, { type, engine }: WrittenOnceFormat): StoreDescription {
  return {
    ...{ backend: type, location: path, engine, layout: "new", release: null, readableBy: [] },
    ...{ bytes: null, nodes: 0, relationships: 0, indexes: [], findings: [] },
  };
}

/**
 * That a file can be made there: nothing is, or a file without contents; for a folder, one with nothing in it.
 * @throws RefusedError for one that is there, which is never written to again; StoreKindError, AccessError
 */
export function assertFree(path: string, format: WrittenOnceFormat): void {
  const found = recognise(path);
  if (found.type === format.type) throw alreadyThere(path, format);
  const isEmpty = format.isFolder === true ? isEmptyFolder : isEmptyFile;
  if (found.kind === "nothing") assertNewName(path);
  else if (!isEmpty(path, found)) throw notThatKind(path, found, format.type);
  else assertWritableFolder(dirname(resolve(path)));
}

function isEmptyFile(_: string, { kind }: Found): boolean {
  return kind === "empty file";
}

/** @throws RefusedError for a folder with something in it */
function isEmptyFolder(path: string, { form }: Found): boolean {
  if (form !== "directory") return false;
  if (readdirSync(path).length === 0) return true;
  throw new RefusedError(
    `${path} is a folder with something in it, and nothing is written among what others have there`,
    {
      next: `Name a folder that does not exist yet, such as ${join(path, "memories")}, or an empty one.`,
    },
  );
}

function alreadyThere(path: string, { called, isFolder }: WrittenOnceFormat): RefusedError {
  const what = isFolder === true ? "folders" : "files";
  return new RefusedError(`${path} is ${called} already, and such ${what} are never written to again`, {
    next: `Choose another name, or remove it first: ${isFolder === true ? removeFolderCommand(path) : removeCommand(path)}`,
  });
}
