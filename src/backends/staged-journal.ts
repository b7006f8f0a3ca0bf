/**
 * What a run puts into a target that shows nothing before its commit, kept with the run: a mark of each record that it
 * creates, and the former version of each that it overwrites. The target itself needs no help to come back before the
 * commit; this is for undoing the run after it.
 */
import type { ContentHash } from "../graph/digest.ts";
import { parseJson, writeJson } from "../graph/json.ts";
import { type Mark, MarkPacker, markOf, unpackMarks } from "../graph/marks.ts";
import type { GraphRecord } from "../graph/record.ts";
import { recordFromMap, recordToMap } from "../graph/record-map.ts";
import { tag, untag } from "../graph/tagged.ts";
import { isMap, type Value } from "../graph/value.ts";
import type { DurableFile } from "../support/durable.ts";
import { openScratch } from "../support/scratch.ts";

const TABLES = [
  "CREATE TABLE IF NOT EXISTS created (number INTEGER PRIMARY KEY, marks BLOB NOT NULL)",
  "CREATE TABLE IF NOT EXISTS overwritten (identity INTEGER PRIMARY KEY, after INTEGER NOT NULL, record TEXT NOT NULL)",
];

export class StagedJournal {
  readonly #file: DurableFile;
  readonly #packer: MarkPacker;

  constructor(file: DurableFile) {
    this.#file = file;
    for (const table of TABLES) file.guard(() => file.database.run(table));
    this.#packer = new MarkPacker((marks) => this.noteMarks(marks));
  }

  /** An attempt that begins anew forgets the one before it. */
  clear(): void {
    this.#file.write("process", () => {
      for (const name of ["created", "overwritten"]) this.#file.database.run(`DELETE FROM ${name}`);
    });
  }

  noteCreated(record: GraphRecord, hash: ContentHash): void {
    this.#packer.add(record, hash);
  }

  noteMarks(marks: Uint8Array): void {
    this.#file.write("process", () => this.#file.database.run("INSERT INTO created (marks) VALUES (?)", [marks]));
  }

  noteFormers(
    beforeImages: readonly { readonly former: GraphRecord; readonly hash: ContentHash; readonly after: ContentHash }[],
  ): void {
    if (beforeImages.length === 0) return;
    this.#file.write("process", () => {
      for (const { former, hash, after } of beforeImages) {
        this.#file.database.run("INSERT OR REPLACE INTO overwritten VALUES (?, ?, ?)", [
          markOf(former, hash).identity,
          markOf(former, after).content,
          encode(former),
        ]);
      }
    });
  }

  /** After the last record; what is noted next to endure a power cut takes it along. */
  flush(): void {
    this.#packer.flush();
  }

  beforeImageOf(identity: bigint): { readonly former: GraphRecord; readonly after: bigint } | null {
    const query = "SELECT CAST(after AS TEXT), record FROM overwritten WHERE identity = ?";
    return this.#file.guard(() => {
      const [row] = this.#file.database.query(query).values(identity) as [string, string][];
      return row === undefined ? null : { after: BigInt(row[0]), former: decode(row[1]) };
    });
  }

  /** What was created, to be found and counted off. */
  created(): CreatedMarks {
    return this.#file.guard(() => this.#created());
  }

  #created(): CreatedMarks {
    const marks = new CreatedMarks();
    for (let after = 0; ; ) {
      const query = "SELECT number, marks FROM created WHERE number > ? ORDER BY number LIMIT 1";
      const [row] = this.#file.database.query(query).values(after) as [number, Uint8Array][];
      if (row === undefined) return marks;
      for (const mark of unpackMarks(row[1])) marks.add(mark);
      after = row[0];
    }
  }
}

/** Whether a record is one that the run created, still is as it was written, and has not been counted off yet. */
export class CreatedMarks {
  readonly #database = openScratch(
    "CREATE TEMP TABLE mark (identity INTEGER, content INTEGER, count INTEGER NOT NULL, PRIMARY KEY (identity, content)) WITHOUT ROWID",
  );
  readonly #add = this.#database.prepare(
    "INSERT INTO mark VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
  );
  readonly #take = this.#database.prepare(
    "UPDATE mark SET count = count - 1 WHERE identity = ? AND content = ? AND count > 0 RETURNING 1",
  );
  readonly #knows = this.#database.prepare("SELECT 1 FROM mark WHERE identity = ? LIMIT 1");

  add({ identity, content }: Mark): void {
    this.#add.run(identity, content);
  }

  take({ identity, content }: Mark): "ours" | "changed" | "not ours" {
    if (this.#take.values(identity, content).length > 0) return "ours";
    return this.#knows.values(identity).length > 0 ? "changed" : "not ours";
  }

  close(): void {
    for (const statement of [this.#add, this.#take, this.#knows]) statement.finalize();
    this.#database.close();
  }
}

/** With the row as the layout held it, so that it returns byte for byte. */
function encode(record: GraphRecord): string {
  const more: [string, Value][] = [["kind", record.kind]];
  if (record.native !== undefined) {
    const { layout, columns, ...others } = record.native;
    const extra = "extra" in others && typeof others.extra === "string" ? others.extra : null;
    more.push(["native", [layout, (columns as Value[]).map(tag), extra]]);
  }
  return writeJson(recordToMap(record, more), "javascript");
}

function decode(text: string): GraphRecord {
  const map = parseJson(text);
  if (!isMap(map)) throw new TypeError("an object expected");
  const record = recordFromMap(map.get("kind") as GraphRecord["kind"], map);
  const noted = map.get("native") as [string, Value[], string | null] | undefined;
  if (noted === undefined) return record;
  const native = { layout: noted[0], columns: noted[1].map(untag), extra: noted[2] };
  return { ...record, native } as GraphRecord;
}
