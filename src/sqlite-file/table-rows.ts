/** The rows of one table by the names of its columns, read off the pages of the file. */

import type { LostPart, OnLost } from "./damage.ts";
import { type DeclaredColumn, type DeclaredTable, readDeclaration, sameName } from "./declared-table.ts";
import { orphanedRows } from "./orphans.ts";
import type { PageFile } from "./page-file.ts";
import { PageUse } from "./page-use.ts";
import type { StoredValue } from "./record.ts";
import type { SchemaEntry } from "./schema.ts";
import { type StoredRow, TableTree } from "./table-tree.ts";

interface NamedRow {
  readonly rowid: bigint;
  /** In the order of `columns`. */
  readonly values: readonly StoredValue[];
  /** Found on a page that no table leads to any more. */
  readonly isOrphan?: true;
}

/** The rows of one table, read page by page without SQLite. */
export class StoredTable {
  /** The columns that are in the file, by their names. */
  readonly columns: readonly string[];
  readonly #file: PageFile;
  readonly #root: number;
  readonly #declared: DeclaredTable;
  /** The columns in the order in which records hold them. */
  readonly #stored: readonly DeclaredColumn[];

  private constructor(file: PageFile, root: number, declared: DeclaredTable) {
    this.#file = file;
    this.#root = root;
    this.#declared = declared;
    this.#stored = storedOrder(declared);
    const virtual = declared.columns.filter(({ generated }) => generated !== "virtual");
    this.columns = virtual.map(({ name }) => name);
  }

  /** Null for what is no table with rows of its own, or whose declaration cannot be understood. */
  static of(file: PageFile, { type, sql, root }: SchemaEntry): StoredTable | null {
    const declared = type === "table" && root > 0 && sql !== null ? readDeclaration(sql) : null;
    return declared === null ? null : new StoredTable(file, root, declared);
  }

  /** @param roots the first pages of all tables: with them, rows are looked for that no page leads to any more */
  *rows(onLost: OnLost, roots: readonly number[] = []): Generator<NamedRow> {
    const gaps: LostPart[] = [];
    const use = new PageUse(this.#file, roots);
    const note = (part: LostPart) => {
      if (!part.isKept) gaps.push(part);
      onLost(part);
    };
    const tree = new TableTree(this.#file, this.#root, note, use);
    const places = this.columns.map((name) => this.#stored.findIndex((column) => column.name === name));
    const alias = this.#declared.rowidColumn === null ? -1 : this.columns.indexOf(this.#declared.rowidColumn);
    const real = this.columns.map((name) => isReal(this.#stored.find((column) => column.name === name)!.type));
    const named = ({ rowid, values }: StoredRow): NamedRow => {
      const row = places.map((at, index) => {
        const value = at < values.length ? values[at]! : this.#stored[at]!.fallback;
        // Whole numbers of a REAL column are stored as integers, to save room.
        return real[index] && typeof value === "bigint" ? Number(value) : value;
      });
      if (alias !== -1) row[alias] = rowid;
      return { rowid, values: row };
    };
    for (const row of this.#declared.withoutRowid ? tree.keyedRows() : tree.rows()) yield named(row);
    if (gaps.length === 0 || roots.length === 0 || this.#declared.withoutRowid) return;
    for (const row of orphanedRows(this.#file, use, gaps, this.#stored.length)) {
      yield { ...named(row), isOrphan: true };
    }
  }
}

/** A table without rowid holds its key first. */
function storedOrder({ columns, withoutRowid, key }: DeclaredTable): DeclaredColumn[] {
  const stored = columns.filter(({ generated }) => generated !== "virtual");
  if (!withoutRowid) return stored;
  const first = key.flatMap((name) => stored.filter((column) => sameName(column.name, name)));
  const unique = first.filter((column, at) => first.indexOf(column) === at);
  return [...unique, ...stored.filter((column) => !unique.includes(column))];
}

/** The rule of "type affinity": https://sqlite.org/datatype3.html, 3.1. */
function isReal(type: string): boolean {
  if (/INT|CHAR|CLOB|TEXT|BLOB/.test(type)) return false;
  return /REAL|FLOA|DOUB/.test(type);
}
