/** What the two layouts' rows have in common. */
import type { GraphRecord } from "../../graph/record.ts";
import type { Finding } from "../description.ts";
import type { SqlValue } from "./database.ts";
import type { RowExtra } from "./side-table.ts";

/** A row that is there but cannot be read as a record. */
export class UnreadableRowError extends Error {
  override readonly name = "UnreadableRowError";
}

/** A record as a layout takes it. */
export interface EncodedRow {
  readonly columns: SqlValue[];
  readonly extra: RowExtra;
}

/** Says something about a record that is read: a note where it reads well. */
export type Note = (what: string, kind?: Finding["kind"]) => void;

/** Where the text of a column is kept that is not what the column should hold. */
export const COLUMN = "columns.";

/** @throws UnreadableRowError for anything but text */
export function textColumn(value: SqlValue | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw new UnreadableRowError(`its ${name} is ${value == null ? "empty" : "not text"}`);
}

/** The id under which a person finds the record. */
export function shownId(record: GraphRecord): string {
  const id = record.properties.get("id");
  if (typeof id === "string") return id;
  return record.kind === "node" ? record.key : `${record.from} -${record.type}-> ${record.to}`;
}
