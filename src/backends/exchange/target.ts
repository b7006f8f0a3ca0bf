/** An export that is being made: under a temporary name, read back, and given its own name in the end. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RefusedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import type { JournalFile } from "../../journal/journal-file.ts";
import type { Release } from "../../memorygraph/releases.ts";
import { shellQuote } from "../../support/shell.ts";
import { breathe } from "../../support/time.ts";
import type { StagedTarget, WriteReport, WriteRequest } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { onFile } from "../file/errors.ts";
import { assertNewName, assertWritableFolder } from "../file/place.ts";
import { type Purpose, StagedFile } from "../file/staging.ts";
import { notThatKind, recognise } from "../recognise.ts";
import { emptyReport } from "../report.ts";
import { jsonDescriptor } from "./descriptor.ts";
import { ExportFitting } from "./fitting.ts";
import { sourceOfOwn } from "./source.ts";
import { ExportWriter } from "./writer.ts";

/** What the file is written for: a run, or the rollback of one. */
interface Writing {
  readonly purpose: Purpose;
  readonly journal: JournalFile | null;
  readonly state: string | null;
}

export class ExportTarget implements StagedTarget {
  readonly kind = "staged";
  readonly fitting: ExportFitting;
  readonly before: StoreDescription;
  readonly identity: string;
  readonly release: Release;
  readonly report: WriteReport;
  readonly #path: string;
  readonly #staged: StagedFile;
  readonly #writer: ExportWriter;
  readonly #signal: AbortSignal | undefined;
  #state: "open" | "written" | "ended" = "open";
  #findings: readonly Finding[] = [];

  private constructor(path: string, request: WriteRequest, staged: StagedFile) {
    this.#path = path;
    this.#signal = request.signal;
    this.release = request.release ?? request.fallbackRelease;
    this.report = emptyReport(this.release);
    this.fitting = new ExportFitting(request, this.report);
    this.before = describeNew(path);
    this.identity = placeOf(path);
    this.#staged = staged;
    this.#writer = new ExportWriter(staged.file);
  }

  /** @throws the system's error, as one of errors.ts */
  static begin(path: string, request: WriteRequest, writing: Writing): Promise<ExportTarget> {
    return onFile(path, () => {
      const staged = new StagedFile({ path, file: placeOf(path) }, { ...writing, suffixes: [] });
      try {
        return new ExportTarget(path, request, staged);
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
      await breathe();
    });
  }

  /** Nothing stands there that could be replaced. */
  async replace(batch: readonly GraphRecord[]): Promise<void> {
    if (batch.length > 0) throw writtenOnce(this.#path);
  }

  finish(): Promise<void> {
    return onFile(this.#path, () => {
      this.#writer.end();
      this.#state = "written";
    });
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = [];
    if (this.#state === "open") return;
    const source = sourceOfOwn(this.#path, this.#staged.file, this.#signal);
    try {
      yield* source.read();
      this.#findings = source.findings();
    } finally {
      await source.close();
    }
  }

  bulkCopyFrom(): null {
    return null;
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings;
  }

  async describe(): Promise<StoreDescription> {
    const source = sourceOfOwn(this.#path, this.#staged.file, this.#signal);
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

  #end(): void {
    if (this.#state === "open") this.#writer.abandon();
    this.#state = "ended";
  }
}

/** Absolute, links of its folder followed. */
function placeOf(path: string): string {
  return join(realpathSync(dirname(resolve(path))), basename(path));
}

export function describeNew(path: string): StoreDescription {
  return {
    ...{ backend: jsonDescriptor.type, location: path, engine: "MemoryGraph export 2.0", layout: "new" },
    ...{ release: null, readableBy: [], bytes: null, nodes: 0, relationships: 0, indexes: [], findings: [] },
  };
}

/**
 * That an export can be made there: nothing is, or a file without contents.
 * @throws RefusedError for one that is there, which is never written to again; StoreKindError, AccessError
 */
export function assertFree(path: string): void {
  const found = recognise(path);
  if (found.type === jsonDescriptor.type) throw writtenOnce(path);
  if (found.kind === "nothing") assertNewName(path);
  else if (found.kind !== "empty file") throw notThatKind(path, found, jsonDescriptor.type);
  else assertWritableFolder(dirname(resolve(path)));
}

function writtenOnce(path: string): RefusedError {
  return new RefusedError(`${path} is a JSON file with memories already, and such files are never written to again`, {
    next: `Choose another name, or remove it first: rm ${shellQuote(path)}`,
  });
}
