/** An archive opened for reading. */
import { statSync } from "node:fs";
import { SourceChangedError } from "../../errors.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { RELEASES } from "../../memorygraph/releases.ts";
import { stateOf } from "../../support/stability.ts";
import type { OpenOptions, SourceStore } from "../backend.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { accessError, notThatKind, recognise } from "../recognise.ts";
import { type ByteSource, FileBytes } from "./bytes.ts";
import { trailerOf } from "./frames.ts";
import { type ArchiveFacts, ArchiveReader } from "./reader.ts";

/** @throws StoreKindError, DamagedStoreError, NewerFormatError, AccessError */
export async function openSource(path: string, { signal }: OpenOptions = {}): Promise<ArchiveSource> {
  const found = recognise(path);
  // One whose first bytes are damaged can still be known by its last ones.
  if (found.type !== "archive" && !(found.kind === "other" && endsAsArchive(path))) {
    throw notThatKind(path, found, "archive");
  }
  const state = stateOf(path);
  const bytes = openBytes(path);
  try {
    return new ArchiveSource(path, state, bytes, await ArchiveReader.open(path, bytes, signal), signal);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

function openBytes(path: string): ByteSource {
  try {
    return new FileBytes(path);
  } catch (cause) {
    throw accessError(path, cause);
  }
}

function endsAsArchive(path: string): boolean {
  const bytes = openBytes(path);
  try {
    return trailerOf(bytes) !== null;
  } finally {
    bytes.close();
  }
}

export class ArchiveSource implements SourceStore {
  readonly #path: string;
  readonly #state: string | null;
  readonly #bytes: ByteSource;
  readonly #reader: ArchiveReader;
  readonly #signal: AbortSignal | undefined;
  #findings = new FindingLog();

  constructor(
    path: string,
    state: string | null,
    bytes: ByteSource,
    reader: ArchiveReader,
    signal: AbortSignal | undefined,
  ) {
    this.#path = path;
    this.#state = state;
    this.#bytes = bytes;
    this.#reader = reader;
    this.#signal = signal;
  }

  /** What the archive says of itself: header, schema, footer. */
  get facts(): ArchiveFacts {
    return this.#reader.facts;
  }

  async describe(_depth: DescriptionDepth): Promise<StoreDescription> {
    return describeArchive(this.#path, statSync(this.#path).size, this.facts);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    yield* this.#reader.read(this.#findings, this.#signal);
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    if (stateOf(this.#path) === this.#state) return;
    throw new SourceChangedError(`${this.#path} changed while it was read`, { next: "Run the same command again." });
  }

  async close(): Promise<void> {
    this.#bytes.close();
  }
}

/** Figures as the archive itself tells them. */
export function describeArchive(path: string, bytes: number | null, facts: ArchiveFacts): StoreDescription {
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
