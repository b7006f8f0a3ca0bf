/**
 * SQLite's own check of a whole file, and what its answers mean for somebody who only wants the rows: an index that
 * cannot be checked, or that misses rows, costs nothing but time, and its cure is to build it anew.
 */
import { type Database, SQLiteError } from "bun:sqlite";
import type { PageFile } from "../../sqlite-file/page-file.ts";
import { readSchema } from "../../sqlite-file/schema.ts";
import { StoredTable } from "../../sqlite-file/table-rows.ts";
import { shellQuote } from "../../support/shell.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { SIDE_TABLE } from "./side-table.ts";

const MOST_MESSAGES = 100;
const UNREADABLE = "a part of the file that SQLite's integrity check cannot read";
const OUT_OF_ORDER = "pages of the file that are not in order";
/** The check ends at what only another program has. */
const FOREIGN = /^(?:unknown function|no such (?:function|collation sequence|module|tokenizer)): ?(\w+)/;

/** Of an index whose entries are not those of its table. */
export function staleIndex(cure: string): string {
  return `an index that does not match its table; rows are read by table, and ${cure}`;
}

/** @param isDoubled whether rows share an id, so that an index of unique keys cannot be built */
export function cureOf(path: string, isDoubled: boolean): string {
  const command = `sqlite3 ${shellQuote(path)} REINDEX`;
  return isDoubled ? `once no two rows share an id, this repairs it: ${command}` : `the cure is: ${command}`;
}

/** What a message of the check is about, in the order in which they are tried. */
const MEANINGS: readonly (readonly [pattern: RegExp, what: (cure: string) => string])[] = [
  [
    /missing from index|^wrong # of entries in index|^non-unique entry in index|values differ from index|^row not in PRIMARY KEY order/,
    staleIndex,
  ],
  [
    /^(NULL|TEXT|NUMERIC|INT|INTEGER|REAL|BLOB|non-\w+) value in |^CHECK constraint failed in /,
    () => "a value that its column's declaration does not allow; it is read as it is",
  ],
  [
    /malformed inverted index|unable to validate the inverted index|^fts/i,
    () => "a search index that does not match its table; it is not read",
  ],
  [/never used|[Ff]reelist|^Fragmentation|^Multiple uses for byte|^Pointer map page/, () => OUT_OF_ORDER],
];

export interface Integrity {
  /** None of them is damage: whether rows are lost is told by reading them. */
  readonly findings: readonly Finding[];
  /** Whether the pages of the tables have to be looked at one by one. */
  readonly suspect: boolean;
  /** Whether pages have bytes that they do not account for, in which rows may be. */
  readonly hasStrayBytes: boolean;
}

/**
 * @param cure what to do about an index
 * @param isEdited whether statements were taken out of the file, which leaves pages that nobody uses
 */
export function checkIntegrity(database: Database, cure: string, isEdited: boolean): Integrity {
  const log = new FindingLog();
  let suspect = false;
  let hasStrayBytes = false;
  for (const message of messagesOf(database)) {
    const foreign = FOREIGN.exec(message)?.[1];
    if (foreign !== undefined) {
      const what = `an index with a function or an order that only another program knows, and can check; rows are read by table`;
      for (const index of indexesWith(database, foreign))
        log.add("note", what, index === null ? message : `${index}: ${message}`);
      suspect = true;
      continue;
    }
    const what = MEANINGS.find(([pattern]) => pattern.test(message))?.[1](cure);
    // What is said about an index needs no second look.
    suspect ||= what === undefined || /order|unique/.test(message);
    hasStrayBytes ||= /Fragmentation|Multiple uses/.test(message);
    if (!(isEdited && what === OUT_OF_ORDER)) log.add("note", what ?? UNREADABLE, message);
  }
  return { findings: log.list(), suspect, hasStrayBytes };
}

/** Their names, by their declarations; one null where none can be told. */
function indexesWith(database: Database, name: string): (string | null)[] {
  const found = rows(database, "SELECT name FROM sqlite_master WHERE type = 'index' AND instr(sql, ?) > 0", name);
  return found.length === 0 ? [null] : found.map(([index]) => String(index));
}

/** One problem a message, without the heading that some begin with. */
function messagesOf(database: Database): string[] {
  try {
    return rows(database, `PRAGMA integrity_check(${MOST_MESSAGES})`)
      .flatMap(([text]) => String(text).split("\n"))
      .map((line) => line.trim())
      .filter((line) => line !== "ok" && line !== "" && !line.startsWith("*** in database"));
  } catch (error) {
    if (!(error instanceof SQLiteError)) throw error;
    // It gives up at what it cannot read, and at a function, collation or tokenizer that only another program has.
    return [error.message];
  }
}

/** Whether every row of MemoryGraph's tables can be read, page by page. */
export function areRowsWhole(file: PageFile, layout: FileLayout): boolean {
  let lost = false;
  const onLost = () => {
    lost = true;
  };
  const tables = tableNames(layout);
  for (const entry of readSchema(file, onLost).filter(({ name }) => tables.includes(name))) {
    const table = StoredTable.of(file, entry);
    for (const _ of table?.rows(onLost) ?? []) if (lost) return false;
  }
  return !lost;
}

/** MemoryGraph's own tables in the file, and ours. */
export function tableNames({ nodeTables, relationships, hasSideTable }: FileLayout): string[] {
  return [
    ...nodeTables.map(({ name }) => name),
    ...(relationships === null ? [] : [relationships.name]),
    ...(hasSideTable ? [SIDE_TABLE] : []),
  ];
}
