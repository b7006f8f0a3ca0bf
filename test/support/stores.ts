/** SQLite stores for tests: copies of the fixtures, fresh ones of each layout, and what stands in them. */
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import type { SourceStore } from "../../src/backends/backend.ts";
import { BackendConfig } from "../../src/backends/config.ts";
import { sqlite } from "../../src/backends/sqlite/sqlite.ts";
import type { GraphRecord } from "../../src/graph/record.ts";
import { type Comparison, compareStores, summarise } from "../../src/operations/compare.ts";
import { runMigration } from "../../src/operations/migrate.ts";
import type { MigrationOptionsInput } from "../../src/operations/models.ts";
import type { Outcome } from "../../src/operations/outcome.ts";
import type { TemporaryFolder } from "./folder.ts";
import { withCopy } from "./independent-reader.ts";

type Hooks = Parameters<typeof runMigration>[3];

export const FIXTURES = ["0.8.3", "0.10.0", "0.12.4", "0.13.0", "hybrid-0.12-0.13"] as const;
export type FixtureName = (typeof FIXTURES)[number];
const FOLDER = resolve(import.meta.dir, "../fixtures");

export function truthFile(name: FixtureName): string {
  return join(FOLDER, `sqlite-${name}.truth.jsonl`);
}

/** A copy of the fixture with what belongs beside it; old enough to count as being at rest. */
export function copyFixture(name: FixtureName, folder: TemporaryFolder, as = `${name}.db`): string {
  const path = folder.file(as);
  for (const suffix of ["", "-wal"]) {
    const from = join(FOLDER, `sqlite-${name}.db${suffix}`);
    if (existsSync(from)) copyFileSync(from, path + suffix);
  }
  return settle(path);
}

/** Makes a file look untouched for an hour: sources that changed a moment ago are read in another way. */
export function settle(path: string): string {
  const then = Date.now() / 1000 - 3600;
  for (const suffix of ["", "-wal", "-journal"]) if (existsSync(path + suffix)) utimesSync(path + suffix, then, then);
  return path;
}

/** What a release's own file is made of, read off its fixture. */
export function schemaEntries(path: string): { type: string; name: string; tbl_name: string; sql: string | null }[] {
  return withCopy(path, (database) =>
    database.query("SELECT type, name, tbl_name, sql FROM sqlite_master").all(),
  ) as never;
}

/** An empty store as that release creates it, and a connection to fill it. */
export function createLike(name: FixtureName, path: string): Database {
  const database = new Database(path, { create: true, readwrite: true, safeIntegers: true });
  for (const { sql, name: entry } of schemaEntries(join(FOLDER, `sqlite-${name}.db`))) {
    if (sql !== null && !/^nodes_fts_/.test(entry)) database.run(sql);
  }
  return database;
}

export function at(path: string): BackendConfig {
  return new BackendConfig({ type: "sqlite", path });
}

export function run(
  from: string,
  to: string,
  options: MigrationOptionsInput = {},
  hooks: Hooks = {},
): Promise<Outcome> {
  return runMigration(at(from), at(to), options, hooks);
}

/** Fails the test with the program's own explanation when the migration did not succeed. */
export async function succeed(
  from: string,
  to: string,
  options: MigrationOptionsInput = {},
  hooks: Hooks = {},
): Promise<Outcome> {
  const outcome = await run(from, to, options, hooks);
  if (outcome.error !== null) {
    throw new Error(`${outcome.error.code}: ${outcome.error.message}\n${outcome.error.details.join("\n")}`);
  }
  return outcome;
}

async function opened<T>(path: string, work: (store: SourceStore) => Promise<T>): Promise<T> {
  const store = await sqlite.openForReading(at(path));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

export function compare(left: string, right: string): Promise<Comparison> {
  return opened(left, (a) => opened(right, (b) => compareStores(a, b)));
}

/** The differences in a form that shows in a failing test. */
export async function differences(left: string, right: string): Promise<unknown> {
  const { missing, extra, changed, differences: shown } = await compare(left, right);
  return missing + extra + changed === 0 ? [] : { missing, extra, changed, shown };
}

export function digestOf(path: string): Promise<string> {
  return opened(path, async (store) => (await summarise(store)).digest.toString());
}

export async function readAll(
  path: string,
): Promise<{ records: GraphRecord[]; findings: ReturnType<SourceStore["findings"]> }> {
  return opened(path, async (store) => {
    const records: GraphRecord[] = [];
    for await (const batch of store.read()) records.push(...batch);
    return { records, findings: store.findings() };
  });
}

/** Every row of the tables, byte for byte and with its storage class. */
export function rawRows(path: string, ...tables: string[]): string[] {
  return withCopy(path, (database) =>
    tables.flatMap((table) => {
      const columns = database.query(`SELECT name FROM pragma_table_info('${table}')`).values().flat().map(String);
      const exact = columns.map(
        (name) => `typeof("${name}") || ' ' || quote("${name}") || ' ' || hex(CAST("${name}" AS BLOB))`,
      );
      const rows = database.query(`SELECT ${exact.join(", ")} FROM "${table}" ORDER BY rowid`).values();
      return rows.map((row) => `${table}: ${row.join(" | ")}`);
    }),
  );
}

export function journalMode(path: string): string {
  return withCopy(path, (database) => String(database.query("PRAGMA journal_mode").values()[0]![0]));
}

/** A file for 0.12 with so many memories, `m0` and on, whose titles have so many characters. */
export function manyMemories(path: string, memories: number, characters: number): BackendConfig {
  const database = createLike("0.12.4", path);
  database.run("BEGIN");
  const node = database.prepare("INSERT INTO nodes (id, label, properties) VALUES (?, 'Memory', ?)");
  for (let number = 0; number < memories; number++) {
    const [id, title] = [`m${number}`, "x".repeat(characters)];
    node.run(id, JSON.stringify({ id, type: "general", title, created_at: "2024-01-31T00:00:00+00:00" }));
  }
  node.finalize();
  database.run("COMMIT");
  database.close();
  return at(settle(path));
}
