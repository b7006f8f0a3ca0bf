/** Writes a folder of notes record by record: the same records in the same order give the same files. */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  idOfKey,
  type NodeKey,
} from "../../../graph/record.ts";
import { flushAll } from "../../../support/files.ts";
import { openScratch, storable } from "../../../support/scratch.ts";
import { breathe } from "../../../support/time.ts";
import type { FileWriter, Making } from "../../file/written-once-target.ts";
import { spelled } from "../own-file.ts";
import { indexIn } from "./folder.ts";
import { lineOf } from "./links.ts";
import { CACHE_KILOBYTES, Names, NOTE, nameFor } from "./names.ts";
import { SECTION, textOf } from "./note.ts";
import { NotesSource, VERSION } from "./source.ts";

const PAGE = 500;
/** By these people know what has no title. */
const NAMING = ["title", "name", "text", "id"];

/** Relationships are put to the notes where they begin when all of them are known: until then they are in a database on disk. */
export class NotesWriter implements FileWriter {
  readonly #making: Making;
  readonly #names = new Names();
  readonly #scratch = openScratch(
    "CREATE TEMP TABLE note (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL)",
    CACHE_KILOBYTES,
  );
  readonly #put = this.#scratch.prepare("INSERT OR IGNORE INTO note (key, name) VALUES (?, ?)");
  readonly #get = this.#scratch.prepare("SELECT number, name FROM note WHERE key = ?");
  readonly #putLine;
  #lines = 0;

  constructor(making: Making) {
    this.#making = making;
    this.#scratch.run(
      "CREATE TEMP TABLE line (note INTEGER NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (note, number)) WITHOUT ROWID",
    );
    this.#putLine = this.#scratch.prepare("INSERT INTO line VALUES (?, ?, ?)");
    writeFileSync(indexIn(making.file), INDEX_TEXT, { flag: "wx", mode: 0o600 });
  }

  add(given: GraphRecord): void {
    const record = spelled(given, this.#making);
    if (record.kind === "node") this.#addNode(record);
    else this.#addRelationship(record);
  }

  async end(): Promise<void> {
    try {
      const query = this.#scratch.prepare("SELECT number, name FROM note WHERE number > ? ORDER BY number LIMIT ?");
      this.#append(0, indexIn(this.#making.file));
      const index = [indexIn(this.#making.file)];
      for (let after = 0; ; ) {
        const rows = query.values(after, PAGE) as [number, string][];
        if (rows.length === 0) break;
        for (const [number, name] of rows) this.#append(number, this.#fileOf(name));
        await flushAll([...index.splice(0), ...rows.map(([, name]) => this.#fileOf(name))]);
        this.#making.request.signal?.throwIfAborted();
        await breathe();
        after = rows.at(-1)![0];
      }
      await flushAll(index);
      query.finalize();
    } finally {
      this.#close();
    }
  }

  abandon(): void {
    this.#close();
  }

  open(): NotesSource {
    const { path, file, request } = this.#making;
    return new NotesSource(path, file, request.signal);
  }

  #addNode(node: GraphNode): void {
    const naming = NAMING.map((name) => node.properties.get(name)).find(
      (text) => typeof text === "string" && text.trim() !== "",
    );
    const name = this.#names.take(nameFor(typeof naming === "string" ? naming : node.labels.join(" ")));
    writeFileSync(this.#fileOf(name), textOf(node), { flag: "wx", mode: 0o600 });
    this.#put.run(storable(node.key), name);
  }

  #addRelationship({ from, to, type, properties }: GraphRelationship): void {
    const [start, end] = [this.#noteOf(from), this.#noteOf(to)];
    const line = lineOf({
      ...{ type, properties, target: end?.name ?? null, to: idOfKey(to) },
      from: start === null ? idOfKey(from) : null,
    });
    this.#putLine.run(start?.number ?? 0, ++this.#lines, line);
  }

  #noteOf(key: NodeKey): { readonly number: number; readonly name: string } | null {
    const [row] = this.#get.values(storable(key)) as [number, string][];
    return row === undefined ? null : { number: row[0], name: row[1] };
  }

  /** What begins at the note of that number. */
  #append(note: number, file: string): void {
    const query = this.#scratch.query(
      "SELECT number, text FROM line WHERE note = ? AND number > ? ORDER BY number LIMIT ?",
    );
    for (let after = 0; ; ) {
      const rows = query.values(note, after, PAGE) as [number, string][];
      if (rows.length === 0) return;
      appendFileSync(file, (after === 0 ? SECTION : "") + rows.map(([, text]) => `${text}\n`).join(""));
      after = rows.at(-1)![0];
    }
  }

  #fileOf(name: string): string {
    return join(this.#making.file, name + NOTE);
  }

  #close(): void {
    this.#names.close();
    for (const statement of [this.#put, this.#get, this.#putLine]) statement.finalize();
    this.#scratch.close();
  }
}

const INDEX_TEXT = `---
memorygraph_migrate: notes ${VERSION}
---
Written by memorygraph-migrate: each note of this folder is one memory, and by this one the program knows the folder again. Keep it.

What a memory is about is its text, everything else that it has are its properties. Links to other memories are listed under
"Relationships". All of that can be edited, and notes can be added, renamed and moved to folders in here. The property \`memorygraph\`
keeps exact values that the others cannot show: leave it as it is.
`;
