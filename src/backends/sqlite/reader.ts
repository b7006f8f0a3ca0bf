/** Records out of a SQLite file of any layout, page by page. */
import type { Database } from "bun:sqlite";
import { JsonSyntaxError } from "../../graph/json.ts";
import { type GraphNode, type GraphRecord, type GraphRelationship, keyOfContent, keyOfId } from "../../graph/record.ts";
import { hashOf } from "../../memorygraph/canonicalizer.ts";
import { FindingLog } from "../findings.ts";
import { ALL_ROWS, type ExactStatement, pages, prepare, type Row, rows, type SqlValue, shareOf } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import type { DecodedNode, DecodedRelationship } from "./nodes-layout.ts";
import { UnreadableRowError } from "./row.ts";
import { rowAsMeant } from "./row-as-meant.ts";
import { HybridIds } from "./shared-ids.ts";
import { applyToProperties, hashRow, type RowExtra, readRowExtra, SIDE_TABLE } from "./side-table.ts";
import { hasExtra, hashStored, type StoredRecord, type StoredRow } from "./stored-rows.ts";
import { nodeTablesOf, relationshipTablesOf, type SqliteNative, selectFrom, type Table } from "./tables.ts";
import { readWholeRecords } from "./whole-records.ts";

/** Batches of records out of the tables of a file, nodes first; or one share of them, for a thread. */
export class SqliteReader {
  readonly #database: Database;
  readonly #layout: FileLayout;
  #findings: FindingLog;
  readonly #nodes: readonly Table<DecodedNode>[];
  readonly #relationships: readonly Table<DecodedRelationship>[];
  /** How many nodes of equal content have been numbered so far. */
  readonly #anonymous = new Map<string, number>();

  readonly #share: { at: number; of: number };
  /** How many rows each table has given so far. */
  readonly rows: RowsRead = {};
  /** Gets what a row with something beside it tells. */
  readonly #onBeside: (record: GraphRecord) => void;
  readonly #statements = new Map<string, ExactStatement>();

  /**
   * @param share makes it one of several readers that together read everything once
   * @param onBeside gets each record that has something beside its row
   */
  constructor(
    database: Database,
    layout: FileLayout,
    findings: FindingLog,
    share = { at: 0, of: 1 },
    onBeside: (record: GraphRecord) => void = () => {},
  ) {
    this.#onBeside = onBeside;
    this.#database = database;
    this.#layout = layout;
    this.#findings = findings;
    this.#share = share;
    this.#nodes = nodeTablesOf(layout);
    this.#relationships = relationshipTablesOf(layout);
  }

