/**
 * The least that copying a store can take: the same rows into the same tables and indexes, by SQLite itself, durable on
 * disk; nothing is read back.
 *
 *   bun bench/floor.ts SOURCE TARGET
 */
import { Database } from "bun:sqlite";

const [source, target] = process.argv.slice(2);
const store = new Database(target!);
store.run(`ATTACH '${source!.replaceAll("'", "''")}' AS source`);
const schema = store
  .query(
    "SELECT sql FROM source.sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'nodes_fts_*' AND name NOT GLOB 'sqlite_*'",
  )
  .values();
for (const [sql] of schema) store.run(String(sql));
store.run("BEGIN");
for (const table of ["nodes", "relationships"]) store.run(`INSERT INTO ${table} SELECT * FROM source.${table}`);
store.run("COMMIT");
store.close();
