/**
 * The side table: what a layout has no column for, in the same file. The application neither sees nor needs it.
 *
 * A row with an `id` adds to the record of that id in the layout's own table, and holds a hash of that row: if the
 * application changed the row since, what we remember of it no longer holds, and it is not applied. A row without
 * `id` is a whole record that the layout cannot hold at all; `key` is a node's then.
 */
import { hashText } from "../../graph/digest.ts";
import { parseJson, writeJson } from "../../graph/json.ts";
import type { Properties } from "../../graph/properties.ts";
import type { GraphRecord } from "../../graph/record.ts";
import { pairsOf, recordFromMap, recordToMap, unpaired } from "../../graph/record-map.ts";
import { isMap, type Value, type ValueMap } from "../../graph/value.ts";
import type { Row, SqlValue } from "./database.ts";

export const SIDE_TABLE = "memorygraph_migrate_extra";

export const EXTRA_TABLES = [
  `CREATE TABLE ${SIDE_TABLE} (
  kind TEXT NOT NULL CHECK (kind IN ('node', 'relationship')),
  id TEXT,
  key TEXT,
  row_hash BLOB,
  record TEXT NOT NULL
)`,
  `CREATE INDEX ${SIDE_TABLE}_key ON ${SIDE_TABLE}(key) WHERE key IS NOT NULL`,
] as const;

/** For finding what belongs to a row; into a new file it goes after the rows, which is faster. */
export const EXTRA_INDEX = `CREATE UNIQUE INDEX ${SIDE_TABLE}_id ON ${SIDE_TABLE}(kind, id)`;

/** What the row alone would say wrongly or not at all. */
export interface RowExtra {
  /** Where the layout has room for one label and the node has none, another or several. */
  readonly labels?: readonly string[];
  /** Properties that only the layout demanded. */
  readonly defaulted?: readonly string[];
  /** Properties that the row lacks or cannot hold exactly. */
  readonly set?: readonly (readonly [string, Value])[];
}

/** The row says everything by itself. */
export function isNothing(extra: RowExtra): boolean {
  return extra.labels === undefined && extra.defaulted === undefined && extra.set === undefined;
}

/** As JSON; readRowExtra reads it. Earlier builds wrote the name `imposed`, which stays. */
export function writeRowExtra({ labels, defaulted, set }: RowExtra): string {
  const map: ValueMap = new Map();
  if (labels !== undefined) map.set("labels", [...labels]);
  if (defaulted !== undefined) map.set("imposed", [...defaulted]);
  if (set !== undefined) map.set("set", pairsOf(set));
  return writeJson(map, "javascript");
}

/** @throws JsonSyntaxError or TypeError when the text is not what writeRowExtra writes. */
export function readRowExtra(text: string): RowExtra {
  const map = parseMap(text);
  return {
    ...(map.has("labels") && { labels: map.get("labels") as string[] }),
    ...(map.has("imposed") && { defaulted: map.get("imposed") as string[] }),
    ...(map.has("set") && { set: unpaired(map.get("set")!) }),
  };
}

/** The properties of a record, out of those that its row gives. */
export function applyToProperties(properties: Properties, { defaulted = [], set = [] }: RowExtra): Properties {
  let result = properties;
  for (const name of defaulted) result = result.with(name, null);
  for (const [name, value] of set) result = result.with(name, value);
  return result;
}

/** A relationship to a node whose row has gone would hang in the air; one that hung there from the start is marked. */
interface WholeRecord {
  readonly record: GraphRecord;
  readonly dangling: boolean;
}

/** As JSON; readWholeRecord reads it. */
export function writeWholeRecord({ record, dangling }: WholeRecord): string {
  return writeJson(recordToMap(record, dangling ? [["dangling", true]] : []), "javascript");
}

/** @throws JsonSyntaxError or TypeError when the text is not what writeWholeRecord writes. */
export function readWholeRecord(kind: GraphRecord["kind"], text: string): WholeRecord {
  const map = parseMap(text);
  return { record: recordFromMap(kind, map), dangling: map.get("dangling") === true };
}

function parseMap(text: string): ValueMap {
  const value = parseJson(text);
  if (!isMap(value)) throw new TypeError("an object expected");
  return value;
}

/** A hash of the columns by which the application changes a record: 16 bytes of SHA-256. */
export function hashRow(row: Row): Uint8Array {
  return hashText(spellRow(row)).slice(0, 16);
}

/** As one text, which rows share only where they hold the same values of the same types. */
export function spellRow(row: Row, columns = row.length): string {
  let text = "";
  for (let at = 0; at < columns; at++) text += spell(row[at]!);
  return text;
}

function spell(value: SqlValue): string {
  if (value === null) return "0;";
  if (value instanceof Uint8Array) return `x${value.toHex()};`;
  if (typeof value === "string") return `s${value.length}:${value}`;
  return `${typeof value} ${value};`;
}
