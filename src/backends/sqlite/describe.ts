/** What a SQLite store is and holds, by asking it. */
import type { Database } from "bun:sqlite";
import { inWords } from "../../support/words.ts";
import type { DescriptionDepth, Finding, StoreDescription } from "../description.ts";
import { FindingLog } from "../findings.ts";
import { countRows } from "./claims.ts";
import { danglingIds } from "./dangling.ts";
import { count, rows } from "./database.ts";
import { describeHybrid, type FileLayout, hasNewestColumns, releaseOf, releasesOf } from "./layout.ts";
import { SIDE_TABLE } from "./side-table.ts";
import { doublesOf } from "./tables.ts";

/** Another layout has no room for it, and no release of MemoryGraph shows it: a memory's own created_at is a property. */
const WRITTEN =
  "when each row was written (the columns created_at and updated_at of nodes, created_at of relationships)";

/** @param isStale whether no index may be used, since one does not match its table */
export function describe(
  database: Database,
  layout: FileLayout,
  location: string,
  depth: DescriptionDepth,
  isStale = false,
): StoreDescription {
  const version = String(rows(database, "SELECT sqlite_version()")[0]![0]);
  return {
    backend: "sqlite",
    location,
    engine: `SQLite ${version}`,
    layout: layout.name,
    release: releaseOf(layout),
    readableBy: layout.layout !== null && hasNewestColumns(layout) ? releasesOf(layout) : [],
    bytes: count(database, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
    nodes: countNodes(database, layout),
    relationships: countRelationships(database, layout),
    indexes: layout.indexes,
    ...(layout.nodeTables.some(({ name }) => name === "nodes") && { notCompared: [WRITTEN] }),
    findings: [
      ...structuralOddities(database, layout),
      ...(depth === "counts" ? [] : danglingRelationships(database, layout, isStale)),
    ],
  };
}

function countNodes(database: Database, layout: FileLayout): number {
  let total = layout.hasSideTable
    ? count(database, `SELECT count(*) FROM ${SIDE_TABLE} WHERE kind = 'node' AND id IS NULL`)
    : 0;
  for (const { name } of layout.nodeTables) total += countAll(database, layout, name);
  return total;
}

function countRelationships(database: Database, layout: FileLayout): number {
  const beside = `SELECT count(*) FROM ${SIDE_TABLE} WHERE kind = 'relationship' AND id IS NULL`;
  const inTable = layout.relationships === null ? 0 : countAll(database, layout, layout.relationships.name);
  return inTable + (layout.hasSideTable ? count(database, beside) : 0);
}

function countAll(database: Database, { doubled }: FileLayout, table: string): number {
  const beside = doubled.includes(table) ? count(database, `SELECT count(*) FROM ${doublesOf(table)}`) : 0;
  return countRows(database, table) + beside;
}

function structuralOddities(database: Database, layout: FileLayout): Finding[] {
  const log = new FindingLog();
  if (layout.name === "hybrid") {
    const { what, older, newer } = describeHybrid(layout);
    const table = older.sqlite.layout.nodes.name;
    log.add(
      "note",
      `${what}: ${newer.name} sees none of the memories in \`${table}\`, and can add no relationship`,
      `${table}, ${newer.sqlite.layout.nodes.name}`,
    );
  }
  if (layout.relationships !== null && !hasNewestColumns(layout)) {
    const since = layout.layout?.addedLater?.since;
    log.add(
      "note",
      `a file from before release ${since}, which ${inWords(releasesOf(layout))} opens but cannot query for relationships`,
      layout.relationships.name,
    );
  }
  if (layout.name !== "empty") {
    for (const table of layout.unreadableTables) {
      log.add("damage", "a required table is missing, or has other columns than MemoryGraph's", table);
    }
  }
  for (const table of layout.otherTables) log.add("note", whoseTable(table), table);
  for (const what of layout.added) {
    log.add("note", "a view or trigger that MemoryGraph did not create; it is not copied", what);
  }
  for (const column of layout.generated) {
    log.add("note", "a generated column; its values are not copied", column);
  }
  if (layout.hasSideTable) orphanedSideRows(database, layout, log);
  return log.list();
}

/** Tables that engines and tools make for themselves, by their names. */
const TRACES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^_litestream_/, "a table of Litestream, which replicates the file; it is not read"],
  [/^(libsql_|__?libsql)/, "a table of libSQL's own; it is not read"],
  [/^(__turso_|turso_)/, "a table of Turso's own; it is not read"],
];

function whoseTable(name: string): string {
  const trace = TRACES.find(([pattern]) => pattern.test(name));
  return trace?.[1] ?? "a table that MemoryGraph does not know; it is not read";
}

function orphanedSideRows(database: Database, layout: FileLayout, log: FindingLog): void {
  const tables = { node: layout.nodeTables[0]?.name ?? "nodes", relationship: "relationships" };
  for (const [kind, table] of Object.entries(tables)) {
    const gone = rows(
      database,
      `SELECT e.id FROM ${SIDE_TABLE} e WHERE e.kind = ? AND e.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.id = e.id)`,
      kind,
    );
    for (const [id] of gone) {
      log.add(
        "note",
        "the application deleted a record that has a row in our side table; the row is not applied",
        String(id),
      );
    }
  }
}

function danglingRelationships(database: Database, layout: FileLayout, isStale: boolean): Finding[] {
  const log = new FindingLog();
  const tables = layout.nodeTables.map(({ name }) => name);
  const ids = layout.relationships === null ? [] : danglingIds(database, tables, isStale);
  for (const id of ids) log.add("note", "a dangling relationship; it is kept", id);
  return log.list();
}
