/** Rows of results as the driver gives them, and what a statement is about for whoever waits for them. */
import neo4j from "neo4j-driver";
import { fromWireInteger, isBroken } from "./values.ts";

/** The values of one record, in the order of its columns. */
export type Row = readonly unknown[];

interface DriverRecord {
  readonly length: number;
  get(at: number): unknown;
}

/** All rows of a result that has been gathered. */
export function rowsOf({ records }: { readonly records: readonly DriverRecord[] }): Row[] {
  return records.map(rowOf);
}

/** Integers as bigint, lists and maps as they are. Not by the record's iterator, which is slow. */
export function rowOf(record: DriverRecord): Row {
  const row: unknown[] = [];
  for (let at = 0; at < record.length; at++) {
    const cell = record.get(at);
    row.push(!isBroken(cell) && neo4j.isInt(cell) ? fromWireInteger(cell) : cell);
  }
  return row;
}

/** As a person reads it: what a wait is for. */
export function aboutStatement(statement: string): string {
  const text = statement.replace(/^CYPHER \d+ /, "");
  if (/^(UNWIND \$ids AS i )?MATCH \(n\) (WHERE id\(n\) = i )?RETURN id/.test(text)) return "reading nodes";
  if (/^(UNWIND \$\w+ AS \w )?MATCH \(a\)-\[r\]->\(b\) .*RETURN id/.test(text)) return "reading relationships";
  if (/^UNWIND \$rows AS (row|i) /.test(text)) return /\bDELETE\b/.test(text) ? "deleting records" : "writing records";
  // As Memgraph spells them.
  if (/^(CREATE|DROP) (\w+ )?(INDEX|CONSTRAINT) ON /.test(text)) {
    return "indexes and constraints, for which Memgraph first waits until all other transactions have ended";
  }
  if (/\b(INDEX|CONSTRAINT)\b/.test(text)) return "indexes and constraints";
  return "a question about the store";
}