  *read(): Generator<GraphRecord[]> {
    const shared = new HybridIds(this.#database, this.#layout, this.#findings);
    for (const table of this.#nodes) {
      for (const page of this.#pages(table)) {
        const batch: GraphNode[] = [];
        for (const row of page) {
          const node = this.#node(table, row);
          if (node === null) continue;
          const place = shared.place(table.name, node, (other, id) => this.nodeById(other, id));
          if (place === "record") batch.push(node);
          else if (place === "beside") batch.push(this.#beside(node));
        }
        yield batch;
      }
    }
    const extra = this.#layout.hasSideTable && this.#share.at === 0;
    if (extra) yield* readWholeRecords("node", this.#database, this.#layout, this.#findings);
    for (const table of this.#relationships) {
      for (const page of this.#pages(table)) {
        yield page.map((row) => this.#relationship(table, row)).filter((record) => record !== null);
      }
    }
    if (extra) yield* readWholeRecords("relationship", this.#database, this.#layout, this.#findings);
  }

  /** The record of that id in a file in which each is told by one row (`isToldByRows`); null where there is none. */
  storedById(kind: GraphRecord["kind"], id: string): StoredRecord | null {
    return this.#storedWhere(kind, "t.id = ?", id);
  }

  /** As storedById, of the row of that number. */
  storedAt(kind: GraphRecord["kind"], rowid: bigint): StoredRecord | null {
    return this.#storedWhere(kind, "t.rowid = ?", rowid);
  }

  /** As storedById, where what the row tells is known already. */
  rowById(kind: GraphRecord["kind"], id: string): StoredRow | null {
    const table = kind === "node" ? this.#nodes[0] : this.#relationships[0];
    const row = table === undefined ? null : this.#one(table, "t.id = ?", id);
    return row === null ? null : this.#stored(table!, row);
  }

  #storedWhere(kind: GraphRecord["kind"], where: string, value: SqlValue): StoredRecord | null {
    const [nodes, relationships] = [this.#nodes[0], this.#relationships[0]];
    if (kind === "node") return nodes ? this.#storedIn(nodes, where, value, (row) => this.#node(nodes, row)) : null;
    return relationships
      ? this.#storedIn(relationships, where, value, (row) => this.#relationship(relationships, row))
      : null;
  }

  #storedIn<D>(
    table: Table<D>,
    where: string,
    value: SqlValue,
    read: (row: Row) => GraphRecord | null,
  ): StoredRecord | null {
    const row = this.#one(table, where, value);
    const record = row === null ? null : read(row);
    return row === null || record === null ? null : { record, ...this.#stored(table, row) };
  }

  #one(table: Table<unknown>, where: string, value: SqlValue): Row | null {
    const name = `${table.name} ${where}`;
    const [row] = this.#statement(name, () => `${selectFrom(table, this.#layout.hasSideTable)} WHERE ${where}`).values(
      value,
    );
    return row === undefined ? null : this.#meant(table, row);
  }

  #stored(table: Table<unknown>, row: Row): StoredRow {
    return { stored: hashStored(table, row), rowid: row.at(-1) as bigint, beside: this.#besideOf(table, row) };
  }

  #besideOf({ kind, columns }: Table<unknown>, row: Row): bigint | null {
    if (!hasExtra(row, columns.length)) return null;
    const select = () => `SELECT rowid FROM ${SIDE_TABLE} WHERE kind = ? AND id = ?`;
    const [found] = this.#statement(SIDE_TABLE, select).values(kind, row[0]!);
    return (found?.[0] ?? null) as bigint | null;
  }

  #statement(name: string, sql: () => string): ExactStatement {
    let statement = this.#statements.get(name);
    if (statement === undefined) {
      statement = prepare(this.#database, sql());
      this.#statements.set(name, statement);
    }
    return statement;
  }

  /** After the last row was found, before the database is closed or its tables are dropped. */
  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  /** One node of a table, or null where it has none of that id or cannot read it. What is odd about it is told when it is read. */
  nodeById(tableName: string, id: string): GraphNode | null {
    const told = this.#findings;
    this.#findings = new FindingLog();
    try {
      const table = this.#nodes.find(({ name }) => name === tableName)!;
      const row = this.#once(table, id);
      return row === null ? null : this.#node(table, row);
    } finally {
      this.#findings = told;
    }
  }

  /** As nodeById, for a relationship. */
  relationshipById(id: string): GraphRelationship | null {
    const [table] = this.#relationships;
    const row = table === undefined ? null : this.#once(table, id);
    return row === null ? null : this.#relationship(table!, row);
  }

  /** Without a statement that would have to be closed. */
  #once(table: Table<unknown>, id: string): Row | null {
    const [row] = rows(this.#database, `${selectFrom(table, this.#layout.hasSideTable)} WHERE t.id = ?`, id);
    return row === undefined ? null : this.#meant(table, row);
  }

  *#pages<D>(table: Table<D>): Generator<Row[]> {
    const { at, of } = this.#share;
    const range = of === 1 ? ALL_ROWS : shareOf(this.#database, table.name, at, of);
    this.rows[table.name] = 0;
    for (const page of pages(this.#database, selectFrom(table, this.#layout.hasSideTable), range)) {
      this.rows[table.name]! += page.length;
      yield page.map((row) => this.#meant(table, row));
    }
  }

  #meant(table: Table<unknown>, row: Row): Row {
    return rowAsMeant(this.#database, this.#layout.encoding, table, row);
  }

  #node(table: Table<DecodedNode>, row: Row): GraphNode | null {
    return this.#told(table, row, this.#nodeOf(table, row));
  }

  #told<R extends GraphRecord>(table: Table<unknown>, row: Row, record: R | null): R | null {
    if (record !== null && hasExtra(row, table.columns.length)) this.#onBeside(record);
    return record;
  }

  #nodeOf(table: Table<DecodedNode>, row: Row): GraphNode | null {
    const found = this.#decode(table, row);
    if (found === null) return null;
    const { decoded, extra, native } = found;
    const labels = extra?.labels ?? decoded.labels;
    const properties = extra === null ? decoded.properties : applyToProperties(decoded.properties, extra);
    const beside = { ...(extra !== null && { stored: decoded.properties }), ...(native && { native }) };
    if (decoded.id !== null && !table.aside) {
      return { kind: "node", key: keyOfId(decoded.id), labels, properties, ...beside };
    }
    return this.#beside({ kind: "node", key: "#", labels, properties });
  }

  /** A node that its content identifies. */
  #beside({ labels, properties }: GraphNode): GraphNode {
    const unnamed: GraphNode = { kind: "node", key: "#", labels, properties };
    return { ...unnamed, key: this.#number(unnamed) };
  }

  #relationship(table: Table<DecodedRelationship>, row: Row): GraphRelationship | null {
    return this.#told(table, row, this.#relationshipOf(table, row));
  }

