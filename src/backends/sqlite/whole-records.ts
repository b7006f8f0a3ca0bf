/** The records that a layout cannot hold at all, read back from the side table. */
import type { Database } from "bun:sqlite";
import { JsonSyntaxError } from "../../graph/json.ts";
import { type GraphRecord, idOfKey, relationshipId } from "../../graph/record.ts";
import type { FindingLog } from "../findings.ts";
import { type ExactStatement, pages, prepare, type SqlValue } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { shownId } from "./row.ts";
import { readWholeRecord, SIDE_TABLE } from "./side-table.ts";

/** Records that the application's later work made meaningless are left out and reported. */
export function* readWholeRecords(
  kind: GraphRecord["kind"],
  database: Database,
  layout: FileLayout,
  findings: FindingLog,
): Generator<GraphRecord[]> {
  const present = new PresentIds(database, layout);
  try {
    const select = `SELECT t.kind, t.id, t.record, t.rowid FROM ${SIDE_TABLE} t`;
    for (const page of pages(database, select)) {
      const batch: GraphRecord[] = [];
      for (const [rowKind, id, text, rowid] of page) {
        if (rowKind !== kind || id !== null) continue;
        const record = readOne(kind, text!, present, findings, String(rowid));
        if (record !== null) batch.push(record);
      }
      if (batch.length > 0) yield batch;
    }
  } finally {
    present.close();
  }
}

function readOne(
  kind: GraphRecord["kind"],
  text: SqlValue,
  present: PresentIds,
  findings: FindingLog,
  rowid: string,
): GraphRecord | null {
  try {
    const { record, dangling } = readWholeRecord(kind, String(text));
    const why = overtaken(record, dangling, present);
    if (why === null) return record;
    findings.add("note", why, shownId(record));
    return null;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof TypeError)) throw error;
    findings.add("damage", `a row of ${SIDE_TABLE} that cannot be read`, `row ${rowid}`);
    return null;
  }
}

function overtaken(record: GraphRecord, dangling: boolean, present: PresentIds): string | null {
  if (record.kind === "node") {
    const id = idOfKey(record.key);
    if (id === null || !present.asRow(id)) return null;
    return "the application created a record with the id of one in our side table; the one in the side table is not applied";
  }
  const id = relationshipId(record);
  if (id !== null && present.asRelationship(id)) {
    return "the application created a record with the id of one in our side table; the one in the side table is not applied";
  }
  if (dangling || (present.has(record.from) && present.has(record.to))) return null;
  return "the application deleted an end of a relationship in our side table; the relationship is not applied";
}

/** Which nodes there are, as rows or whole in the side table. */
class PresentIds {
  readonly #rows: ExactStatement[];
  readonly #whole: ExactStatement;
  readonly #relationships: ExactStatement | null;

  constructor(database: Database, layout: FileLayout) {
    this.#rows = layout.nodeTables.map(({ name }) => prepare(database, `SELECT 1 FROM ${name} WHERE id = ?`));
    this.#whole = prepare(database, `SELECT 1 FROM ${SIDE_TABLE} WHERE key = ?`);
    this.#relationships =
      layout.relationships === null ? null : prepare(database, "SELECT 1 FROM relationships WHERE id = ?");
  }

  has(key: string): boolean {
    const id = idOfKey(key);
    return (id !== null && this.asRow(id)) || this.#whole.values(key).length > 0;
  }

  asRow(id: string): boolean {
    return this.#rows.some((statement) => statement.values(id).length > 0);
  }

  asRelationship(id: string): boolean {
    return (this.#relationships?.values(id).length ?? 0) > 0;
  }

  close(): void {
    for (const statement of [...this.#rows, this.#whole, this.#relationships]) statement?.finalize();
  }
}
