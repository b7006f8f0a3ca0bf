/**
 * A database for what does not fit in memory. SQLite keeps temporary tables in a file that has no name from the start,
 * and writes to it only what its cache cannot hold: nothing is left behind however the process ends.
 */
import { Database } from "bun:sqlite";

/** @param schema one CREATE TEMP TABLE statement */
export function openScratch(schema: string): Database {
  const database = new Database(":memory:");
  database.run("PRAGMA temp_store = FILE");
  database.run("PRAGMA temp.cache_size = -16000");
  database.run(schema);
  database.run("BEGIN");
  return database;
}

/** SQLite's text has no lone surrogates, which would make two keys one. */
export function storable(key: string): string {
  return key.isWellFormed() ? key : `~${JSON.stringify(key)}`;
}
