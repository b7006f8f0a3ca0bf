/** Files of exchange formats that are read. */
import { closeSync, openSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { BusyError, SourceChangedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { remove, whenFree } from "../../support/files.ts";
import { copyStill, isQuiescent, stateOf } from "../../support/stability.ts";
import { sleep } from "../../support/time.ts";
import type { OpenOptions, SharedIds, SourceStore } from "../backend.ts";
import type { BackendType } from "../config.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { releasesOf } from "../graph-store/describe.ts";
import { readRecords, sharedIdsOf } from "../graph-store/reader.ts";
import { accessError, notThatKind, recognise } from "../recognise.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { Format } from "./format.ts";
import { ExchangeRecords } from "./records.ts";

const COPY = "copy";
const SAMPLE = 1_000;
const ATTEMPTS = 20;

/**
 * @param type of the format
 * @param formatOf given when the file was last written (ISO 8601)
 * @throws StoreKindError, AccessError, BusyError
 */
export async function openSource(
  path: string,
  type: BackendType,
  formatOf: (written: string) => Format,
  { isolate = false, signal }: OpenOptions = {},
): Promise<ExchangeSource> {
  const found = recognise(path);
  if (found.type !== type) throw notThatKind(path, found, type);
  try {
    const real = realpathSync(path);
    const state = stateOf(real);
    const copied = isolate || !(await isQuiescent(real));
    const folder = copied ? await copyOf(real, path, signal) : null;
    const written = new Date(Number(statSync(real).mtimeMs)).toISOString();
    const file = whenFree(() => openSync(folder === null ? real : join(folder, COPY), "r"));
    const reading = { file, folder, watched: copied ? null : { real, state } };
    return new ExchangeSource(path, reading, formatOf(written), signal);
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? accessError(path, error) : error;
  }
}

async function copyOf(real: string, path: string, signal: AbortSignal | undefined): Promise<string> {
  const folder = temporaryFolder();
  try {
    for (let attempt = 0; !copyStill(real, join(folder, COPY)); attempt++) {
      signal?.throwIfAborted();
      if (attempt === ATTEMPTS) {
        throw new BusyError(`${path} keeps changing; could not copy a consistent state of it`, {
          next: "Close the application that writes to it, and run the same command again.",
        });
      }
      await sleep(50 + 20 * attempt);
    }
    return folder;
  } catch (error) {
    remove(folder);
    throw error;
  }
}

/** What a source is read from: the file itself, watched, or a private copy in a folder of ours. */
interface Reading {
  readonly file: number;
  readonly folder: string | null;
  readonly watched: { readonly real: string; readonly state: string | null } | null;
}

/** The file as it is, which nobody else has: one that is being written. @throws the system's error */
export function sourceOfOwn(
  path: string,
  file: string,
  format: Format,
  signal: AbortSignal | undefined,
): ExchangeSource {
  const watched = { real: file, state: stateOf(file) };
  return new ExchangeSource(path, { file: openSync(file, "r"), folder: null, watched }, format, signal);
}

export class ExchangeSource implements SourceStore {
  readonly #path: string;
  readonly #reading: Reading;
  readonly #format: Format;
  readonly #records: ExchangeRecords;
  readonly #signal: AbortSignal | undefined;
  #findings = new FindingLog();

  constructor(path: string, reading: Reading, format: Format, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#reading = reading;
    this.#format = format;
    this.#records = new ExchangeRecords(reading.file, format);
    this.#signal = signal;
  }

  async describe(_depth: DescriptionDepth): Promise<StoreDescription> {
    const survey = await this.#records.survey(this.#signal);
    const { nodes, relationships } = survey;
    const { release } = releasesOf(await this.#records.sampleTimes(SAMPLE));
    return {
      backend: this.#format.type,
      location: this.#path,
      engine: this.#format.engine(survey),
      layout: nodes + relationships === 0 ? "empty" : this.#format.layout,
      release: this.#format.renamesDuplicates ? null : release,
      // An application imports such a file; none opens it.
      readableBy: [],
      bytes: statSync(this.#reading.watched?.real ?? join(this.#reading.folder!, COPY)).size,
      nodes,
      relationships,
      indexes: [],
      findings: this.#format.findings(survey),
    };
  }

  sharedIds(): Promise<SharedIds> {
    return sharedIdsOf(this.#records);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    yield* readRecords(this.#records, this.#findings, this.#signal);
    for (const finding of this.#records.findings().list()) this.#findings.merge(finding);
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    const { watched } = this.#reading;
    if (watched === null || stateOf(watched.real) === watched.state) return;
    throw new SourceChangedError(`${this.#path} changed while it was read`, {
      next: "Close the application that writes to it, and run the same command again.",
    });
  }

  async close(): Promise<void> {
    this.#records.close();
    closeSync(this.#reading.file);
    if (this.#reading.folder !== null) remove(this.#reading.folder);
  }
}
