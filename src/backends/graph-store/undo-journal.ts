/**
 * What a run does to a graph, written down before it is done, so that it can be undone and continued whenever and
 * however the run ends: each batch with a mark of what it creates, the server's numbers once it has answered, what stood
 * where something is overwritten, and which numbers were taken before.
 */
import { WriteError } from "../../errors.ts";
import type { Database, DurableFile, Endurance } from "../../support/durable.ts";
import { failpoint } from "../../support/failpoint.ts";
import { openScratch } from "../../support/scratch.ts";
import type { SchemaItem } from "../backend.ts";
import { UNDOING } from "../undoing.ts";
import { type BeforeImage, decodeFormer, encodeFormer } from "./before-images.ts";
import { type ContentMark, MARK_BYTES, MarkMultiset, packIds, unpackIds } from "./content.ts";
import { KnownRecords } from "./known-records.ts";
import type { InternalId } from "./server.ts";

type Kind = "node" | "relationship";

/** One record that a batch creates. */
export interface Creation {
  /** Of a node; the type of a relationship. */
  readonly name: string;
  /** Where a relationship begins; of nodes 0. */
  readonly from: InternalId;
  readonly mark: ContentMark;
}

export interface NotedBatch {
  readonly number: number;
  readonly kind: Kind;
  readonly creations: readonly Creation[];
  /** In the same order; null where the server has not answered. */
  readonly ids: readonly InternalId[] | null;
}

export interface NotedFormer {
  readonly number: number;
  readonly former: BeforeImage;
  /** Of what we put in its place. */
  readonly after: ContentMark;
}

const TABLES = [
  "batch (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, names TEXT NOT NULL, sources BLOB, marks BLOB NOT NULL, ids BLOB)",
  "former (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, internal INTEGER NOT NULL, record TEXT NOT NULL, after BLOB NOT NULL)",
  "taken (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, ids BLOB NOT NULL)",
  "schema_item (number INTEGER PRIMARY KEY, item TEXT NOT NULL)",
];

export class UndoJournal {
  readonly known = new KnownRecords();
  readonly #file: DurableFile | null;
  readonly #database: Database;

