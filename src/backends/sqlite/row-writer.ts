/** Records into the tables of one layout, and what does not fit beside them. */
import type { Database } from "bun:sqlite";
import { parseJson } from "../../graph/json.ts";
import type { Properties } from "../../graph/properties.ts";
import {
  type GraphNode,
  type GraphRecord,
  type GraphRelationship,
  idOfKey,
  relationshipId,
} from "../../graph/record.ts";
import type { SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { isMemory } from "../../memorygraph/memory.ts";
import { type Release, releaseLine } from "../../memorygraph/releases.ts";
import { respell } from "../../memorygraph/spelling.ts";
import type { WriteReport } from "../backend.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { emptyReport } from "../report.ts";
import { danglingIds } from "./dangling.ts";
import { type ExactStatement, prepare, type SqlValue } from "./database.ts";
import { type FileLayout, readLayout } from "./layout.ts";
import { ColumnEncoders } from "./memories-layout.ts";
import { fillTemporal, PropertyEncoder } from "./nodes-layout.ts";
import { SqliteReader } from "./reader.ts";
import type { EncodedRow } from "./row.ts";
import { countAside, countBeside } from "./row-counts.ts";
import {
  EXTRA_INDEX,
  EXTRA_TABLES,
  hashRow,
  isNothing,
  readRowExtra,
  SIDE_TABLE,
  writeRowExtra,
  writeWholeRecord,
} from "./side-table.ts";
import { type TableWriter, tableWriter } from "./table-writer.ts";
import { nativeOf, type SqliteNative } from "./tables.ts";

/** A row ready to go in; a whole record where the layout has no row for it. */
type Prepared =
  | { readonly table: TableWriter; readonly columns: SqlValue[]; readonly extra: string | null }
  | { readonly table: null; readonly dangling: boolean };

/** Writes records as rows of one layout, in the transaction of the caller. Close it before the database. */
export class RowWriter {
  readonly report: WriteReport & { notes: Finding[] };
  readonly #database: Database;
  readonly #release: Release;
  readonly #tables: Record<GraphRecord["kind"], TableWriter>;
  readonly #layout: SqliteLayout;
  readonly #native: string;
  readonly #encoder: PropertyEncoder | ColumnEncoders;
  readonly #now = new Date().toISOString().substring(0, 19).replace("T", " ");
  readonly #statements = new Map<string, ExactStatement>();
  /** Nodes that a dry run found to be no rows: their relationships are none either. */
  readonly #assessedWhole = new Set<string>();
  readonly #ends: "at once" | "at the end";
  #hasSideTable: boolean;
  #extraIndexed: boolean;
  #encodedRelationships = false;

  /** With `ends` "at the end", relationships between what is no row are found by finish, which a large file gains by. */
  constructor(database: Database, release: Release, layout: FileLayout, ends: "at once" | "at the end" = "at once") {
    this.#database = database;
    this.#ends = ends;
    this.#release = release;
    this.report = emptyReport(release);
    this.#hasSideTable = layout.hasSideTable;
    this.#extraIndexed = layout.hasSideTable;
    this.#layout = releaseLine(release).sqlite.layout;
    this.#native = nativeOf(this.#layout);
    const { nodes, relationships } = this.#layout;
    this.#tables = {
      node: tableWriter(nodes, null),
      relationship: tableWriter(relationships, layout.relationships?.columns ?? null),
    };
    this.#encoder =
      this.#layout.style === "properties"
        ? new PropertyEncoder(release, this.#now, this.#tables.relationship.whole)
        : new ColumnEncoders(this.#layout, release);
  }

  /** Counts what would happen, and writes nothing. */
  assess(record: GraphRecord): void {
    const prepared = this.#prepare(record, (key) => !this.#assessedWhole.has(key) && idOfKey(key) !== null);
    if (prepared.table === null && record.kind === "node") this.#assessedWhole.add(record.key);
  }

  write(record: GraphRecord): void {
    const later = this.#ends === "at the end";
    const prepared = this.#prepare(record, (key) => (later ? idOfKey(key) !== null : this.#isMemory(key)));
    const { kind } = record;
    if (prepared.table === null) {
      this.#writeWhole(record, prepared.dangling);
      return;
    }
    const { table, columns, extra } = prepared;
    const present = table.whole ? columns : table.present.map((at) => columns[at]!);
    this.#statement(table.insert).run(...present);
    if (extra !== null) this.#insertExtra(kind, columns[0]!, null, hashRow(columns.slice(0, table.hashed)), extra);
  }

  /** After the last record of a new file: what was left for the end because it is faster then. */
  finish(): void {
    this.#indexExtra();
    this.#resolveEnds();
    this.#indexExtra();
  }

  /** Moves relationships whose ends turned out to be no memories beside the table, since it would not take them. */
  #resolveEnds(): void {
    // Elsewhere rows stand as they stood, dangling or not.
    if (!this.#layout.enforcesEnds || this.#ends === "at once" || !this.#encodedRelationships) return;
    const reader = new SqliteReader(this.#database, readLayout(this.#database), new FindingLog());
    for (const id of danglingIds(this.#database, [this.#tables.node.name])) {
      const record = reader.relationshipById(id);
      if (record === null) continue;
      this.remove(record);
      countAside(this.report, record);
      this.#writeWhole(record, this.#isDangling(record));
    }
  }

  #writeWhole(record: GraphRecord, dangling: boolean): void {
    const key = record.kind === "node" ? record.key : null;
    this.#insertExtra(record.kind, null, key, null, writeWholeRecord({ record, dangling }));
  }

  /** Records in the place of those with the same identity; all of the old go first, since new ones may refer to them. */
  replaceAll(batch: readonly GraphRecord[]): void {
    for (const record of batch) this.remove(record);
    this.writeAll(batch);
  }

  writeAll(batch: readonly GraphRecord[]): void {
    for (const record of batch) this.write(record);
  }

  /** Takes a record out again by its identity, with what stands beside it. */
  remove(record: GraphRecord): void {
    const id = record.kind === "node" ? idOfKey(record.key) : relationshipId(record);
    const { name } = this.#tables[record.kind];
    if (!this.#hasSideTable) {
      if (id !== null) this.#statement(`DELETE FROM ${name} WHERE id = ?`).run(id);
      return;
    }
    const isRow = id !== null && this.#statement(`SELECT 1 FROM ${name} WHERE id = ?`).values(id).length > 0;
    if (isRow) this.#statement(`DELETE FROM ${name} WHERE id = ?`).run(id);
    if (id !== null) this.#statement(`DELETE FROM ${SIDE_TABLE} WHERE kind = ? AND id = ?`).run(record.kind, id);
    if (record.kind === "node")
      this.#statement(`DELETE FROM ${SIDE_TABLE} WHERE kind = 'node' AND key = ?`).run(record.key);
    else if (!isRow) this.#removeWhole(record);
  }

  /** After removing: what stood beside the tables is not missed by a file that has nothing there any more. */
  dropEmptySideTable(): void {
    if (!this.#hasSideTable || this.#statement(`SELECT 1 FROM ${SIDE_TABLE} LIMIT 1`).values().length > 0) return;
    this.close();
    this.#database.run(`DROP TABLE ${SIDE_TABLE}`);
    this.#hasSideTable = false;
  }

  /** A relationship beside the tables has no key there: one with the same content is as good as the other. */
  #removeWhole(record: GraphRelationship): void {
    const texts = [true, false].map((dangling) => writeWholeRecord({ record, dangling }));
    this.#statement(
      `DELETE FROM ${SIDE_TABLE} WHERE rowid = (SELECT min(rowid) FROM ${SIDE_TABLE}
        WHERE kind = 'relationship' AND id IS NULL AND record IN (?, ?))`,
    ).run(...texts);
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  #prepare(record: GraphRecord, isMemory: (key: string) => boolean): Prepared {
    const table = this.#tables[record.kind];
    const verbatim = this.#verbatim(record, table);
    if (verbatim !== null) {
      if (record.kind === "node") this.#show(record, record.stored ?? record.properties);
      return verbatim;
    }
    const known = record.kind === "node" || this.#joinsRows(record, isMemory);
    if (!known) return this.#setAside(record);
    if (record.kind === "relationship") this.#encodedRelationships = true;
    const spelled = record.native?.layout === this.#native ? { record, respelled: 0 } : respell(record, this.#release);
    this.report.respelled += spelled.respelled;
    const encoded = this.#encode(spelled.record);
    if (encoded === null) return this.#setAside(record);
    const { columns, extra } = encoded;
    countBeside(this.report, record.kind, extra);
    if (spelled.record.kind === "node") this.#show(spelled.record, this.#asStored(spelled.record, encoded));
    return { table, columns, extra: isNothing(extra) ? null : writeRowExtra(extra) };
  }

  /** A row of the same layout goes in as it is; one of an earlier release lacks times that the newer table demands. */
  #verbatim(record: GraphRecord, table: TableWriter): Prepared | null {
    const native = record.native as SqliteNative | undefined;
    if (native === undefined || native.layout !== this.#native) return null;
    if (!table.whole) return null;
    const columns = [...native.columns];
    if (record.kind === "node" || this.#layout.addedLater === null) return { table, columns, extra: native.extra };
    const old = native.extra === null ? {} : readRowExtra(native.extra);
    const filled = fillTemporal(columns, old, record.properties, this.#now);
    if (filled.extra === old) return { table, columns, extra: native.extra };
    countBeside(this.report, "relationship", { defaulted: filled.extra.defaulted ?? [] });
    return { table, columns: filled.columns, extra: writeRowExtra(filled.extra) };
  }

  #show(node: GraphNode, properties: Properties): void {
    if (isMemory(node)) this.report.showing.add(properties);
  }

  /** What the row itself says, where that is another thing than what stands beside it. */
  #asStored({ properties }: GraphNode, { columns, extra }: EncodedRow): Properties {
    if (this.#layout.style !== "columns") return properties;
    const beside = [...(extra.defaulted ?? []), ...(extra.set ?? []).map(([name]) => name)];
    let stored = properties;
    for (const name of beside) {
      const at = this.#tables.node.columns.indexOf(name);
      const { kind } = this.#layout.nodes.columns[at] ?? {};
      if (kind === undefined || kind === "context") continue;
      const value = columns[at] ?? null;
      stored = stored.with(name, kind === "tags" && typeof value === "string" ? parseJson(value) : value);
    }
    return stored;
  }

  #encode(record: GraphRecord): EncodedRow | null {
    return record.kind === "node" ? this.#encoder.encodeNode(record) : this.#encoder.encodeRelationship(record);
  }

  #setAside(record: GraphRecord): Prepared {
    countAside(this.report, record);
    return { table: null, dangling: record.kind === "relationship" && this.#isDangling(record) };
  }

  /** Where foreign keys are enforced, only memories can be joined. */
  #joinsRows({ from, to }: GraphRelationship, isMemory: (key: string) => boolean): boolean {
    return !this.#layout.enforcesEnds || (isMemory(from) && isMemory(to));
  }

  #isMemory(key: string): boolean {
    const id = idOfKey(key);
    return id !== null && this.#statement(`SELECT 1 FROM ${this.#tables.node.name} WHERE id = ?`).values(id).length > 0;
  }

  #isDangling({ from, to }: GraphRelationship): boolean {
    const whole = (key: string) =>
      this.#hasSideTable && this.#statement(`SELECT 1 FROM ${SIDE_TABLE} WHERE key = ?`).values(key).length > 0;
    return ![from, to].every((key) => whole(key) || this.#isMemory(key));
  }

  #indexExtra(): void {
    if (!this.#hasSideTable || this.#extraIndexed) return;
    this.#database.run(EXTRA_INDEX);
    this.#extraIndexed = true;
  }

  #insertExtra(kind: string, id: SqlValue, key: SqlValue, hash: SqlValue, record: string): void {
    if (!this.#hasSideTable) {
      for (const sql of EXTRA_TABLES) this.#database.run(sql);
      this.#hasSideTable = true;
      if (this.#ends === "at once") this.#indexExtra();
    }
    this.#statement(`INSERT INTO ${SIDE_TABLE} (kind, id, key, row_hash, record) VALUES (?, ?, ?, ?, ?)`).run(
      kind,
      id,
      key,
      hash,
      record,
    );
  }

  #statement(sql: string): ExactStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = prepare(this.#database, sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
