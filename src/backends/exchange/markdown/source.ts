/** Folders of notes that are read. */
import { readFileSync, realpathSync } from "node:fs";
import { NewerFormatError, SourceChangedError } from "../../../errors.ts";
import type { GraphNode, GraphRecord, GraphRelationship } from "../../../graph/record.ts";
import type { Present } from "../../../journal/present.ts";
import type { OpenOptions, SharedIds, SourceStore } from "../../backend.ts";
import type { BackendConfig } from "../../config.ts";
import type { Finding, StoreDescription } from "../../description.ts";
import { pathOf } from "../../file/place.ts";
import { FindingLog } from "../../findings.ts";
import { releasesOf } from "../../graph-store/describe.ts";
import { readRecords, sharedIdsOf } from "../../graph-store/reader.ts";
import type { ServerRelationship } from "../../graph-store/server.ts";
import { accessError, notThatKind, recognise } from "../../recognise.ts";
import { indexIn } from "./folder.ts";
import { NoteRecords, type NoteRelationship } from "./records.ts";

export const ENGINE = "Markdown notes of memorygraph-migrate";
/** Of the format, as the note by which a folder is known says it. */
export const VERSION = 1;
const SAMPLE = 1_000;

/** @throws StoreKindError, AccessError */
export async function openNotes(config: BackendConfig, { signal }: OpenOptions = {}): Promise<NotesSource> {
  const path = pathOf(config);
  const found = recognise(path);
  if (found.type !== "markdown") throw notThatKind(path, found, "markdown");
  try {
    assertKnown(path);
    return new NotesSource(path, realpathSync(path), signal);
  } catch (error) {
    throw error instanceof Error && "syscall" in error ? accessError(path, error) : error;
  }
}

/** @throws NewerFormatError */
function assertKnown(path: string): void {
  const [, version = "1"] = /^memorygraph_migrate: *["']?notes (\d+)/m.exec(readFileSync(indexIn(path), "utf8")) ?? [];
  if (Number(version) <= VERSION) return;
  throw new NewerFormatError(`the notes in ${path} have format ${version}, which is newer than this release knows`, {
    next: "Get the newest memorygraph-migrate.",
  });
}

export class NotesSource implements SourceStore {
  readonly records: NoteRecords;
  /** Absolute, links followed. */
  readonly folder: string;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  #findings = new FindingLog();

  /** @param path as messages name it @throws the system's error */
  constructor(path: string, folder: string, signal: AbortSignal | undefined) {
    this.#path = path;
    this.folder = folder;
    this.#signal = signal;
    this.records = new NoteRecords(folder);
  }

  async describe(): Promise<StoreDescription> {
    const { nodes, relationships, foreign, edited } = await this.records.survey(this.#signal);
    const { release } = releasesOf(await this.records.sampleTimes(SAMPLE));
    return {
      ...{ backend: "markdown", location: this.#path, engine: ENGINE },
      layout: nodes + relationships === 0 ? "empty" : "notes",
      ...{ release, readableBy: [], bytes: this.records.folder.bytes, nodes, relationships, indexes: [] },
      findings: [...(foreign > 0 ? [statement(foreign)] : []), ...edited.list()],
    };
  }

  sharedIds(): Promise<SharedIds> {
    return sharedIdsOf(this.records);
  }

  async *read(): AsyncIterable<readonly GraphRecord[]> {
    this.#findings = new FindingLog();
    yield* readRecords(this.records, this.#findings, this.#signal);
    for (const finding of this.records.findings().list()) this.#findings.merge(finding);
  }

  async *present(): AsyncGenerator<readonly Present[]> {
    this.#findings = new FindingLog();
    const notes = new Set<bigint>();
    this.records.touched = notes;
    let touched: boolean[] = [];
    const observer = {
      node: (_: GraphNode, id: bigint) => void touched.push(notes.has(id)),
      relationship: (_: GraphRelationship, ref: ServerRelationship) =>
        void touched.push(!(ref as NoteRelationship).isAsWritten()),
    };
    for await (const batch of readRecords(this.records, this.#findings, this.#signal, observer)) {
      yield batch.map((record, at) => ({ record, isTouched: touched[at]! }));
      touched = [];
    }
    this.records.touched = null;
    for (const finding of this.records.findings().list()) this.#findings.merge(finding);
  }

  summarise(): null {
    return null;
  }

  findings(): readonly Finding[] {
    return this.#findings.list();
  }

  async assertUnchanged(): Promise<void> {
    if (this.records.folder.isUnchanged()) return;
    throw new SourceChangedError(`a note in ${this.#path} changed while it was read`, {
      next: "Close the application that writes to it, and run the same command again.",
    });
  }

  async close(): Promise<void> {
    this.records.close();
  }
}

function statement(count: number): Finding {
  const said = [
    "times: created_at and updated_at are those of the file's last change, where the front matter has none",
    "importance, confidence and every other figure that the front matter does not have",
    "ids: the path of the note in the folder, where the front matter has none",
    "a type: a memory is general, where the front matter has none",
    `relationships: links in the text are text; only a line such as "- SOLVES [[note]]" under ## Relationships is one`,
  ];
  const what = `${count} notes were written by somebody else; each is read as a memory, and cannot have held:`;
  return { kind: "note", what, count: said.length, examples: said };
}