  #relationshipOf(table: Table<DecodedRelationship>, row: Row): GraphRelationship | null {
    const found = this.#decode(table, row);
    if (found === null) return null;
    const { decoded, extra, native } = found;
    return {
      kind: "relationship",
      from: keyOfId(decoded.from),
      to: keyOfId(decoded.to),
      type: decoded.type,
      properties: extra === null ? decoded.properties : applyToProperties(decoded.properties, extra),
      ...(table.aside && { hasDuplicateId: true as const }),
      ...(native && typeof row[0] === "string" && { native }),
    };
  }

  #decode<D>(table: Table<D>, row: Row): { decoded: D; extra: RowExtra | null; native: SqliteNative | null } | null {
    const id = typeof row[0] === "string" ? row[0] : `row ${row.at(-1)} of ${table.name}`;
    const { length } = table.columns;
    try {
      let isWhole = true;
      const decoded = table.decode(row, (what, kind = "note") => {
        isWhole &&= kind === "note";
        this.#findings.add(kind, what, id);
      });
      const extra = this.#layout.hasSideTable ? this.#extraOf(table, row, id) : null;
      // Several readers only count and digest: none of them hands its rows on.
      const handsOn = isWhole && table.verbatim && this.#share.of === 1;
      const native = handsOn
        ? { layout: table.native, columns: row.slice(0, length), extra: extra?.text ?? null }
        : null;
      return { decoded, extra: extra?.parsed ?? null, native };
    } catch (error) {
      if (!(error instanceof UnreadableRowError) && !(error instanceof JsonSyntaxError)) throw error;
      this.#findings.add("damage", `a row of ${table.name} that cannot be read: ${reason(error)}`, id);
      return null;
    }
  }

  #extraOf<D>(table: Table<D>, row: Row, id: string): { text: string; parsed: RowExtra } | null {
    const { length } = table.columns;
    const hash = row[length];
    const text = row[length + 1];
    if (typeof text !== "string") return null;
    if (hash instanceof Uint8Array && Buffer.compare(hash, hashRow(row.slice(0, table.hashed))) === 0) {
      try {
        return { text, parsed: readRowExtra(text) };
      } catch (error) {
        if (!(error instanceof JsonSyntaxError) && !(error instanceof TypeError)) throw error;
        this.#findings.add("damage", "a row of our side table cannot be read; the record is read without it", id);
        return null;
      }
    }
    this.#findings.add(
      "note",
      "the application changed a record after we wrote its row in our side table; the row is not applied",
      id,
    );
    return null;
  }

  #number(node: GraphNode): string {
    const hash = hashOf(node).toHex();
    const number = (this.#anonymous.get(hash) ?? 0) + 1;
    this.#anonymous.set(hash, number);
    return keyOfContent(hash, number);
  }
}

/** Rows by table. */
export type RowsRead = Record<string, number>;

/** Damage is counted by its reason; offsets would make every one its own. */
function reason(error: Error): string {
  return error instanceof JsonSyntaxError ? "its JSON does not parse" : error.message;
}
