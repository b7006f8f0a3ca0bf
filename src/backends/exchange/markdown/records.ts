/** The records of a folder of notes, by the same keys as from a graph server; notes are read again for every pass. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { JsonSyntaxError } from "../../../graph/json.ts";
import type { Value } from "../../../graph/value.ts";
import { openScratch, restored, storable } from "../../../support/scratch.ts";
import { breathe } from "../../../support/time.ts";
import { FindingLog } from "../../findings.ts";
import type { RecordStore, ServerNode, ServerRelationship } from "../../graph-store/server.ts";
import { idFor, Occurrences } from "../records.ts";
import { isIndex, type NoteFile, NoteFolder } from "./folder.ts";
import { FrontMatterError } from "./front-matter.ts";
import type { Link } from "./links.ts";
import { CACHE_KILOBYTES, NOTE } from "./names.ts";
import { type Note, readNote } from "./note.ts";

/** Beyond this it is no memory. */
const MAX_NOTE = 256 << 20;
const MOST_RECORDS = 500;
const MOST_BYTES = 4 << 20;
const NOWHERE = -1n;

/** A note that could be read. */
export interface ReadNote extends NoteFile, Note {
  readonly text: string;
  /** The note by which the folder is known: no memory, but what begins nowhere may stand in it. */
  readonly isIndex: boolean;
}

export interface NoteRelationship extends ServerRelationship {
  /** Its line is, to the letter, what is written for it. */
  isAsWritten(): boolean;
}

export interface NoteSurvey {
  readonly nodes: number;
  readonly relationships: number;
  /** Notes that this program has not written. */
  readonly foreign: number;
  /** Those of ours that say something else now. */
  readonly edited: FindingLog;
}

