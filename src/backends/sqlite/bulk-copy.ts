/**
 * Whole tables from one file into another of the same layout, inside SQLite: the rows never become records, so that
 * nothing can happen to them on the way, and what came out is compared with what went in byte for byte.
 */
import { constants, Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { columnNames, type SqliteLayout } from "../../memorygraph/layouts/layout.ts";
import { count, quoted } from "./database.ts";
import type { FileLayout } from "./layout.ts";

export interface WholeTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** The tables of the layout when the file has just these, with nothing beside them; else null. */
export function wholeTables(file: FileLayout, layout: SqliteLayout): WholeTable[] | null {
  // What is computed from others is part of `SELECT *`, and rows beside others are in no table of the layout.
  if (file.doubled.length + file.generated.length + file.unnumbered.length > 0) return null;
  if (file.encoding !== "UTF-8" || file.unreadableTables.length > 0) return null;
  if (file.hasSideTable || file.layout !== layout || file.relationships === null) return null;
  const tables = [layout.nodes, layout.relationships].map((table) => ({
    name: table.name,
    columns: columnNames(table),
  }));
  const found = [file.nodeTables[0]!, file.relationships];
  // In the same order too: only `SELECT *` lets SQLite move pages instead of rows.
  return tables.every(({ columns }, at) => columns.join() === found[at]!.columns.join()) ? tables : null;
}

/**
 * Copies into the empty tables of `target`, which must allow URIs and have no transaction open.
 * @param withIndexes whether the pages of tables and indexes may be moved as they are: only where all indexes are right
 */
export function copyTables(target: Database, real: string, tables: readonly WholeTable[], withIndexes: boolean): void {
  attach(target, real, "source");
  target.run("BEGIN");
  for (const { name, columns } of tables) {
    const names = columns.map(quoted).join(", ");
    const rows = withIndexes
      ? `SELECT * FROM source.${quoted(name)}`
      : `SELECT ${names} FROM source.${quoted(name)} NOT INDEXED`;
    target.run(`INSERT INTO main.${quoted(name)} ${rows}`);
  }
  target.run("COMMIT");
  target.run("DETACH source");
}

/**
 * Whether both files hold the same rows: as many, and each id with equal columns.
 * @param byIndex whether rows may be counted by an index
 */
export function equalTables(real: string, other: string, tables: readonly WholeTable[], byIndex: boolean): boolean {
  const database = new Database(
    ":memory:",
    constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE | constants.SQLITE_OPEN_URI,
  );
  try {
    attach(database, real, "a");
    attach(database, other, "b");
    return tables.every(({ name, columns }) => {
      const equal = columns.map((column) => `a.${quoted(column)} IS b.${quoted(column)}`).join(" AND ");
      const pairs = (key: string) =>
        count(
          database,
          `SELECT count(*) FROM a.${quoted(name)} a JOIN b.${quoted(name)} b ON a.${key} = b.${key} WHERE ${equal}`,
        );
      const [size, other] = ["a", "b"].map((schema) =>
        count(database, `SELECT count(*) FROM ${schema}.${quoted(name)} ${byIndex ? "" : "NOT INDEXED"}`),
      );
      // Copied pages keep their row numbers, which makes the first way the faster one.
      return size === other && (pairs("rowid") === size || pairs("id") === size);
    });
  } finally {
    database.close();
  }
}

function attach(database: Database, real: string, schema: string): void {
  const address = `${pathToFileURL(real).href}?immutable=1`;
  database.run(`ATTACH '${address.replaceAll("'", "''")}' AS ${schema}`);
}
