/**
 * Several rows of one table with one id, which engines leave that keep no index. The one updated last, else the one
 * inserted last, is the record of that id; the others are kept as records without an id of their own.
 */
import type { Database } from "bun:sqlite";
import { JsonSyntaxError } from "../../graph/json.ts";
import type { Properties } from "../../graph/properties.ts";
import { compareStamps, type Stamp, timeOf, UNREADABLE } from "../../memorygraph/times.ts";
import type { Finding } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { quoted, type Row, rows } from "./database.ts";
import type { FileLayout } from "./layout.ts";
import { UnreadableRowError } from "./row.ts";
import { doublesOf, nodeTablesOf, relationshipTableOf, selectFrom, type Table } from "./tables.ts";

type AnyTable = Table<{ readonly properties: Properties }>;

/** Moves such rows of a rebuilt copy into tables of their own. */
export function separateDoubles(database: Database, layout: FileLayout): { findings: Finding[]; doubled: string[] } {
  const log = new FindingLog();
  const doubled: string[] = [];
  const relationships = relationshipTableOf(layout);
  const tables: AnyTable[] = [...nodeTablesOf(layout), ...(relationships === null ? [] : [relationships])];
  for (const table of tables) {
    const ids = rows(
      database,
      `SELECT CAST(id AS TEXT) FROM ${quoted(table.name)} WHERE id IS NOT NULL GROUP BY 1 HAVING count(*) > 1`,
    );
    if (ids.length === 0) continue;
    const aside = quoted(doublesOf(table.name));
    database.run(`CREATE TABLE ${aside} AS SELECT * FROM ${quoted(table.name)} WHERE 0`);
    database.run(`CREATE INDEX memorygraph_migrate_doubles ON ${quoted(table.name)} (CAST(id AS TEXT))`);
    for (const [id] of ids) separate(database, table, String(id), log);
    database.run("DROP INDEX memorygraph_migrate_doubles");
    doubled.push(table.name);
  }
  return { findings: log.list(), doubled };
}

function separate(database: Database, table: AnyTable, id: string, log: FindingLog): void {
  const found = rows(database, `${selectFrom(table, false)} WHERE CAST(t.id AS TEXT) = ? ORDER BY t.rowid`, id);
  const last = found.reduce((best, row) => (isLater(updatedAt(table, row), updatedAt(table, best)) ? row : best));
  const others = found.filter((row) => row !== last).map((row) => row.at(-1) as bigint);
  for (const rowid of others) {
    const from = `FROM ${quoted(table.name)} WHERE rowid = ${rowid}`;
    database.run(`INSERT INTO ${quoted(doublesOf(table.name))} SELECT * ${from}`);
    database.run(`DELETE ${from}`);
  }
  const what = `several rows of one id in ${table.name}: the one updated last is the record of that id, the others are kept in the side table`;
  log.add("note", what, `${id} (row ${last.at(-1)}; kept beside: row ${others.join(", row ")})`);
}

/** Of two with the same time, or of which none can be told, the later in the order of insertion. */
function isLater(candidate: Stamp, best: Stamp): boolean {
  const order = compareStamps(candidate, best);
  if (order !== null) return order >= 0;
  const isKnown = (stamp: Stamp) => stamp !== null && stamp !== UNREADABLE;
  return isKnown(candidate) || !isKnown(best);
}

function updatedAt(table: AnyTable, row: Row): Stamp {
  try {
    const { properties } = table.decode(row, () => {});
    const names = table.kind === "node" ? ["updated_at", "created_at"] : ["last_validated", "created_at"];
    for (const name of names) {
      const time = timeOf(properties.get(name));
      if (time !== null) return time;
    }
  } catch (error) {
    if (!(error instanceof UnreadableRowError) && !(error instanceof JsonSyntaxError)) throw error;
  }
  // The layout with one column of JSON has times of its own in columns.
  return timeOf(row[table.columns.indexOf("updated_at")] ?? null);
}
