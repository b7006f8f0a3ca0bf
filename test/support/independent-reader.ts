/**
 * Reads any SQLite store of MemoryGraph with plain bun:sqlite and JSON.parse, without any code of ours, into lines
 * that can be compared with the `*.truth.jsonl` of the fixtures. It knows nothing of side tables.
 */
import { Database } from "bun:sqlite";
import { cpSync, existsSync, readFileSync } from "node:fs";
import type { GraphRecord } from "../../src/graph/record.ts";
import { type Exact, exactJson, exactSql, exactValue, spell } from "./exact.ts";
import { temporaryFolder } from "./folder.ts";

type Fields = { [name: string]: Exact };

/** Works on a copy of the file and what stands beside it, since a plain reader would leave traces. */
export function withCopy<T>(path: string, work: (database: Database) => T): T {
  using folder = temporaryFolder();
  for (const suffix of ["", "-wal", "-journal"]) {
    if (existsSync(path + suffix)) cpSync(path + suffix, folder.file(`copy${suffix}`), { dereference: true });
  }
  const database = new Database(folder.file("copy"), { safeIntegers: true, readwrite: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** One line for each record, sorted. */
export function readIndependently(path: string): string[] {
  return withCopy(path, (database) => {
    const tables = database.query("SELECT name FROM sqlite_master WHERE type = 'table'").values().flat();
    const rows = (sql: string) => database.query(sql).all() as Record<string, unknown>[];
    const lines: string[] = [];
    if (tables.includes("nodes")) lines.push(...rows("SELECT * FROM nodes").map(flatNode));
    if (tables.includes("memories")) lines.push(...rows("SELECT * FROM memories").map(memory));
    if (tables.includes("relationships")) lines.push(...rows("SELECT * FROM relationships").map(relationship));
    return lines.sort();
  });
}

/** The same lines from a truth file. */
export function readTruth(path: string): string[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => spell(exactJson(line)))
    .sort();
}

/** The same lines from the program's own records. */
export function linesOf(records: Iterable<GraphRecord>): string[] {
  return [...records]
    .map((record) => {
      const properties = Object.fromEntries(
        [...record.properties.entries()].map(([name, value]) => [name, exactValue(value)]),
      );
      const id = properties.id ?? null;
      if (record.kind === "node") return nodeLine(id, record.labels, properties);
      return relationshipLine(id, record.from.slice(1), record.to.slice(1), record.type, properties);
    })
    .sort();
}

function flatNode(row: Record<string, unknown>): string {
  const properties = withoutNulls(exactJson(String(row.properties)) as Fields);
  return nodeLine(exactSql(row.id), [String(row.label)], { ...properties, id: exactSql(row.id) });
}

function memory({ tags, context, ...columns }: Record<string, unknown>): string {
  const properties: Fields = Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [name, exactSql(value)]),
  );
  if (tags !== null) properties.tags = exactJson(String(tags));
  if (context !== null) {
    for (const [name, value] of Object.entries((exactJson(String(context)) ?? {}) as Fields))
      properties[`context_${name}`] = value;
  }
  return nodeLine(properties.id!, ["Memory"], withoutNulls(properties));
}

function relationship(row: Record<string, unknown>): string {
  const { from_id, to_id, rel_type, properties: json, created_at, ...columns } = row;
  const own: Fields = Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, exactSql(value)]));
  // A column that says nothing does not hide what the JSON says.
  const properties: Fields =
    typeof json === "string"
      ? { ...withoutNulls(exactJson(json) as Fields), ...withoutNulls(own) }
      : { ...own, created_at: exactSql(created_at) };
  return relationshipLine(exactSql(row.id), String(from_id), String(to_id), String(rel_type), withoutNulls(properties));
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function nodeLine(node: Exact, labels: readonly string[], properties: Fields): string {
  return spell({ node, labels: labels.map((label) => `text ${label}`), properties });
}

function relationshipLine(relationship: Exact, from: string, to: string, type: string, properties: Fields): string {
  return spell({ relationship, from: `text ${from}`, to: `text ${to}`, type: `text ${type}`, properties });
}
