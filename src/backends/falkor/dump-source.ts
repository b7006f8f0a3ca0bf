/** A dump as a source: in place where nobody writes to it, else, or when asked to, from a private copy. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { MigrateError, SourceChangedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { remove } from "../../support/files.ts";
import { copyStill, isQuiescent, stateOf } from "../../support/stability.ts";
import { sleep } from "../../support/time.ts";
import type { OpenOptions, SharedIds, SourceStore } from "../backend.ts";
import type { Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { readRecords, sharedIdsOf } from "../graph-store/reader.ts";
import { accessError } from "../recognise.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type DumpOrigin, describeDump } from "./describe-dump.ts";
import { assertGraph, type OpenDump, openDump, stillWriting } from "./open-dump.ts";

const ATTEMPTS = 20;

/** What a source is read from. */
interface Reading {
  readonly dump: OpenDump;
  /** Null for a copy, which nobody changes. */
  readonly watched: { readonly file: string; readonly state: string | null } | null;
  /** Ours, to be removed in the end. */
  readonly folder: string | null;
}

/** A dump at rest, or a private copy of it, opened for reading. */
export class DumpSource implements SourceStore {
  readonly #origin: DumpOrigin;
  readonly #reading: Reading;
  readonly #signal: AbortSignal | undefined;
  /** Whether what stands beside the dump still allows to take it for the whole store. */
  readonly #checkBeside: (() => void) | null;
  #findings = new FindingLog();

  private constructor(
    origin: DumpOrigin,
    reading: Reading,
    signal: AbortSignal | undefined,
    checkBeside: (() => void) | null,
  ) {
    this.#origin = origin;
    this.#reading = reading;
    this.#signal = signal;
    this.#checkBeside = checkBeside;
  }

  /**
   * @param checkBeside asked once more when all has been read
   * @throws StoreKindError, DamagedStoreError, RefusedError, AccessError, BusyError
   */
  static async open(
    origin: DumpOrigin,
    file: string,
    { isolate = false, signal }: OpenOptions,
    checkBeside: (() => void) | null = null,
  ): Promise<DumpSource> {
    try {
      const real = realpathSync(file);
      // Taken before anything is read: whoever begins to write afterwards changes it.
      const state = stateOf(real);
      if (isolate || !(await isQuiescent(real))) return await DumpSource.#ofCopy(origin, real, signal, checkBeside);
      const dump = await openDump({ ...origin, file: real, signal });
      return DumpSource.#over(origin, { dump, watched: { file: real, state }, folder: null }, signal, checkBeside);
    } catch (error) {
      throw translate(origin, error);
    }
  }

  /** Of a file in a folder of ours, which goes away with the source. */
  static async ofOwn(
    origin: DumpOrigin,
    folder: string,
    file: string,
    signal?: AbortSignal,
    checkBeside: (() => void) | null = null,
  ): Promise<DumpSource> {
    try {
      const dump = await openDump({ ...origin, file, signal });
      return DumpSource.#over(origin, { dump, watched: null, folder }, signal, checkBeside);
    } catch (error) {
      remove(folder);
      throw translate(origin, error);
    }
  }

  static async #ofCopy(
    origin: DumpOrigin,
    real: string,
    signal: AbortSignal | undefined,
    checkBeside: (() => void) | null,
  ): Promise<DumpSource> {
    const folder = temporaryFolder();
    const copy = join(folder, "dump.rdb");
    try {
      for (let attempt = 0; !copyStill(real, copy); attempt++) {
        signal?.throwIfAborted();
        if (attempt === ATTEMPTS) throw stillWriting(origin.location);
        await sleep(50 + 20 * attempt);
      }
    } catch (error) {
      remove(folder);
      throw error;
    }
    return DumpSource.ofOwn(origin, folder, copy, signal, checkBeside);
  }

  static #over(
    origin: DumpOrigin,
    reading: Reading,
    signal: AbortSignal | undefined,
    checkBeside: (() => void) | null,
  ): DumpSource {
    const source = new DumpSource(origin, reading, signal, checkBeside);
    try {
      assertGraph(reading.dump, { ...origin, file: origin.location }, origin.form !== null, origin.side);
      return source;
    } catch (error) {
      source.#end();
      throw error;
    }
  }

  describe(): Promise<StoreDescription> {
    return describeDump(this.#reading.dump, this.#origin);
  }

  sharedIds(): Promise<SharedIds> {
    return sharedIdsOf(this.#reading.dump.store);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    yield* readRecords(this.#reading.dump.store, this.#findings, this.#signal);
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return [...this.#findings.list(), ...this.#reading.dump.store.findings()];
  }

  async assertUnchanged(): Promise<void> {
    const { watched } = this.#reading;
    if (watched === null || stateOf(watched.file) === watched.state) {
      this.#checkBeside?.();
      return;
    }
    throw new SourceChangedError(`${this.#origin.location} changed while it was read`, {
      next: "Close the application that writes to it, and run the same command again. The target was not changed.",
    });
  }

  async close(): Promise<void> {
    this.#end();
  }

  #end(): void {
    const { dump, folder } = this.#reading;
    dump[Symbol.dispose]();
    if (folder !== null) remove(folder);
  }
}

function translate({ location }: DumpOrigin, error: unknown): unknown {
  if (error instanceof MigrateError) return error;
  return error instanceof Error && "syscall" in error ? accessError(location, error) : error;
}