/** Findings are complete after a whole pass. */
export class NoteRecords implements RecordStore {
  readonly folder: NoteFolder;
  /** The numbers of notes that are not, to the letter, what is written for what they say; null where nobody asks. */
  touched: Set<bigint> | null = null;
  readonly #root: string;
  #survey: NoteSurvey | null = null;
  readonly #ids = openScratch(
    "CREATE TEMP TABLE used (id TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    CACHE_KILOBYTES,
  );
  readonly #use = this.#ids.prepare("INSERT INTO used VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1");
  #damage = new FindingLog();
  #dangling = new FindingLog();

  /** @throws the system's error */
  constructor(root: string) {
    this.#root = root;
    this.folder = new NoteFolder(root);
  }

  async survey(signal?: AbortSignal): Promise<NoteSurvey> {
    if (this.#survey !== null) return this.#survey;
    let [nodes, relationships, foreign] = [0, 0, 0];
    const edited = new FindingLog();
    for await (const batch of this.notes(signal)) {
      for (const note of batch) {
        relationships += note.links.length;
        for (const { properties } of note.links) {
          const own = properties.get("id");
          if (typeof own === "string") this.#use.run(storable(own));
        }
        if (note.isIndex) continue;
        nodes++;
        const id = note.properties.get("id");
        if (typeof id === "string") this.folder.setId(note.number, id);
        const isUnchanged = note.isUnchanged();
        if (isUnchanged === null) foreign++;
        else if (!isUnchanged) edited.add("note", EDITED, note.path);
      }
    }
    this.#survey = { nodes, relationships, foreign, edited };
    return this.#survey;
  }

  /** Every note that can be read, in the order of their paths. */
  async *notes(signal?: AbortSignal): AsyncGenerator<readonly ReadNote[]> {
    this.#damage = new FindingLog();
    let batch: ReadNote[] = [];
    let bytes = 0;
    for (const page of this.folder.pages()) {
      for (const file of page) {
        const note = this.#read(file);
        if (note === null) continue;
        batch.push(note);
        bytes += file.size;
        if (batch.length < MOST_RECORDS && bytes < MOST_BYTES) continue;
        signal?.throwIfAborted();
        yield batch;
        [batch, bytes] = [[], 0];
        await breathe();
      }
    }
    if (batch.length > 0) yield batch;
  }

  findings(): FindingLog {
    const log = new FindingLog();
    for (const own of [this.folder.findings, this.#damage, this.#dangling])
      for (const one of own.list()) log.merge(one);
    return log;
  }

  async sharedIds(): Promise<string[]> {
    await this.survey();
    return this.folder.sharedIds();
  }

  async sharedRelationshipIds(): Promise<string[]> {
    await this.survey();
    const rows = this.#ids.query("SELECT id FROM used WHERE count > 1").values() as [string][];
    return rows.map(([id]) => restored(id));
  }

  /** `created_at` and `updated_at` of up to so many memories. */
  async sampleTimes(memories: number): Promise<Value[]> {
    const times: Value[] = [];
    for await (const batch of this.nodes()) {
      for (const { properties } of batch) times.push(properties.get("created_at"), properties.get("updated_at"));
      if (times.length >= 2 * memories) break;
    }
    return times.filter((time) => time !== null);
  }

  async *nodes(signal?: AbortSignal): AsyncGenerator<readonly ServerNode[]> {
    await this.survey(signal);
    for await (const batch of this.notes(signal)) {
      const nodes = batch.filter(({ isIndex }) => !isIndex);
      if (this.touched !== null) for (const note of nodes) if (!note.isAsWritten()) this.touched.add(note.number);
      if (nodes.length > 0) yield nodes.map(({ number, labels, properties }) => ({ id: number, labels, properties }));
    }
  }

  async *relationships(signal?: AbortSignal): AsyncGenerator<readonly NoteRelationship[]> {
    await this.survey(signal);
    this.#dangling = new FindingLog();
    const joined = new Occurrences();
    let number = 0n;
    try {
      for await (const batch of this.notes(signal)) {
        const found = batch.flatMap((note) =>
          note.links.map((link) => this.#relationship(note, link, ++number, joined)),
        );
        if (found.length > 0) yield found;
      }
    } finally {
      joined.close();
    }
  }

  close(): void {
    this.#use.finalize();
    this.#ids.close();
    this.folder.close();
  }

  #relationship(note: ReadNote, link: Link, id: bigint, joined: Occurrences): NoteRelationship {
    const from = note.isIndex ? this.#byId(link.from!) : { number: note.number, id: note.properties.get("id") };
    const to =
      (link.target === null ? null : this.folder.find(link.target, link.to)) ??
      this.#byId(link.to ?? link.target ?? "");
    const ids = [from, to].map((end) => (typeof end.id === "string" ? end.id : `note ${end.number}`)) as [
      string,
      string,
    ];
    const properties = link.isForeign ? link.properties.with("id", idFor(...ids, link.type, joined)) : link.properties;
    if (from.number === NOWHERE || to.number === NOWHERE) {
      const what = "a relationship with an end that is not in the folder; the relationship is kept";
      this.#dangling.add("note", what, `${link.type} in ${note.path}`);
    }
    return {
      ...{ id, from: from.number, to: to.number, fromId: from.id, toId: to.id, type: link.type, properties },
      isAsWritten: link.isAsWritten,
    };
  }

  #byId(id: string): { readonly number: bigint; readonly id: Value } {
    return { number: this.folder.numberOfId(id) ?? NOWHERE, id };
  }

  #read(file: NoteFile): ReadNote | null {
    const tell = (what: string) => this.#damage.add("damage", what, file.path);
    if (file.size > MAX_NOTE) {
      tell(`a note of more than ${MAX_NOTE >> 20} MiB`);
      return null;
    }
    const bytes = readFileSync(join(this.#root, file.path));
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      const written = new Date(Number(BigInt(file.state.split(",")[2]!) / 1_000_000n)).toISOString();
      const note = readNote(text, { path: file.path.slice(0, -NOTE.length), written });
      for (const why of note.damage) tell(`a relationship that cannot be read: ${why.replace(/ at offset \d+$/, "")}`);
      const own = isIndex(file.path);
      const links = own ? note.links.filter(({ from }) => from !== null) : note.links;
      return { ...file, ...note, links, text, isIndex: own };
    } catch (error) {
      if (error instanceof JsonSyntaxError || error instanceof FrontMatterError)
        tell(`a note that cannot be read: ${error.message.replace(/ at offset \d+$/, "")}`);
      else if (error instanceof TypeError) tell("text that is not valid UTF-8");
      else throw error;
      return null;
    }
  }
}

const EDITED = "notes that were changed after this program wrote them: what stands in them now counts";
