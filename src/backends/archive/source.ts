/** An archive opened for reading. */
import { statSync } from "node:fs";
import { SourceChangedError, UnsupportedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { RELEASES } from "../../memorygraph/releases.ts";
import { shellQuote } from "../../support/shell.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions, SourceStore } from "../backend.ts";
import type { BackendConfig } from "../config.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { pathOf } from "../file/place.ts";
import { FindingLog } from "../findings.ts";
import { accessError, notThatKind, recognise } from "../recognise.ts";
import { AGE, AgeBytes, AgeError, ARMORED } from "./age.ts";
import { type ByteSource, FileBytes } from "./bytes.ts";
import { trailerOf } from "./frames.ts";
import { explained, keysOf } from "./keys.ts";
import { openArchive } from "./opening.ts";
import type { ArchiveFacts, ArchiveReader } from "./reader.ts";
import { Repacked } from "./unindexed.ts";

/** @throws StoreKindError, DamagedStoreError, NewerFormatError, AccessError */
export async function openSource(config: BackendConfig, { signal, side }: OpenOptions = {}): Promise<ArchiveSource> {
  const path = pathOf(config);
  const found = recognise(path);
  // One whose first bytes are damaged can still be known by its last ones.
  if (found.type !== "archive" && !(found.kind === "other" && endsAsArchive(path))) {
    throw notThatKind(path, found, "archive");
  }
  const state = stateOf(path);
  const bytes = await openBytes(path, config, side);
  try {
    const reader = await openArchive(path, bytes, signal);
    return new ArchiveSource({ path, file: path, state, bytes, reader, withRows: true }, signal);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/**
 * The bytes of an archive, decrypted where they are encrypted.
 * @param config which says what opens it
 * @throws KeyWantedError, AccessError, DamagedStoreError, UnsupportedError
 */
export async function openBytes(path: string, config: BackendConfig, side?: OpenOptions["side"]): Promise<ByteSource> {
  const bytes = openFile(path);
  try {
    const head = bytes.read(0, ARMORED.length).toString("latin1");
    if (!head.startsWith(AGE.trimEnd()) && head !== ARMORED) return bytes;
    if (head === ARMORED) throw armoured(path);
    return await AgeBytes.open(bytes, keysOf(config));
  } catch (error) {
    bytes.close();
    throw error instanceof AgeError ? explained(path, error, config, side) : error;
  }
}

function armoured(path: string): UnsupportedError {
  return new UnsupportedError(`${path} is an age file in the form of text (armored), which is not read in parts`, {
    next: `Decrypt it, or take the text off: age -d -i KEY -o NAME.jsonl.zst ${shellQuote(path)}`,
  });
}

function openFile(path: string): ByteSource {
  try {
    return new FileBytes(path);
  } catch (cause) {
    throw accessError(path, cause);
  }
}

/** @throws UnsupportedError */
function endsAsArchive(path: string): boolean {
  const bytes = openFile(path);
  try {
    // One that was packed with too large a window could not be looked into.
    new Repacked(path, bytes);
    return trailerOf(bytes) !== null;
  } finally {
    bytes.close();
  }
}

/** An archive as it was when it was opened. */
interface Opened {
  /** As messages name it. */
  readonly path: string;
  readonly file: string;
  readonly state: string | null;
  readonly bytes: ByteSource;
  readonly reader: ArchiveReader;
  /** As of ArchiveReader.read. */
  readonly withRows: boolean;
}

export class ArchiveSource implements SourceStore {
  readonly #opened: Opened;
  readonly #signal: AbortSignal | undefined;
  #findings = new FindingLog();

  constructor(opened: Opened, signal: AbortSignal | undefined) {
    this.#opened = opened;
    this.#signal = signal;
  }

  /** What the archive says of itself: header, schema, footer. */
  get facts(): ArchiveFacts {
    return this.#opened.reader.facts;
  }

  async describe(_depth: DescriptionDepth): Promise<StoreDescription> {
    const { path, file } = this.#opened;
    return describeArchive(path, statSync(file).size, this.facts);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    const { reader, withRows } = this.#opened;
    yield* reader.read(this.#findings, this.#signal, { withRows });
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    const { path, file, state } = this.#opened;
    if (stateOf(file) === state) return;
    throw new SourceChangedError(`${path} changed while it was read`, { next: "Run the same command again." });
  }

  async close(): Promise<void> {
    this.#opened.bytes.close();
  }
}

/** Figures as the archive itself tells them. */
function describeArchive(path: string, bytes: number | null, facts: ArchiveFacts): StoreDescription {
  const { header, schema, footer } = facts;
  const source = header?.source ?? null;
  const release = header?.spelledFor ?? source?.release ?? null;
  return {
    backend: "archive",
    location: path,
    engine:
      header === null
        ? "archive"
        : `archive ${header.version} of ${source?.engine ?? "records"}, made ${header.created}`,
    layout: "archive",
    release: release !== null && RELEASES.includes(release) ? release : null,
    // Restored it is opened by its release; as it is, by none.
    readableBy: [],
    bytes,
    // Of one that is cut off, what its source had: reading it tells what is left.
    nodes: footer?.nodes ?? source?.nodes ?? 0,
    relationships: footer?.relationships ?? source?.relationships ?? 0,
    indexes: schema.map(({ what }) => what),
    ...(header !== null && header.schema !== null && { schema }),
    findings: [],
  };
}
