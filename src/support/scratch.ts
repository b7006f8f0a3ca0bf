/**
 * A database for what does not fit in memory. SQLite keeps temporary tables in a file that has no name from the start,
 * and writes to it only what its cache cannot hold: nothing is left behind however the process ends.
 */
import { Database } from "bun:sqlite";

/** One that openScratch has given; closed by whoever opened it. */
export type Scratch = Database;

/**
 * @param schema one CREATE TEMP TABLE statement
 * @param cacheKilobytes for one of several that are open at a time, rather less
 */
export function openScratch(schema: string, cacheKilobytes = 16_000): Scratch {
  const database = new Database(":memory:");
  database.run("PRAGMA temp_store = FILE");
  database.run(`PRAGMA temp.cache_size = -${cacheKilobytes}`);
  database.run(schema);
  database.run("BEGIN");
  return database;
}

/** SQLite's text has no lone surrogates, which would make two keys one. */
export function storable(key: string): string {
  return key.isWellFormed() ? key : `~${JSON.stringify(key)}`;
}

/** The key that `storable` has spelled. Keys of their own never begin with a tilde. */
export function restored(stored: string): string {
  return stored.startsWith("~") ? (JSON.parse(stored.slice(1)) as string) : stored;
}