  /** @param file where it outlives the process; without one it goes with it */
  constructor(file: DurableFile | null) {
    this.#file = file;
    const temporary = file === null ? "TEMP " : "";
    this.#database = file?.database ?? openScratch(`CREATE TEMP TABLE ${TABLES[0]}`);
    this.#guarded(() => {
      for (const table of TABLES) this.#database.run(`CREATE ${temporary}TABLE IF NOT EXISTS ${table}`);
      this.#database.run(`CREATE INDEX IF NOT EXISTS ${temporary ? "temp." : ""}former_of ON former (kind, internal)`);
    });
  }

  /** What an earlier process has written: its records are known again. */
  recall(): void {
    for (const [kind, ids] of this.#rows("SELECT kind, ids FROM taken") as [Kind, Uint8Array][]) {
      for (const id of this.#guarded(() => unpackIds(ids))) this.#recallOne(kind, id);
    }
    // What the run has deleted itself has left its number to what it created next.
    for (const { former } of this.beforeImages("relationship")) {
      if (former.kind === "relationship" && former.gone) this.known.forgetRelationship(former.id);
    }
    for (const batch of this.batches()) if (batch.ids !== null) this.#recallBatch(batch, batch.ids);
  }

  #recallOne(kind: Kind, id: InternalId): void {
    // Its key is not known, and nobody asks for it by this name.
    if (kind === "node") this.known.noteNode(`taken ${id}`, id, "before");
    else this.known.noteRelationship(null, { id, from: 0n }, "before");
  }

  #recallBatch({ kind, creations }: NotedBatch, ids: readonly InternalId[]): void {
    for (const [at, { name, from }] of creations.entries()) {
      if (kind === "node") this.known.noteNode(name, ids[at]!, "created");
      else this.known.noteRelationship(null, { id: ids[at]!, from }, "created");
    }
  }

  /** Durable when it returns: only then may the batch be sent. */
  async beginBatch(kind: Kind, creations: readonly Creation[]): Promise<number> {
    const names = JSON.stringify(kind === "node" ? creations.map(({ name }) => name) : [creations[0]!.name]);
    const sources = kind === "node" ? null : packIds(creations.map(({ from }) => from));
    const marks = new Uint8Array(creations.length * MARK_BYTES);
    for (const [at, { mark }] of creations.entries()) marks.set(mark, at * MARK_BYTES);
    const number = this.#insert("process", "INSERT INTO batch (kind, names, sources, marks) VALUES (?, ?, ?, ?)", [
      kind,
      names,
      sources,
      marks,
    ]);
    await this.#file?.flush().catch((cause) => this.#guarded(() => rethrow(cause)));
    failpoint("batch noted");
    return number;
  }

  answerBatch(number: number, kind: Kind, creations: readonly Creation[], ids: readonly InternalId[]): void {
    this.#change("process", "UPDATE batch SET ids = ? WHERE number = ?", [packIds(ids), number]);
    this.#recallBatch({ number, kind, creations, ids }, ids);
    failpoint("batch answered");
  }

  /** It is certain that the server has not taken it. */
  dropBatch(number: number): void {
    this.#change("process", "DELETE FROM batch WHERE number = ?", [number]);
  }

  *batches(): Generator<NotedBatch> {
    const sql = "SELECT number, kind, names, sources, marks, ids FROM batch WHERE number > ? ORDER BY number LIMIT 1";
    for (let after = 0; ; ) {
      const [row] = this.#rows(sql, after) as BatchRow[];
      if (row === undefined) return;
      yield this.#guarded(() => decodeBatch(row));
      after = Number(row[0]);
    }
  }

  /** Those that the server has answered. */
  createdRelationships(): MarkMultiset {
    const created = new MarkMultiset();
    for (const { kind, creations, ids } of this.batches()) {
      if (kind === "relationship" && ids !== null) for (const { mark } of creations) created.add(mark);
    }
    return created;
  }

  unanswered(): NotedBatch[] {
    const rows = this.#rows("SELECT number, kind, names, sources, marks, ids FROM batch WHERE ids IS NULL");
    return this.#guarded(() => (rows as BatchRow[]).map(decodeBatch));
  }

  /** Durable when it returns: only then may it be overwritten. */
  noteFormers(beforeImages: readonly { readonly former: BeforeImage; readonly after: ContentMark }[]): void {
    const insert = "INSERT INTO former (kind, internal, record, after) VALUES (?, ?, ?, ?)";
    const statement = this.#guarded(() => this.#database.prepare(insert));
    try {
      this.#write("power", () => {
        for (const { former, after } of beforeImages)
          statement.run(former.kind, former.id, encodeFormer(former), after);
      });
    } finally {
      statement.finalize();
    }
    failpoint("former noted");
  }

  beforeImageOf(kind: Kind, internal: InternalId): NotedFormer | null {
    const rows = this.#rows("SELECT number, record, after FROM former WHERE kind = ? AND internal = ?", kind, internal);
    return rows.length === 0 ? null : this.#guarded(() => decodeNoted(rows[0] as BeforeImageRow));
  }

  /** The latest first, so that they can be put back in this order. */
  *beforeImages(kind: Kind): Generator<NotedFormer> {
    const sql = "SELECT number, record, after FROM former WHERE kind = ? AND number < ? ORDER BY number DESC LIMIT 1";
    for (let below = Number.MAX_SAFE_INTEGER; ; ) {
      const [row] = this.#rows(sql, kind, below) as BeforeImageRow[];
      if (row === undefined) return;
      yield this.#guarded(() => decodeNoted(row));
      below = Number(row[0]);
    }
  }

  /** Numbers that stood for something before the run. */
  noteTaken(kind: Kind, ids: readonly InternalId[]): void {
    if (ids.length > 0) this.#insert("process", "INSERT INTO taken (kind, ids) VALUES (?, ?)", [kind, packIds(ids)]);
  }

  /** From here on the graph is on its way back: going on with the run is no longer possible. */
  noteUndoing(): void {
    try {
      if (this.#file !== null && this.#file.fact(UNDOING) === null) this.#file.note(UNDOING, "begun");
    } catch (error) {
      // Where a disk is full, what is gone tells a resumption so.
      if (!(error instanceof WriteError)) throw error;
    }
  }

  /** Durable when it returns: only then may they be created. */
  noteSchema(items: readonly SchemaItem[]): void {
    if (items.length === 0) return;
    this.#write("power", () => {
      for (const item of items) {
        this.#database.run("INSERT INTO schema_item (item) VALUES (?)", [JSON.stringify(item)]);
      }
    });
  }

  schema(): SchemaItem[] {
    const rows = this.#rows("SELECT item FROM schema_item ORDER BY number") as [string][];
    return this.#guarded(() => rows.map(([item]) => JSON.parse(item) as SchemaItem));
  }

  count(): { nodes: number; relationships: number; beforeImages: number; unanswered: number } {
    const of = (where: string) =>
      Number(this.#rows(`SELECT total(length(marks)) FROM batch WHERE ${where}`)[0]![0]) / MARK_BYTES;
    const beforeImages = Number(this.#rows("SELECT count(*) FROM former")[0]![0]);
    return {
      nodes: of("kind = 'node' AND ids IS NOT NULL"),
      relationships: of("kind = 'relationship' AND ids IS NOT NULL"),
      beforeImages,
      unanswered: of("ids IS NULL"),
    };
  }

  /** The file stays open: it belongs to the run. */
  close(): void {
    this.known.close();
    if (this.#file === null) this.#database.close();
  }

  #insert(endurance: Endurance, sql: string, values: readonly Bound[]): number {
    this.#change(endurance, sql, values);
    return Number(this.#rows("SELECT last_insert_rowid()")[0]![0]);
  }

  #change(endurance: Endurance, sql: string, values: readonly Bound[]): void {
    this.#write(endurance, () => this.#database.run(sql, [...values]));
  }

  #write(endurance: Endurance, work: () => void): void {
    if (this.#file === null) work();
    else this.#file.write(endurance, work);
  }

  #rows(sql: string, ...values: Bound[]): unknown[][] {
    return this.#guarded(() => this.#database.query(sql).values(...values));
  }

  #guarded<T>(work: () => T): T {
    return this.#file === null ? work() : this.#file.guard(work);
  }
}

type Bound = string | number | bigint | Uint8Array | null;
type BatchRow = [number, Kind, string, Uint8Array | null, Uint8Array, Uint8Array | null];
type BeforeImageRow = [number, string, Uint8Array];

function decodeBatch([number, kind, names, sources, marks, ids]: BatchRow): NotedBatch {
  const all = JSON.parse(names) as string[];
  const from = sources === null ? [] : unpackIds(sources);
  const creations = Array.from({ length: marks.length / MARK_BYTES }, (_, at) => ({
    name: all[kind === "node" ? at : 0]!,
    from: from[at] ?? 0n,
    mark: marks.subarray(at * MARK_BYTES, (at + 1) * MARK_BYTES),
  }));
  const answered = ids === null ? null : unpackIds(ids);
  const whole = marks.length % MARK_BYTES === 0 && (answered === null || answered.length === creations.length);
  if (!whole || (kind !== "node" && kind !== "relationship")) throw new RangeError(`batch ${number} is not whole`);
  return { number, kind, creations, ids: answered };
}

function decodeNoted([number, record, after]: BeforeImageRow): NotedFormer {
  return { number, former: decodeFormer(record), after };
}

function rethrow(cause: unknown): never {
  throw cause;
}
