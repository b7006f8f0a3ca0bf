/**
 * A private file with the rows of a store under plain declarations, read off its pages: for files of which SQLite reads
 * nothing or not all, whose rows have no numbers, or whose keys are not unique.
 */
import { constants, Database } from "bun:sqlite";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { LostPart } from "../../sqlite-file/damage.ts";
import type { PageFile } from "../../sqlite-file/page-file.ts";
import type { StoredValue } from "../../sqlite-file/record.ts";
import { readSchema, type SchemaEntry } from "../../sqlite-file/schema.ts";
import { StoredTable } from "../../sqlite-file/table-rows.ts";
import { remove } from "../../support/files.ts";
import type { Finding } from "../description.ts";
import { type ExactStatement, prepare, quoted } from "./database.ts";
import { separateDoubles } from "./doubles.ts";
import { onDatabase } from "./errors.ts";
import { tableNames } from "./integrity.ts";
import { type FileLayout, layoutOf } from "./layout.ts";
import { EXTRA_INDEX, SIDE_TABLE } from "./side-table.ts";
import { privateFolder, readCopy, type Snapshot } from "./snapshot.ts";

export interface Rebuilt {
  readonly snapshot: Snapshot;
  readonly layout: FileLayout;
  /** What could not be read, by table; `null` for the schema itself. */
  readonly lost: readonly (LostPart & { readonly table: string | null })[];
  readonly findings: readonly Finding[];
}

/** @param file stays open; what it gives is one moment of the store */
export function rebuild(path: string, file: PageFile): Rebuilt {
  const lost: (LostPart & { table: string | null })[] = [];
  const entries = readSchema(file, (part) => lost.push({ ...part, table: null }));
  const layout = layoutOfPages(file, entries);
  const folder = privateFolder(path, realpathSync(path));
  try {
    const findings = onDatabase(path, () =>
      fill(join(folder, "store"), file, entries, layout, (part, table) => lost.push({ ...part, table })),
    );
    const { doubled } = findings;
    // Numbers of rows are those of the copy, where every table has them.
    return {
      snapshot: readCopy(path, folder),
      layout: { ...layout, encoding: "UTF-8", unnumbered: [], doubled },
      lost,
      findings: findings.findings,
    };
  } catch (error) {
    remove(folder);
    throw error;
  }
}

function layoutOfPages(file: PageFile, entries: readonly SchemaEntry[]): FileLayout {
  return layoutOf({
    entries: entries.map(({ type, name, table, sql }) => ({ type, name, table, own: sql !== null })),
    encoding: file.header.encoding,
    tableNamed: (name) => {
      const entry = entries.find((candidate) => candidate.name === name && candidate.type === "table");
      const table = entry === undefined ? null : StoredTable.of(file, entry);
      // What is computed when it is read is in no page.
      return { columns: namesInCopy(table?.columns ?? []), generated: [], withoutRowid: false };
    },
  });
}

function fill(
  copy: string,
  file: PageFile,
  entries: readonly SchemaEntry[],
  layout: FileLayout,
  onLost: (part: LostPart, table: string) => void,
): { findings: Finding[]; doubled: string[] } {
  const database = new Database(copy, constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE);
  try {
    for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"]) {
      database.run(`PRAGMA ${pragma}`);
    }
    database.run("BEGIN");
    const roots = [1, ...entries.filter(({ type, root }) => type === "table" && root > 0).map(({ root }) => root)];
    for (const name of tableNames(layout)) {
      const table = StoredTable.of(file, entries.find((entry) => entry.name === name && entry.type === "table")!)!;
      copyRows(database, name, table, roots, (part) => onLost(part, name));
    }
    const separated = separateDoubles(database, layout);
    for (const sql of indexesOf(layout)) database.run(sql);
    database.run("COMMIT");
    return separated;
  } finally {
    database.close();
  }
}

function copyRows(
  database: Database,
  name: string,
  table: StoredTable,
  roots: readonly number[],
  onLost: (part: LostPart) => void,
): void {
  const columns = namesInCopy(table.columns);
  // Without types, every value stays what it is.
  database.run(`CREATE TABLE ${quoted(name)} (${columns.map(quoted).join(", ")})`);
  const numbered = new Inserts(database, name, [...columns, "rowid"]);
  const unnumbered = new Inserts(database, name, columns);
  try {
    for (const { rowid, values, isOrphan } of table.rows(onLost, roots)) {
      if (numbered.run([...values, rowid]) || isOrphan) continue;
      // Another row has its number, one of which is damaged: both rows are whole.
      unnumbered.run(values);
    }
  } finally {
    numbered.close();
    unnumbered.close();
  }
}

/** Names that SQLite takes, each once; a column of one of three names would hide the row's number. */
function namesInCopy(columns: readonly string[]): string[] {
  const used = new Set<string>();
  return columns.map((column, at) => {
    let name = column.replaceAll("\0", "") || `column ${at + 1}`;
    if (/^(rowid|_rowid_|oid)$/i.test(name)) name = `columns.${name}`;
    while (used.has(name.toLowerCase())) name += "'";
    used.add(name.toLowerCase());
    return name;
  });
}

/** A bound 1.0 would become an integer in a column without a type: such a value is cast. */
class Inserts {
  readonly #statements = new Map<string, ExactStatement>();

  constructor(
    readonly database: Database,
    readonly table: string,
    readonly columns: readonly string[],
  ) {}

  /** @returns whether the row is in the table now */
  run(values: readonly StoredValue[]): boolean {
    const places = values.map((value) => (Number.isInteger(value) ? "CAST(? AS REAL)" : "?")).join(", ");
    let statement = this.#statements.get(places);
    if (statement === undefined) {
      const columns = this.columns.map(quoted).join(", ");
      statement = prepare(this.database, `INSERT OR IGNORE INTO ${quoted(this.table)} (${columns}) VALUES (${places})`);
      this.#statements.set(places, statement);
    }
    return statement.run(...values).changes > 0;
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
  }
}

/** What lookups need, which the original may have under other collations or not at all. */
function indexesOf({ nodeTables, relationships, hasSideTable }: FileLayout): string[] {
  const ids = [...nodeTables.map(({ name }) => name), ...(relationships === null ? [] : [relationships.name])];
  return [
    ...ids.map((name) => `CREATE INDEX ${quoted(`${name}_by_id`)} ON ${quoted(name)} (id)`),
    ...(relationships === null ? [] : ["from_id", "to_id"]).map(
      (end) => `CREATE INDEX ${quoted(`relationships_by_${end}`)} ON relationships (${end})`,
    ),
    ...(hasSideTable
      ? [EXTRA_INDEX.replace("UNIQUE ", ""), `CREATE INDEX ${SIDE_TABLE}_key ON ${SIDE_TABLE} (key)`]
      : []),
  ];
}
